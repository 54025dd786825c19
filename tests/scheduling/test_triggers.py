"""The schedules' own trigger: what APScheduler asks of it, and that its scheduler really fires by it."""

from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from mailer.scheduling.calendar import WorkingCalendar, working_calendar
from mailer.scheduling.clock import Clock
from mailer.scheduling.triggers import ScheduleTrigger
from tests.scheduling.test_clock import Diary, until_ticked
from tests.scheduling.test_due import make_config, schedule, utc

CHINA = working_calendar("CN")


def trigger(when: str, at: str | None = "10:00", zone: str = "", days: WorkingCalendar = CHINA) -> ScheduleTrigger:
    return ScheduleTrigger(schedule(when, at, zone), "x", make_config(), days)


def test_it_fires_on_each_last_working_day_in_turn() -> None:
    one = trigger("last working day")
    fired: datetime | None = None
    found = []
    for _ in range(3):
        now = fired or utc("2026-01-01 00:00")
        fired = one.get_next_fire_time(fired, now)
        assert fired is not None
        found.append(fired.isoformat())
    assert found == ["2026-01-30T10:00:00+08:00", "2026-02-28T10:00:00+08:00", "2026-03-31T10:00:00+08:00"]


def test_after_a_sleep_it_looks_ahead_and_makes_up_for_nothing() -> None:
    one = trigger("*/10 * * * *", None)
    woken = one.get_next_fire_time(utc("2026-01-01 00:00"), utc("2026-01-04 00:05"))
    assert woken == utc("2026-01-04 00:10")


def test_after_the_clock_was_set_back_it_does_not_fire_again() -> None:
    one = trigger("last working day")
    assert one.get_next_fire_time(utc("2026-01-30 02:00"), utc("2026-01-30 01:00")) == utc("2026-02-28 02:00")


def test_a_time_that_is_shown_twice_fires_once_where_apscheduler_fires_again() -> None:
    zone, ours = "Europe/Berlin", trigger("30 2 * * *", None, "Europe/Berlin")
    theirs = CronTrigger.from_crontab("30 2 * * *", timezone=zone)
    counts = []
    for one in (ours, theirs):
        fired, count = one.get_next_fire_time(None, utc("2024-10-26 12:00")), 0
        while fired is not None and fired < utc("2024-10-27 12:00") and count < 3:
            count += 1
            fired = one.get_next_fire_time(fired, fired + timedelta(seconds=1))
        counts.append(count)
    assert counts[0] == 1
    assert counts[1] > 1, "APScheduler no longer has this fault: the note in triggers.py can go"


async def test_apscheduler_asks_it_for_the_next_run() -> None:
    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.start(paused=True)
    job = scheduler.add_job(print, trigger("last working day"), misfire_grace_time=None, coalesce=True)
    now = datetime.now(UTC)
    assert job.next_run_time > now
    assert CHINA.is_working_day(job.next_run_time.date())
    scheduler.shutdown(wait=False)


async def test_the_clock_is_woken_by_a_schedules_trigger(diary: Diary) -> None:
    """A rule of the next minute would be slow to wait for, so a calendar-less trigger stands in the same place."""
    start = datetime.now(UTC)
    due = [start + timedelta(seconds=0.4), start + timedelta(seconds=0.8)]

    class Soon(ScheduleTrigger):
        __slots__ = ()

        def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
            return next((moment for moment in due if moment > now), None)

    soon = Soon(schedule("last working day"), "x", make_config(), CHINA)
    clock = Clock(make_config(), interval=60)
    clock.start(diary.tick, lambda: None, lambda: {"x": soon})
    await until_ticked(diary, 3)
    await clock.stop()
    for moment, ticked in zip(due, diary.ticks[1:], strict=True):
        assert timedelta(0) <= ticked - moment < timedelta(seconds=2)


async def test_triggers_are_asked_for_at_every_tick_so_that_a_changed_calendar_counts(diary: Diary) -> None:
    asked = 0

    def triggers() -> dict[str, ScheduleTrigger]:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise OSError("the calendar is being written")
        return {f"number{asked}": trigger("last working day")}

    clock = Clock(make_config(), interval=0.05)
    clock.start(diary.tick, lambda: None, triggers)
    await until_ticked(diary, 4)
    jobs = [job.id for job in clock._scheduler.get_jobs()]
    await clock.stop()
    assert asked >= 4
    assert len(jobs) == 1, "the trigger of a schedule that is gone is gone"


@pytest.fixture
def diary() -> Diary:
    return Diary()
