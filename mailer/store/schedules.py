"""When schedules were first seen, and a unique row for each occurrence and step before it: two clocks act once."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from mailer.model.delivery import PastOccurrence
from mailer.store.schema import occurrence, schedule_seen, schedule_step


def known_since(connection: Connection, name: str) -> datetime | None:
    """Return when a clock first saw a schedule with its rule; None when none has."""
    return connection.execute(select(schedule_seen.c.first_seen_at).where(schedule_seen.c.name == name)).scalar()


def first_seen(connection: Connection, name: str, rule: str, now: datetime) -> datetime:
    """Return when a schedule was first seen with this rule, writing `now` when this is the first time.

    rule: all that decides its dates and times, as text.
    """
    here = schedule_seen.c.name == name
    known = connection.execute(select(schedule_seen).where(here)).one_or_none()
    if known is None:
        connection.execute(insert(schedule_seen).values(name=name, rule=rule, first_seen_at=now))
        return now
    seen: datetime = known.first_seen_at
    if known.rule != rule:
        # none is on record where the schedule was first seen by a version that kept none: it is the same still
        seen = now if known.rule else seen
        connection.execute(update(schedule_seen).where(here).values(rule=rule, first_seen_at=seen))
    return seen


def newest_due(connection: Connection, name: str) -> datetime | None:
    """Return when the schedule's latest occurrence on record was due, or None."""
    return connection.execute(select(func.max(occurrence.c.due_at)).where(occurrence.c.schedule == name)).scalar()


@dataclass(frozen=True, slots=True)
class FiredOccurrence:
    """An occurrence on record: its local date and time (naive, in the schedule's zone), and its key."""

    local_at: datetime
    key: str
    fired_at: datetime


def fired_since(connection: Connection, name: str, day: date) -> list[FiredOccurrence]:
    """Return the occurrences on record of a schedule whose local date is that day or later."""
    rows = connection.execute(
        select(occurrence).where(occurrence.c.schedule == name, occurrence.c.local_at >= day.isoformat())
    )
    return [FiredOccurrence(datetime.fromisoformat(row.local_at), row.key, row.fired_at) for row in rows]


def fire_occurrence(connection: Connection, name: str, due_at: datetime, now: datetime, key: str = "") -> int | None:
    """Take an occurrence; return its id, or None when another clock was first.

    due_at is in the schedule's own zone: there is one occurrence for each of its dates and times. key is what the
    occurrence is called whatever the calendar says, such as 2026-02 for the month's.
    """
    local_at = f"{due_at:%Y-%m-%d %H:%M}"
    taken = insert(occurrence).values(schedule=name, local_at=local_at, key=key, due_at=due_at, fired_at=now)
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
    return [PastOccurrence(row.schedule, row.due_at, row.fired_at, row.mailing_id, row.result) for row in rows]


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
