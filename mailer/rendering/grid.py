"""Lays a table with merged cells out as a grid, as HTML does (WHATWG HTML, "forming a table")."""

from dataclasses import dataclass

from mailer.model.issue import Cell, Row

MAX_COLUMNS = 100  # a span larger than any sheet of paper is a mistake, not a reason to fill memory


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell at its place; `row` and `column` are where it begins, which merged places share."""

    cell: Cell
    row: int
    column: int


def lay_out(rows: tuple[Row, ...]) -> tuple[tuple[GridCell | None, ...], ...]:
    """Return one line per row, all equally long; a merged cell stands in every place it covers, None in empty ones."""
    places: dict[tuple[int, int], GridCell] = {}
    for index, row in enumerate(rows):
        column = 0
        for cell in row.cells:
            while (index, column) in places:
                column += 1
            held = GridCell(cell, index, column)
            for down in range(min(cell.rowspan, len(rows) - index)):
                for right in range(min(cell.colspan, MAX_COLUMNS)):
                    places.setdefault((index + down, column + right), held)
            column += min(cell.colspan, MAX_COLUMNS)
    columns = max((column for _row, column in places), default=-1) + 1
    return tuple(tuple(places.get((index, column)) for column in range(columns)) for index in range(len(rows)))


def column_name(head: tuple[tuple[GridCell | None, ...], ...], column: int) -> str:
    """Return what the head says of a column: its cells from top to bottom, a merged one once."""
    seen: list[GridCell] = []
    for line in head:
        held = line[column] if column < len(line) else None
        if held is not None and held not in seen:
            seen.append(held)
    return " ".join(held.cell.text for held in seen if held.cell.text)
