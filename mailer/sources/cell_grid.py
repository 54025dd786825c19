"""Lays the cells of a Word document's or web page's table, merged as they are, into a table of the model."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import Cell, Row, Table
from mailer.sources.tables import MAX_SPAN, clean_cell

MAX_PLACES = 40_000  # rows times columns


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell where it begins, counted from 0, and how far it reaches."""

    row: int
    column: int
    text: str
    rowspan: int = 1
    colspan: int = 1


def lay_table(cells: Sequence[GridCell], *, head_rows: int, caption: str, file: Path, line: int) -> Table:
    """Return the table that these cells make, all rows equally wide: gaps become empty cells.

    Rows and columns where no cell begins (Word's finer grid) are no rows and columns. `head_rows` are declared as its
    head; 0 leaves that open. Raises IssueError when the table is larger than a bulletin can show.
    """
    packed = _pack(cells)
    rows = max((cell.row + cell.rowspan for cell in packed), default=0)
    width = max((cell.column + cell.colspan for cell in packed), default=0)
    if rows * width > MAX_PLACES or width > MAX_SPAN:
        raise too_large(rows, width, file=file, line=line)
    head = _head_end(packed, head_rows, rows)
    lines: list[list[Cell]] = [[] for _row in range(rows)]
    for cell in sorted(_fill(packed, rows, width), key=lambda cell: (cell.row, cell.column)):
        lines[cell.row].append(Cell(clean_cell(cell.text), cell.rowspan, cell.colspan, header=cell.row < head))
    made = [Row(tuple(line_cells)) for line_cells in lines]
    return Table(caption, tuple(made[:head]), tuple(made[head:]))


def too_large(rows: int, columns: int, *, file: Path, line: int) -> IssueError:
    """Return the error that a table has more rows or columns than a bulletin can show."""
    return IssueError(
        _("a table of {rows} rows and {columns} columns is too large").format(rows=rows, columns=columns),
        file=file,
        line=line,
        cure=_("send it as an attachment, and keep what readers need"),
    )


def _pack(cells: Sequence[GridCell]) -> list[GridCell]:
    """Count rows and columns by where cells begin, and cut cells that overlap one another."""
    columns = sorted({cell.column for cell in cells})
    rows = sorted({cell.row for cell in cells})
    packed = []
    for cell in cells:
        row, column = bisect_left(rows, cell.row), bisect_left(columns, cell.column)
        packed.append(
            replace(
                cell,
                row=row,
                column=column,
                rowspan=max(1, bisect_left(rows, cell.row + cell.rowspan) - row),
                colspan=max(1, bisect_left(columns, cell.column + cell.colspan) - column),
            )
        )
    return packed


def _head_end(cells: Sequence[GridCell], head: int, rows: int) -> int:
    """Return how many rows the head has when no cell may reach out of it; none when it would be the whole table."""
    for cell in sorted(cells, key=lambda cell: cell.row):
        if cell.row < head:
            head = max(head, cell.row + cell.rowspan)
    return head if head < rows else 0


def _fill(cells: Sequence[GridCell], rows: int, width: int) -> list[GridCell]:
    taken: set[tuple[int, int]] = set()
    laid: list[GridCell] = []
    for cell in sorted(cells, key=lambda cell: (cell.row, cell.column)):
        if (cell.row, cell.column) in taken:  # two cells claim one place: the text of both is kept
            laid[-1] = replace(laid[-1], text=f"{laid[-1].text} {cell.text}".strip())
            continue
        colspan = 1
        while colspan < cell.colspan and (cell.row, cell.column + colspan) not in taken:
            colspan += 1
        rowspan = 1
        while rowspan < min(cell.rowspan, MAX_SPAN) and not any(
            (cell.row + rowspan, cell.column + at) in taken for at in range(colspan)
        ):
            rowspan += 1
        taken |= {(cell.row + i, cell.column + j) for i in range(rowspan) for j in range(colspan)}
        laid.append(replace(cell, rowspan=rowspan, colspan=colspan))
    gaps = [(row, column) for row in range(rows) for column in range(width) if (row, column) not in taken]
    return [*laid, *(GridCell(row, column, "") for row, column in gaps)]
