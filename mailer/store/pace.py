"""Pace of relays and recipient domains: what was used of their limits, and what their rate replies taught."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailer.model.pace import NO_PACE, Pace, Use
from mailer.store.schema import pace, pace_use


def read_paces(connection: Connection, subjects: Collection[str] | None = None) -> dict[str, Pace]:
    """Return what is known of these subjects, or of all; one without a row is as fast as its limits let it be.

    On PostgreSQL the rows are locked until the transaction ends, so that permits are not given twice.
    """
    query = select(pace)
    if subjects is not None:
        query = query.where(pace.c.subject.in_(subjects)).with_for_update()
    return {
        row.subject: Pace(
            held_until=row.held_until,
            cap_per_minute=row.cap_per_minute,
            peak_per_minute=row.peak_per_minute,
            changed_at=row.changed_at,
            failures=row.failures,
            stopped=row.stopped,
            reason=row.reason,
        )
        for row in connection.execute(query)
    }


def write_pace(connection: Connection, subject: str, value: Pace, now: datetime) -> None:
    """Write what is known of a subject; nothing known leaves no row."""
    if value == NO_PACE:
        connection.execute(delete(pace).where(pace.c.subject == subject))
        return
    fields = {
        "held_until": value.held_until,
        "cap_per_minute": value.cap_per_minute,
        "peak_per_minute": value.peak_per_minute,
        "changed_at": value.changed_at or now,
        "failures": value.failures,
        "stopped": value.stopped,
        "reason": value.reason,
    }
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(
        make(pace).values(subject=subject, **fields).on_conflict_do_update(index_elements=["subject"], set_=fields)
    )


def read_uses(connection: Connection, subject: str, window_s: int, first: int, last: int) -> list[Use]:
    """Return what was used in a window by slice, from the first that still counts; older ones are dropped.

    What stands beyond `last`, the newest that can have been used, is of a clock that went ahead and was set back: it
    counts as used in that one, lest it block for as long as the clock was wrong. On PostgreSQL the rows are locked
    until the transaction ends.
    """
    mine = (pace_use.c.subject == subject) & (pace_use.c.window_s == window_s)
    rows = connection.execute(
        select(pace_use.c.slice, pace_use.c.used).where(mine).order_by(pace_use.c.slice).with_for_update()
    ).all()
    uses = [Use(int(row.slice), int(row.used)) for row in rows]
    if any(one.slice < first for one in uses):
        connection.execute(delete(pace_use).where(mine, pace_use.c.slice < first))
    ahead = sum(one.used for one in uses if one.slice > last)
    if ahead:
        connection.execute(delete(pace_use).where(mine, pace_use.c.slice > last))
        add_uses(connection, [(subject, window_s, last, ahead)])
        uses.append(Use(last, ahead))
    return [one for one in uses if first <= one.slice <= last]


def look_at_uses(connection: Connection, subjects: Collection[str]) -> dict[str, dict[int, list[Use]]]:
    """Return what stands as used of these subjects, by window and slice; drops and locks nothing."""
    found: dict[str, dict[int, list[Use]]] = {}
    for row in connection.execute(select(pace_use).where(pace_use.c.subject.in_(subjects)).order_by(pace_use.c.slice)):
        found.setdefault(row.subject, {}).setdefault(row.window_s, []).append(Use(int(row.slice), int(row.used)))
    return found


def add_uses(connection: Connection, uses: Collection[tuple[str, int, int, int]]) -> None:
    """Add to what was used, as (subject, window, slice, how much); less than nothing gives permits back."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    for subject, window_s, number, much in uses:
        row = make(pace_use).values(subject=subject, window_s=window_s, slice=number, used=max(much, 0))
        total = pace_use.c.used + much
        connection.execute(
            row.on_conflict_do_update(
                index_elements=["subject", "window_s", "slice"],
                set_={"used": case((total < 0, 0), else_=total)},
            )
        )


def lift_stops(connection: Connection) -> int:
    """Let relays that a person had to look at be tried again; return how many."""
    return connection.execute(
        update(pace).where(pace.c.stopped).values(stopped=False, reason="", held_until=None)
    ).rowcount
