"""Reads a table that was pasted as tab-separated lines: finds its head, its merged cells and its damaged total row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailer.i18n import _
from mailer.model.issue import Cell, ImportRemark, Row, Table
from mailer.sources.table_totals import Grid, check_total, find_total, parse_figure
from mailer.sources.tables import MAX_SPAN

MAX_HEAD_ROWS = 3
MAX_WIDTH = 60  # columns; more are no table of a bulletin
MAX_PLACES = 20_000  # rows times columns


@dataclass(frozen=True, slots=True)
class _Layout:
    head_rows: int
    label_columns: int  # leading columns that hold names, not figures


def fits_table(lines: Sequence[str]) -> bool:
    """True when tab-separated lines are few and narrow enough to be a table."""
    width = max(line.count("\t") + 1 for line in lines)
    return width <= MAX_WIDTH and width * len(lines) <= MAX_PLACES


def read_tab_table(lines: Sequence[tuple[int, str]]) -> tuple[Table, tuple[ImportRemark, ...]]:
    """Return the table that consecutive (line number, tab-separated line) pairs make, and what is wrong with it.

    An empty cell beside or below a heading or row label belongs to it (merged). A total row is marked; where its
    figures stand in the wrong columns they are moved to the columns whose sums they are, never invented.
    """
    grid = [[cell.strip() for cell in text.split("\t")] for _number, text in lines]
    width = max(max((i + 1 for i, cell in enumerate(row) if cell), default=1) for row in grid)
    lengths = [len(row) for row in grid]
    grid = [(row + [""] * width)[:width] for row in grid]
    layout = _find_layout(grid)
    remarks = [
        ImportRemark(
            number,
            _("this table row has {n} cells, the table {width}").format(n=length, width=width),
            _("compare the row with the source; its missing cells were left empty at the end"),
        )
        for at, ((number, _text), length) in enumerate(zip(lines, lengths, strict=True))
        if length < width and at + 1 >= layout.head_rows
    ]
    total = find_total(grid, layout.head_rows, layout.label_columns)
    if total is not None:
        grid[total], found = check_total(grid, layout.head_rows, layout.label_columns, total, lines[total][0])
        remarks += found
    head = _head_rows(grid[: layout.head_rows])
    body = _body_rows(grid[layout.head_rows :], layout, None if total is None else total - layout.head_rows)
    return Table(caption="", head=head, body=body), tuple(remarks)


def finish_table(table: Table, line: int) -> tuple[Table, tuple[ImportRemark, ...]]:
    """Return a document's table with a head, if it declared none, and its total row marked and checked.

    Cells and their spans stay as the document has them, but for figures of a total row in the wrong columns.
    """
    rows = [*table.head, *table.body]
    grid, places = _lay_out(rows)
    if not grid or len(grid) * len(grid[0]) > MAX_PLACES:
        return table, ()
    layout = _find_layout(grid, len(table.head))
    head = len(table.head) or _whole_head(rows, layout.head_rows)
    total = find_total(grid, head, layout.label_columns) if any(not row.total for row in table.body[-1:]) else None
    remarks: list[ImportRemark] = []
    if total is not None and all(cell.colspan == 1 for cell in rows[total].cells):
        figures, remarks = check_total(grid, head, layout.label_columns, total, line)
        cells = [replace(cell, text=figures[places[total][at]]) for at, cell in enumerate(rows[total].cells)]
        rows[total] = replace(rows[total], cells=tuple(cells))
    made = [
        replace(
            row,
            cells=tuple(replace(cell, header=True) for cell in row.cells) if at < head else row.cells,
            total=row.total or at == total,
        )
        for at, row in enumerate(rows)
    ]
    return replace(table, head=tuple(made[:head]), body=tuple(made[head:])), tuple(remarks)


def _lay_out(rows: Sequence[Row]) -> tuple[Grid, list[list[int]]]:
    """Return the texts by row and column, empty where a merged cell reaches, and each cell's column."""
    taken: dict[int, set[int]] = {}
    places: list[list[int]] = []
    width = 0
    for r, row in enumerate(rows):
        column = 0
        places.append([])
        for cell in row.cells:
            while column in taken.get(r, ()):
                column += 1
            places[-1].append(column)
            for below in range(r, min(r + cell.rowspan, len(rows))):
                taken.setdefault(below, set()).update(range(column, column + cell.colspan))
            column += cell.colspan
            width = max(width, column)
    grid = [[""] * width for _row in rows]
    for r, (row, columns) in enumerate(zip(rows, places, strict=True)):
        for cell, column in zip(row.cells, columns, strict=True):
            grid[r][column] = cell.text
    return grid, places


def _whole_head(rows: Sequence[Row], head: int) -> int:
    """Return how many rows the head has when no cell reaches out of it; 0 when it would be the whole table."""
    at = 0
    while at < head:
        head = max([head, *(at + cell.rowspan for cell in rows[at].cells)]) if at < len(rows) else head
        at += 1
    return head if head < len(rows) else 0


def _find_layout(grid: Grid, declared: int = 0) -> _Layout:
    head = declared or 1
    if declared:
        pass
    elif any(parse_figure(cell) is not None for row in grid for cell in row):
        while head < min(len(grid) - 1, MAX_HEAD_ROWS) and not any(
            parse_figure(cell) is not None for cell in grid[head]
        ):
            head += 1
    elif len(grid) > 1 and _is_second_head(grid[0], grid[1]):
        head = 2
    body = grid[head:]
    labels = 0
    for column in range(len(grid[0])):
        cells = [row[column] for row in body if row[column]]
        figures = sum(parse_figure(cell) is not None for cell in cells)
        if cells and figures * 2 > len(cells):
            break
        labels += 1
    return _Layout(head, labels)


def _is_second_head(first: list[str], second: list[str]) -> bool:
    """True when the second row divides headings of the first one: it has cells only below and right beside them."""
    divided = [at for at, cell in enumerate(second) if cell and not first[at]]
    if second[0] or not divided:
        return False
    return all(not cell or not first[at] or at + 1 in divided for at, cell in enumerate(second))


def _head_rows(head: Grid) -> tuple[Row, ...]:
    taken: set[tuple[int, int]] = set()
    rows: list[Row] = []
    for r, row in enumerate(head):
        cells: list[Cell] = []
        for c, text in enumerate(row):
            if (r, c) in taken:
                continue
            colspan = rowspan = 1
            if text and r + 1 < len(head) and head[r + 1][c]:
                while c + colspan < len(row) and not row[c + colspan] and head[r + 1][c + colspan]:
                    colspan += 1
            elif text:
                while r + rowspan < len(head) and not head[r + rowspan][c]:
                    rowspan += 1
            taken |= {(r + i, c + j) for i in range(rowspan) for j in range(colspan)}
            cells.append(Cell(text, rowspan, colspan, header=True))
        rows.append(Row(tuple(cells)))
    return tuple(rows)


def _body_rows(body: Grid, layout: _Layout, total: int | None) -> tuple[Row, ...]:
    """Rows with their label cells merged downwards, all but the last label column, which names the row itself."""
    covered = [0] * len(body[0]) if body else []
    rows: list[Row] = []
    for r, row in enumerate(body):
        cells: list[Cell] = []
        for c, text in enumerate(row):
            if covered[c]:
                covered[c] -= 1
                continue
            span = 1
            if text and c < layout.label_columns - 1:
                while r + span < len(body) and span < MAX_SPAN and not body[r + span][c] and any(body[r + span]):
                    span += 1
                covered[c] = span - 1
            cells.append(Cell(text, rowspan=span))
        rows.append(Row(tuple(cells), total=r == total))
    return tuple(rows)
