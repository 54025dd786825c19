"""The clock that wakes the house; the home of APScheduler. It decides nothing: the database says what is due."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from mailer.config import Config

TICK_SECONDS = 30.0
_WAKE = "wake"
_log = logging.getLogger(__name__)


class MomentTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires once, at one moment; never for a moment that has passed."""

    __slots__ = ("_moment",)

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Return the moment while it lies ahead, else None (APScheduler's contract)."""
        return self._moment if previous_fire_time is None and self._moment > now else None


class Clock:
    """Calls `tick` when started, at the exact next moment something is due, and every `interval` seconds besides.

    The interval is counted by the loop's own time, not by APScheduler: a trigger waits for a time of day, so after
    the machine's clock is set back an hour it would be silent for that hour. Ticks never overlap.
    """

    def __init__(self, config: Config, interval: float = TICK_SECONDS) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=config.zone,
            # the default grace is one second, after which APScheduler drops a job; lateness is ours to judge
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._interval = interval
        self._rung = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self, tick: Callable[[], Awaitable[None]], next_wake: Callable[[], datetime | None]) -> None:
        """Begin, within a running event loop.

        tick re-reads what is due and acts on it. next_wake returns the next moment (aware) later than now at which
        something will be due, or None; it is called in a thread before each tick, so it may read the database. What
        either of them raises is logged, and the clock goes on.
        """
        if self._task is not None:
            raise RuntimeError("the clock is already started")
        self._scheduler.start()
        self._task = asyncio.create_task(self._run(tick, next_wake), name="clock")

    async def stop(self) -> None:
        """End; a tick that is running is awaited, no other begins. Stopping a clock that does not run is fine."""
        if self._task is None:
            return
        self._stopping = True
        self._rung.set()
        await asyncio.gather(self._task, return_exceptions=True)
        self._scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # APScheduler shuts down in the loop's next turn
        self._task = None

    async def _run(self, tick: Callable[[], Awaitable[None]], next_wake: Callable[[], datetime | None]) -> None:
        while not self._stopping:
            self._rung.clear()
            # The wake first: a moment that passes meanwhile is then either rung for, or before the tick's eyes.
            await self._guard(self._arm(next_wake))
            await self._guard(tick())
            try:
                async with asyncio.timeout(self._interval):
                    await self._rung.wait()
            except TimeoutError:
                pass

    async def _guard(self, step: Awaitable[None]) -> None:
        """Await a step; what it raises must not silence every later tick."""
        try:
            await step
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # the clock itself is cancelled, not something the step waited for
            _log.exception("a tick of the clock was cut short; the next one follows")
        except Exception:  # noqa: BLE001 - whatever it is, the next tick must come
            _log.exception("a tick of the clock failed; the next one follows")

    async def _arm(self, next_wake: Callable[[], datetime | None]) -> None:
        moment = await asyncio.to_thread(next_wake)
        if self._scheduler.get_job(_WAKE):
            self._scheduler.remove_job(_WAKE)
        # one that has passed is left to the tick and, should that fail, to the interval: no spinning
        if moment is not None and moment > datetime.now(UTC):
            self._scheduler.add_job(self._ring, MomentTrigger(moment), id=_WAKE)

    async def _ring(self) -> None:
        self._rung.set()
