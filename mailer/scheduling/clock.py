"""The clock that wakes the house; the home of APScheduler. It decides nothing: the database says what is due."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from mailer.config import Config
from mailer.scheduling.triggers import MomentTrigger

TICK_SECONDS = 30.0
_WAKE = "wake"
Triggers = Mapping[str, BaseTrigger]
_log = logging.getLogger(__name__)


class Clock:
    """Calls `tick` when started, when a trigger fires, at the next moment besides, and every `interval` seconds.

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

    def start(
        self,
        tick: Callable[[], Awaitable[None]],
        next_wake: Callable[[], datetime | None],
        triggers: Callable[[], Triggers],
    ) -> None:
        """Begin, within a running event loop.

        tick re-reads what is due and acts on it. triggers returns the schedules' triggers by name, and next_wake the
        next moment (aware) later than now at which something else will be due, or None. Both are called in a thread
        before each tick, so they may read files and the database, and a changed calendar counts from then on. What any
        of them raises is logged, and the clock goes on.
        """
        if self._task is not None:
            raise RuntimeError("the clock is already started")
        self._scheduler.start()
        self._task = asyncio.create_task(self._run(tick, next_wake, triggers), name="clock")

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

    async def _run(
        self,
        tick: Callable[[], Awaitable[None]],
        next_wake: Callable[[], datetime | None],
        triggers: Callable[[], Triggers],
    ) -> None:
        while not self._stopping:
            self._rung.clear()
            # The wakes first: a moment that passes meanwhile is then either rung for, or before the tick's eyes.
            await self._guard(self._arm_schedules(triggers))
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

    async def _arm_schedules(self, triggers: Callable[[], Triggers]) -> None:
        wanted = {f"schedule {name}": trigger for name, trigger in (await asyncio.to_thread(triggers)).items()}
        for job in self._scheduler.get_jobs():
            if job.id != _WAKE and job.id not in wanted:
                self._scheduler.remove_job(job.id)
        for job_id, trigger in wanted.items():
            self._scheduler.add_job(self._ring, trigger, id=job_id, replace_existing=True)

    async def _arm(self, next_wake: Callable[[], datetime | None]) -> None:
        moment = await asyncio.to_thread(next_wake)
        if self._scheduler.get_job(_WAKE):
            self._scheduler.remove_job(_WAKE)
        # one that has passed is left to the tick and, should that fail, to the interval: no spinning
        if moment is not None and moment > datetime.now(UTC):
            self._scheduler.add_job(self._ring, MomentTrigger(moment), id=_WAKE)

    async def _ring(self) -> None:
        self._rung.set()
