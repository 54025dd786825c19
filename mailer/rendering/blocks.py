"""Turns the blocks of an article into plain values: paragraphs, headings, lists, boxes, tables, pictures, notes."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mailer.errors import IssueError
from mailer.i18n import N_, _
from mailer.model.issue import (
    Block,
    Emphasis,
    Heading,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    Note,
    Notice,
    Paragraph,
    Picture,
    Quote,
    Row,
    Strong,
    Table,
    Text,
    plain_text,
)
from mailer.rendering.grid import lay_out
from mailer.rendering.pictures import SHOWN_WIDTH, ShownPicture

_TARGET = re.compile(r"(https?://|mailto:|tel:)[^\s\"<>\\^`{|}]+", re.IGNORECASE)
_FIGURE = re.compile(r"[+\-−]?[\d,，]+(\.\d+)?\s*[%％‰]?")
_SOURCE = re.compile(r"\s*[（(]?\s*(来源|资料来源|信息来源|稿件来源|文章来源|Sources?)\s*[:：]", re.IGNORECASE)
_LONG_RUN = re.compile(r"[!-~]{20}")
_LEAST = 160  # pixels of a picture deep inside lists
_INSET = 44  # pixels that a list, a quotation or a box takes from a picture inside it

Values = dict[str, Any]
Translate = Callable[[str], str]


def clean(text: str) -> str:
    """Return the text without control characters, line breaks and lone surrogates, each being a blank."""
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char for char in text)


@dataclass(slots=True)
class Reading:
    """What is counted and looked up while an issue is read from its first block to its last.

    `file` is issue.md as errors name it, `line` that of the article being read. Links are numbered through the issue,
    notes within an article; the ids of notes count through the issue.
    """

    file: str
    translate: Translate
    pictures: Mapping[str, ShownPicture]
    address: Callable[[ShownPicture], str]
    line: int = 0
    articles: int = 0
    all_notes: int = 0
    links: list[Values] = field(default_factory=list)
    notes: list[Values] = field(default_factory=list)

    def number_link(self, link: Link) -> Values:
        """Return a link with its number in the text edition, 0 where its text is its target."""
        target = self.check_target(link.target)
        text = clean(plain_text(link.content))
        # a link that shows its own target needs no number in the text edition
        bare = text.strip() in (target, target.removeprefix("mailto:"), target.removeprefix("tel:"))
        values: Values = {"number": 0 if bare else len(self.links) + 1, "target": target, "text": text}
        if not bare:
            self.links.append(values)
        return values

    def check_target(self, address: str, field: str | None = None) -> str:
        """Return the address as a link's target. Raises IssueError unless it is http, https, mailto or tel."""
        target = clean(address).strip()
        if not _TARGET.fullmatch(target):
            raise IssueError(
                _("this link cannot be used: {target}").format(target=target[:80]),
                file=self.file,
                line=self.line or None,
                field=field,
                cure=_("begin it with https://, http://, mailto: or tel:"),
            )
        return target

    def number_note(self, note: Note) -> Values:
        """Return the mark of a note, and keep the note for the end of the article."""
        self.all_notes += 1
        number = len(self.notes) + 1
        mark: Values = {"number": number, "id": f"n{self.all_notes}", "back": f"r{self.all_notes}"}
        mark["mark"] = self.translate(N_("[note {number}]")).format(number=number)
        held = {**mark, "content": []}
        self.notes.append(held)
        held["content"] = inline_values(note.content, self)
        return mark


def part_values(blocks: tuple[Block, ...], reading: Reading) -> Values:
    """Return the blocks of a section or article with the links and notes in them."""
    before = len(reading.links)
    reading.notes = []
    found = [block_values(block, reading) for block in blocks]
    last = len(found)
    while last and found[last - 1]["kind"] == "paragraph" and is_source(blocks[last - 1]):
        last -= 1
        found[last]["kind"] = "source"
    return {"blocks": found, "links": reading.links[before:], "notes": reading.notes}


def is_source(block: Block) -> bool:
    """Tell whether a paragraph says where an article comes from (来源：…)."""
    return isinstance(block, Paragraph) and bool(_SOURCE.match(plain_text(block.content)))


def block_values(block: Block, reading: Reading, depth: int = 0) -> Values:
    """Return one block; `depth` is how many lists, quotations and boxes it stands in."""
    match block:
        case Paragraph(content):
            # such a run cannot break where a line is full: set to both edges, it would tear the line above it apart
            ragged = bool(_LONG_RUN.search(plain_text(content)))
            return {"kind": "paragraph", "content": inline_values(content, reading), "ragged": ragged}
        case Heading(level, text):
            return {"kind": "heading", "level": level, "text": clean(text)}
        case ListBlock(ordered, items):
            entries = [[block_values(inner, reading, depth + 1) for inner in item] for item in items]
            return {"kind": "list", "ordered": ordered, "entries": entries}
        case Quote(blocks):
            return {"kind": "quote", "blocks": [block_values(inner, reading, depth + 1) for inner in blocks]}
        case Notice(label, blocks):
            inner_values = [block_values(inner, reading, depth + 1) for inner in blocks]
            return {"kind": "notice", "label": clean(label), "blocks": inner_values}
        case Picture():
            return _picture_values(block, reading, depth)
        case Table():
            return _table_values(block)


def _picture_values(picture: Picture, reading: Reading, depth: int) -> Values:
    shown = reading.pictures[picture.file]
    alt, caption = clean(picture.alt).strip(), clean(picture.caption).strip()
    width = min(shown.width, max(_LEAST, SHOWN_WIDTH - _INSET * depth))
    return {
        "kind": "picture",
        "src": reading.address(shown),
        "alt": alt,
        "caption": caption,
        "width": width,
        "height": max(1, round(shown.height * width / shown.width)),
        # decoration is nothing to read
        "line": reading.translate(N_("[Picture: {alt}]")).format(alt=alt or caption) if alt or caption else "",
    }


def _table_values(table: Table) -> Values:
    rows = (*table.head, *table.body)
    return {
        "kind": "table",
        "caption": clean(table.caption),
        "head": [_row_values(row, in_head=True) for row in table.head],
        "body": [_row_values(row, in_head=False) for row in table.body],
        "labels": _count_labels(table.head, table.body),
        "columns": max((sum(cell.colspan for cell in row.cells) for row in rows), default=0),
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


def inline_values(content: tuple[Inline, ...], reading: Reading) -> list[Values]:
    """Return inline content as a list of nodes, each with its kind."""
    found: list[Values] = []
    for node in content:
        match node:
            case Text(text):
                found.append({"kind": "text", "text": clean(text)})
            case LineBreak():
                found.append({"kind": "break"})
            case Strong(inner):
                found.append({"kind": "strong", "content": inline_values(inner, reading)})
            case Emphasis(inner):
                found.append({"kind": "emphasis", "content": inline_values(inner, reading)})
            case Link(inner, _target):
                link = reading.number_link(node)
                found.append({"kind": "link", "content": inline_values(inner, reading), **link})
            case Note():
                found.append({"kind": "note", **reading.number_note(node)})
    return found
