"""Reads a table that was pasted as tab-separated lines: finds its head, its merged cells and its damaged total row."""

import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from mailer.i18n import _
from mailer.model.issue import Cell, ImportRemark, Row, Table
from mailer.sources.grammar import title_key

MAX_HEAD_ROWS = 3
MAX_FIGURES = 12  # columns for which a shifted total row is re-aligned; more would make the search long
_FIGURE = re.compile(r"[-−]?\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|[-−]?\d+(?:\.\d+)?")
_TOTALS = {"合计", "总计", "共计", "总和"}

Grid = list[list[str]]


@dataclass(frozen=True, slots=True)
class _Layout:
    head_rows: int
    label_columns: int  # leading columns that hold names, not figures


def parse_figure(text: str) -> Decimal | None:
    """Return the number a cell holds, thousands separators allowed; None when it is not a plain number."""
    if len(text) > 40 or not _FIGURE.fullmatch(text):
        return None
    return Decimal(text.replace(",", "").replace("，", "").replace("−", "-"))


def read_tab_table(lines: list[tuple[int, str]]) -> tuple[Table, tuple[ImportRemark, ...]]:
    """Return the table that consecutive (line number, tab-separated line) pairs make, and what is wrong with it.

    An empty cell beside or below a heading or row label belongs to it (merged). A total row is marked; where its
    figures stand in the wrong columns they are moved to the columns whose sums they are, never invented.
    """
    grid, remarks = _make_grid(lines)
    layout = _find_layout(grid)
    total = _find_total(grid, layout)
    if total is not None:
        grid[total], found = _check_total(grid, layout, total, lines[total][0])
        remarks += found
    head = _head_rows(grid[: layout.head_rows])
    body = _body_rows(grid[layout.head_rows :], layout, None if total is None else total - layout.head_rows)
    return Table(caption="", head=head, body=body), tuple(remarks)


def _make_grid(lines: list[tuple[int, str]]) -> tuple[Grid, list[ImportRemark]]:
    grid = [[cell.strip() for cell in text.split("\t")] for _number, text in lines]
    width = max(max((i + 1 for i, cell in enumerate(row) if cell), default=1) for row in grid)
    remarks = [
        ImportRemark(
            number,
            _("this table row has {n} cells, the table {width}").format(n=len(row), width=width),
            _("compare the row with the source; its missing cells were left empty at the end"),
        )
        for (number, _text), row in zip(lines, grid, strict=True)
        if len(row) < width
    ]
    return [(row + [""] * width)[:width] for row in grid], remarks


def _find_layout(grid: Grid) -> _Layout:
    head = 1
    if any(parse_figure(cell) is not None for row in grid for cell in row):
        while head < min(len(grid) - 1, MAX_HEAD_ROWS) and not any(
            parse_figure(cell) is not None for cell in grid[head]
        ):
            head += 1
    body = grid[head:]
    labels = 0
    for column in range(len(grid[0])):
        cells = [row[column] for row in body if row[column]]
        figures = sum(parse_figure(cell) is not None for cell in cells)
        if cells and figures * 2 > len(cells):
            break
        labels += 1
    return _Layout(head, labels)


def _find_total(grid: Grid, layout: _Layout) -> int | None:
    last = len(grid) - 1
    if last <= layout.head_rows or layout.label_columns == len(grid[0]):
        return None
    return last if any(title_key(cell) in _TOTALS for cell in grid[last][: layout.label_columns]) else None


def _check_total(grid: Grid, layout: _Layout, total: int, line: int) -> tuple[list[str], list[ImportRemark]]:
    """Return the total row with its figures in the columns whose sums they are, and a remark where it is not whole."""
    start, row = layout.label_columns, grid[total]
    columns = [
        [parse_figure(body[column]) for body in grid[layout.head_rows : total]] for column in range(start, len(row))
    ]
    if any(figure is None for column in columns for figure in column):
        return row, []  # a column with gaps or words has no sum to compare with
    sums = [sum((figure or Decimal(0) for figure in column), Decimal(0)) for column in columns]
    written = [parse_figure(cell) for cell in row[start:]]
    label = next(cell for cell in row if title_key(cell) in _TOTALS)
    if written == sums:
        return row, []
    places = _find_places([figure for figure in written if figure is not None], sums)
    if places is None or any(cell and parse_figure(cell) is None for cell in row[start:]):
        return row, [_disagreement(label, written, sums, line)]
    figures = [cell for cell in row[start:] if cell]
    mended = [""] * len(sums)
    for place, cell in zip(places, figures, strict=True):
        mended[place] = cell
    names = [_column_name(grid[: layout.head_rows], column) for column in range(start, len(row))]
    missing = [(names[i], sums[i]) for i in range(len(sums)) if i not in places]
    return [*row[:start], *mended], [_gap_remark(label, missing, mended != row[start:], line)]


def _find_places(figures: list[Decimal], sums: list[Decimal]) -> tuple[int, ...] | None:
    """Return the one way to lay the figures, in order, on columns with these sums; None for no way or several."""
    if not figures or len(figures) >= len(sums) or len(sums) > MAX_FIGURES:
        return None
    ways = [
        places
        for places in combinations(range(len(sums)), len(figures))
        if all(sums[place] == figure for place, figure in zip(places, figures, strict=True))
    ]
    return ways[0] if len(ways) == 1 else None


def _gap_remark(label: str, missing: list[tuple[str, Decimal]], shifted: bool, line: int) -> ImportRemark:
    columns = "、".join(name for name, _sum in missing)
    sums = "、".join(str(value) for _name, value in missing)
    if shifted:
        text = _("the row “{label}” is shifted and lacks the figure for {columns}").format(label=label, columns=columns)
        cure = _(
            "its figures were moved to the columns whose sums they are; the rows above add up to {sums}: write that "
            "into the empty cell if it is right"
        )
    else:
        text = _("the row “{label}” lacks the figure for {columns}").format(label=label, columns=columns)
        cure = _("the rows above add up to {sums}: write that into the empty cell if it is right")
    return ImportRemark(line, text, cure.format(sums=sums))


def _disagreement(label: str, written: list[Decimal | None], sums: list[Decimal], line: int) -> ImportRemark:
    shown = "、".join("—" if figure is None else str(figure) for figure in written)
    return ImportRemark(
        line,
        _("the row “{label}” says {written}").format(label=label, written=shown),
        _("the rows above add up to {sums}; correct the row or the figures above").format(
            sums="、".join(str(value) for value in sums)
        ),
    )


def _column_name(head: Grid, column: int) -> str:
    parts: list[str] = []
    for row in head:
        at = column
        while row is head[0] and at > 0 and not row[at]:
            at -= 1
        if row[at]:
            parts.append(row[at])
    return "".join(parts) or str(column + 1)


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
                while r + span < len(body) and not body[r + span][c] and any(body[r + span]):
                    span += 1
                covered[c] = span - 1
            cells.append(Cell(text, rowspan=span))
        rows.append(Row(tuple(cells), total=r == total))
    return tuple(rows)
