"""Retention in a house: what is too old to be kept, counted, or cleared once a day."""

import logging
import time
from datetime import datetime, timedelta

from mailer.access import clearing
from mailer.app.ground import Ground
from mailer.app.people import People
from mailer.app.traces import clear_traces
from mailer.audience import retention as flow
from mailer.model.audit import Act, Subject
from mailer.model.people import PROGRAM, Actor, Right
from mailer.model.retention import LastRun
from mailer.store import audit, house
from mailer.store import retention as stored
from mailer.store.database import Connection

log = logging.getLogger(__name__)

A_TICK_S = 5.0  # as long as the clock may clear before it looks at what is due again
LEASE = timedelta(seconds=25)  # after which another clock may go on: less than from tick to tick


class Retention:
    """What a house keeps, and for how long."""

    def __init__(self, ground: Ground, people: People) -> None:
        self._ground = ground
        self._people = people

    def count(self) -> dict[str, int]:
        """Return how many rows a clearing would touch now, by kind; writes nothing."""
        with self._ground.store.read() as connection:
            now = self._ground.now()
            readers = flow.count_old(connection, self._ground.config.retention, now)
            return readers | clearing.count_old(connection, now)

    def last_run(self) -> LastRun | None:
        """Return the newest daily clearing, or None."""
        with self._ground.store.read() as connection:
            return stored.last_run(connection)

    def run(self, by: str) -> dict[str, int]:
        """Clear all that is too old, as a person's act; return rows cleared, by kind."""
        self._people.require(by, Right.PERSONS)
        counts, _done = self._clear(None)
        with self._ground.store.write() as connection:
            self._record(connection, self._people.require(by, Right.PERSONS, connection), counts)
        clear_traces(self._ground)
        return counts

    def traces_since(self) -> datetime | None:
        """Return since when the database's log file may hold persons that were erased; None where it holds none."""
        with self._ground.store.read() as connection:
            return house.traces_since(connection)

    def take_turn(self) -> None:
        """Clear for some seconds if this day's clearing is not done; called at each tick, by any number of clocks.

        What erasures have left in the log file is cleared at each tick until it is gone.
        """
        clear_traces(self._ground)
        now = self._ground.now()
        day = f"{now.astimezone(self._ground.config.zone):%Y-%m-%d}"
        with self._ground.store.read() as connection:
            last = stored.last_run(connection)
        if last is not None and last.day >= day and last.ended_at is not None:
            return
        with self._ground.store.write() as connection:
            if not stored.take_day(connection, day, now, LEASE):
                return
        counts, done = self._clear(A_TICK_S)
        with self._ground.store.write() as connection:
            total = stored.note_day(connection, day, counts, self._ground.now() if done else None)
            if done and any(total.values()):
                self._record(connection, PROGRAM, total)
        clear_traces(self._ground)
        if done:
            log.info("retention on %s: %s", day, total)

    def _record(self, connection: Connection, by: Actor, counts: dict[str, int]) -> None:
        audit.record(connection, by, Act.RETAIN, Subject("house", ""), self._ground.now(), **counts)

    def _clear(self, seconds: float | None) -> tuple[dict[str, int], bool]:
        ground, began = self._ground, time.monotonic()

        def go_on() -> bool:
            return seconds is None or time.monotonic() - began < seconds

        write, now = ground.store.write, ground.now()
        staff, _done = clearing.clear_old(write, now, go_on)  # little, and first: what is cut off is begun anew
        readers, done = flow.clear_old(write, ground.secret, ground.config.retention, now, go_on)
        return readers | staff, done
