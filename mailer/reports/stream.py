"""What happened to deliveries, read on from where a reader was: reports, readings and attempts as one stream."""

import time
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from mailer.model.event_stream import (
    OF_ATTEMPTS,
    OF_READINGS,
    OF_REPORTS,
    EventKind,
    StreamEnd,
    StreamEvent,
    StreamPage,
    StreamPlace,
)
from mailer.store import event_stream
from mailer.store.database import Connection, Store

PATIENCE_S = 1.0  # how long a reader waits for transactions under way; their events are told the next time
LOOK_EVERY_S = 0.01


def read_stream(
    connection: Connection,
    place: StreamPlace,
    most: int,
    until: datetime,
    end: StreamEnd,
    kinds: Collection[EventKind] = (),
    mailing_id: int | None = None,
) -> StreamPage:
    """Return at most so many events after a place: reports, then readings, then attempts, each in its own order.

    kinds, mailing_id: only these (none: all); a place is read on with the same ones. until: attempts that ended later
    wait for a later call, as events beyond `end` do. Every event is given once, whenever the stream is read.
    """
    wanted = frozenset(kinds) or frozenset(EventKind)
    found: list[StreamEvent] = []
    behind = False
    if of_reports := wanted & OF_REPORTS:
        numbered = event_stream.read_reports(connection, place.event, end.event, most, of_reports, mailing_id)
        found += [one for _number, one in numbered]
        place = replace(place, event=numbered[-1][0]) if numbered else place
    if len(found) < most and (of_readings := wanted & OF_READINGS):
        numbered = event_stream.read_readings(
            connection, place.reading, end.reading, most - len(found), of_readings, mailing_id
        )
        found += [one for _number, one in numbered]
        place = replace(place, reading=numbered[-1][0]) if numbered else place
    if len(found) < most and (of_attempts := wanted & OF_ATTEMPTS):
        place = place.begin_pass(until)
        attempts, place = event_stream.walk_attempts(connection, place, most - len(found), of_attempts, mailing_id)
        found += attempts
        behind = place.until is not None or (place.since is not None and place.since < until)
    return StreamPage(tuple(found), place, more=len(found) == most or behind)


def find_settled(store: Store, otherwise: StreamEnd) -> StreamEnd:
    """Return how far nothing can come in between any more; `otherwise` for a table that is written to at length.

    PostgreSQL gives numbers when a row is inserted and shows rows when they are committed, so a lower number may
    follow a higher one. Who wrote when the highest was looked up must be over; who began later has higher ones.
    """
    with store.read() as connection:
        newest = event_stream.newest_numbers(connection)
        if store.is_sqlite:
            return newest
        before = event_stream.find_writers(connection)
    until = time.monotonic() + PATIENCE_S
    while (before.event or before.reading) and time.monotonic() < until:
        time.sleep(LOOK_EVERY_S)
        with store.read() as connection:
            now = event_stream.find_writers(connection)
        before = event_stream.Writers(before.event & now.event, before.reading & now.reading)
    return StreamEnd(
        otherwise.event if before.event else newest.event, otherwise.reading if before.reading else newest.reading
    )
