"""The deliveries of a mailing, a page at a time, however many there are."""

import heapq
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, or_, select

from mailer.model.copies import CopyGlance
from mailer.model.delivery import DeliveryStatus
from mailer.store.database import Connection
from mailer.store.schema import delivery, distribution_list, mailing_list

_COLUMNS = (
    delivery.c.id, delivery.c.address, delivery.c.name, delivery.c.organisation, delivery.c.city, delivery.c.status,
    delivery.c.reply_class, delivery.c.reply, delivery.c.attempts, delivery.c.finished_at, delivery.c.next_attempt_at,
    delivery.c.list_id,
)  # fmt: skip


# statuses that a reply class may stand beside: an accepted delivery has none
WITH_CLASS = (
    DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.REFUSED, DeliveryStatus.EXPIRED,
    DeliveryStatus.UNCERTAIN,
)  # fmt: skip


def page_of_copies(
    connection: Connection,
    mailing_id: int,
    status: DeliveryStatus | None,
    words: str,
    after: int,
    most: int,
    reply_class: str = "",
) -> list[CopyGlance]:
    """Return at most so many deliveries of a mailing with ids above `after`, in sending order.

    status, reply_class: only these. words: only those whose address, name, organisation or city holds them; the whole
    mailing is searched for them, which takes a second for a million.
    """
    first, last = max(after, mailing_id << 32), (mailing_id + 1) << 32
    query = select(*_COLUMNS).where(delivery.c.id > first, delivery.c.id < last).order_by(delivery.c.id).limit(most)
    if words:
        query = query.where(_holds(words))
    if reply_class:
        query = query.where(delivery.c.reply_class == reply_class)
    lists = {
        row.id: (str(row.name), str(row.title))
        for row in connection.execute(
            select(distribution_list.c.id, distribution_list.c.name, distribution_list.c.title)
            .join(mailing_list, mailing_list.c.list_id == distribution_list.c.id)
            .where(mailing_list.c.mailing_id == mailing_id)
        )
    }
    statuses = (status,) if status is not None else WITH_CLASS if reply_class else ()
    if not statuses:
        rows: Iterable[Row[Any]] = connection.execute(query)
    else:
        # list by list, as the index on status has the list before the id: no page walks over what it does not show
        parts = [connection.execute(_of_list(query, mailing_id, kind, one)).all() for kind in statuses for one in lists]
        rows = list(heapq.merge(*parts, key=lambda row: row.id))[:most]
    return [_to_glance(row, lists) for row in rows]


def _of_list(query: Select[Any], mailing_id: int, status: DeliveryStatus, list_id: int) -> Select[Any]:
    return query.where(
        delivery.c.mailing_id == mailing_id, delivery.c.status == status.value, delivery.c.list_id == list_id
    )


def _holds(words: str) -> ColumnElement[bool]:
    columns = (delivery.c.address, delivery.c.name, delivery.c.organisation, delivery.c.city)
    return or_(*(column.icontains(words, autoescape=True) for column in columns))


def _to_glance(row: Row[Any], lists: dict[int, tuple[str, str]]) -> CopyGlance:
    name, title = lists.get(row.list_id, ("", ""))
    return CopyGlance(
        id=row.id,
        address=row.address,
        name=row.name,
        organisation=row.organisation,
        city=row.city,
        list_name=name,
        list_title=title,
        status=DeliveryStatus(row.status),
        reply_class=row.reply_class,
        reply=row.reply,
        attempts=row.attempts,
        finished_at=row.finished_at,
        next_attempt_at=row.next_attempt_at,
    )
