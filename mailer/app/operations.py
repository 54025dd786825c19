"""How a house runs, looked at by machines: often, and so without waiting for those who write."""

import threading
import time
from datetime import datetime, timedelta

from mailer.app.ground import Ground
from mailer.app.relays import Relays
from mailer.errors import MailerError, StoreError
from mailer.i18n import _
from mailer.model.operations import ClockState, DatabaseState, HouseFigures, Readiness
from mailer.store import operations, returned
from mailer.store.database import Store, is_at_head, waiting_at_most
from mailer.store.house import read_identity, try_writing

CLOCK_LATE = timedelta(minutes=5)  # it ticks every half a minute
JUST_ENDED = timedelta(hours=1)
KEPT_S = 5.0  # for so long figures are told once more instead of counted anew
PATIENCE_S = 2.0  # how long who asks whether all is ready waits for a lock
TRIED_S = 2.0  # for so long it is told once more whether a change can be written: each costs a sync of the disk


class Operations:
    """What can be known of the running of a house."""

    def __init__(self, ground: Ground, relays: Relays) -> None:
        self._ground = ground
        self._relays = relays
        self._counting = threading.Lock()
        self._counted: tuple[float, HouseFigures] | None = None
        self._trying = threading.Lock()
        self._tried: tuple[float, Store, DatabaseState] | None = None

    def look(self) -> Readiness:
        """Return whether the house can do its work; what keeps it from that is said, not raised."""
        try:
            store = self._ground.store
            with waiting_at_most(PATIENCE_S), store.read() as connection:
                migrated, seen_at = is_at_head(connection), read_identity(connection).clock_seen_at
        except MailerError:
            return Readiness(DatabaseState.UNREACHABLE, migrated=False, clock=ClockState.UNKNOWN)
        return Readiness(self._try_writing(store), migrated, self._clock(seen_at))

    def _try_writing(self, store: Store) -> DatabaseState:
        if store.is_replaced:
            return DatabaseState.GONE
        with self._trying:
            if self._tried is None or self._tried[1] is not store or time.monotonic() - self._tried[0] >= TRIED_S:
                try:
                    with waiting_at_most(PATIENCE_S), store.write() as connection:
                        try_writing(connection)
                    found = DatabaseState.OK
                except StoreError:
                    found = DatabaseState.READ_ONLY
                self._tried = (time.monotonic(), store, found)
            return self._tried[2]

    def _clock(self, seen_at: datetime | None) -> ClockState:
        if seen_at is None:
            return ClockState.UNKNOWN
        return ClockState.ALIVE if self._ground.now() - seen_at <= CLOCK_LATE else ClockState.LATE

    def figures(self) -> HouseFigures:
        """Return what is counted of the house, at most KEPT_S old; who asks meanwhile waits. Raises StoreError."""
        if self._ground.store.is_replaced:
            raise StoreError(_("the database file is not where it was opened"), file=self._ground.store.path)
        with self._counting:
            if self._counted is None or time.monotonic() - self._counted[0] >= KEPT_S:
                self._counted = (time.monotonic(), self._count())
            return self._counted[1]

    def _count(self) -> HouseFigures:
        now = self._ground.now()
        with self._ground.store.read() as connection:
            seen_at = read_identity(connection).clock_seen_at
            events, readings = operations.last_numbers(connection)
            answers, unread = returned.count_kept(connection)
            return HouseFigures(
                mailings=operations.count_mailings(connection),
                under_way=tuple(operations.count_under_way(connection, now - JUST_ENDED, now)),
                events=events,
                readings=readings,
                standing=self._relays.read_standing(connection),
                clock_seen_at=seen_at,
                held=self._ground.identity.look() is not None,
                answers=answers,
                unread=unread,
            )
