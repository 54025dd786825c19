"""Looks whether the HTML and the text both say all that the issue says."""

import html

from mailer.config import Config
from mailer.i18n import _, ngettext
from mailer.model.edition import Edition, Segment
from mailer.model.issue import Archive, Issue
from mailer.model.report import Finding, Severity
from mailer.rendering.markup import Kind, scan_markup
from mailer.rendering.preflight.places import list_place, placed_texts
from mailer.rendering.shortening import shorten_issue


def check_parity(edition: Edition, issue: Issue, config: Config) -> list[Finding]:
    """Return a warning for each part that lacks some of the issue's text; what was cut off by `shorten` aside."""
    if config.public_url and issue.archive is not Archive.OFF:
        issue, _cut = shorten_issue(issue)
    found: list[Finding] = []
    for part, all_text in shown_texts(edition).items():
        missing = [(place, text) for place, text in placed_texts(issue) if bare_text(text) not in all_text]
        if missing:
            place, text = missing[0]
            found.append(
                Finding(
                    Severity.WARNING,
                    list_place(part, edition.list_name),
                    ngettext(
                        "{n} piece of the issue’s text is missing here, “{text}” of {place}",
                        "{n} pieces of the issue’s text are missing here, the first is “{text}” of {place}",
                        len(missing),
                    ).format(n=len(missing), text=text.strip()[:40], place=place),
                    _("see that the template of this part shows everything; templates/README.md lists what there is"),
                )
            )
    return found


def shown_texts(edition: Edition) -> dict[str, str]:
    """Return the text that each part of a mail shows, by the part's name, in the form of `bare_text`."""
    return {"HTML": visible_text(_fixed(edition.html)), _("text"): bare_text(_fixed(edition.text))}


def _fixed(segments: tuple[Segment, ...]) -> str:
    return "".join(part if isinstance(part, str) else "\0" for part in segments)


def visible_text(page: str) -> str:
    """Return the text that a piece of HTML shows, in the form of `bare_text`."""
    texts = (page[piece.start : piece.end] for piece in scan_markup(page) if piece.kind is Kind.TEXT)
    return bare_text("".join(map(html.unescape, texts)))


def bare_text(text: str) -> str:
    """Return the text without what setting changes: blanks, and the marks of notes the text edition puts between."""
    return "".join(char for char in text if not char.isspace() and char.isprintable())
