"""When schedules were first seen, and their occurrences: a unique row each, so that two clocks fire one once."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from mailer.store.schema import occurrence, schedule_seen


def first_seen(connection: Connection, name: str, now: datetime) -> datetime:
    """Return when a schedule was first seen, writing `now` when this is the first time."""
    known = connection.execute(select(schedule_seen.c.first_seen_at).where(schedule_seen.c.name == name)).one_or_none()
    if known is not None:
        found: datetime = known.first_seen_at
        return found
    connection.execute(insert(schedule_seen).values(name=name, first_seen_at=now))
    return now


def fired_among(connection: Connection, name: str, due: list[datetime]) -> set[datetime]:
    """Return those due times that have fired already."""
    rows = connection.execute(
        select(occurrence.c.due_at).where(occurrence.c.schedule == name, occurrence.c.due_at.in_(due))
    )
    return {row.due_at for row in rows}


def fire_occurrence(connection: Connection, name: str, due_at: datetime, now: datetime) -> int | None:
    """Claim an occurrence; return its id, or None when another clock was first."""
    try:
        with connection.begin_nested():
            inserted = connection.execute(
                insert(occurrence).values(schedule=name, due_at=due_at, fired_at=now).returning(occurrence.c.id)
            )
            return int(inserted.scalar_one())
    except IntegrityError:
        return None


def note_occurrence(connection: Connection, occurrence_id: int, mailing_id: int | None, result: str) -> None:
    """Write what became of a fired occurrence."""
    connection.execute(
        update(occurrence).where(occurrence.c.id == occurrence_id).values(mailing_id=mailing_id, result=result)
    )
