"""Writes sections as Markdown that read_body reads back as exactly the same sections, whatever characters they hold."""

import re
from pathlib import Path

from mailer.errors import IssueError
from mailer.model.issue import (
    Block,
    Cell,
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
    Section,
    Strong,
    Table,
    Text,
)
from mailer.sources.markdown import read_body
from mailer.sources.tables import format_html_table, is_simple

_SPECIAL = re.compile(r"[\\`*_\[\]]|<(?![\s\d])|&(?=#?\w+;)")
_SPECIAL_IN_CELL = re.compile(rf"{_SPECIAL.pattern}|\|")
_SPECIAL_IN_TITLE = re.compile(rf"{_SPECIAL.pattern}|#")  # a # at its end would close the heading
_PLAIN_NAME = re.compile(r"[0-9A-Za-z\u4e00-\u9fff./_%-]+")
_LINE_START = re.compile(r"(?:[#+=>:~|-]|(?P<number>\d{1,9})(?=[.)](?:\s|\Z)))")


def format_body(sections: tuple[Section, ...]) -> str:
    """Return the Markdown of the sections, a paragraph a line, each article's footnotes at its end."""
    parts: list[str] = []
    for number, section in enumerate(sections):
        if number or section.title:  # what stands before the first heading is the section without a title
            parts.append(f"# {_format_title(section.title)}")
        parts += _format_part(section.blocks)
        for article in section.articles:
            parts += [f"## {_format_title(article.title)}", *_format_part(article.blocks)]
    return "\n\n".join(parts) + "\n"


def _format_part(blocks: tuple[Block, ...]) -> list[str]:
    notes: list[str] = []
    return [*_format_blocks(blocks, notes), *notes]


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


def _format_blocks(blocks: tuple[Block, ...], notes: list[str]) -> list[str]:
    parts: list[str] = []
    marker = 0
    for number, block in enumerate(blocks):
        before = blocks[number - 1] if number else None
        # two lists in a row stay two only when their markers differ
        follows_list = (
            isinstance(before, ListBlock) and isinstance(block, ListBlock) and before.ordered == block.ordered
        )
        marker = 1 - marker if follows_list else 0
        parts.append(_format_block(block, marker, notes))
    return parts


def _format_block(block: Block, marker: int, notes: list[str]) -> str:
    match block:
        case Paragraph(content):
            return format_paragraph(content, notes)
        case Heading(level, text):
            return f"{'#' * level} {_format_title(text)}"
        case Picture():
            return _format_picture(block)
        case Quote(blocks):
            return _quote("\n\n".join(_format_blocks(blocks, notes)))
        case Notice(label, blocks):
            gap = "\n" if blocks and isinstance(blocks[0], Paragraph) else "\n\n"
            inner = gap.join([f"[!{_format_label(label)}]", "\n\n".join(_format_blocks(blocks, notes))])
            return _quote(inner.rstrip("\n"))
        case ListBlock():
            return _format_list(block, marker, notes)
        case Table():
            return _format_pipe_table(block) if is_simple(block) else format_html_table(block)


def _quote(inner: str) -> str:
    return "\n".join(f"> {line}".rstrip(" ") for line in inner.split("\n"))


def _format_label(label: str) -> str:
    return _keep_edges(escape_text(label))


def _format_picture(picture: Picture) -> str:
    name = picture.file.replace("%", "%25")
    if not _PLAIN_NAME.fullmatch(name):
        name = f"<{_escape_quoted(name)}>"
    caption = f' "{_escape_quoted(picture.caption)}"' if picture.caption else ""
    return f"![{_keep_edges(escape_text(picture.alt))}]({name}{caption})"


def _escape_quoted(text: str) -> str:
    return re.sub(r"[\\&<>\"]", lambda match: "\\" + match[0], text).replace("\t", "&#9;")


