"""The privacy notice: what the house really keeps, made from its settings."""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from fastapi import FastAPI, Request, Response

from mailer.config import Config
from mailer.i18n import _, current_language, ngettext
from mailer.model.reading import Tracking
from mailer.model.words import TRACKING_WORDS
from mailer.web.actions import PublicActions
from mailer.web.answering import Answering
from mailer.web.drawing import OPEN_HEADERS, Answer, Sheet, with_address


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the notice: a heading, sentences, a table of label and value, and sentences behind it."""

    heading: str
    texts: tuple[str, ...]
    rows: tuple[tuple[str, str], ...] = ()
    after: tuple[str, ...] = ()


def add_privacy(app: FastAPI, ports: PublicActions, config: Config, answer: Answering) -> None:
    """Add the privacy notice."""

    def show() -> Answer:
        own = ports.privacy_words(current_language())
        values = {"sections": make_notice(config, own), "canonical": f"{config.public_url}/privacy"}
        return HTTPStatus.OK, Sheet("privacy.html.j2", _("Privacy"), values, indexed=True)

    @app.api_route("/privacy", methods=["GET", "HEAD"])
    async def show_privacy(request: Request) -> Response:
        return await answer.openly(request, show, OPEN_HEADERS)


def make_notice(config: Config, own: tuple[str, ...] = ()) -> tuple[Section, ...]:
    """Return the notice in the language that is spoken now. own: paragraphs of the office."""
    responsible = _("{sender} sends this bulletin and answers for the data of its readers.")
    return (
        Section(
            _("Who is responsible"),
            (
                responsible.format(sender=config.sender.name),
                with_address(_("Write to {address}."), config.sender.answers),
                *own,
            ),
        ),
        Section(
            _("What is kept, and what for"),
            (
                _(
                    "Your e-mail address, and as far as we know them your name, title, organisation, city, phone and "
                    "language: to send you the bulletin and to address you properly."
                ),
                _("Which lists you are on, since when, and by whose leave: so that it can be shown that you agreed."),
                _(
                    "Of each issue: that a copy was sent to you, and what the mail servers answered or sent back: so "
                    "that we know whether it reached you."
                ),
                _(
                    "Your data go to the mail servers that carry the bulletin to you; this program gives them to "
                    "nobody else."
                ),
            ),
        ),
        _reading(config),
        _periods(config),
        Section(
            _("These pages"),
            (_("They set no cookie, run no script, and load nothing from anybody else."), *_of_forms(config)),
        ),
        Section(
            _("Your rights"),
            (
                _("You can leave a list at any time; every copy says how."),
                with_address(
                    _(
                        "You can ask for a copy of everything that is kept of you, have it corrected or erased, or "
                        "object to its use: write to {address}."
                    ),
                    config.sender.answers,
                ),
                _("If you think that we are wrong, you can complain to the authority for the protection of data."),
            ),
        ),
    )


def _reading(config: Config) -> Section:
    """Tell what is counted: list by list for those that anybody may join, the others together."""
    lists = config.lists.values()
    counted = {one.tracks for one in lists if config.public_url}
    heading = _("Whether reading is counted")
    if counted <= {Tracking.OFF}:
        return Section(heading, (_("It is not: no picture and no link in a copy tells us anything."),))
    rows = [(one.title, _(TRACKING_WORDS[one.tracks])) for one in lists if one.joining == "open"]
    others = {one.tracks for one in lists if one.joining != "open"}
    if others:
        most = _(TRACKING_WORDS[max(others, key=list(Tracking).index)])
        words = most if len(others) == 1 else _("on some of them: {what}").format(what=most)
        rows.append((_("other lists") if rows else _("our lists"), words))
    after = [
        _("It is counted for each list as a whole: nothing is kept of who read it.")
        if config.tracking.aggregate
        else _("A link or a picture of your copy tells us that the copy was opened, when, and by what program."),
        _("Of the network address it comes from, the beginning is kept, which names a provider and not a person.")
        if config.tracking.network == "truncated"
        else _("The network address it comes from is not kept."),
    ]
    if any(config.tracking.utm.model_dump().values()):
        after.append(_("Links to other sites carry the name of the bulletin, so that those sites can count them."))
    return Section(heading, (_("What is counted, where mail programs let it:"),), tuple(rows), tuple(after))


def _periods(config: Config) -> Section:
    kept = config.retention
    rows = (
        (_("readers on no list, since they were last on one"), show_period(kept.contacts)),
        (_("the words of bounces and complaints"), show_period(kept.events)),
        (_("program and network of opens and clicks"), show_period(kept.readings)),
        (_("the words of mail servers on each try"), show_period(kept.replies)),
        (_("requests to join, and mails about them"), show_period(kept.logs)),
    )
    after = (
        _("What is older is cleared once a day. That there was a copy, a bounce or a click stays as a number."),
        _(
            "Of an address that is not to be written to any more, a code is kept that only we can compare with an "
            "address, so that it stays so."
        ),
    )
    return Section(_("How long it is kept"), (), rows, after)


def _of_forms(config: Config) -> tuple[str, ...]:
    if not any(one.joining == "open" for one in config.lists.values()):
        return ()
    return (
        _(
            "Of a request to join, your address, the beginning of the network address and the time are kept, so that "
            "nobody can flood a mailbox in your name."
        ),
    )


def show_period(period: timedelta | None) -> str:
    """Return a period in words: years, days or hours, whichever it is a whole number of."""
    if period is None:
        return _("without limit")
    if period.days and period.days % 365 == 0:
        return ngettext("{n} year", "{n} years", period.days // 365).format(n=period.days // 365)
    if period.days:
        return ngettext("{n} day", "{n} days", period.days).format(n=period.days)
    hours = max(1, round(period.total_seconds() / 3600))
    return ngettext("{n} hour", "{n} hours", hours).format(n=hours)
