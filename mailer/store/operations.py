"""Counts for those who watch the machine: each by an index, and of mailings under way only."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, or_, select

from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.model.operations import MailingGauge
from mailer.store.database import Connection
from mailer.store.rows import written_out
from mailer.store.schema import delivery, event, issue, mailing, reading_event

BEGUN = (MailingStatus.RUNNING, MailingStatus.PAUSED, MailingStatus.HELD)


def count_mailings(connection: Connection) -> dict[MailingStatus, int]:
    """Return how many mailings there are in each status; those of none are absent."""
    rows = connection.execute(select(mailing.c.status, func.count()).group_by(mailing.c.status))
    return {MailingStatus(status): int(count) for status, count in rows}


def count_under_way(connection: Connection, ended_after: datetime, now: datetime) -> list[MailingGauge]:
    """Return the mailings that have begun and are not over, and those that ended after a moment, the oldest first.

    So whoever looks from time to time sees what each came to in the end.
    """
    lately = or_(
        mailing.c.status.in_([one.value for one in BEGUN]),
        mailing.c.finished_at > ended_after,
    )
    found = connection.execute(
        select(mailing.c.id, issue.c.slug)
        .join_from(mailing, issue)
        .where(mailing.c.started_at.is_not(None), lately)
        .order_by(mailing.c.id)
    ).all()
    numbers = [int(row.id) for row in found]
    counts, due, events = (
        _count(connection, numbers),
        _count_due(connection, numbers, now),
        _events(connection, numbers),
    )
    return [
        MailingGauge(row.id, row.slug, counts.get(row.id, {}), due.get(row.id, 0), events.get(row.id, {}))
        for row in found
    ]


def _count(connection: Connection, numbers: Collection[int]) -> dict[int, dict[DeliveryStatus, int]]:
    rows = connection.execute(
        select(delivery.c.mailing_id, delivery.c.status, func.count())
        .where(delivery.c.mailing_id.in_(numbers))
        .group_by(delivery.c.mailing_id, delivery.c.status)
    )
    found: dict[int, dict[DeliveryStatus, int]] = defaultdict(dict)
    for number, status, count in rows:
        found[number][DeliveryStatus(status)] = int(count)
    return found


def _count_due(connection: Connection, numbers: Collection[int], now: datetime) -> dict[int, int]:
    due = or_(delivery.c.next_attempt_at.is_(None), delivery.c.next_attempt_at <= now)
    rows = connection.execute(
        select(delivery.c.mailing_id, func.count())
        .where(delivery.c.mailing_id.in_(numbers), delivery.c.status == written_out(DeliveryStatus.PENDING), due)
        .group_by(delivery.c.mailing_id)
    )
    return {int(number): int(count) for number, count in rows}


def _events(connection: Connection, numbers: Collection[int]) -> dict[int, dict[str, int]]:
    rows = connection.execute(
        select(event.c.mailing_id, event.c.kind, func.count())
        .where(event.c.mailing_id.in_(numbers))
        .group_by(event.c.mailing_id, event.c.kind)
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for number, kind, count in rows:
        found[number][kind] = int(count)
    return found


def last_numbers(connection: Connection) -> tuple[int, int]:
    """Return the newest number of events and of readings: how many were recorded, as near as counting costs nothing."""
    newest = [connection.execute(select(func.max(table.c.id))).scalar() for table in (event, reading_event)]
    return int(newest[0] or 0), int(newest[1] or 0)