def _format_list(block: ListBlock, marker: int, notes: list[str]) -> str:
    items = []
    for number, item in enumerate(block.items, 1):
        sign = f"{number}{'.)'[marker]} " if block.ordered else f"{'-+'[marker]} "
        inner = "\n\n".join(_format_blocks(item, notes))
        indent = " " * len(sign)
        items.append(sign + "\n".join(indent + line if line else "" for line in inner.split("\n")).lstrip(" "))
    loose = any(len(item) > 1 for item in block.items)
    return ("\n\n" if loose else "\n").join(items)


def _format_pipe_table(table: Table) -> str:
    def line(cells: list[str]) -> str:
        return f"| {' | '.join(cells)} |"

    def write(cell: Cell, total: bool) -> str:
        text = _keep_edges(escape_text(cell.text, _SPECIAL_IN_CELL))
        return f"**{text}**" if total and text else text

    rows = [[write(cell, row.total) for cell in row.cells] for row in (*table.head, *table.body)]
    return "\n".join([line(rows[0]), line(["---"] * len(rows[0])), *(line(row) for row in rows[1:])])


def format_paragraph(content: tuple[Inline, ...], notes: list[str]) -> str:
    """Return a paragraph's Markdown: in its usual signs where they read back the same, else with HTML tags.

    The definitions of its footnotes are added to `notes`, numbered on. Signs fail beside some characters (a ** before
    punctuation, an empty line end), tags never do.
    """
    for tags in (False, True):
        found: list[str] = []
        written = _format_line(content, tags, found, len(notes))
        body = "\n\n".join([written, *found])
        plain = all(isinstance(node, Text) for node in content)  # of which tags would change nothing
        if plain or tags or _reads_back(body, content):
            break
    notes += found
    return written


def _reads_back(body: str, content: tuple[Inline, ...]) -> bool:
    try:
        sections = read_body(f"# .\n\n{body}", file=Path("-"), offset=0)
    except IssueError:
        return False
    return sections[0].blocks == (Paragraph(content),)


def _format_line(content: tuple[Inline, ...], tags: bool, notes: list[str], before: int) -> str:
    lines = _format_inline(content, tags, notes, before).split("\n")
    return "\n".join(_escape_line_start(_keep_edges(line)) for line in lines)


def _format_inline(content: tuple[Inline, ...], tags: bool, notes: list[str], before: int) -> str:
    parts: list[str] = []
    last: Inline | None = None
    for node in content:
        if isinstance(node, Link | Note) and parts and parts[-1].endswith("!"):
            parts[-1] = parts[-1][:-1] + "\\!"  # ![…](…) would be a picture
        match node:
            case Text(text):
                # [^1](…) would be a link, [^1]: a definition
                guard = "\\" if isinstance(last, Note) and text.startswith(("(", ":")) else ""
                parts.append(guard + escape_text(text))
            case Strong(inner):
                written = _format_inline(inner, tags, notes, before)
                parts.append(f"<strong>{written}</strong>" if tags else f"**{written}**")
            case Emphasis(inner):
                written = _format_inline(inner, tags, notes, before)
                parts.append(f"<em>{written}</em>" if tags else f"*{written}*")
            case Link(inner, target):
                parts.append(_format_link(inner, target, tags, notes, before))
            case Note(inner):
                number = before + len(notes) + 1
                line = _format_line(inner, tags, notes, before).replace("\n", "\n    ")
                notes.append(f"[^{number}]: {line}")
                parts.append(f"[^{number}]")
            case LineBreak():
                parts.append("<br>" if tags else "\\\n")
        last = node
    return "".join(parts)


def _format_link(content: tuple[Inline, ...], target: str, tags: bool, notes: list[str], before: int) -> str:
    if content == (Text(target),) and not tags:
        return f"<{target}>"
    address = re.sub(r"[\\()*_]|&(?=#?\w+;)", lambda match: "\\" + match[0], target)
    return f"[{_format_inline(content, tags, notes, before)}]({address})"
