"""When schedules were first seen, and their occurrences: a unique row each, so that two clocks fire one once."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from mailer.model.delivery import PastOccurrence
from mailer.store.schema import occurrence, schedule_seen


def known_since(connection: Connection, name: str) -> datetime | None:
    """Return when a clock first saw a schedule; None when none has."""
    return connection.execute(select(schedule_seen.c.first_seen_at).where(schedule_seen.c.name == name)).scalar()


def first_seen(connection: Connection, name: str, now: datetime) -> datetime:
    """Return when a schedule was first seen, writing `now` when this is the first time."""
    known = known_since(connection, name)
    if known is not None:
        return known
    connection.execute(insert(schedule_seen).values(name=name, first_seen_at=now))
    return now


def fired_among(connection: Connection, name: str, dates: Sequence[date]) -> set[date]:
    """Return those local dates on which the schedule has fired already."""
    rows = connection.execute(
        select(occurrence.c.local_date).where(
            occurrence.c.schedule == name, occurrence.c.local_date.in_([day.isoformat() for day in dates])
        )
    )
    return {date.fromisoformat(row.local_date) for row in rows}


def fire_occurrence(connection: Connection, name: str, due_at: datetime, now: datetime) -> int | None:
    """Take an occurrence; return its id, or None when another clock was first.

    due_at is in the schedule's own zone: there is one occurrence for each of its dates.
    """
    taken = insert(occurrence).values(
        schedule=name, local_date=due_at.date().isoformat(), due_at=due_at, fired_at=now
    )  # fmt: skip
    try:
        with connection.begin_nested():
            return int(connection.execute(taken.returning(occurrence.c.id)).scalar_one())
    except IntegrityError:
        return None


def note_occurrence(connection: Connection, occurrence_id: int, mailing_id: int | None, result: str) -> None:
    """Write what became of a fired occurrence."""
    connection.execute(
        update(occurrence).where(occurrence.c.id == occurrence_id).values(mailing_id=mailing_id, result=result)
    )


def last_occurrences(connection: Connection, count: int) -> list[PastOccurrence]:
    """Return what became of the newest occurrences, the newest first."""
    rows = connection.execute(select(occurrence).order_by(occurrence.c.due_at.desc()).limit(count))
    return [PastOccurrence(row.schedule, row.due_at, row.mailing_id, row.result) for row in rows]
