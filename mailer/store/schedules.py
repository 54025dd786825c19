"""When schedules were first seen, and a unique row for each occurrence and step before it: two clocks act once."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from mailer.model.delivery import PastOccurrence
from mailer.store.schema import occurrence, schedule_seen, schedule_step


def first_seen(connection: Connection, name: str, now: datetime) -> datetime:
    """Return when a schedule was first seen, writing `now` when this is the first time."""
    known = connection.execute(select(schedule_seen.c.first_seen_at).where(schedule_seen.c.name == name)).one_or_none()
    if known is not None:
        found: datetime = known.first_seen_at
        return found
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


def take_step(
    connection: Connection, name: str, local_at: str, step: str, now: datetime, result: str, issue_slug: str = ""
) -> bool:
    """Write down that a step before an occurrence is done; False when another clock was first.

    Must run inside the transaction of what is done. local_at: the occurrence's local date and time.
    """
    taken = insert(schedule_step).values(
        schedule=name, local_at=local_at, step=step, done_at=now, issue_slug=issue_slug, result=result
    )  # fmt: skip
    try:
        with connection.begin_nested():
            connection.execute(taken)
    except IntegrityError:
        return False
    return True


def steps_done(connection: Connection, name: str, local_at: str) -> dict[str, str]:
    """Return the steps done before an occurrence, with the slug of the issue each was about (empty: none)."""
    rows = connection.execute(
        select(schedule_step.c.step, schedule_step.c.issue_slug).where(
            schedule_step.c.schedule == name, schedule_step.c.local_at == local_at
        )
    )
    return {str(row.step): str(row.issue_slug) for row in rows}
