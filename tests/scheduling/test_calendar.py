"""The working days of China as announced, and what is said of a year that is not."""

import sys
import threading
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from mailer.errors import ConfigError
from mailer.model.working_days import StaffCalendar, StaffDay
from mailer.scheduling.calendar import WorkingCalendar, working_calendar


@pytest.fixture(scope="module")
def china() -> WorkingCalendar:
    return WorkingCalendar("CN")


@pytest.mark.parametrize(
    "day",
    [
        "2020-01-19", "2020-04-26", "2020-06-28", "2020-09-27", "2020-10-10", "2020-01-23",
        "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10", "2018-12-29",
    ],
)  # fmt: skip
def test_weekends_worked_to_make_up_for_a_holiday_are_working_days(china: WorkingCalendar, day: str) -> None:
    assert china.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    "day", ["2020-01-24", "2020-01-31", "2020-02-01", "2020-02-02", "2025-01-28", "2026-02-23", "2018-12-31"]
)
def test_holidays_and_their_extensions_are_free(china: WorkingCalendar, day: str) -> None:
    assert not china.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2020-01-02", "2020-01-23"),  # Spring Festival takes the rest of the month
        ("2025-01-02", "2025-01-27"),
        ("2026-02-02", "2026-02-28"),  # a Saturday
        ("2018-12-03", "2018-12-29"),  # by the notice of the next year
        ("2020-02-03", "2020-02-28"),  # the extension of 2020 ends on the 2nd
        ("2020-07-01", "2020-07-31"),
        ("2020-10-09", "2020-10-30"),
    ],
)
def test_first_and_last_working_day_of_a_month(china: WorkingCalendar, first: str, last: str) -> None:
    one, other = date.fromisoformat(first), date.fromisoformat(last)
    assert china.nth_working_day(one.year, one.month, 1) == one
    assert china.nth_working_day(other.year, other.month, -1) == other


def test_a_year_is_provisional_until_its_working_weekends_are_announced(china: WorkingCalendar) -> None:
    assert [year for year in range(2004, 2027) if china.is_provisional(year)] == []
    assert china.is_provisional(2090)
    assert not WorkingCalendar("US").is_provisional(2090)


def test_the_end_of_december_may_change_while_the_next_year_is_not_announced(china: WorkingCalendar) -> None:
    last = next(year for year in range(2026, 2100) if china.is_provisional(year + 1))
    assert china.may_change(date(last, 12, 31))
    assert not china.may_change(date(last, 12, 24))
    assert china.may_change(date(last + 1, 6, 30))
    assert not china.may_change(date(2025, 12, 31))


def test_a_country_that_is_not_known_is_one_error_with_its_field() -> None:
    with pytest.raises(ConfigError) as caught:
        working_calendar("ZZ")
    assert caught.value.field == "country"
    assert "ZZ" in str(caught.value)
    assert caught.value.cure


@pytest.fixture
def restless() -> Iterator[None]:
    """Make threads change places as often as can be."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("restless")
def test_threads_that_ask_at_once_get_the_same_answer() -> None:
    """holidays fills in a year at the first question; a second thread must not see it half filled."""
    answers: list[bool] = []
    for _ in range(20):
        fresh, barrier = WorkingCalendar("CN"), threading.Barrier(4)

        def ask(days: WorkingCalendar = fresh, gate: threading.Barrier = barrier) -> None:
            gate.wait()
            answers.append(days.is_working_day(date(2020, 10, 1)))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [False] * 80


def test_what_staff_wrote_has_the_last_word_on_its_days_only(china: WorkingCalendar) -> None:
    days = (StaffDay(date(2026, 2, 28), works=False), StaffDay(date(2026, 2, 17), works=True, note="值班"))
    laid_over = WorkingCalendar("CN", StaffCalendar(days))
    assert not laid_over.is_working_day(date(2026, 2, 28))
    assert laid_over.is_working_day(date(2026, 2, 17))
    assert laid_over.nth_working_day(2026, 2, -1) == date(2026, 2, 27)
    assert laid_over.staff_day(date(2026, 2, 17)) == days[1]
    others = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [day for day in others if laid_over.is_working_day(day) != china.is_working_day(day)] == [
        date(2026, 2, 17), date(2026, 2, 28),
    ]  # fmt: skip


def test_a_year_is_announced_when_staff_wrote_one_of_its_working_weekends(staff_2027: WorkingCalendar) -> None:
    assert not staff_2027.is_provisional(2027)
    assert staff_2027.is_provisional(2090)
    free_only = WorkingCalendar("CN", StaffCalendar((StaffDay(date(2090, 2, 10), works=False),)))
    assert free_only.is_provisional(2090), "one free day is no notice"
    weekday = WorkingCalendar("CN", StaffCalendar((StaffDay(date(2090, 2, 10), works=True),)))
    assert weekday.is_provisional(2090), "nor is a worked Friday"


def test_the_calendar_of_one_table_is_made_once_and_another_table_makes_another() -> None:
    table = StaffCalendar((StaffDay(date(2026, 3, 2), works=False),))
    again = StaffCalendar((StaffDay(date(2026, 3, 2), works=False),))
    assert working_calendar("CN", table) is working_calendar("CN", again)
    assert working_calendar("CN", table) is not working_calendar("CN")
