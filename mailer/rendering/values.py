"""Turns an issue into the plain values templates see: dicts, lists, text and numbers, never an object of ours."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from mailer.errors import IssueError
from mailer.i18n import N_, _
from mailer.model.issue import (
    Article,
    Block,
    Emphasis,
    Inline,
    Issue,
    LineBreak,
    Link,
    ListBlock,
    Masthead,
    Paragraph,
    Quote,
    Row,
    Section,
    Strong,
    Table,
    Text,
    plain_text,
)
from mailer.rendering.grid import lay_out

_TARGET = re.compile(r"(https?://|mailto:|tel:)[^\s\"<>\\^`{|}]+", re.IGNORECASE)
_FIGURE = re.compile(r"[+\-−]?[\d,，]+(\.\d+)?\s*[%％‰]?")
PREHEADER_COLUMNS = 120  # about what an inbox shows beside the subject

Values = dict[str, Any]
Translate = Callable[[str], str]


def clean(text: str) -> str:
    """Return the text without control characters, line breaks and lone surrogates, each being a blank."""
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char for char in text)


def width(text: str) -> int:
    """Return the columns a terminal needs: two for a wide East Asian character, none for a combining mark (UAX #11)."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def issue_values(issue: Issue, translate: Translate) -> Values:
    """Return the issue as templates see it (templates/README.md lists the names).

    Articles get ASCII anchors in order (a1, a2, …), links their number. Raises IssueError for a link that is not
    http, https, mailto or tel.
    """
    numbering = _Numbering(issue)
    imprint = issue.imprint
    return {
        "slug": issue.slug,
        **_masthead_values(issue.masthead, translate),
        "subject": clean(issue.subject).strip(),
        "preheader": clean(issue.preheader).strip() or _preheader(issue),
        "sections": [_section_values(section, number, numbering) for number, section in enumerate(issue.sections, 1)],
        "circulation": [
            {"role": line.role.value, "bodies": [clean(body) for body in line.bodies]} for line in issue.circulation
        ],
        "imprint": {
            "address": clean(imprint.address),
            "postcode": clean(imprint.postcode),
            "phone": clean(imprint.phone),
            "email": clean(imprint.email),
            "note": clean(imprint.note),
        },
    }


def _masthead_values(masthead: Masthead, translate: Translate) -> Values:
    day = masthead.date
    return {
        "organisation": clean(masthead.organisation),
        "title": clean(masthead.title),
        "publisher": clean(masthead.publisher),
        "year": masthead.year,
        "number": "" if masthead.number is None else masthead.number,
        "total": "" if masthead.total is None else masthead.total,
        "line": issue_line(masthead, translate),
        "date": translate(_DATE).format(year=day.year, month=day.month, day=day.day),
        "date_iso": day.isoformat(),
    }


_DATE = N_("{year}-{month:02}-{day:02}")


def issue_line(masthead: Masthead, translate: Translate) -> str:
    """Return the line that says which issue this is, as far as the masthead knows."""
    if masthead.number is not None and masthead.total is not None:
        pattern = translate(N_("{year}, No. {number} (issue {total})"))
    elif masthead.number is not None:
        pattern = translate(N_("{year}, No. {number}"))
    elif masthead.total is not None:
        pattern = translate(N_("{year} (issue {total})"))
    else:
        pattern = translate(N_("{year}"))
    return pattern.format(year=masthead.year, number=masthead.number, total=masthead.total)


def _preheader(issue: Issue) -> str:
    text = ""
    for article in issue.articles:
        longer = f"{text}；{clean(article.title)}" if text else clean(article.title)
        if width(longer) > PREHEADER_COLUMNS and text:
            break
        text = longer
    return text


class _Numbering:
    """Counts articles and links through the issue."""

    def __init__(self, issue: Issue) -> None:
        self.slug = issue.slug
        self.articles = 0
        self.links: list[Values] = []

    def number_link(self, link: Link) -> Values:
        target = clean(link.target).strip()
        if not _TARGET.fullmatch(target):
            raise IssueError(
                _("this link cannot be used: {target}").format(target=target[:80]),
                file=self.slug,
                cure=_("begin it with https://, http://, mailto: or tel:"),
            )
        text = clean(plain_text(link.content))
        # a link that shows its own target needs no number in the text edition
        bare = text.strip() in (target, target.removeprefix("mailto:"), target.removeprefix("tel:"))
        values: Values = {"number": 0 if bare else len(self.links) + 1, "target": target, "text": text}
        if not bare:
            self.links.append(values)
        return values


def _section_values(section: Section, number: int, numbering: _Numbering) -> Values:
    before = len(numbering.links)
    blocks = [_block_values(block, numbering) for block in section.blocks]
    links = numbering.links[before:]
    return {
        "id": f"s{number}",
        "title": clean(section.title),
        "blocks": blocks,
        "links": links,
        "articles": [_article_values(article, numbering) for article in section.articles],
    }


def _article_values(article: Article, numbering: _Numbering) -> Values:
    numbering.articles += 1
    before = len(numbering.links)
    blocks = [_block_values(block, numbering) for block in article.blocks]
    links = numbering.links[before:]
    return {"id": f"a{numbering.articles}", "title": clean(article.title), "blocks": blocks, "links": links}


def _block_values(block: Block, numbering: _Numbering) -> Values:
    match block:
        case Paragraph(content):
            return {"kind": "paragraph", "content": _inline_values(content, numbering)}
        case ListBlock(ordered, items):
            entries = [[_block_values(inner, numbering) for inner in item] for item in items]
            return {"kind": "list", "ordered": ordered, "entries": entries}
        case Quote(blocks):
            return {"kind": "quote", "blocks": [_block_values(inner, numbering) for inner in blocks]}
        case Table(caption, head, body):
            return {
                "kind": "table",
                "caption": clean(caption),
                "head": [_row_values(row, in_head=True) for row in head],
                "body": [_row_values(row, in_head=False) for row in body],
                "labels": _count_labels(head, body),
                "columns": max((sum(cell.colspan for cell in row.cells) for row in (*head, *body)), default=0),
            }


def _count_labels(head: tuple[Row, ...], body: tuple[Row, ...]) -> int:
    """Return how many columns, from the left, hold no figure at all: those that say what a row is about."""
    lines = lay_out((*head, *body))[len(head) :]
    columns = len(lines[0]) if lines else 0
    for column in range(columns):
        if any((held := line[column]) is not None and _is_figure(held.cell.text) for line in lines):
            return column
    return 0


def _is_figure(text: str) -> bool:
    return bool(_FIGURE.fullmatch(text.strip()))


def _row_values(row: Row, *, in_head: bool) -> Values:
    figures = [_is_figure(cell.text) for cell in row.cells]
    # what stands before a row's first figure names the row, also where a document's cells are not marked as heads
    labels = figures.index(True) if True in figures else 0
    cells = [
        {
            "text": clean(cell.text),
            "rowspan": cell.rowspan,
            "colspan": cell.colspan,
            "header": cell.header or in_head or index < labels,
            "scope": _scope(cell.rowspan, cell.colspan, in_head),
            "figure": figures[index],
        }
        for index, cell in enumerate(row.cells)
    ]
    return {"cells": cells, "total": row.total}


def _scope(rowspan: int, colspan: int, in_head: bool) -> str:
    if in_head:
        return "colgroup" if colspan > 1 else "col"
    return "rowgroup" if rowspan > 1 else "row"


def _inline_values(content: tuple[Inline, ...], numbering: _Numbering) -> list[Values]:
    found: list[Values] = []
    for node in content:
        match node:
            case Text(text):
                found.append({"kind": "text", "text": clean(text)})
            case LineBreak():
                found.append({"kind": "break"})
            case Strong(inner):
                found.append({"kind": "strong", "content": _inline_values(inner, numbering)})
            case Emphasis(inner):
                found.append({"kind": "emphasis", "content": _inline_values(inner, numbering)})
            case Link(inner, _target):
                link = numbering.number_link(node)
                found.append({"kind": "link", "content": _inline_values(inner, numbering), **link})
    return found
