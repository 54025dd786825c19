"""The clock against real, short times."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.triggers.base import BaseTrigger

from mailer.config import Config
from mailer.scheduling.clock import Clock
from mailer.scheduling.triggers import MomentTrigger
from tests.scheduling.test_due import make_config


class Diary:
    """Writes down when the clock ticked, and does what it is told at a given tick."""

    def __init__(self) -> None:
        self.turned = asyncio.Event()
        self.ticks: list[datetime] = []
        self.running = 0
        self.most = 0
        self.takes = 0.0
        self.fail_at: dict[int, BaseException] = {}
        self.wakes: list[datetime] = []

    async def tick(self) -> None:
        self.ticks.append(datetime.now(UTC))
        self.turned.set()
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(self.takes)
        self.running -= 1
        if error := self.fail_at.get(len(self.ticks)):
            raise error

    def next_wake(self) -> datetime | None:
        now = datetime.now(UTC)
        return next((moment for moment in self.wakes if moment > now), None)


def no_triggers() -> dict[str, BaseTrigger]:
    return {}


CONFIG: Config = make_config()


@pytest.fixture
def diary() -> Diary:
    return Diary()


async def until_ticked(diary: Diary, times: int) -> None:
    """Wait for that many ticks; 10 s is for a busy machine, the clock itself takes a fraction of one."""
    async with asyncio.timeout(10):
        while len(diary.ticks) < times:
            diary.turned.clear()
            await diary.turned.wait()


async def test_it_ticks_at_once_and_at_every_interval(diary: Diary) -> None:
    clock = Clock(CONFIG, interval=0.1)
    clock.start(diary.tick, diary.next_wake, no_triggers)
    await until_ticked(diary, 4)
    await clock.stop()
    assert diary.ticks[3] - diary.ticks[0] >= timedelta(seconds=0.29)


async def test_it_wakes_at_the_exact_moments_between_two_intervals(diary: Diary) -> None:
    start = datetime.now(UTC)
    diary.wakes = [start + timedelta(seconds=0.5), start + timedelta(seconds=0.8)]
    clock = Clock(CONFIG, interval=60)
    clock.start(diary.tick, diary.next_wake, no_triggers)
    await until_ticked(diary, 3)
    await asyncio.sleep(0.1)
    await clock.stop()
    assert len(diary.ticks) == 3
    for moment, ticked in zip(diary.wakes, diary.ticks[1:], strict=True):
        assert timedelta(0) <= ticked - moment < timedelta(seconds=2)


async def test_a_moment_that_comes_during_a_tick_is_not_lost(diary: Diary) -> None:
    diary.takes = 1
    diary.wakes = [datetime.now(UTC) + timedelta(seconds=0.5)]
    clock = Clock(CONFIG, interval=60)
    clock.start(diary.tick, diary.next_wake, no_triggers)
    await until_ticked(diary, 2)
    await clock.stop()
    assert diary.ticks[0] < diary.wakes[0] < diary.ticks[1]


async def test_ticks_do_not_overlap(diary: Diary) -> None:
    diary.takes = 0.1
    start = datetime.now(UTC)
    diary.wakes = [start + timedelta(seconds=0.05 * number) for number in range(10)]
    clock = Clock(CONFIG, interval=0.01)
    clock.start(diary.tick, diary.next_wake, no_triggers)
    await until_ticked(diary, 4)
    await clock.stop()
    assert diary.most == 1


async def test_a_moment_that_has_passed_does_not_make_it_spin(diary: Diary) -> None:
    overdue = datetime.now(UTC) - timedelta(hours=1)
    clock = Clock(CONFIG, interval=60)
    clock.start(diary.tick, lambda: overdue, no_triggers)
    await until_ticked(diary, 1)
    await asyncio.sleep(0.3)
    await clock.stop()
    assert len(diary.ticks) == 1


async def test_an_exception_is_logged_and_the_clock_lives_on(diary: Diary, caplog: pytest.LogCaptureFixture) -> None:
    diary.fail_at = {1: RuntimeError("the disk is full"), 2: asyncio.CancelledError()}
    clock = Clock(CONFIG, interval=0.05)
    with caplog.at_level(logging.ERROR, "mailer.scheduling.clock"):
        clock.start(diary.tick, diary.next_wake, no_triggers)
        await until_ticked(diary, 4)
        await clock.stop()
    assert "the disk is full" in caplog.text
    assert len(caplog.records) == 2


async def test_it_ticks_though_the_next_moment_cannot_be_told(diary: Diary, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> datetime | None:
        raise OSError("locked")

    clock = Clock(CONFIG, interval=0.05)
    clock.start(diary.tick, fail, no_triggers)
    await until_ticked(diary, 3)
    await clock.stop()
    assert "locked" in caplog.text


async def test_stopping_awaits_the_tick_that_runs_and_begins_no_other(diary: Diary) -> None:
    diary.takes = 0.3
    clock = Clock(CONFIG, interval=0.01)
    clock.start(diary.tick, diary.next_wake, no_triggers)
    await until_ticked(diary, 1)
    await clock.stop()
    assert diary.running == 0
    assert len(diary.ticks) == 1
    await asyncio.sleep(0.1)
    assert len(diary.ticks) == 1
    await clock.stop()


def test_the_trigger_fires_once_and_never_for_the_past() -> None:
    moment = datetime(2026, 2, 28, 2, tzinfo=UTC)
    trigger = MomentTrigger(moment)
    assert trigger.get_next_fire_time(None, moment - timedelta(seconds=1)) == moment
    assert trigger.get_next_fire_time(None, moment) is None
    assert trigger.get_next_fire_time(moment, moment - timedelta(hours=1)) is None
