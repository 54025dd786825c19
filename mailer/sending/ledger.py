"""The sender's one writer thread: the event loop asks, the thread commits in groups, the answer comes back."""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from mailer.store import settlements
from mailer.store.database import Connection, Store, is_passing
from mailer.store.settlements import Dot, Settled

T = TypeVar("T")
MOST_IN_GROUP = 500
GATHER_S = 0.003  # between two commits under load: the second one then serves more
BUSY_GROUP = 4  # jobs in a commit from which on there is load
LINGER_S = 0.005  # of a settlement for the next dot of its connection, which then waits for one commit instead of two
RETRY_S = 0.5  # after a commit that failed; doubles
LONGEST_RETRY_S = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Act:
    run: Callable[[Connection], Any]
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Permit:
    dot: Dot
    future: asyncio.Future[bool]


@dataclass(frozen=True, slots=True)
class _Owed:
    settled: Settled
    also: Callable[[Connection], object] | None


_Job = _Act | _Permit | _Owed
_Answer = tuple[asyncio.Future[Any], Any, BaseException | None]


class Ledger:
    """Writes for the tasks of one event loop in one thread, as many to a commit as have gathered.

    An answer is given only after its commit. An act that raises is rolled back alone and its error is raised to its
    caller; a commit that fails (disk full, database gone) is raised to everyone who waits for it, none of whom may go
    on as if it had been written. What happened on the wire cannot be made to happen again, so a settlement is kept and
    tried again until it is written; `trouble` says meanwhile why it is not, and nothing should be begun.
    """

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self.trouble = ""
        self._store = store
        self._writer = store.writer()
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._owed: list[_Owed] = []
        self._closing_at: float | None = None
        self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)
        self._thread.start()

    async def write(self, act: Callable[[Connection], T]) -> T:
        """Run `act` in the writer's next transaction and return its answer once that is committed."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Act(act, future))
        return await future

    def permit(self, dot: Dot) -> asyncio.Future[bool]:
        """Ask whether a final dot may be written; the answer comes once that is on record.

        Awaiting it raises StoreError where it cannot be put on record: then the dot may not be written.
        """
        future: asyncio.Future[bool] = self._loop.create_future()
        self._jobs.put(_Permit(dot, future))
        return future

    def settle(self, settled: Settled, also: Callable[[Connection], object] | None = None) -> None:
        """Have a settlement written, before anything that is asked for later; `also` runs in its transaction."""
        self._jobs.put(_Owed(settled, also))

    async def read(self, act: Callable[[Connection], T]) -> T:
        """Run `act` on one consistent view, in another thread and without the write lock."""

        def look() -> T:
            with self._store.read() as connection:
                return act(connection)

        return await asyncio.to_thread(look)

    async def close(self, patience_s: float = 20.0) -> None:
        """Write what is owed, trying for so long, and end the thread; what could not be written is logged."""
        self._closing_at = time.monotonic() + patience_s
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    # -- the thread

    def _work(self) -> None:
        retry_s, last_size, last_end = RETRY_S, 0, 0.0
        while True:
            group = self._gather(retry_s, last_end + GATHER_S if last_size >= BUSY_GROUP else 0.0)
            if not group and self._closing_at is not None and (not self._owed or time.monotonic() > self._closing_at):
                break
            if not group and not self._owed:
                continue
            failure = self._commit(group)
            last_size, last_end = len(group), time.monotonic()
            retry_s = RETRY_S if failure is None else min(retry_s * 2, LONGEST_RETRY_S)
        self._writer.close()
        if self._owed:
            log.error("%d outcomes could not be recorded: %s", len(self._owed), self.trouble)

    def _gather(self, retry_s: float, not_before: float) -> list[_Job]:
        """Wait for jobs, for a while where something is owed, and return all there are, not before a moment."""
        group: list[_Job] = []
        try:
            job = self._jobs.get(timeout=retry_s if self._owed else None)
            if self._owed and self.trouble:
                time.sleep(RETRY_S)  # what came now will fail as well
            else:
                time.sleep(max(not_before - time.monotonic(), 0.0))
            while True:
                if job is not None:
                    group.append(job)
                if len(group) >= MOST_IN_GROUP:
                    break
                alone = len(group) == 1 and isinstance(job, _Owed) and not not_before
                job = self._jobs.get(timeout=LINGER_S) if alone else self._jobs.get_nowait()
        except queue.Empty:
            pass
        return group

    def _commit(self, group: list[_Job]) -> BaseException | None:
        owed = self._owed + [job for job in group if isinstance(job, _Owed)]
        answers: list[_Answer] = []
        failure: BaseException | None = None
        try:
            with self._writer.write() as connection:
                settlements.settle_deliveries(connection, [one.settled for one in owed])
                for one in owed:
                    if one.also is not None:
                        one.also(connection)
                answers = [self._act(connection, job) for job in group if isinstance(job, _Act)]
                answers += self._permit(connection, [job for job in group if isinstance(job, _Permit)])
            self._owed, self.trouble = [], ""
        except Exception as error:  # noqa: BLE001 - the commit failed: nobody's work was written
            failure = error
            answers = [(job.future, None, error) for job in group if not isinstance(job, _Owed)]
            self._owed = owed if is_passing(error) else self._alone(owed)
            if self._owed and not self.trouble:
                log.error("nothing is sent while the database cannot be written: %s", error)
            self.trouble = str(error) if self._owed else ""  # else the next who asks finds out
        if answers:
            self._loop.call_soon_threadsafe(_give, answers)
        return failure

    def _act(self, connection: Connection, job: _Act) -> _Answer:
        if job.future.cancelled():  # nobody waits for it any more
            return job.future, None, None
        try:
            with connection.begin_nested():
                return job.future, job.run(connection), None
        except Exception as error:
            if is_passing(error):  # not of this act: the disk is full, the server gone
                raise
            return job.future, None, error

    def _permit(self, connection: Connection, jobs: list[_Permit]) -> list[_Answer]:
        waited = [job for job in jobs if not job.future.cancelled()]
        allowed = settlements.permit_dots(connection, [job.dot for job in waited], self._now())
        return [(job.future, job.dot.delivery_id in allowed, None) for job in waited]

    def _alone(self, owed: list[_Owed]) -> list[_Owed]:
        """Write settlements one by one when the database refuses them together; one it refuses alone is given up.

        Its attempt stays open, and the recovery will make it uncertain: in doubt, not lost.
        """
        left: list[_Owed] = []
        for one in owed:
            try:
                with self._writer.write() as connection:
                    settlements.settle_deliveries(connection, [one.settled])
                    if one.also is not None:
                        one.also(connection)
            except Exception as error:
                if is_passing(error):
                    left.append(one)
                else:
                    number = one.settled.delivery_id
                    log.exception("the outcome of delivery %d cannot be recorded", number, extra={"delivery": number})
        return left


def _give(answers: list[_Answer]) -> None:
    for future, answer, failure in answers:
        if future.done():
            continue
        if failure is None:
            future.set_result(answer)
        else:
            future.set_exception(failure)
