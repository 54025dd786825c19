"""The calendar of China against what the State Council's notices said, year by year, and three years of months."""

from datetime import UTC, date, datetime, timedelta

import pytest

from mailer.scheduling.calendar import WorkingCalendar, working_calendar
from mailer.scheduling.due import next_due
from tests.scheduling.test_due import due_between, make_config, schedule

CHINA = working_calendar("CN")

# the weekends that were worked, from the notices of those years; 2018-12-29 and 2007-12-29 by the next year's
MAKE_UP_DAYS = {
    2008: "02-02 02-03 05-04 09-27 09-28",
    2009: "01-04 01-24 02-01 05-31 09-27 10-10",
    2012: "01-21 01-29 03-31 04-01 04-28 09-29",
    2015: "01-04 02-15 02-28 09-06 10-10",
    2016: "02-06 02-14 06-12 09-18 10-08 10-09",
    2017: "01-22 02-04 04-01 05-27 09-30",
    2018: "02-11 02-24 04-08 04-28 09-29 09-30 12-29",
    2019: "02-02 02-03 04-28 05-05 09-29 10-12",
    2020: "01-19 04-26 05-09 06-28 09-27 10-10",
    2021: "02-07 02-20 04-25 05-08 09-18 09-26 10-09",
    2022: "01-29 01-30 04-02 04-24 05-07 10-08 10-09",
    2023: "01-28 01-29 04-23 05-06 06-25 10-07 10-08",
    2024: "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    2025: "01-26 02-08 04-27 09-28 10-11",
    2026: "01-04 02-14 02-28 05-09 09-20 10-10",
}
# weekdays without work, of some years; those of 2020 with the extension of the Spring Festival to 2 February
FREE_WEEKDAYS = {
    2019: "01-01 02-04 02-05 02-06 02-07 02-08 04-05 05-01 05-02 05-03 06-07 09-13 10-01 10-02 10-03 10-04 10-07",
    2020: "01-01 01-24 01-27 01-28 01-29 01-30 01-31 04-06 05-01 05-04 05-05 06-25 06-26 10-01 10-02 10-05 10-06 10-07 "
    "10-08",
    2025: "01-01 01-28 01-29 01-30 01-31 02-03 02-04 04-04 05-01 05-02 05-05 06-02 10-01 10-02 10-03 10-06 10-07 10-08",
    2026: "01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 06-19 09-25 10-01 10-02 10-05 10-06 "
    "10-07",
}


def days_of(year: int) -> list[date]:
    return [
        date(year, 1, 1) + timedelta(days=n) for n in range(366) if (date(year, 1, 1) + timedelta(days=n)).year == year
    ]


@pytest.mark.parametrize("year", MAKE_UP_DAYS)
def test_the_weekends_worked_are_those_of_the_notice(year: int) -> None:
    assert " ".join(f"{day:%m-%d}" for day in days_of(year) if CHINA.is_make_up_day(day)) == MAKE_UP_DAYS[year]


@pytest.mark.parametrize("year", FREE_WEEKDAYS)
def test_the_weekdays_without_work_are_those_of_the_notice(year: int) -> None:
    free = [day for day in days_of(year) if day.weekday() < 5 and not CHINA.is_working_day(day)]
    assert " ".join(f"{day:%m-%d}" for day in free) == FREE_WEEKDAYS[year]


@pytest.mark.parametrize("year", range(2004, 2027))
def test_every_announced_year_has_250_working_days_or_so_and_is_not_provisional(year: int) -> None:
    assert 247 <= sum(map(CHINA.is_working_day, days_of(year))) <= 253
    assert not CHINA.is_provisional(year)


# the last working days of the months from 2019-11 to 2022-11 and from 2025-01 to 2026-12, written down by hand
LAST = {
    2019: "11-29 12-31",
    2020: "01-23 02-28 03-31 04-30 05-29 06-30 07-31 08-31 09-30 10-30 11-30 12-31",
    2021: "01-29 02-26 03-31 04-30 05-31 06-30 07-30 08-31 09-30 10-29 11-30 12-31",
    2022: "01-30 02-28 03-31 04-29 05-31 06-30 07-29 08-31 09-30 10-31 11-30",
    2025: "01-27 02-28 03-31 04-30 05-30 06-30 07-31 08-29 09-30 10-31 11-28 12-31",
    2026: "01-30 02-28 03-31 04-30 05-29 06-30 07-31 08-31 09-30 10-30 11-30 12-31",
}
MONTHLY = schedule("每月最后一个工作日")
CONFIG = make_config()


@pytest.mark.parametrize(("first", "last"), [("2019-11", "2022-11"), ("2025-01", "2026-12")])
def test_each_month_of_the_years_is_due_once_on_its_last_working_day(first: str, last: str) -> None:
    months = [f"{year}-{day}" for year, days in LAST.items() for day in days.split()]
    expected = [f"{day}T10:00:00+08:00" for day in months if first <= day[:7] <= last]
    now = datetime.fromisoformat(f"{first}-01").replace(tzinfo=UTC) - timedelta(hours=8)
    found: list[str] = []
    step = timedelta(hours=7)  # a clock that looks now and then, as one that was asleep
    while f"{now:%Y-%m}" <= last:
        found += [one.isoformat() for one in due_between(MONTHLY, "m", CONFIG, now, now + step, CHINA)]
        now += step
    assert [day for day in found if day[:7] <= last] == expected


def test_the_months_of_a_year_that_is_not_announced_come_once_each() -> None:
    """2027 and what follows are Monday to Friday without the statutory days, until a notice says more."""
    year = next(year for year in range(2027, 2100) if CHINA.is_provisional(year))
    after, months = datetime(year, 1, 1, tzinfo=UTC), []
    for _ in range(12):
        after = next_due(MONTHLY, "m", CONFIG, after, CHINA)
        assert after.weekday() < 5
        months.append((after.year, after.month))
    assert months == [(year, month) for month in range(1, 13)]


def test_2027_will_do_what_its_notice_says_when_staff_write_it_down(staff_2027: WorkingCalendar) -> None:
    assert not staff_2027.is_provisional(2027)
    found = due_between(
        MONTHLY, "m", CONFIG, datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC), staff_2027
    )  # fmt: skip
    assert len(found) == 12
    assert "2027-02-28" in {f"{one:%Y-%m-%d}" for one in found}, "a Sunday that the table says is worked"
