"""Takes requests from the web without ever making it wait, and writes them in batches from a thread of its own."""

import logging
import threading
import time
from collections import deque

from mailer.errors import StoreError
from mailer.store.database import Store, Writer, is_passing
from mailer.tracking.agents import AgentTable
from mailer.tracking.readings import Fetched, judge_fetched, keep_judged

log = logging.getLogger(__name__)

MOST_WAITING = 20_000  # requests; some ten megabytes, or two minutes at 200 a second
BATCH = 500
LINGER_S = 0.5  # for how long requests are gathered before they are written
MOST_RETRY_S = 5.0
PATIENCE_S = 10.0  # of a stop, for a database that cannot be written


class ReadingRecorder:
    """A bounded queue, and the thread that empties it into the database.

    While the database cannot be written (full, locked, away) requests wait; what there is no room for is dropped,
    counted and logged. Close it, or what waits is lost.
    """

    def __init__(
        self,
        store: Store,
        agents: AgentTable,
        *,
        most_waiting: int = MOST_WAITING,
        batch: int = BATCH,
        linger_s: float = LINGER_S,
    ) -> None:
        self._store = store
        self._agents = agents
        self._most_waiting = most_waiting
        self._batch = batch
        self._linger_s = linger_s
        self._waiting: deque[Fetched] = deque()
        self._news = threading.Condition()
        self._closing = False
        self._deadline = float("inf")
        self.dropped = 0  # for want of room, or as they could not be written
        self._told = 0
        self._thread = threading.Thread(target=self._run, name="reading recorder", daemon=True)
        self._thread.start()

    def record(self, one: Fetched) -> None:
        """Take a request; returns at once, whatever the database does."""
        with self._news:
            if len(self._waiting) >= self._most_waiting or self._closing:
                self.dropped += 1
                return
            self._waiting.append(one)
            if len(self._waiting) in (1, self._batch):
                self._news.notify()

    def close(self, patience_s: float = PATIENCE_S) -> None:
        """Write what waits, for at most so long, and end."""
        with self._news:
            self._closing = True
            self._deadline = time.monotonic() + patience_s
            self._news.notify()
        self._thread.join(patience_s + 1)
        if self._thread.is_alive():  # in the middle of a statement that waits for a lock
            log.error("the last opens and clicks were not counted: the database could not be written")

    def _run(self) -> None:
        writer = self._store.writer()
        try:
            while batch := self._next_batch():
                self._write(writer, batch)
                self._tell_dropped()
        finally:
            writer.close()
            self.dropped += len(self._waiting)
            self._tell_dropped()

    def _next_batch(self) -> list[Fetched]:
        """Return what has come when it is time to write; empty when nothing is left and the recorder closes."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._closing)
            self._news.wait_for(lambda: len(self._waiting) >= self._batch or self._closing, self._linger_s)
            if time.monotonic() > self._deadline:
                return []
            return [self._waiting.popleft() for _number in range(min(self._batch, len(self._waiting)))]

    def _write(self, writer: Writer, batch: list[Fetched]) -> None:
        wait = 0.1
        while True:
            try:
                # this thread alone writes requests down, so what it reads before its transaction holds within it, and
                # the sender waits for the writing only, a third of the work
                with self._store.read() as connection:
                    judged = judge_fetched(connection, batch, self._agents)
                with writer.write() as connection:
                    keep_judged(connection, judged)
                return
            except StoreError as error:
                if not is_passing(error):
                    log.exception("%d opens and clicks cannot be written", len(batch))
                    self.dropped += len(batch)
                    return
                log.warning("opens and clicks wait for the database: %s", error)
            with self._news:
                self._news.wait_for(lambda: self._closing, wait)
            if time.monotonic() > self._deadline:
                self.dropped += len(batch)
                return
            if self._closing:
                time.sleep(0.1)
            wait = min(wait * 2, MOST_RETRY_S)

    def _tell_dropped(self) -> None:
        if self.dropped > self._told:
            log.error("%d opens and clicks were not counted", self.dropped - self._told)
            self._told = self.dropped
