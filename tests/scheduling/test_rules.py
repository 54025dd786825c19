"""The dates a rule gives, on the calendar of China as it was announced."""

from datetime import date, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.model.working_days import StaffCalendar, StaffDay
from mailer.scheduling.calendar import WorkingCalendar, working_calendar
from mailer.scheduling.rule_text import KNOWN_FORMS, parse_rule

CHINA = working_calendar("CN")


def dates(text: str, after: str, count: int, calendar: WorkingCalendar = CHINA) -> list[str]:
    found = parse_rule(text).dates_after(calendar, date.fromisoformat(after))
    return [one.day.isoformat() for one in islice(found, count)]


def test_the_year_2020_in_last_working_days() -> None:
    assert [day[5:] for day in dates("last working day", "2019-12-31", 12)] == [
        "01-23", "02-28", "03-31", "04-30", "05-29", "06-30", "07-31", "08-31", "09-30", "10-30", "11-30", "12-31",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("first working day", "2020-09-30", ["2020-10-09", "2020-11-02"]),  # after the holidays of October
        ("3rd working day", "2026-01-31", ["2026-02-04", "2026-03-04"]),
        ("3rd working day", "2025-12-31", ["2026-01-06"]),  # the 4th, a Sunday, is worked: 4, 5, 6
        ("2nd last working day", "2026-01-31", ["2026-02-27", "2026-03-30"]),  # the 28th, a Saturday, is worked
        ("2nd Tuesday", "2026-01-01", ["2026-01-13", "2026-02-10", "2026-03-10"]),
        ("last Friday", "2026-01-01", ["2026-01-30", "2026-02-27"]),
        ("5th Friday", "2026-01-01", ["2026-01-30", "2026-05-29"]),  # most months have none
        ("2nd last Friday", "2026-01-01", ["2026-01-23"]),
        ("day 31", "2023-12-31", ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]),  # past the end: the last day
        ("last day", "2023-02-01", ["2023-02-28", "2023-03-31"]),
        ("day 1", "2020-09-30", ["2020-10-01"]),  # a fixed date stays on a holiday
        ("1st or the working day after", "2020-09-30", ["2020-10-09"]),
        ("1st or the working day before", "2020-09-29", ["2020-09-30", "2020-10-30"]),
        ("15th or the working day before", "2026-02-01", ["2026-02-14", "2026-03-13"]),  # the 14th, a Saturday, is worked
        ("15th or the working day after", "2026-02-01", ["2026-02-24", "2026-03-16"]),
        ("last day or the working day after", "2026-01-30", ["2026-02-02", "2026-02-28", "2026-03-31"]),
        ("1st and 15th", "2026-01-01", ["2026-01-15", "2026-02-01", "2026-02-15"]),
        ("day 15 and last working day", "2026-02-01", ["2026-02-15", "2026-02-28"]),
        ("last working day of every quarter", "2020-01-01", ["2020-03-31", "2020-06-30", "2020-09-30", "2020-12-31"]),
        ("3月15日", "2026-03-15", ["2027-03-15", "2028-03-15"]),
        ("every 2 weeks from 2026-01-05", "2020-01-01", ["2026-01-05", "2026-01-19", "2026-02-02"]),
        ("every 2 weeks from 2026-01-05", "2026-12-25", ["2027-01-04"]),
        ("every Friday or the working day before", "2020-09-20", ["2020-09-25", "2020-09-30", "2020-10-09"]),
        ("every Monday and Thursday", "2026-01-01", ["2026-01-05", "2026-01-08", "2026-01-12"]),
        ("every working day", "2026-02-13", ["2026-02-14", "2026-02-24", "2026-02-25"]),
    ],
)  # fmt: skip
def test_dates_by_the_calendar_of_china(text: str, after: str, expected: list[str]) -> None:
    assert dates(text, after, len(expected)) == expected


def test_two_days_that_meet_are_one_date() -> None:
    assert dates("day 30 and 31 or the working day before", "2026-01-01", 4) == [
        "2026-01-30", "2026-02-28", "2026-03-30", "2026-03-31",
    ]  # fmt: skip


def test_a_month_that_staff_took_all_working_days_of_has_no_date() -> None:
    july = [date(2026, 7, day) for day in range(1, 32)]
    closed = WorkingCalendar("CN", StaffCalendar(tuple(StaffDay(day, works=False) for day in july)))
    assert dates("last working day", "2026-06-01", 2, closed) == ["2026-06-30", "2026-08-31"]
    assert dates("15th or the working day before", "2026-06-20", 2, closed) == ["2026-06-30", "2026-08-14"]


def test_a_date_keeps_its_name_when_the_calendar_moves_it_and_tells_where_it_would_be() -> None:
    rule, after = parse_rule("last working day"), date(2027, 2, 1)
    moved = WorkingCalendar("CN", StaffCalendar((StaffDay(date(2027, 2, 26), works=False),)))
    (before, later) = (next(rule.dates_after(days, after)) for days in (CHINA, moved))
    assert (before.day, later.day) == (date(2027, 2, 26), date(2027, 2, 25))
    assert before.key == later.key == "2027-02"
    assert before.by_week == later.by_week == date(2027, 2, 26)


RULES = st.sampled_from([form for form in KNOWN_FORMS if "2026-01-05" not in form])


@given(RULES, st.dates(date(2004, 1, 1), date(2030, 1, 1)))
def test_dates_strictly_increase_and_none_is_left_out(text: str, after: date) -> None:
    rule = parse_rule(text)
    found = list(islice(rule.dates_after(CHINA, after), 14))
    days = [after, *(one.day for one in found)]
    assert all(one < other for one, other in pairwise(days))
    assert len({one.key for one in found}) == len(found)
    # asking from the day before a date finds that date; from any day between two, the later
    for one, other in pairwise(days[:5]):
        middle = one + (other - one) // 2
        for start in (one, middle if middle < other else one, other - timedelta(days=1)):
            assert next(rule.dates_after(CHINA, start)).day == other


@given(st.integers(1, 15), st.sampled_from([1, -1]), st.dates(date(2004, 1, 1), date(2026, 11, 30)))
def test_working_days_are_counted_as_one_would_on_paper(nth: int, way: int, month: date) -> None:
    first = month.replace(day=1)
    days = [first + timedelta(days=n) for n in range(31) if (first + timedelta(days=n)).month == first.month]
    worked = [day for day in days if CHINA.is_working_day(day)]
    expected = worked[nth - 1] if way > 0 else worked[-nth]
    assert CHINA.nth_working_day(first.year, first.month, nth * way) == expected
