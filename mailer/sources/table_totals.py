"""Knows a table's row of sums: finds it, and moves figures that stand in the wrong columns to those they belong to."""

import re
from decimal import Decimal
from itertools import combinations

from mailer.i18n import _
from mailer.model.issue import ImportRemark
from mailer.sources.grammar import title_key

MAX_FIGURES = 12  # columns for which a shifted total row is re-aligned; more would make the search long
_FIGURE = re.compile(r"[-−]?\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|[-−]?\d+(?:\.\d+)?")
_TOTALS = {"合计", "总计", "共计", "总和", "全省合计", "全市合计", "total"}

Grid = list[list[str]]


def parse_figure(text: str) -> Decimal | None:
    """Return the number a cell holds, thousands separators allowed; None when it is not a plain number."""
    if len(text) > 40 or not _FIGURE.fullmatch(text):
        return None
    return Decimal(text.replace(",", "").replace("，", "").replace("−", "-"))


def find_total(grid: Grid, head_rows: int, label_columns: int) -> int | None:
    """Return the index of the total row: the last one, when a label says so; None when there is none."""
    last = len(grid) - 1
    if last <= head_rows or label_columns == len(grid[0]):
        return None
    return last if any(title_key(cell) in _TOTALS for cell in grid[last][:label_columns]) else None


def check_total(
    grid: Grid, head_rows: int, label_columns: int, total: int, line: int
) -> tuple[list[str], list[ImportRemark]]:
    """Return the total row with its figures in the columns whose sums they are, and a remark where it is not whole."""
    start, row = label_columns, grid[total]
    columns = [[parse_figure(body[column]) for body in grid[head_rows:total]] for column in range(start, len(row))]
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
    names = [_column_name(grid[:head_rows], column) for column in range(start, len(row))]
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
    columns = _(", ").join(name for name, _sum in missing)
    sums = _(", ").join(str(value) for _name, value in missing)
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
    shown = _(", ").join("—" if figure is None else str(figure) for figure in written)
    return ImportRemark(
        line,
        _("the row “{label}” says {written}").format(label=label, written=shown),
        _("the rows above add up to {sums}; correct the row or the figures above").format(
            sums=_(", ").join(str(value) for value in sums)
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
