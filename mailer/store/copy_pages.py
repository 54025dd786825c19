"""The deliveries of a mailing, a page at a time, however many there are."""

import heapq
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, Select, select

from mailer.model.copies import CopyGlance, CopyPage, FoundCopy
from mailer.model.delivery import DeliveryStatus
from mailer.store.database import Connection
from mailer.store.deliveries import copies_to
from mailer.store.schema import delivery, distribution_list, issue, mailing_list
from mailer.store.words import hold

NEWEST_ISSUES = 36  # three years of months
_COLUMNS = (
    delivery.c.id, delivery.c.address, delivery.c.name, delivery.c.organisation, delivery.c.city, delivery.c.status,
    delivery.c.reply_class, delivery.c.reply, delivery.c.attempts, delivery.c.finished_at, delivery.c.next_attempt_at,
    delivery.c.list_id,
)  # fmt: skip
_SEARCHED_IN = (delivery.c.address, delivery.c.name, delivery.c.organisation, delivery.c.city)

# statuses that a reply class may stand beside: an accepted delivery has none
WITH_CLASS = (
    DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.REFUSED, DeliveryStatus.EXPIRED,
    DeliveryStatus.UNCERTAIN,
)  # fmt: skip
SEARCHED = 150_000  # deliveries that one page looks through, some 60 ms


def page_of_copies(
    connection: Connection,
    mailing_id: int,
    status: DeliveryStatus | None,
    words: str,
    after: int,
    most: int,
    reply_class: str = "",
) -> CopyPage:
    """Return at most so many deliveries of a mailing with ids above `after`, in sending order.

    status, reply_class: only these. words: only those whose address, name, organisation or city holds them. For words
    and classes SEARCHED deliveries are looked through; where there are more, the page says where to go on, and may be
    empty.
    """
    first, beyond = max(after, mailing_id << 32), (mailing_id + 1) << 32
    stretch = min(first + SEARCHED + 1, beyond) if words or reply_class else beyond
    query: Select[Any] = select(*_COLUMNS).where(delivery.c.id > first, delivery.c.id < stretch).order_by(delivery.c.id)
    query = query.limit(most + 1)
    if words:
        query = query.where(hold(connection, _SEARCHED_IN, words))
    if reply_class:
        query = query.where(delivery.c.reply_class == reply_class)
    lists = _titles(connection, mailing_id)
    statuses = (status,) if status is not None else WITH_CLASS if reply_class else ()
    if not statuses:
        rows: Sequence[Row[Any]] = connection.execute(query).all()
    elif words and status is DeliveryStatus.ACCEPTED:
        # nearly all are: row after row is quicker than by the index
        rows = connection.execute(query.where(delivery.c.status == status.value)).all()
    else:
        # list by list, as the index on status has the list before the id: no page walks over what it does not show
        parts = [connection.execute(_of_list(query, mailing_id, kind, one)).all() for kind in statuses for one in lists]
        rows = list(heapq.merge(*parts, key=lambda row: row.id))
    found = tuple(_to_glance(row, lists) for row in rows[:most])
    if len(rows) > most:
        return CopyPage(found, found[-1].id)
    if stretch < beyond and _is_any(connection, stretch - 1, beyond):
        return CopyPage(found, stretch - 1, searched=True)
    return CopyPage(found)


def copies_to_address(
    connection: Connection, mailing_id: int, address_key: str, status: DeliveryStatus | None
) -> list[CopyGlance]:
    """Return the deliveries of a mailing to an address, with this status only where one is given."""
    if not address_key:
        return []
    query: Select[Any] = (
        select(*_COLUMNS)
        .where(delivery.c.id.in_(copies_to(connection, address_key)), delivery.c.mailing_id == mailing_id)
        .order_by(delivery.c.id)
    )
    if status is not None:
        query = query.where(delivery.c.status == status.value)
    lists = _titles(connection, mailing_id)
    return [_to_glance(row, lists) for row in connection.execute(query)]


def _titles(connection: Connection, mailing_id: int) -> dict[int, tuple[str, str]]:
    """Return name and title of a mailing's lists, by id."""
    rows = connection.execute(
        select(distribution_list.c.id, distribution_list.c.name, distribution_list.c.title)
        .join(mailing_list, mailing_list.c.list_id == distribution_list.c.id)
        .where(mailing_list.c.mailing_id == mailing_id)
    )
    return {row.id: (str(row.name), str(row.title)) for row in rows}


def _is_any(connection: Connection, after: int, beyond: int) -> bool:
    query = select(delivery.c.id).where(delivery.c.id > after, delivery.c.id < beyond).limit(1)
    return connection.execute(query).first() is not None


def _of_list(query: Select[Any], mailing_id: int, status: DeliveryStatus, list_id: int) -> Select[Any]:
    return query.where(
        delivery.c.mailing_id == mailing_id, delivery.c.status == status.value, delivery.c.list_id == list_id
    )


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


def find_sent(
    connection: Connection, keys: Collection[str], most: int, mailing_id: int | None = None, words: str = ""
) -> list[FoundCopy]:
    """Return the newest copies first that were sent to these addresses (by key), in the newest issues, by index.

    mailing_id: only of this mailing; then words (in address, name, organisation or city) may stand for the addresses,
    for which all its copies are gone through.
    """
    query = (
        select(
            delivery.c.id, delivery.c.mailing_id, issue.c.slug, delivery.c.address, delivery.c.name,
            delivery.c.organisation, distribution_list.c.title, delivery.c.status, delivery.c.finished_at,
        )
        .join(issue, issue.c.id == delivery.c.issue_id)
        .join(distribution_list, distribution_list.c.id == delivery.c.list_id)
        .where(delivery.c.sent_date.is_not(None))
        .order_by(delivery.c.id.desc())
        .limit(most)
    )  # fmt: skip
    if mailing_id is not None:
        query = query.where(delivery.c.id > mailing_id << 32, delivery.c.id < (mailing_id + 1) << 32)
    if words:
        query = query.where(hold(connection, _SEARCHED_IN, words))
    else:
        newest = select(issue.c.id).order_by(issue.c.id.desc()).limit(NEWEST_ISSUES).scalar_subquery()
        # the index over issue and address holds what does not free the address
        query = query.where(
            delivery.c.issue_id.in_(newest), delivery.c.address_key.in_(keys), ~delivery.c.frees_address
        )
    return [FoundCopy(*row[:7], DeliveryStatus(row.status), row.finished_at) for row in connection.execute(query)]
