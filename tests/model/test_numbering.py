"""Numbers count on; a due date knows its issue."""

from datetime import date

import pytest

from mailer.model.numbering import IssueNumber, Term, count_on, newest_issue

LAST = IssueNumber("2020-11", 2020, 11, 117, date(2020, 11, 30))


@pytest.mark.parametrize(
    ("last", "year", "wanted", "next_one"),
    [
        (LAST, 2020, None, (12, 118)),
        (LAST, 2021, None, (1, 118)),
        (LAST, 2020, 13, (13, 119)),  # one is missing: the total knows it
        (LAST, 2021, 2, (2, 119)),
        (IssueNumber("a", 2020, None, 5, date(2020, 1, 1)), 2020, None, (None, 6)),
        (IssueNumber("a", 2020, None, 5, date(2020, 1, 1)), 2020, 7, (7, 6)),
        (IssueNumber("a", 2020, 3, None, date(2020, 1, 1)), 2020, None, (4, None)),
        (IssueNumber("a", 2020, None, None, date(2020, 1, 1)), 2021, None, (None, None)),
    ],
)
def test_numbers_count_on(
    last: IssueNumber, year: int, wanted: int | None, next_one: tuple[int | None, int | None]
) -> None:
    assert count_on(last, year, wanted) == next_one


@pytest.mark.parametrize(("year", "wanted"), [(2020, 11), (2020, 1), (2019, None), (2019, 12)])
def test_an_issue_does_not_come_before_the_last(year: int, wanted: int | None) -> None:
    with pytest.raises(ValueError, match="before the last"):
        count_on(LAST, year, wanted)


def test_supplements_are_not_counted_on_from() -> None:
    special = IssueNumber("x", 2020, 1, 1, date(2020, 12, 24), "增刊")
    assert newest_issue([special, LAST]) == LAST
    assert newest_issue([special]) is None


def test_the_days_of_a_due_date() -> None:
    monthly = Term(date(2019, 12, 31), date(2020, 1, 23), whole_month=True)
    assert [monthly.holds(date(2020, 1, day)) for day in (1, 23, 31)] == [True, True, True]
    assert not monthly.holds(date(2019, 12, 31))
    assert not monthly.holds(date(2020, 2, 1))
    fortnightly = Term(date(2020, 1, 9), date(2020, 1, 23), whole_month=False)
    assert [fortnightly.holds(date(2020, 1, day)) for day in (9, 10, 23, 24)] == [False, True, True, False]
