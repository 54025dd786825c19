"""Numbers go on from the issue before; supplements by themselves; a gap asks and does not block."""

import dataclasses
from datetime import date

import pytest

from mailer.model.numbering import IssueNumber
from mailer.model.report import Severity
from mailer.rendering.preflight.dates import check_dates
from mailer.rendering.preflight.numbering import check_numbering
from tests.rendering.samples import make_issue

JUNE = IssueNumber("2020-06", 2020, 6, 112, date(2020, 6, 30))
MAY = IssueNumber("2020-05", 2020, 5, 111, date(2020, 5, 29))
DECEMBER = IssueNumber("2019-12", 2019, 12, 106, date(2019, 12, 31))
E, W = Severity.ERROR, Severity.WARNING


def found(
    others: tuple[IssueNumber, ...],
    *,
    year: int = 2020,
    number: int | None = 7,
    total: int | None = 113,
    day: date = date(2020, 7, 31),
    supplement: str = "",
) -> list[Severity]:
    issue = make_issue()
    masthead = dataclasses.replace(
        issue.masthead, year=year, number=number, total=total, date=day, supplement=supplement
    )
    findings = check_numbering(dataclasses.replace(issue, masthead=masthead), others)
    assert all("issue.md" in each.place and each.cure for each in findings)
    return [each.severity for each in findings]


@pytest.mark.parametrize(
    ("others", "own", "severities"),
    [
        ((), {}, []),  # the first known issue is not judged
        ((JUNE,), {}, []),
        ((MAY, JUNE, DECEMBER), {}, []),  # the newest before counts
        ((MAY,), {}, [W]),  # a gap asks
        ((JUNE,), {"number": 8, "total": 114}, [W]),
        ((JUNE,), {"number": 8}, [E]),  # one steps further than the other
        ((JUNE,), {"total": 114}, [E]),
        ((JUNE,), {"total": 100}, [E]),  # backwards
        ((JUNE,), {"number": 5, "total": 111}, [E]),
        ((JUNE,), {"number": 6}, [W]),  # taken
        ((JUNE,), {"total": 112}, [W]),
        ((JUNE,), {"number": 6, "total": 112}, [W, W]),
        ((dataclasses.replace(JUNE, folder=False),), {"total": 100}, [W]),  # nobody could mend it
        ((JUNE,), {"number": None}, []),
        ((JUNE,), {"total": None}, []),
        ((JUNE,), {"total": None, "number": 9}, [W]),
        ((JUNE,), {"total": None, "number": None}, []),
        ((dataclasses.replace(JUNE, total=None),), {}, []),
        ((dataclasses.replace(JUNE, number=None, total=None),), {"number": 3}, []),
        # a new year
        ((DECEMBER,), {"number": 1, "total": 107, "day": date(2020, 1, 31)}, []),
        ((DECEMBER,), {"number": 2, "total": 107, "day": date(2020, 1, 31)}, [W]),
        ((DECEMBER,), {"number": 1, "total": 108, "day": date(2020, 1, 31)}, [W]),
        ((DECEMBER,), {"number": 13, "total": 107, "day": date(2020, 1, 31)}, [W]),
        ((DECEMBER,), {"number": 1, "total": 106, "day": date(2020, 1, 31)}, [W]),
        ((DECEMBER,), {"number": 1, "total": 90, "day": date(2020, 1, 31)}, [E]),
        ((JUNE,), {"year": 2019, "number": 13}, [E]),  # the year goes back
        # a later issue does not judge an earlier one
        ((dataclasses.replace(JUNE, date=date(2020, 8, 31), number=8, total=114),), {"number": 2, "total": 3}, []),
        # itself
        ((dataclasses.replace(JUNE, slug="2020-07", number=7, total=113),), {}, []),
        # supplements are counted apart, each kind by itself
        ((JUNE,), {"supplement": "增刊", "number": 1, "total": None}, []),
        ((dataclasses.replace(JUNE, supplement="增刊", number=1, total=None),), {}, []),
        (
            (dataclasses.replace(JUNE, supplement="增刊", number=1, total=None),),
            {"supplement": "增刊", "number": 2, "total": None},
            [],
        ),
        (
            (dataclasses.replace(JUNE, supplement="增刊", number=1, total=None),),
            {"supplement": "增刊", "number": 4, "total": None},
            [W],
        ),
        ((dataclasses.replace(JUNE, supplement="增刊", number=1),), {"supplement": "网络安全专刊", "number": 9}, []),
    ],
)
def test_numbers_are_counted_on(
    others: tuple[IssueNumber, ...], own: dict[str, object], severities: list[Severity]
) -> None:
    assert found(others, **own) == severities  # type: ignore[arg-type]


def test_a_gap_is_said_with_both_issues() -> None:
    (finding,) = check_numbering(make_issue(), (MAY,))
    assert "2020, No. 7 (issue 113)" in finding.text
    assert "2020, No. 5 (issue 111) in issue 2020-05" in finding.text


@pytest.mark.parametrize(
    ("changes", "printed", "today", "severities"),
    [
        ({}, None, date(2020, 7, 31), []),
        ({}, None, date(2020, 7, 1), []),
        ({}, None, date(2020, 6, 1), [W]),  # 60 days ahead
        ({}, None, date(2020, 9, 30), []),
        ({}, None, date(2020, 12, 1), [Severity.NOTE]),
        ({"year": 2019}, None, date(2020, 7, 31), [W]),
        ({"year": 2021}, None, date(2020, 7, 31), [W]),
        ({"date": date(2021, 1, 4)}, None, date(2021, 1, 4), [Severity.NOTE]),
        ({}, date(2020, 8, 1), date(2020, 7, 31), []),
        ({}, date(2020, 7, 30), date(2020, 7, 31), [W]),
    ],
)
def test_dates_are_compared(
    changes: dict[str, object], printed: date | None, today: date, severities: list[Severity]
) -> None:
    issue = make_issue()
    masthead = dataclasses.replace(issue.masthead, **changes)  # type: ignore[arg-type]
    imprint = dataclasses.replace(issue.imprint, printed_on=printed)
    findings = check_dates(dataclasses.replace(issue, masthead=masthead, imprint=imprint), today)
    assert [each.severity for each in findings] == severities
