"""Events of every kind read on from a place: by their numbers, or for attempts by walking those of mailings under way.

Attempts have no index on time: the sender writes two rows a copy, and each index more costs it a part of its speed.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, or_, select, text, tuple_

from mailer.model.event_stream import EventKind, StreamEnd, StreamEvent, StreamPlace
from mailer.model.report import UNSURE
from mailer.store.database import Connection
from mailer.store.plans import ORDINALS
from mailer.store.schema import attempt, delivery, distribution_list, event, mailing, reading_event

WALKED = 50_000  # deliveries whose attempts one look walks over: some 20 ms
STILL_ENDING = timedelta(hours=1)  # for so long what was on the wire when a mailing ended may get its reply


@dataclass(frozen=True, slots=True)
class Writers:
    """Transactions that have written, or may have, and are not over: of events, and of readings."""

    event: frozenset[str]
    reading: frozenset[str]


# whoever inserts holds this lock on the table from before its number is drawn until its transaction is seen by others;
# one that still waits for the lock has no number yet (PostgreSQL's manual, §13.3.1 and pg_locks)
_WRITERS = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND relation = CAST(:name AS regclass) AND mode IN "
    "('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')"
)


def find_writers(connection: Connection) -> Writers:
    """Return who writes just now. PostgreSQL only: SQLite has one writer, whose numbers rise as it commits."""

    def writers_of(table: Table) -> frozenset[str]:
        return frozenset(connection.execute(_WRITERS, {"name": table.name}).scalars())

    return Writers(writers_of(event), writers_of(reading_event))


def newest_numbers(connection: Connection) -> StreamEnd:
    """Return the highest numbers on record. On PostgreSQL lower ones may follow, of transactions under way before."""
    newest = [connection.execute(select(func.max(table.c.id))).scalar() or 0 for table in (event, reading_event)]
    return StreamEnd(*newest)


def read_reports(
    connection: Connection, after: int, upto: int, most: int, kinds: Collection[EventKind], mailing_id: int | None
) -> list[tuple[int, StreamEvent]]:
    """Return events with numbers in (after, upto], each with its number, in their order; kinds: only these."""
    query = _filtered(
        select(event, delivery.c.address, distribution_list.c.name.label("list_name"))
        .join(delivery, delivery.c.id == event.c.delivery_id)
        .join(distribution_list, distribution_list.c.id == event.c.list_id)
        .where(event.c.id > after, event.c.id <= upto)
        .order_by(event.c.id)
        .limit(most),
        event.c.kind, kinds, event.c.mailing_id, mailing_id,
    )  # fmt: skip
    return [
        (
            row.id,
            StreamEvent(
                f"event:{row.id}", row.kind, row.mailing_id, row.delivery_id, row.list_name, row.address,
                row.happened_at, row.reply_class, row.detail, hard=row.hard, probable=row.tie in UNSURE,
            ),
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def read_readings(
    connection: Connection, after: int, upto: int, most: int, kinds: Collection[EventKind], mailing_id: int | None
) -> list[tuple[int, StreamEvent]]:
    """Return requests for links and pictures with numbers in (after, upto], each with its number, in their order."""
    query = _filtered(
        select(reading_event, delivery.c.address, distribution_list.c.name.label("list_name"))
        .outerjoin(delivery, delivery.c.id == reading_event.c.delivery_id)
        .join(distribution_list, distribution_list.c.id == reading_event.c.list_id)
        .where(reading_event.c.id > after, reading_event.c.id <= upto)
        .order_by(reading_event.c.id)
        .limit(most),
        reading_event.c.kind, kinds, reading_event.c.mailing_id, mailing_id,
    )  # fmt: skip
    return [
        (
            row.id,
            StreamEvent(
                f"reading:{row.id}", row.kind, row.mailing_id, row.delivery_id, row.list_name, row.address or "",
                row.happened_at, detail=row.agent, verdict=row.verdict, link=row.link,
            ),
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def _filtered(
    query: Select[Any],
    kind: ColumnElement[str],
    kinds: Collection[EventKind],
    of: ColumnElement[int],
    mailing_id: int | None,
) -> Select[Any]:
    query = query.where(kind.in_([one.value for one in kinds]))
    return query.where(of == mailing_id) if mailing_id is not None else query


def walk_attempts(
    connection: Connection, place: StreamPlace, most: int, kinds: Collection[EventKind], mailing_id: int | None
) -> tuple[list[StreamEvent], StreamPlace]:
    """Return attempts of the pass that a place is in, and the place after them; `until` None where the pass is over.

    One call walks over WALKED deliveries at most, so it may return none though the pass is not over.
    """
    assert place.until is not None
    number = _next_mailing(connection, place, mailing_id)
    if number is None:
        return [], place.end_pass()
    first = place if place.delivery >= number * ORDINALS else replace(place, delivery=number * ORDINALS, number=0)
    beyond = (number + 1) * ORDINALS
    # ids of deliveries follow each other without gaps, so a stretch of them is so many rows
    stretch = min(first.delivery + WALKED, beyond)
    order = (attempt.c.delivery_id, attempt.c.number)
    wanted = [
        tuple_(*order) > tuple_(first.delivery, first.number),
        attempt.c.delivery_id < stretch,
        attempt.c.ended_at < place.until,
        attempt.c.outcome.in_([one.value for one in kinds]),
    ]
    if place.since is not None:
        wanted.append(attempt.c.ended_at >= place.since)
    query = (
        select(attempt, delivery.c.address, distribution_list.c.name.label("list_name"))
        .join(delivery, delivery.c.id == attempt.c.delivery_id)
        .join(distribution_list, distribution_list.c.id == delivery.c.list_id)
        .where(*wanted)
        .order_by(*order)
        .limit(most)
    )
    rows = connection.execute(query).all()
    if len(rows) == most:
        after = replace(first, delivery=rows[-1].delivery_id, number=rows[-1].number)
    else:
        after = _after_stretch(connection, replace(first, delivery=stretch, number=0), beyond, mailing_id)
    return [_to_event(row) for row in rows], after


def _after_stretch(connection: Connection, after: StreamPlace, beyond: int, mailing_id: int | None) -> StreamPlace:
    """Return a place, or the beginning of the next mailing where it is behind its own last, or the end of the pass."""
    last = connection.execute(select(func.max(delivery.c.id)).where(delivery.c.id < beyond)).scalar()
    if last is not None and last >= after.delivery:
        return after
    after = replace(after, delivery=beyond)
    return after if _next_mailing(connection, after, mailing_id) is not None else after.end_pass()


def _next_mailing(connection: Connection, place: StreamPlace, mailing_id: int | None) -> int | None:
    """Return the first mailing at or after a place of which attempts may have ended in its pass; None at its end."""
    query = select(func.min(mailing.c.id)).where(
        mailing.c.started_at.is_not(None), mailing.c.id >= place.delivery // ORDINALS
    )
    if mailing_id is not None:
        query = query.where(mailing.c.id == mailing_id)
    if place.since is not None:
        query = query.where(or_(mailing.c.finished_at.is_(None), mailing.c.finished_at >= place.since - STILL_ENDING))
    found = connection.execute(query).scalar()
    return int(found) if found is not None else None


def _to_event(row: Any) -> StreamEvent:
    words = " ".join(part for part in (str(row.code) if row.code else "", row.enhanced, row.reply) if part)
    return StreamEvent(
        f"attempt:{row.delivery_id}:{row.number}", row.outcome, row.delivery_id // ORDINALS, row.delivery_id,
        row.list_name, row.address, row.ended_at, row.reply_class, words,
    )  # fmt: skip
