"""Sets the plain-text edition: paragraphs, lists and tables for a terminal or a mail program without HTML.

A paragraph stays one line. Mail programs and terminals break Chinese anywhere, at their own width; lines broken here
at 72 columns would stand ragged on a phone, come back with blanks in quotations, and cut through a reader's value.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mailer.model.issue import Cell, Row
from mailer.rendering.grid import GridCell, column_name, lay_out
from mailer.rendering.values import width

COLUMNS = 72
INDENT = "\u3000\u3000"  # two full-width blanks begin a Chinese paragraph
_GAP = 2

Grid = tuple[tuple[GridCell | None, ...], ...]


def centre(text: str, columns: int = COLUMNS) -> str:
    """Return the text in the middle of a line, by the columns its characters take."""
    return " " * max(0, (columns - width(text)) // 2) + text


def spread(left: str, right: str, columns: int = COLUMNS) -> str:
    """Return one line with `left` at its start and `right` at its end."""
    return left + " " * max(2, columns - width(left) - width(right)) + right


def rule(char: str = "-", columns: int = COLUMNS) -> str:
    """Return a line across the page."""
    return char * columns


def set_inline(content: Sequence[Mapping[str, Any]], indent: str = "") -> str:
    """Return inline content as text; a link is followed by its number, as [1], a line begins with `indent`."""
    parts: list[str] = []
    for node in content:
        match node["kind"]:
            case "text":
                parts.append(node["text"])
            case "break":
                parts.append("\n" + indent)
            case "link":
                parts.append(set_inline(node["content"], indent) + (f" [{node['number']}]" if node["number"] else ""))
            case "note":
                parts.append(node["mark"])
            case _:
                parts.append(set_inline(node["content"], indent))
    return "".join(parts)


def set_blocks(blocks: Sequence[Mapping[str, Any]], indent: str = INDENT) -> str:
    """Return blocks as text, with an empty line between two of them."""
    return "\n\n".join(text for block in blocks if (text := _set_block(block, indent)))


def _set_block(block: Mapping[str, Any], indent: str) -> str:
    match block["kind"]:
        case "paragraph":
            return indent + set_inline(block["content"], indent)
        case "source":
            return set_inline(block["content"])
        case "note":
            mark = str(block["mark"])
            return mark + ("" if width(mark[-1:]) > 1 else " ") + set_inline(block["content"])
        case "heading":
            return ("● " if block["level"] == 3 else "○ ") + str(block["text"])
        case "list":
            return _set_list(block)
        case "quote":
            return _behind(">", set_blocks(block["blocks"], ""))
        case "notice":
            # an editors' word begins no line with its label's bracket: 【】 are the sections'
            return _behind("|", "\n".join(filter(None, (block["label"], set_blocks(block["blocks"], indent)))))
        case "picture":
            return "\n".join(filter(None, (block["line"], block["caption"] if block["alt"] else "")))
        case _:
            return set_table(block)


def _set_list(block: Mapping[str, Any]) -> str:
    lines: list[str] = []
    for number, entry in enumerate(block["entries"], 1):
        sign = f"  {number}. " if block["ordered"] else "  - "
        first, *rest = _set_entry(entry).split("\n")
        lines += [sign + first, *((" " * len(sign) + line).rstrip() for line in rest)]
    return "\n".join(lines)


def _set_entry(blocks: Sequence[Mapping[str, Any]]) -> str:
    text = ""
    for block in blocks:
        # a list within the entry follows at once, a second paragraph does not
        text += ("\n" if block["kind"] == "list" else "\n\n") if text else ""
        text += _set_block(block, "")
    return text


def _behind(bar: str, text: str) -> str:
    return "\n".join(f"{bar} {line}".rstrip() for line in text.split("\n"))


def set_table(table: Mapping[str, Any]) -> str:
    """Return a table in columns, or row by row where it is wider than the page."""
    head, body = _rows(table["head"]), _rows(table["body"])
    grid = lay_out((*head, *body))
    if not grid:
        return str(table["caption"])
    widths = _column_widths(grid)
    if sum(widths) + _GAP * (len(widths) - 1) > COLUMNS:
        lines = _set_records(lay_out(head), lay_out(body))
    else:
        lines = _set_columns(grid, widths, len(head), [row.total for row in body])
    return "\n".join([*([table["caption"]] if table["caption"] else []), *lines])


def _rows(rows: Sequence[Mapping[str, Any]]) -> tuple[Row, ...]:
    return tuple(
        Row(
            tuple(Cell(cell["text"], cell["rowspan"], cell["colspan"], cell["header"]) for cell in row["cells"]),
            row["total"],
        )
        for row in rows
    )


def _column_widths(grid: Grid) -> list[int]:
    widths = [2] * len(grid[0])
    for line in grid:
        for column, held in enumerate(line):
            if held is not None and held.cell.colspan == 1:
                widths[column] = max(widths[column], width(held.cell.text))
    for line in grid:
        for column, held in enumerate(line):
            if held is not None and held.cell.colspan > 1 and held.column == column:
                span = min(held.cell.colspan, len(widths) - column)
                short = width(held.cell.text) - sum(widths[column : column + span]) - _GAP * (span - 1)
                widths[column + span - 1] += max(0, short)
    return widths


def _set_columns(grid: Grid, widths: list[int], head: int, totals: list[bool]) -> list[str]:
    page = sum(widths) + _GAP * (len(widths) - 1)
    figures = [_is_figures(grid[head:], column) for column in range(len(widths))]
    lines = [rule("-", page)]
    for index, line in enumerate(grid):
        if index >= head and totals[index - head]:
            lines.append(rule("-", page))
        lines.append(_set_line(line, index, widths, figures).rstrip())
        if head and index == head - 1:
            lines.append(rule("-", page))
    return [*lines, rule("-", page)]


def _set_line(line: tuple[GridCell | None, ...], index: int, widths: list[int], figures: list[bool]) -> str:
    parts: list[str] = []
    column = 0
    while column < len(line):
        held = line[column]
        span = 1 if held is None else max(1, held.column + held.cell.colspan - column)
        room = sum(widths[column : column + span]) + _GAP * (len(widths[column : column + span]) - 1)
        # a cell that reaches down is printed on its first line only
        text = held.cell.text if held is not None and held.row == index and held.column == column else ""
        blank = room - width(text)
        left = blank // 2 if span > 1 else blank if figures[column] else 0
        parts.append(" " * left + text + " " * (blank - left))
        column += span
    return (" " * _GAP).join(parts)


def _is_figures(body: Grid, column: int) -> bool:
    texts = [held.cell.text.strip() for line in body if (held := line[column]) is not None]
    return bool(texts) and all(not text or text[0] in "0123456789+-−—" for text in texts)


def _set_records(head: Grid, body: Grid) -> list[str]:
    lines: list[str] = []
    for line in body:
        labels = [held.cell.text for held in dict.fromkeys(line) if held is not None and held.cell.header]
        record = [" / ".join(label for label in labels if label)]
        for column, held in enumerate(line):
            if held is not None and not held.cell.header and held.column == column:
                record.append(_name_value(column_name(head, column), held.cell.text))
        first, *rest = record if record[0] else record[1:] or [""]
        lines += [f"- {first}".rstrip(), *(f"    {each}" for each in rest)]
    return lines


def _name_value(name: str, value: str) -> str:
    return f"{name}{'：' if width(name[-1]) > 1 else ': '}{value}" if name else value
