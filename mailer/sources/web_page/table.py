"""Reads the tables of a web page: data as a table with its merged cells, layout as the lines it lays out."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.sources.cell_grid import GridCell, lay_table
from mailer.sources.cell_text import cell_text, is_layout, lines_of_row
from mailer.sources.drafts import Draft, Say
from mailer.sources.pieces import Piece
from mailer.sources.tables import MAX_SPAN
from mailer.sources.web_page.markup import Element
from mailer.sources.web_page.style import WebLook, is_hidden, look_inside, read_style

MAX_ROWS = 3_000
MAX_AREA = 100_000  # places that the cells of a table cover
_LAYOUT = {"table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"}

ReadInner = Callable[[Element, WebLook], list[Draft]]


@dataclass(frozen=True, slots=True)
class _WebCell:
    element: Element
    row: int
    column: int
    rowspan: int
    colspan: int


def read_web_table(
    table: Element, look: WebLook, *, read_inner: ReadInner, say: Say, file: Path, line: int
) -> list[Draft]:
    """Return the drafts of a <table>: one table, with its pictures after it, or the lines of one that is layout.

    `read_inner` gives the drafts of a cell. Raises IssueError when the table is larger than a bulletin can show.
    """
    if sum(1 for _row in table.iter("tr")) > MAX_ROWS:
        raise _too_large(file, line)
    rows, head_rows = _visible_rows(table)
    cells = _place_cells(rows, file, line)
    drafts = [
        read_inner(cell.element, look_inside(cell.element, "td", read_style(cell.element), look)) for cell in cells
    ]
    caption = next((below for below in table if below.tag == "caption"), None)
    named = read_inner(caption, look) if caption is not None else []
    columns = len({cell.column for cell in cells})
    if _lays_out(table) or is_layout(drafts, rows=len(rows), columns=columns):
        by_row: dict[int, list[list[Draft]]] = {}
        for cell, found in zip(cells, drafts, strict=True):
            by_row.setdefault(cell.row, []).append(found)
        return [*named, *(draft for row in sorted(by_row) for draft in lines_of_row(by_row[row]))]
    pictures: list[Draft] = []
    laid = []
    for cell, found in zip(cells, drafts, strict=True):
        text, shown = cell_text(found, say)
        pictures += shown
        laid.append(GridCell(cell.row, cell.column, text, cell.rowspan, cell.colspan))
    if pictures:
        say(_("pictures stood in the table; they follow it now"), _("move them to where they belong"))
    made = lay_table(laid, head_rows=head_rows, caption=cell_text(named, say)[0], file=file, line=line)
    return [Draft(Piece(line, block=made)), *pictures]


def _lays_out(table: Element) -> bool:
    if (table.get("role") or "").lower() in ("presentation", "none"):
        return True
    return any(below.tag in _LAYOUT for below in table.iterdescendants())


def _visible_rows(table: Element) -> tuple[list[Element], int]:
    """Return the rows a browser shows, and how many of them are its head: those of <thead>, or of <th> alone."""
    rows: list[Element] = []
    head = 0
    for part in table:
        if part.tag not in ("tr", "thead", "tbody", "tfoot") or is_hidden(part, read_style(part)):
            continue
        found = [part] if part.tag == "tr" else [row for row in part if row.tag == "tr"]
        found = [row for row in found if not is_hidden(row, read_style(row))]
        rows += found
        if part.tag == "thead":
            head = len(rows)
    while not head or head < len(rows):
        if head == len(rows) or not _is_head(rows[head]):
            break
        head += 1
    return rows, head if head < len(rows) else 0


def _is_head(row: Element) -> bool:
    cells = [cell.tag for cell in row if cell.tag in ("td", "th")]
    return bool(cells) and all(tag == "th" for tag in cells)


def _place_cells(rows: list[Element], file: Path, line: int) -> list[_WebCell]:
    cells: list[_WebCell] = []
    covered: dict[int, int] = {}  # column -> the first row that is free of what reaches down from above
    area = 0
    for number, row in enumerate(rows):
        column = 0
        for element in row:
            if element.tag not in ("td", "th") or is_hidden(element, read_style(element)):
                continue
            while covered.get(column, 0) > number:
                column += 1
            colspan = min(_read_span(element, "colspan") or 1, MAX_SPAN)
            rowspan = min(_read_span(element, "rowspan") or len(rows), len(rows) - number)
            area += colspan * rowspan
            if area > MAX_AREA:
                raise _too_large(file, line)
            covered |= dict.fromkeys(range(column, column + colspan), number + rowspan)
            cells.append(_WebCell(element, number, column, rowspan, colspan))
            column += colspan
    return cells


def _too_large(file: Path, line: int) -> IssueError:
    cure = _("send it as an attachment, and keep what readers need")
    return IssueError(_("a table is too large"), file=file, line=line, cure=cure)


def _read_span(element: Element, name: str) -> int:
    """Return a span as HTML reads it: 1 where it is missing or no number, 0 for all the rest."""
    match = re.match(r"\s*(\d{1,5})", element.get(name) or "")
    return int(match[1]) if match else 1
