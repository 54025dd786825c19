"""Suppressed addresses as people look at them, by HMAC: entered, listed and lifted by hand."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select, update

from mailer.model.suppression import SuppressionEntry
from mailer.store.schema import contact, suppression

PAGE = 2000


def list_suppressions(connection: Connection, now: datetime) -> list[SuppressionEntry]:
    """Return what is suppressed at this time, the newest first; without addresses."""
    rows = connection.execute(
        select(suppression)
        .where(or_(suppression.c.until.is_(None), suppression.c.until > now))
        .order_by(suppression.c.since.desc(), suppression.c.id.desc())
    )
    return [_to_entry(row) for row in rows]


def page_of_suppressions(
    connection: Connection, now: datetime, before: int | None, most: int
) -> list[tuple[int, SuppressionEntry]]:
    """Return what is suppressed at this time, the newest entered first, each with its number; those below `before`."""
    query = select(suppression).where(or_(suppression.c.until.is_(None), suppression.c.until > now))
    if before is not None:
        query = query.where(suppression.c.id < before)
    rows = connection.execute(query.order_by(suppression.c.id.desc()).limit(most))
    return [(row.id, _to_entry(row)) for row in rows]


def find_entry(connection: Connection, address_hash: str, now: datetime) -> SuppressionEntry | None:
    """Return the suppression of an address at this time, or None."""
    row = connection.execute(
        select(suppression).where(
            suppression.c.address_hash == address_hash, or_(suppression.c.until.is_(None), suppression.c.until > now)
        )
    ).one_or_none()
    return _to_entry(row) if row is not None else None


def _to_entry(row: Row[Any]) -> SuppressionEntry:
    return SuppressionEntry(row.address_hash, row.reason, row.source, row.since, row.until, row.note)


def iterate_contact_keys(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield the key and the address of every contact."""
    last = 0
    while True:
        page = connection.execute(
            select(contact.c.id, contact.c.address_key, contact.c.address)
            .where(contact.c.id > last)
            .order_by(contact.c.id)
            .limit(PAGE)
        ).all()
        if not page:
            return
        for row in page:
            yield row.address_key, row.address
        last = page[-1].id


def note_suppression(connection: Connection, address_hash: str, note: str) -> None:
    """Write down a person's words on a suppression."""
    connection.execute(update(suppression).where(suppression.c.address_hash == address_hash).values(note=note))


def ended_before(connection: Connection, address_hash: str) -> tuple[datetime, datetime] | None:
    """Return from when until when an address was suppressed last; None where it never was, or is without end."""
    row = connection.execute(
        select(suppression.c.since, suppression.c.until).where(
            suppression.c.address_hash == address_hash, suppression.c.until.is_not(None)
        )
    ).one_or_none()
    return (row.since, row.until) if row is not None else None


def take_back(connection: Connection, address_hash: str, source: str, before: tuple[datetime, datetime] | None) -> bool:
    """Undo a suppression that a source made, back to what was before it; False where it is not that source's now."""
    mine = (suppression.c.address_hash == address_hash, suppression.c.source == source, suppression.c.until.is_(None))
    if before is None:
        return connection.execute(delete(suppression).where(*mine)).rowcount == 1
    since, until = before
    return connection.execute(update(suppression).where(*mine).values(since=since, until=until)).rowcount == 1


def lifted_at(connection: Connection, address_hash: str, now: datetime) -> datetime | None:
    """Return when a suppression of the address was lifted or over last; None where there was none."""
    until: datetime | None = connection.execute(
        select(suppression.c.until).where(suppression.c.address_hash == address_hash, suppression.c.until <= now)
    ).scalar()
    return until
