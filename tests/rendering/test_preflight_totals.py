"""Every figure of a total row is added up; what is no column of figures is left alone."""

import dataclasses

import pytest

from mailer.model.issue import Cell, Row, Table
from mailer.model.report import Severity
from mailer.rendering.preflight.totals import check_totals
from tests.rendering.samples import make_table


def test_a_wrong_total_names_table_column_and_both_figures() -> None:
    (finding,) = check_totals(make_table(("31", "180", "124", "669")), "issues/2020-07/issue.md:9: 统计")
    assert finding.severity is Severity.ERROR
    assert finding.place == "issues/2020-07/issue.md:9: 统计"
    assert "软件企业 当年累计数" in finding.text
    assert "180" in finding.text
    assert "179" in finding.text


def test_a_missing_total_is_an_error_too() -> None:
    (finding,) = check_totals(make_table(("31", "179", "124")))
    assert "nothing" in finding.text
    assert "669" in finding.text


def test_shifted_totals_are_errors_in_each_column() -> None:
    table = make_table()
    total = Row((Cell("31"), Cell("179"), Cell("124")), total=True)
    findings = check_totals(dataclasses.replace(table, body=(*table.body[:-1], total)))
    assert len(findings) >= 3


def table_of(*columns: tuple[str, ...]) -> Table:
    rows = tuple(Row(tuple(Cell(text) for text in line)) for line in zip(*columns, strict=True))
    return Table("t", (), (*rows[:-1], dataclasses.replace(rows[-1], total=True)))


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        (("1", "2", "3"), False),
        (("1", "2", "4"), True),
        (("1,000", "2，000", "3000"), False),
        (("1.5", "2.25", "3.75"), False),
        (("1.10", "2.20", "3.3"), False),
        (("5", "-2", "3"), False),
        (("5", "−2", "3"), False),
        (("5", "—", "5"), False),
        (("5", "", "5"), False),
        (("50%", "50%", "50%"), False),
        (("甲", "乙", "合计"), False),
        (("5", "约3", "9"), False),
        (("", "", ""), False),
        (("1", "2", "NaN"), True),
        (("Infinity", "1", "2"), False),
    ],
)
def test_only_columns_of_figures_are_summed(column: tuple[str, ...], wrong: bool) -> None:
    assert bool(check_totals(table_of(("甲", "乙", "合计"), column))) is wrong


def test_a_second_total_counts_from_the_first() -> None:
    body = [Row((Cell(text),), total=total) for text, total in (("1", False), ("1", True), ("2", False), ("2", True))]
    assert check_totals(Table("t", (), tuple(body))) == ()
