"""The plan of a mailing: its audience frozen into deliveries, by the database itself, a list to a statement."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, insert, literal, select, update

from mailer.model.delivery import DeliveryStatus
from mailer.store.schema import contact, delivery, subscription

ORDINALS = 2**32  # a delivery's id is its mailing's id times this, plus its place in sending order
PAGE = 5000  # addresses whose hashes are compared at once


def last_ordinal(connection: Connection, mailing_id: int) -> int:
    """Return the highest ordinal used in a mailing, 0 where none is."""
    low = mailing_id * ORDINALS
    found = connection.execute(
        select(func.max(delivery.c.id)).where(delivery.c.id >= low, delivery.c.id < low + ORDINALS)
    ).scalar()
    return int(found) - low if found is not None else 0


def _domain(connection: Connection) -> ColumnElement[str]:
    place = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return func.substr(contact.c.address, place(contact.c.address, "@") + 1)


def freeze_list(
    connection: Connection, mailing_id: int, issue_id: int, list_id: int, edition_id: int, after: int
) -> None:
    """Write one pending delivery per active subscriber whom the issue has not reached.

    Ordinals go on from `after`, in the order of the list. The database refuses an address that the issue has reached.
    """
    reached = select(delivery.c.id).where(
        delivery.c.issue_id == issue_id,
        delivery.c.address_key == contact.c.address_key,
        ~delivery.c.frees_address,
    )
    place = func.row_number().over(order_by=(subscription.c.position, subscription.c.id))
    audience = (
        select(
            (mailing_id * ORDINALS + after + place).label("id"),
            literal(mailing_id),
            literal(issue_id),
            literal(list_id),
            contact.c.id,
            literal(edition_id),
            contact.c.address,
            contact.c.address_key,
            func.lower(_domain(connection)),
            contact.c.name,
            contact.c.title,
            contact.c.organisation,
            contact.c.city,
            literal(DeliveryStatus.PENDING.value),
        )
        .join_from(subscription, contact)
        .where(subscription.c.list_id == list_id, subscription.c.status == "active", ~reached.exists())
    )
    columns = (
        "id", "mailing_id", "issue_id", "list_id", "contact_id", "edition_id", "address", "address_key", "domain",
        "name", "title", "organisation", "city", "status",
    )  # fmt: skip
    connection.execute(insert(delivery).from_select(list(columns), audience))


def count_active(connection: Connection, list_id: int) -> int:
    """Return how many active subscribers a list has."""
    wanted = (subscription.c.list_id == list_id, subscription.c.status == "active")
    return int(connection.execute(select(func.count()).select_from(subscription).where(*wanted)).scalar_one())


def count_recipients(connection: Connection, list_id: int, above: Sequence[int]) -> int:
    """Return how many active subscribers of a list are not active on one of the lists `above` it."""
    return int(connection.execute(_audience(func.count(), list_id, above)).scalar_one())


def iterate_recipients(connection: Connection, list_id: int, above: Sequence[int]) -> Iterator[list[str]]:
    """Yield the address keys of those subscribers in pages."""
    after = 0
    while True:
        query = _audience(contact.c.id, list_id, above).add_columns(contact.c.address_key).where(contact.c.id > after)
        page = connection.execute(query.order_by(contact.c.id).limit(PAGE)).all()
        if not page:
            return
        yield [str(row.address_key) for row in page]
        after = int(page[-1].id)


def _audience(what: ColumnElement[int], list_id: int, above: Sequence[int]) -> Select[Any]:
    other = subscription.alias("other")
    query = (
        select(what)
        .join_from(subscription, contact)
        .where(subscription.c.list_id == list_id, subscription.c.status == "active")
    )
    if not above:
        return query
    higher = select(other.c.id).where(
        other.c.contact_id == subscription.c.contact_id, other.c.list_id.in_(above), other.c.status == "active"
    )
    return query.where(~higher.exists())


def iterate_keys(connection: Connection, mailing_id: int) -> Iterator[list[tuple[int, str]]]:
    """Yield (id, address key) of a mailing's pending deliveries in pages."""
    after, most = mailing_id * ORDINALS, (mailing_id + 1) * ORDINALS
    while True:
        page = connection.execute(
            select(delivery.c.id, delivery.c.address_key)
            .where(delivery.c.id > after, delivery.c.id < most, delivery.c.status == DeliveryStatus.PENDING.value)
            .order_by(delivery.c.id)
            .limit(PAGE)
        ).all()
        if not page:
            return
        yield [(int(row.id), str(row.address_key)) for row in page]
        after = int(page[-1].id)


def mark_suppressed(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Write these planned deliveries down as suppressed, so that the report names them."""
    connection.execute(
        update(delivery)
        .where(delivery.c.id.in_(ids), delivery.c.status == DeliveryStatus.PENDING.value)
        .values(status=DeliveryStatus.SUPPRESSED.value, finished_at=now)
    )
