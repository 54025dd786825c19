"""Adds up what a table says it has added up."""

from decimal import Decimal, InvalidOperation

from mailer.i18n import _
from mailer.model.issue import Table
from mailer.model.report import Finding, Severity
from mailer.rendering.grid import GridCell, column_name, lay_out

_NONE = ("", "-", "—", "－", "/", "无")


def check_totals(table: Table, place: str = "") -> tuple[Finding, ...]:
    """Return an error for every figure of a total row that is not the sum of the rows above it.

    place says where the table stands; else its caption does.
    A column counts when all its cells above are figures (empty and "-" being none); shares in % are not summed.
    """
    head = lay_out(table.head)
    grid = lay_out((*table.head, *table.body))[len(table.head) :]
    findings: list[Finding] = []
    start = 0
    for index, row in enumerate(table.body):
        if not row.total:
            continue
        for column in range(len(grid[index])):
            summed = _sum([line[column] for line in grid[start:index]])
            held = grid[index][column]
            if summed is None or (held is not None and held.cell.header):
                continue
            stated = held.cell.text.strip() if held is not None else ""
            if _figure(stated) != summed:
                findings.append(
                    _wrong_total(
                        place or table.caption or _("table"), column_name(head, column), column, stated, summed
                    )
                )
        start = index + 1
    return tuple(findings)


def _wrong_total(place: str, column_title: str, column: int, stated: str, summed: Decimal) -> Finding:
    return Finding(
        Severity.ERROR,
        place,
        _("column “{column}”: the total row says {stated}, the rows above add up to {sum}").format(
            column=column_title or str(column + 1), stated=stated or _("nothing"), sum=f"{summed:,}".replace(",", "")
        ),
        _("correct the figure, or the rows above it, in issue.md"),
    )


def _sum(cells: list[GridCell | None]) -> Decimal | None:
    """Return the sum of a column, or None when it is not one of figures."""
    distinct = list(dict.fromkeys(cells))
    texts = ["" if held is None else held.cell.text.strip() for held in distinct]
    if any(held is not None and held.cell.header for held in distinct):
        return None
    figures = [_figure(text) for text in texts if text not in _NONE]
    known = [figure for figure in figures if figure is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(figures) else None


def _figure(text: str) -> Decimal | None:
    plain = text.replace(",", "").replace("，", "").replace("−", "-").strip()
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
