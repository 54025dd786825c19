"""What is due and not on record: downtime, two clocks, a changed rule, a changed calendar, cron."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from mailer.config import Config
from mailer.model.working_days import StaffCalendar, StaffDay
from mailer.scheduling.calendar import WorkingCalendar, working_calendar
from mailer.scheduling.occurrences import find_due
from mailer.store import schedules
from mailer.store.database import Store, open_store
from tests.databases import put_database
from tests.scheduling.test_due import make_config, utc

CHINA = working_calendar("CN")
MONTHLY = make_config(m={"when": "last working day", "at": "10:00"})
SEEN = utc("2026-01-05 00:00")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store("", put_database(tmp_path / "mailer.db"))
    yield opened
    opened.close()


def look(store: Store, now: datetime, config: Config = MONTHLY, days: WorkingCalendar = CHINA) -> list[str]:
    """What a clock finds, and puts on record, at a moment: local date and time, ! when too late."""
    with store.write() as connection:
        due = find_due(connection, config, now, days)
        for one in due:
            assert one.late_by == now - one.due_at
            schedules.fire_occurrence(connection, one.schedule, one.due_at, now, one.key)
    return [f"{one.due_at:%m-%d %H:%M}" + "!" * one.too_late for one in due]


def test_a_month_is_found_once_and_with_its_lateness(store: Store) -> None:
    assert look(store, SEEN) == []
    assert look(store, utc("2026-01-30 01:59")) == []
    assert look(store, utc("2026-01-30 02:10")) == ["01-30 10:00"]
    assert look(store, utc("2026-01-30 02:11")) == []
    assert look(store, utc("2026-03-03 02:00")) == ["02-28 10:00!"]


def test_a_year_of_downtime_forgets_nothing(store: Store) -> None:
    yearly = make_config(y={"when": "last working day of March", "at": "10:00"})
    look(store, SEEN, yearly)
    assert look(store, utc("2027-02-20 00:00"), yearly) == ["03-31 10:00!"]


def test_three_months_of_downtime_are_three_occurrences_the_oldest_first(store: Store) -> None:
    look(store, SEEN)
    assert look(store, utc("2026-04-01 00:00")) == ["01-30 10:00!", "02-28 10:00!", "03-31 10:00!"]
    assert look(store, utc("2026-04-01 00:01")) == []


def test_cron_fires_at_each_of_its_times_of_a_day(store: Store) -> None:
    twice = make_config(c={"when": "0 9,15 * * 1-5"})
    look(store, SEEN, twice)
    assert look(store, utc("2026-01-05 01:00"), twice) == ["01-05 09:00"]
    assert look(store, utc("2026-01-05 01:30"), twice) == []
    assert look(store, utc("2026-01-05 07:00"), twice) == ["01-05 15:00"]


def test_a_rule_with_one_time_a_day_comes_once_a_day_whatever_becomes_of_the_time(store: Store) -> None:
    look(store, SEEN)
    assert look(store, utc("2026-01-30 02:00")) == ["01-30 10:00"]
    later = make_config(m={"when": "last working day", "at": "15:00"})
    assert look(store, utc("2026-01-30 03:00"), later) == []
    assert look(store, utc("2026-01-30 07:00"), later) == []
    assert look(store, utc("2026-02-28 07:00"), later) == ["02-28 15:00"]


def test_a_rule_that_was_changed_after_its_new_time_does_not_send_by_surprise(store: Store) -> None:
    look(store, SEEN)
    middle = make_config(m={"when": "day 15", "at": "10:00"})
    assert look(store, utc("2026-01-20 00:00"), middle) == []
    assert look(store, utc("2026-02-15 02:00"), middle) == ["02-15 10:00"]


def test_a_schedule_of_a_version_that_kept_no_rule_is_still_the_same(store: Store) -> None:
    with store.write() as connection:
        schedules.first_seen(connection, "m", "", SEEN)
    assert look(store, utc("2026-01-30 02:10")) == ["01-30 10:00"]


def test_a_calendar_that_moves_a_date_into_the_past_makes_no_second_sending(store: Store) -> None:
    look(store, SEEN)
    assert look(store, utc("2026-03-31 02:00")) == ["01-30 10:00!", "02-28 10:00!", "03-31 10:00"]
    moved = WorkingCalendar("CN", StaffCalendar((StaffDay(date(2026, 3, 31), works=False),)))
    assert look(store, utc("2026-03-31 06:00"), days=moved) == [], "the 30th is past, and March was sent"
    assert look(store, utc("2026-04-30 02:00"), days=moved) == ["04-30 10:00"]


def test_a_month_that_was_sent_gets_no_second_date_when_the_calendar_is_mended(store: Store) -> None:
    look(store, SEEN)
    mistaken = WorkingCalendar("CN", StaffCalendar((StaffDay(date(2026, 1, 30), works=False),)))
    assert look(store, utc("2026-01-29 02:00"), days=mistaken) == ["01-29 10:00"]
    assert look(store, utc("2026-01-30 02:00")) == [], "the row was taken out, but January was sent"
    assert look(store, utc("2026-02-28 02:00")) == ["02-28 10:00"]


def test_a_rule_that_is_changed_may_have_a_second_date_in_its_month(store: Store) -> None:
    middle = make_config(m={"when": "day 15", "at": "10:00"})
    look(store, SEEN, middle)
    assert look(store, utc("2026-01-15 02:00"), middle) == ["01-15 10:00"]
    look(store, utc("2026-01-20 02:00"))
    assert look(store, utc("2026-01-30 02:00")) == ["01-30 10:00"]


def test_a_calendar_that_takes_today_away_moves_the_sending(store: Store) -> None:
    look(store, SEEN)
    table = (StaffDay(date(2026, 1, 30), works=False), StaffDay(date(2026, 1, 31), works=True))
    changed = WorkingCalendar("CN", StaffCalendar(table))
    assert look(store, utc("2026-01-30 03:00"), days=changed) == []
    assert look(store, utc("2026-01-31 02:00"), days=changed) == ["01-31 10:00"]


def test_what_fails_is_found_again_until_it_is_on_record_though_a_later_one_went(store: Store) -> None:
    hourly = make_config(c={"when": "0 * * * *", "grace": "2h"})
    look(store, SEEN, hourly)
    with store.write() as connection:
        first = find_due(connection, hourly, utc("2026-01-05 01:00"), CHINA)
    assert [f"{one.due_at:%H:%M}" for one in first] == ["09:00"], "and it could not be planned"
    with store.write() as connection:
        (_again, second) = find_due(connection, hourly, utc("2026-01-05 02:00"), CHINA)
        schedules.fire_occurrence(connection, "c", second.due_at, utc("2026-01-05 02:00"))
    assert look(store, utc("2026-01-05 03:00:30"), hourly) == ["01-05 09:00!", "01-05 11:00"]


def test_a_minutely_rule_is_looked_up_within_its_grace_only(store: Store) -> None:
    minutely = make_config(c={"when": "* * * * *"})
    look(store, SEEN, minutely)
    assert look(store, utc("2026-01-05 00:02"), minutely) == ["01-05 08:01", "01-05 08:02"]
    assert look(store, utc("2026-01-05 00:03"), minutely) == ["01-05 08:03"]


def test_two_clocks_take_one_occurrence_once(store: Store) -> None:
    now = utc("2026-01-30 02:00")
    look(store, SEEN)
    with store.write() as connection:
        (due,) = find_due(connection, MONTHLY, now, CHINA)
        assert schedules.fire_occurrence(connection, "m", due.due_at, now) is not None
        assert schedules.fire_occurrence(connection, "m", due.due_at, now + timedelta(seconds=1)) is None
