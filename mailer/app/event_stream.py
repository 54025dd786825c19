"""What happened to the deliveries of a house, read on from where a reader was."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from mailer.app.ground import Ground
from mailer.model.event_stream import (
    OF_ATTEMPTS,
    OF_READINGS,
    OF_REPORTS,
    EventKind,
    StreamEvent,
    StreamPage,
    StreamPlace,
)
from mailer.store import event_stream

# a reply is on record a moment after it came, with those of other connections: an attempt is told once that is over
SETTLED_AFTER = timedelta(seconds=10)


class EventStream:
    """The events of a house."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def start(self, *, now: bool) -> StreamPlace:
        """Return where a reader begins: with what happens from now on, or with the first event on record."""
        if not now:
            return StreamPlace()
        with self._ground.store.read() as connection:
            return event_stream.newest_place(connection, self._ground.now() - SETTLED_AFTER)

    def read(
        self, place: StreamPlace, most: int, kinds: Collection[EventKind] = (), mailing_id: int | None = None
    ) -> StreamPage:
        """Return at most so many events after a place: reports, then readings, then attempts, each in its order.

        kinds, mailing_id: only these; a place is read on with the same ones. Every event is given once, an attempt
        SETTLED_AFTER it ended.
        """
        wanted = frozenset(kinds) or frozenset(EventKind)
        found: list[StreamEvent] = []
        with self._ground.store.read() as connection:
            if of_reports := wanted & OF_REPORTS:
                numbered = event_stream.read_reports(connection, place.event, most, of_reports, mailing_id)
                found += [one for _number, one in numbered]
                place = replace(place, event=numbered[-1][0]) if numbered else place
            if len(found) < most and (of_readings := wanted & OF_READINGS):
                left = most - len(found)
                numbered = event_stream.read_readings(connection, place.reading, left, of_readings, mailing_id)
                found += [one for _number, one in numbered]
                place = replace(place, reading=numbered[-1][0]) if numbered else place
            if len(found) < most and (of_attempts := wanted & OF_ATTEMPTS):
                place = place.begin_pass(self._ground.now() - SETTLED_AFTER)
                attempts, place = event_stream.walk_attempts(
                    connection, place, most - len(found), of_attempts, mailing_id
                )
                found += attempts
        return StreamPage(tuple(found), place, more=len(found) == most or place.until is not None)
