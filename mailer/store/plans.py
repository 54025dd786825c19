"""The plan of a mailing: its audience frozen into deliveries, by the database itself, a list to a statement."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, insert, literal, select, update

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


def _is_reached(issue_id: int) -> ColumnElement[bool]:
    """True for a contact whose address some mailing of the issue has."""
    return exists().where(
        delivery.c.issue_id == issue_id,
        delivery.c.address_key == contact.c.address_key,
        ~delivery.c.frees_address,
    )


def freeze_list(
    connection: Connection, mailing_id: int, issue_id: int, list_id: int, edition_id: int, after: int
) -> None:
    """Write one pending delivery per active subscriber whom the issue has not reached.

    Ordinals go on from `after`, in the order of the list. The database refuses an address that the issue has reached.
    """
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
        .where(subscription.c.list_id == list_id, subscription.c.status == "active", ~_is_reached(issue_id))
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


def _expected(list_id: int, before: Sequence[int], issue_id: int | None, *columns: ColumnElement[Any]) -> Select[Any]:
    """Select what `freeze_list` would write of a list after those before it."""
    other = subscription.alias()
    first_on = exists().where(
        other.c.contact_id == contact.c.id, other.c.list_id.in_(before), other.c.status == "active"
    )
    wanted = [subscription.c.list_id == list_id, subscription.c.status == "active", ~first_on]
    if issue_id is not None:
        wanted.append(~_is_reached(issue_id))
    return select(*columns).join_from(subscription, contact).where(*wanted)


def count_expected(
    connection: Connection, issue_id: int | None, list_id: int, before: Sequence[int]
) -> Iterator[tuple[str, int]]:
    """Yield how many a plan would write of a list, by recipient domain, and write nothing.

    before: the lists of the mailing that come before it. issue_id: None for an issue that no mailing can have reached.
    """
    domain = func.lower(_domain(connection))
    query = _expected(list_id, before, issue_id, domain, func.count()).group_by(domain)
    for name, count in connection.execute(query.execution_options(yield_per=PAGE)):
        yield str(name), int(count)


def iterate_expected_keys(
    connection: Connection, issue_id: int | None, list_id: int, before: Sequence[int]
) -> Iterator[list[str]]:
    """Yield the address keys of the same recipients in pages."""
    after = 0
    while True:
        page = connection.execute(
            _expected(list_id, before, issue_id, contact.c.id, contact.c.address_key)
            .where(contact.c.id > after)
            .order_by(contact.c.id)
            .limit(PAGE)
        ).all()
        if not page:
            return
        yield [str(row.address_key) for row in page]
        after = page[-1].id


def reached_among(connection: Connection, issue_id: int, keys: Collection[str]) -> set[str]:
    """Return which of these addresses some mailing of the issue has."""
    rows = connection.execute(
        select(delivery.c.address_key).where(
            delivery.c.issue_id == issue_id, delivery.c.address_key.in_(keys), ~delivery.c.frees_address
        )
    )
    return {str(row.address_key) for row in rows}


def lists_of(connection: Connection, keys: Collection[str]) -> dict[str, set[int]]:
    """Return the lists on which these addresses are active."""
    rows = connection.execute(
        select(contact.c.address_key, subscription.c.list_id)
        .join_from(subscription, contact)
        .where(contact.c.address_key.in_(keys), subscription.c.status == "active")
    )
    found: dict[str, set[int]] = {}
    for key, list_id in rows:
        found.setdefault(key, set()).add(list_id)
    return found


def count_pending(connection: Connection, mailing_id: int) -> Iterator[tuple[int, str, int, datetime | None]]:
    """Yield (list id, recipient domain, count, due) of what is pending; due: when the last is, None for first tries."""
    due = delivery.c.next_attempt_at
    query = (
        select(delivery.c.list_id, delivery.c.domain, func.count(), func.max(due))
        .where(delivery.c.mailing_id == mailing_id, delivery.c.status == DeliveryStatus.PENDING.value)
        .group_by(delivery.c.list_id, delivery.c.domain, due.is_(None))
    )
    for list_id, domain, count, last in connection.execute(query.execution_options(yield_per=PAGE)):
        yield int(list_id), str(domain), int(count), last


def count_planned(connection: Connection, mailing_id: int) -> Iterator[tuple[int, str, int]]:
    """Yield (list id, recipient domain, count) of all that was planned and is not suppressed."""
    query = (
        select(delivery.c.list_id, delivery.c.domain, func.count())
        .where(delivery.c.mailing_id == mailing_id, delivery.c.status != DeliveryStatus.SUPPRESSED.value)
        .group_by(delivery.c.list_id, delivery.c.domain)
    )
    for list_id, domain, count in connection.execute(query.execution_options(yield_per=PAGE)):
        yield int(list_id), str(domain), int(count)
