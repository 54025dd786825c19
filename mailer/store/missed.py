"""Readers whom a mailing has not reached, and how to phone them."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, literal, select

from mailer.model.delivery import DeliveryStatus
from mailer.model.figures import MISSED, MissedReader
from mailer.store.events import is_sure
from mailer.store.schema import contact, delivery, distribution_list, event, subscription, suppression

PAGE = 1000
LEFT = "unsubscribed"  # no suppression, but the reader has left the list by now


def read_missed(connection: Connection, mailing_id: int, most: int | None = None) -> Iterator[MissedReader]:
    """Yield those without an acceptance at the end, in sending order, then those whose accepted copy came back.

    The phone is the contact's as it is now. most: no more than so many.
    """
    left = most
    for wanted in (_ended(mailing_id), _returned(mailing_id)):
        statement = wanted.limit(left) if left is not None else wanted
        for row in connection.execute(statement.execution_options(yield_per=PAGE)):
            yield _to_reader(row)
            if left is not None:
                left -= 1
        if left == 0:
            return


def _to_reader(row: Row[Any]) -> MissedReader:
    return MissedReader(
        delivery_id=row.id,
        list_title=row.list_title,
        address=row.address,
        name=row.name,
        title=row.title,
        organisation=row.organisation,
        city=row.city,
        phone=row.phone or "",
        status=DeliveryStatus(row.status),
        bounced=bool(row.bounced),
        reply_class=row.why,
        reply=row.said,
        suppressed=LEFT if row.gone else "",
    )


def _select(why: ColumnElement[str], said: ColumnElement[str], *, bounced: bool) -> Select[Any]:
    return (
        select(
            delivery.c.id,
            distribution_list.c.title.label("list_title"),
            delivery.c.address,
            delivery.c.name,
            delivery.c.title,
            delivery.c.organisation,
            delivery.c.city,
            contact.c.phone,
            delivery.c.status,
            (subscription.c.status == "left").label("gone"),
            literal(1 if bounced else 0).label("bounced"),
            why.label("why"),
            said.label("said"),
        )
        .select_from(delivery)
        .join(distribution_list, distribution_list.c.id == delivery.c.list_id)
        .outerjoin(contact, contact.c.id == delivery.c.contact_id)
        .outerjoin(
            subscription,
            (subscription.c.contact_id == delivery.c.contact_id) & (subscription.c.list_id == delivery.c.list_id),
        )
        .order_by(delivery.c.id)
    )


def _ended(mailing_id: int) -> Select[Any]:
    statuses = [one.value for one in MISSED]
    return _select(delivery.c.reply_class, delivery.c.reply, bounced=False).where(
        delivery.c.mailing_id == mailing_id, delivery.c.status.in_(statuses)
    )


def _returned(mailing_id: int) -> Select[Any]:
    newest = (
        select(func.max(event.c.id).label("id"))
        .where(event.c.mailing_id == mailing_id, event.c.kind == "bounce", is_sure())
        .group_by(event.c.delivery_id)
        .subquery()
    )
    return (
        _select(event.c.reply_class, event.c.detail, bounced=True)
        .join(event, event.c.delivery_id == delivery.c.id)
        .where(
            delivery.c.status == DeliveryStatus.ACCEPTED.value,
            exists(select(literal(1)).select_from(newest).where(newest.c.id == event.c.id)),
        )
    )


def reasons_of_suppression(connection: Connection, hashes: Collection[str]) -> dict[str, str]:
    """Return why addresses get nothing, by their hashes; those that get mail by now are left out."""
    found: dict[str, str] = {}
    everything = sorted(hashes)
    for at in range(0, len(everything), PAGE):
        rows = connection.execute(
            select(suppression.c.address_hash, suppression.c.reason).where(
                suppression.c.address_hash.in_(everything[at : at + PAGE])
            )
        )
        found |= {str(row[0]): str(row[1]) for row in rows}
    return found
