"""What happened to deliveries, read on from where a reader was: reports, readings and attempts as one stream."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

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
from mailer.store.database import Connection


def read_stream(
    connection: Connection,
    place: StreamPlace,
    most: int,
    until: datetime,
    kinds: Collection[EventKind] = (),
    mailing_id: int | None = None,
) -> StreamPage:
    """Return at most so many events after a place: reports, then readings, then attempts, each in its own order.

    kinds, mailing_id: only these (none: all); a place is read on with the same ones. until: attempts that ended later
    wait for a later call. Every event is given once, whenever the stream is read.
    """
    wanted = frozenset(kinds) or frozenset(EventKind)
    found: list[StreamEvent] = []
    behind = False
    if of_reports := wanted & OF_REPORTS:
        numbered = event_stream.read_reports(connection, place.event, most, of_reports, mailing_id)
        found += [one for _number, one in numbered]
        place = replace(place, event=numbered[-1][0]) if numbered else place
    if len(found) < most and (of_readings := wanted & OF_READINGS):
        numbered = event_stream.read_readings(connection, place.reading, most - len(found), of_readings, mailing_id)
        found += [one for _number, one in numbered]
        place = replace(place, reading=numbered[-1][0]) if numbered else place
    if len(found) < most and (of_attempts := wanted & OF_ATTEMPTS):
        place = place.begin_pass(until)
        attempts, place = event_stream.walk_attempts(connection, place, most - len(found), of_attempts, mailing_id)
        found += attempts
        behind = place.until is not None or (place.since is not None and place.since < until)
    return StreamPage(tuple(found), place, more=len(found) == most or behind)
