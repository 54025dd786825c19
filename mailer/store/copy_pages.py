"""The deliveries of a mailing, a page at a time, however many there are."""

import heapq
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, or_, select

from mailer.model.copies import CopyGlance, EventRow
from mailer.model.delivery import DeliveryStatus
from mailer.store.database import Connection
from mailer.store.schema import delivery, distribution_list, event, mailing_list

_COLUMNS = (
    delivery.c.id, delivery.c.address, delivery.c.name, delivery.c.organisation, delivery.c.city, delivery.c.status,
    delivery.c.reply_class, delivery.c.reply, delivery.c.attempts, delivery.c.finished_at, delivery.c.next_attempt_at,
    delivery.c.list_id,
)  # fmt: skip


def page_of_copies(
    connection: Connection, mailing_id: int, status: DeliveryStatus | None, words: str, after: int, most: int
) -> list[CopyGlance]:
    """Return at most so many deliveries of a mailing with ids above `after`, in sending order.

    status: only these. words: only those whose address, name, organisation or city holds them; the whole mailing is
    searched for them, which takes a second for a million.
    """
    first, last = max(after, mailing_id << 32), (mailing_id + 1) << 32
    query = select(*_COLUMNS).where(delivery.c.id > first, delivery.c.id < last).order_by(delivery.c.id).limit(most)
    if words:
        query = query.where(_holds(words))
    titles = {
        row.id: str(row.title)
        for row in connection.execute(
            select(distribution_list.c.id, distribution_list.c.title)
            .join(mailing_list, mailing_list.c.list_id == distribution_list.c.id)
            .where(mailing_list.c.mailing_id == mailing_id)
        )
    }
    if status is None:
        rows: Iterable[Row[Any]] = connection.execute(query)
    else:
        # list by list, as the index on status has the list before the id: no page walks over what it does not show
        parts = [connection.execute(_of_list(query, mailing_id, status, one)).all() for one in titles]
        rows = list(heapq.merge(*parts, key=lambda row: row.id))[:most]
    return [_to_glance(row, titles) for row in rows]


def page_of_events(connection: Connection, after: int, most: int, kind: str) -> list[EventRow]:
    """Return events with ids above `after`, the oldest first; kind: only these (empty: all)."""
    query = (
        select(
            event.c.id, event.c.kind, event.c.mailing_id, event.c.delivery_id, delivery.c.address, event.c.hard,
            event.c.reply_class, event.c.detail, event.c.happened_at,
        )
        .join(delivery, delivery.c.id == event.c.delivery_id)
        .where(event.c.id > after)
        .order_by(event.c.id)
        .limit(most)
    )  # fmt: skip
    if kind:
        query = query.where(event.c.kind == kind)
    return [EventRow(*row) for row in connection.execute(query)]


def _of_list(query: Select[Any], mailing_id: int, status: DeliveryStatus, list_id: int) -> Select[Any]:
    return query.where(
        delivery.c.mailing_id == mailing_id, delivery.c.status == status.value, delivery.c.list_id == list_id
    )


def _holds(words: str) -> ColumnElement[bool]:
    columns = (delivery.c.address, delivery.c.name, delivery.c.organisation, delivery.c.city)
    return or_(*(column.icontains(words, autoescape=True) for column in columns))


def _to_glance(row: Row[Any], titles: dict[int, str]) -> CopyGlance:
    return CopyGlance(
        id=row.id,
        address=row.address,
        name=row.name,
        organisation=row.organisation,
        city=row.city,
        list_title=titles.get(row.list_id, ""),
        status=DeliveryStatus(row.status),
        reply_class=row.reply_class,
        reply=row.reply,
        attempts=row.attempts,
        finished_at=row.finished_at,
        next_attempt_at=row.next_attempt_at,
    )
