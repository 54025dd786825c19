"""Checks an edition before anybody approves it. Thin as yet: size, ways out, totals, subject, missing settings."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from mailer.config import Config
from mailer.i18n import _
from mailer.model.edition import Edition, Segment, Slot, fill_segments
from mailer.model.issue import Article, Issue, Section, Table, walk_blocks
from mailer.model.report import Finding, Severity
from mailer.rendering.grid import GridCell, column_name, lay_out
from mailer.rendering.values import width

CLIP_OCTETS = 102_000  # Gmail cuts a message's HTML at about 102 KB and hides the rest, the way out with it
SUBJECT_COLUMNS = 80  # more than an inbox shows
UNSUBSCRIBE = "links.unsubscribe"
# what a long but real value takes; a list seldom has longer ones
LONGEST = {
    "recipient.name": "某" * 40,
    "recipient.title": "某" * 40,
    "recipient.organisation": "某" * 80,
    "recipient.city": "某" * 20,
    "recipient.address": "a" * 254,
    UNSUBSCRIBE: "https://" + "a" * 250,
}
_NONE = ("", "-", "—", "－", "/", "无")


def check_edition(edition: Edition, issue: Issue, config: Config) -> tuple[Finding, ...]:
    """Return what a person should know before this edition goes out, errors first; an error forbids approval."""
    findings = [
        *_check_size(edition),
        *_check_way_out(edition),
        *_check_subject(edition),
        *(finding for place, table in _tables(issue) for finding in check_totals(table, place)),
    ]
    if not config.public_url:
        findings.append(
            Finding(
                Severity.NOTE,
                "config.toml",
                _("public_url is empty: the mail has no web links, and readers leave the list by mail"),
                _("set public_url once readers can reach a page of yours"),
            )
        )
    return tuple(sorted(findings, key=lambda finding: list(Severity).index(finding.severity)))


def _tables(issue: Issue) -> Iterator[tuple[str, Table]]:
    """Yield every table with the place where its editor finds it."""
    for section in issue.sections:
        parts: tuple[Section | Article, ...] = (section, *section.articles)
        for part in parts:
            place = f"issues/{issue.slug}/issue.md" + (f":{part.line}" if part.line else "")
            for block in walk_blocks(part.blocks):
                if isinstance(block, Table):
                    yield f"{place}: {part.title}", block


def _check_size(edition: Edition) -> list[Finding]:
    octets = len(fill_segments(edition.html, LONGEST).encode())
    if octets <= CLIP_OCTETS:
        return []
    return [
        Finding(
            Severity.WARNING,
            "HTML",
            _("the HTML takes {size} KB; Gmail cuts it off after {limit} KB").format(
                size=round(octets / 1000, 1), limit=CLIP_OCTETS // 1000
            ),
            _("shorten the issue, or put a long table into a file or page"),
        )
    ]


def _check_way_out(edition: Edition) -> list[Finding]:
    parts: tuple[tuple[str, tuple[Segment, ...]], ...] = (("HTML", edition.html), (_("text"), edition.text))
    return [
        Finding(
            Severity.ERROR,
            place,
            _("readers find no way to leave the list here"),
            _("put {{ links.unsubscribe }} into the template of this part"),
        )
        for place, segments in parts
        if not any(isinstance(segment, Slot) and segment.name == UNSUBSCRIBE for segment in segments)
    ]


def _check_subject(edition: Edition) -> list[Finding]:
    subject = fill_segments(edition.subject, dict.fromkeys(LONGEST, "某某某")).strip()
    place = _("subject")
    if not subject:
        return [Finding(Severity.WARNING, place, _("the subject is empty"), _("write one in issue.md"))]
    if width(subject) > SUBJECT_COLUMNS:
        return [
            Finding(
                Severity.WARNING,
                place,
                _("the subject is {n} columns long; an inbox shows about {limit}").format(
                    n=width(subject), limit=SUBJECT_COLUMNS
                ),
                _("write a shorter one in issue.md"),
            )
        ]
    return []


def check_totals(table: Table, place: str = "") -> tuple[Finding, ...]:
    """Return an error for every figure of a total row that is not the sum of the rows above it.

    place says where the table stands; else its caption does.
    A column counts when all its cells above are figures (empty and "-" being none); shares in % are not summed.
    """
    head = lay_out(table.head)
    grid = lay_out((*table.head, *table.body))[len(table.head) :]
    findings: list[Finding] = []
    start = 0
    for index, row in enumerate(table.body):
        if not row.total:
            continue
        for column in range(len(grid[index])):
            summed = _sum([line[column] for line in grid[start:index]])
            held = grid[index][column]
            if summed is None or (held is not None and held.cell.header):
                continue
            stated = held.cell.text.strip() if held is not None else ""
            if _figure(stated) != summed:
                findings.append(
                    _wrong_total(
                        place or table.caption or _("table"), column_name(head, column), column, stated, summed
                    )
                )
        start = index + 1
    return tuple(findings)


def _wrong_total(place: str, column_title: str, column: int, stated: str, summed: Decimal) -> Finding:
    return Finding(
        Severity.ERROR,
        place,
        _("column “{column}”: the total row says {stated}, the rows above add up to {sum}").format(
            column=column_title or str(column + 1), stated=stated or _("nothing"), sum=f"{summed:,}".replace(",", "")
        ),
        _("correct the figure, or the rows above it, in issue.md"),
    )


def _sum(cells: list[GridCell | None]) -> Decimal | None:
    """Return the sum of a column, or None when it is not one of figures."""
    distinct = list(dict.fromkeys(cells))
    texts = ["" if held is None else held.cell.text.strip() for held in distinct]
    if any(held is not None and held.cell.header for held in distinct):
        return None
    figures = [_figure(text) for text in texts if text not in _NONE]
    known = [figure for figure in figures if figure is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(figures) else None


def _figure(text: str) -> Decimal | None:
    plain = text.replace(",", "").replace("，", "").replace("−", "-").strip()
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
