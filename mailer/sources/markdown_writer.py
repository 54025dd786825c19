"""Writes sections as Markdown that read_body reads back as exactly the same sections, whatever characters they hold."""

import re
from pathlib import Path

from mailer.errors import IssueError
from mailer.model.issue import (
    Block,
    Emphasis,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    Section,
    Strong,
    Table,
    Text,
)
from mailer.sources.markdown import read_body
from mailer.sources.tables import format_html_table, is_simple

_SPECIAL = re.compile(r"[\\`*_\[\]<&|~]")
_SPECIAL_IN_TITLE = re.compile(r"[\\`*_\[\]<&|~#]")  # a # at its end would close the heading
_LINE_START = re.compile(r"(?:[#+=>:-]|(?P<number>\d{1,9})(?=[.)]))")


def format_body(sections: tuple[Section, ...]) -> str:
    """Return the Markdown of the sections, a paragraph a line."""
    parts: list[str] = []
    for section in sections:
        parts += [f"# {_format_title(section.title)}", *_format_blocks(section.blocks)]
        for article in section.articles:
            parts += [f"## {_format_title(article.title)}", *_format_blocks(article.blocks)]
    return "\n\n".join(parts) + "\n"


def escape_text(text: str, special: re.Pattern[str] = _SPECIAL) -> str:
    """Return text in which no character means anything to Markdown."""
    return special.sub(lambda match: "\\" + match[0], text).replace("\t", "&#9;")


def _keep_edges(line: str) -> str:
    """Write a blank at either end, which Markdown would strip, as a character reference."""
    return re.sub(r"^\s|\s\Z", lambda match: f"&#{ord(match[0])};", line)


def _escape_line_start(line: str) -> str:
    match = _LINE_START.match(line)
    if match is None:
        return line
    return f"{match[0]}\\{line[match.end() :]}" if match["number"] else f"\\{line}"


def _format_title(title: str) -> str:
    return _keep_edges(escape_text(title, _SPECIAL_IN_TITLE))


def _format_blocks(blocks: tuple[Block, ...]) -> list[str]:
    parts: list[str] = []
    marker = 0
    for number, block in enumerate(blocks):
        before = blocks[number - 1] if number else None
        # two lists in a row stay two only when their markers differ
        follows_list = (
            isinstance(before, ListBlock) and isinstance(block, ListBlock) and before.ordered == block.ordered
        )
        marker = 1 - marker if follows_list else 0
        parts.append(_format_block(block, marker))
    return parts


def _format_block(block: Block, marker: int) -> str:
    match block:
        case Paragraph(content):
            return format_paragraph(content)
        case Quote(blocks):
            inner = "\n\n".join(_format_blocks(blocks))
            return "\n".join(f"> {line}".rstrip(" ") for line in inner.split("\n"))
        case ListBlock():
            return _format_list(block, marker)
        case Table():
            return _format_pipe_table(block) if is_simple(block) else format_html_table(block)


def _format_list(block: ListBlock, marker: int) -> str:
    items = []
    for number, item in enumerate(block.items, 1):
        sign = f"{number}{'.)'[marker]} " if block.ordered else f"{'-+'[marker]} "
        inner = "\n\n".join(_format_blocks(item))
        indent = " " * len(sign)
        items.append(sign + "\n".join(indent + line if line else "" for line in inner.split("\n")).lstrip(" "))
    loose = any(len(item) > 1 for item in block.items)
    return ("\n\n" if loose else "\n").join(items)


def _format_pipe_table(table: Table) -> str:
    def line(cells: list[str]) -> str:
        return f"| {' | '.join(cells)} |"

    rows = [[_keep_edges(escape_text(cell.text)) for cell in row.cells] for row in (*table.head, *table.body)]
    return "\n".join([line(rows[0]), line(["---"] * len(rows[0])), *(line(row) for row in rows[1:])])


def format_paragraph(content: tuple[Inline, ...]) -> str:
    """Return a paragraph's Markdown: in its usual signs where they read back the same, else with HTML tags.

    Signs fail beside some characters (a ** before punctuation, an empty line end), tags never do.
    """
    for tags in (False, True):
        written = _format_line(content, tags)
        try:
            sections = read_body(f"# .\n\n{written}", file=Path("-"), offset=0)
        except IssueError:
            continue
        if sections[0].blocks == (Paragraph(content),):
            return written
    return _format_line(content, True)


def _format_line(content: tuple[Inline, ...], tags: bool) -> str:
    lines = _format_inline(content, tags).split("\n")
    return "\n".join(_escape_line_start(_keep_edges(line)) for line in lines)


def _format_inline(content: tuple[Inline, ...], tags: bool) -> str:
    parts: list[str] = []
    for node in content:
        match node:
            case Text(text):
                parts.append(escape_text(text))
            case Link() if parts and parts[-1].endswith("!"):
                parts[-1] = parts[-1][:-1] + "\\!"  # ![…](…) would be a picture
                parts.append(_format_link(node.content, node.target, tags))
            case Strong(inner):
                written = _format_inline(inner, tags)
                parts.append(f"<strong>{written}</strong>" if tags else f"**{written}**")
            case Emphasis(inner):
                written = _format_inline(inner, tags)
                parts.append(f"<em>{written}</em>" if tags else f"*{written}*")
            case Link(inner, target):
                parts.append(_format_link(inner, target, tags))
            case LineBreak():
                parts.append("<br>" if tags else "\\\n")
    return "".join(parts)


def _format_link(content: tuple[Inline, ...], target: str, tags: bool) -> str:
    if content == (Text(target),) and not tags:
        return f"<{target}>"
    address = re.sub(r"[\\&()*_]", lambda match: "\\" + match[0], target)
    return f"[{_format_inline(content, tags)}]({address})"
