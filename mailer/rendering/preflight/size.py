"""Weighs an edition: the HTML against the length at which Gmail cuts, the whole message against what mailboxes take."""

from collections.abc import Mapping
from dataclasses import replace

from mailer.config import Config
from mailer.i18n import _, ngettext
from mailer.model.edition import TRACKING_FIELDS, Edition, fill_segments
from mailer.model.issue import Archive, Issue
from mailer.model.report import Finding, Severity
from mailer.rendering.preflight.places import issue_place, list_place, placed_texts
from mailer.rendering.shortening import shorten_issue

CLIP_OCTETS = 102_000  # Gmail cuts a message's HTML at about 102 KB and hides the rest, the way out with it
HEAVY_OCTETS = 5_000_000  # Tencent SES takes 4 MB, free office mailboxes 20 MB, and phones load it all
TOO_HEAVY_OCTETS = 10_000_000
# what a long but real value takes; a list seldom has longer ones
LONGEST: Mapping[str, str] = {
    "recipient.name": "某" * 40,
    "recipient.title": "某" * 40,
    "recipient.organisation": "某" * 80,
    "recipient.city": "某" * 20,
    "recipient.address": "a" * 254,
    "links.unsubscribe": "https://" + "a" * 250,
    "links.unsubscribe_mail": "mailto:" + "a" * 400,
    "links.view": "https://" + "a" * 250,
    "links.received": "https://" + "a" * 250,
    "links.preferences": "https://" + "a" * 250,
    **{f"links.{name}": "https://" + "a" * 80 for name in TRACKING_FIELDS},  # there may be many of them
}
_WIRE = 78 / 57  # base64 writes 57 octets as a line of 76 and its end
_OFFERS = (2000, 1500, 1200, 1000, 800, 600, 500, 400, 300, 200)
_READ_ON_OCTETS = 900  # the button of one shortened article, Outlook's branch included


def check_size(edition: Edition, issue: Issue, config: Config, longest: Mapping[str, str]) -> list[Finding]:
    """Return a warning when the HTML, filled with the longest values, would be cut off; with an offer to shorten it.

    `longest` holds the longest values of the list's readers; where ours are longer, they stay: more readers will come.
    """
    values = {name: max(value, longest.get(name, ""), key=_octets) for name, value in LONGEST.items()}
    octets = _octets(fill_segments(edition.html, values))
    if octets <= CLIP_OCTETS:
        return []
    return [
        Finding(
            Severity.WARNING,
            list_place("HTML", edition.list_name),
            _("the HTML takes {size} KB; Gmail cuts it off after {limit} KB").format(
                size=round(octets / 1000, 1), limit=CLIP_OCTETS // 1000
            ),
            _offer(issue, config, octets - CLIP_OCTETS),
        )
    ]


def _octets(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _offer(issue: Issue, config: Config, excess: int) -> str:
    if not config.public_url:
        return _("shorten the issue, or put a long table into a file: without public_url nothing can go on elsewhere")
    if issue.archive is Archive.OFF:
        return _("shorten the issue; or write `archive: members` and articles may go on on the web page (`shorten: N`)")
    now, _cut = shorten_issue(issue)
    before = _text_octets(now)
    for limit in _OFFERS:
        if issue.shorten and limit >= issue.shorten:
            continue
        shorter, cut = shorten_issue(replace(issue, shorten=limit))
        saved = before - _text_octets(shorter) - _READ_ON_OCTETS * len(cut)
        if saved > excess:
            articles = ngettext("{n} article", "{n} articles", len(cut)).format(n=len(cut))
            return _(
                "write `shorten: {limit}` into {file}: {articles} will go on on the web page, which saves {saved} KB"
            ).format(limit=limit, file=issue_place(issue), articles=articles, saved=round(saved / 1000, 1))
    return _("shorten the issue, or put a long table into a file or page; `shorten: N` alone would not be enough")


def _text_octets(issue: Issue) -> int:
    return sum(len(text.encode()) for _place, text in placed_texts(issue))


def check_weight(edition: Edition) -> list[Finding]:
    """Return what is too heavy: the message as it goes over the wire, with its pictures and attachments."""
    parts = [fill_segments(edition.html, LONGEST).encode(), fill_segments(edition.text, LONGEST).encode()]
    carried = (*edition.inline, *edition.attachments)
    octets = round((sum(map(len, parts)) + sum(len(file.content) for file in carried)) * _WIRE)
    if octets <= HEAVY_OCTETS:
        return []
    heaviest = sorted(carried, key=lambda file: -len(file.content))[:3]
    named = _(", ").join(f"{file.name} {len(file.content) / 1e6:.1f} MB" for file in heaviest)
    return [
        Finding(
            Severity.ERROR if octets > TOO_HEAVY_OCTETS else Severity.WARNING,
            list_place(_("message"), edition.list_name),
            _("each copy weighs {size} MB ({files}); many mailboxes refuse more than {limit} MB").format(
                size=round(octets / 1e6, 1),
                files=named,
                limit=(TOO_HEAVY_OCTETS if octets > TOO_HEAVY_OCTETS else HEAVY_OCTETS) // 1_000_000,
            ),
            _("leave attachments out and link to them, use smaller pictures, or host them ([pictures] place)"),
        )
    ]
