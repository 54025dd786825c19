"""What readers say of the parts of a document that an issue cannot hold, and what they put in its place."""

from mailer.i18n import _
from mailer.model.issue import Inline, Link, Text
from mailer.sources.drafts import Draft, Say
from mailer.sources.links import parse_target
from mailer.sources.pieces import Piece

MAX_SHOWN = 60


def shorten(text: str) -> str:
    """Return text on one line, cut to what a remark may show."""
    plain = " ".join(text.split())
    return plain if len(plain) <= MAX_SHOWN else plain[:MAX_SHOWN] + "…"


def say_hidden(text: str, say: Say) -> None:
    """Say that hidden text was left out; nothing for blanks."""
    if text.strip():
        say(
            _("“{text}” is hidden text and was left out").format(text=shorten(text)),
            _("put it into the issue if readers should see it"),
        )


def say_deleted(text: str, say: Say) -> None:
    """Say that text deleted under tracked changes was left out; nothing for blanks."""
    if text.strip():
        say(
            _("“{text}” is deleted under tracked changes and was left out").format(text=shorten(text)),
            _("accept or reject the changes in the document, and import it again, if it should stay"),
        )


def say_struck(text: str, say: Say) -> None:
    """Say that text struck out was kept; nothing for blanks."""
    if text.strip():
        say(
            _("“{text}” is struck out; it was kept as plain text").format(text=shorten(text)),
            _("take it out if it should not be there"),
        )


def say_reading(text: str, say: Say) -> None:
    """Say that the reading above characters (ruby) was left out; nothing for blanks."""
    if text.strip():
        say(
            _("“{text}” stands above other characters as their reading and was left out").format(text=shorten(text)),
            _("write it in brackets behind them, if readers need it"),
        )


def allowed_target(target: str, say: Say) -> str:
    """Return a link's target as an issue may have it; "" after saying why not."""
    try:
        return parse_target(target)
    except ValueError as error:
        say(
            _("a link was left out, its text kept: {why}").format(why=error),
            _("write the address readers should reach, if there is one"),
        )
        return ""


def put_unusable(what: str, line: int, say: Say) -> Draft:
    """Return a line that says what stood here, after saying it; `what` is words such as a chart."""
    say(
        _("here stands {what}; it cannot be taken over").format(what=what),
        _("save it as a PNG picture and put that in its place"),
    )
    return Draft(Piece(line, _("[here stood {what}]").format(what=what)))


def put_linked_picture(target: str, alt: str, line: int, say: Say) -> Draft:
    """Return a link to a picture that the document only points to, after saying that it was not fetched."""
    say(
        _("a picture is only linked to ({target}) and was not fetched").format(target=target[:80]),
        _("put the picture itself into the document, or into the issue's folder"),
    )
    text = _("[picture: {name}]").format(name=alt or target[:80])
    try:
        content: tuple[Inline, ...] = (Link((Text(text),), parse_target(target)),)
    except ValueError:
        content = ()
    return Draft(Piece(line, text, content))


def picture_fault(kind: str, usable: bool) -> str:
    """Return words for a picture that was not taken, by what picture_kind says of it."""
    if usable:
        return _("one picture more than can be taken over")
    return _("a picture of the kind {kind}").format(kind=kind or "?")
