"""The sender's one writer thread: the event loop asks, the thread commits in groups, the answer comes back."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

from mailer.store.database import Connection, Store

T = TypeVar("T")
P = ParamSpec("P")
MOST_IN_GROUP = 200

_Job = tuple[Callable[[Connection], Any], Future[Any]]


class Ledger:
    """Runs functions of a connection in one thread, as many to a commit as have gathered.

    An answer is given only after its commit. A function that raises is rolled back alone and its error is raised to
    its caller; a commit that fails (disk full, database gone) is raised to every caller of its group, none of whom
    may go on as if it had been written.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)
        self._thread.start()

    async def write(self, act: Callable[[Connection], T]) -> T:
        """Run `act` in the writer's next transaction and return its answer once that is committed."""
        future: Future[T] = Future()
        self._jobs.put((act, future))
        return await asyncio.wrap_future(future)

    async def read(self, act: Callable[[Connection], T]) -> T:
        """Run `act` on one consistent view, in another thread and without the write lock."""

        def look() -> T:
            with self._store.read() as connection:
                return act(connection)

        return await asyncio.to_thread(look)

    def close(self) -> None:
        """Finish what was asked and end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        open_for_more = True
        while open_for_more:
            job = self._jobs.get()
            if job is None:
                return
            group = [job]
            while len(group) < MOST_IN_GROUP and not self._jobs.empty():
                job = self._jobs.get()
                if job is None:
                    open_for_more = False
                    break
                group.append(job)
            self._commit(group)

    def _commit(self, group: list[_Job]) -> None:
        answers: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            with self._store.write() as connection:
                for act, future in group:
                    # a job that nobody waits for any more is not begun; one that is begun can no longer be cancelled
                    if not future.set_running_or_notify_cancel():
                        continue
                    try:
                        with connection.begin_nested():
                            answers.append((future, act(connection), None))
                    except Exception as error:  # noqa: BLE001 - the caller's, raised there
                        answers.append((future, None, error))
        except Exception as error:  # noqa: BLE001 - the commit failed: nobody's work was written
            waited = [future for _act, future in group if future.running() or future.set_running_or_notify_cancel()]
            answers = [(future, None, error) for future in waited]
        for future, answer, failure in answers:
            if failure is None:
                future.set_result(answer)
            else:
                future.set_exception(failure)
