"""Distribution lists, contacts, subscriptions and suppressions."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from mailer.model.delivery import Contact, DistributionList
from mailer.model.issue import Role
from mailer.store.schema import contact, delivery, distribution_list, subscription, suppression


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A contact with its standing on one list."""

    contact_id: int
    subscription_id: int
    position: int
    contact: Contact
    status: str


@dataclass(frozen=True, slots=True)
class ListCount:
    """A list with how many are on it: active, left."""

    value: DistributionList
    id: int
    active: int
    left: int


def sync_lists(connection: Connection, lists: Sequence[DistributionList]) -> dict[str, int]:
    """Write the lists of the settings in their order; one no longer set keeps its row and history. Name to id."""
    for position, value in enumerate(lists):
        fields = {"title": value.title, "role": value.role.value, "position": position}
        changed = connection.execute(
            update(distribution_list).where(distribution_list.c.name == value.name).values(**fields)
        )
        if not changed.rowcount:
            connection.execute(insert(distribution_list).values(name=value.name, **fields))
    rows = connection.execute(select(distribution_list.c.name, distribution_list.c.id))
    wanted = {value.name for value in lists}
    return {str(name): int(number) for name, number in rows if name in wanted}


def count_lists(connection: Connection) -> tuple[ListCount, ...]:
    """Return every list in sending order with its counts."""
    active = func.count().filter(subscription.c.status == "active")
    left = func.count().filter(subscription.c.status == "left")
    rows = connection.execute(
        select(distribution_list, active.label("active"), left.label("gone"))
        .join_from(distribution_list, subscription, isouter=True)
        .group_by(distribution_list.c.id)
        .order_by(distribution_list.c.position)
    )
    return tuple(
        ListCount(DistributionList(row.name, row.title, Role(row.role)), row.id, row.active, row.gone) for row in rows
    )


def _to_contact(row: Row[tuple[object, ...]]) -> Contact:
    return Contact(row.address, row.address_key, row.name, row.title, row.organisation, row.city, row.phone)


def read_subscribers(connection: Connection, list_id: int) -> dict[str, Subscriber]:
    """Return everyone ever on a list, by address key."""
    rows = connection.execute(
        select(
            contact,
            subscription.c.id.label("subscription_id"),
            subscription.c.position,
            subscription.c.status,
        )
        .join_from(subscription, contact)
        .where(subscription.c.list_id == list_id)
    )
    return {
        row.address_key: Subscriber(row.id, row.subscription_id, row.position, _to_contact(row), row.status)
        for row in rows
    }


def save_contact(connection: Connection, value: Contact, now: datetime) -> int:
    """Write a contact by its address key, keeping the id it has; return the id."""
    fields = {
        "address": value.address,
        "name": value.name,
        "title": value.title,
        "organisation": value.organisation,
        "city": value.city,
        "phone": value.phone,
        "changed_at": now,
    }
    found = connection.execute(
        update(contact).where(contact.c.address_key == value.key).values(**fields).returning(contact.c.id)
    ).scalar()
    if found is None:
        found = connection.execute(
            insert(contact).values(address_key=value.key, **fields).returning(contact.c.id)
        ).scalar_one()
    return int(found)


def subscribe(
    connection: Connection, contact_id: int, list_id: int, position: int, basis: str, source: str, now: datetime
) -> None:
    """Add an active subscription that did not exist."""
    connection.execute(
        insert(subscription).values(
            contact_id=contact_id,
            list_id=list_id,
            status="active",
            position=position,
            basis=basis,
            source=source,
            since=now,
        )
    )


def place_subscription(connection: Connection, subscription_id: int, position: int) -> None:
    """Set where on its list a subscription stands."""
    connection.execute(update(subscription).where(subscription.c.id == subscription_id).values(position=position))


def end_subscription(connection: Connection, contact_id: int, list_id: int, reason: str, now: datetime) -> bool:
    """Mark a subscription as left; False when it was not active."""
    result = connection.execute(
        update(subscription)
        .where(
            subscription.c.contact_id == contact_id,
            subscription.c.list_id == list_id,
            subscription.c.status == "active",
        )
        .values(status="left", left_at=now, left_reason=reason)
    )
    return result.rowcount == 1


def resume_subscription(connection: Connection, subscription_id: int, source: str, now: datetime) -> None:
    """Make a subscription active again that its sheet had dropped; never one that the reader ended."""
    connection.execute(
        update(subscription)
        .where(subscription.c.id == subscription_id)
        .values(status="active", left_at=None, left_reason="", source=source, since=now)
    )


def left_reason(connection: Connection, subscription_id: int) -> str:
    """Return why a subscription was left."""
    found = connection.execute(select(subscription.c.left_reason).where(subscription.c.id == subscription_id)).scalar()
    return str(found or "")


def iterate_active(connection: Connection, list_id: int, page: int = 1000) -> Iterator[list[Subscriber]]:
    """Yield the active subscribers of a list in its order, in pages, so that memory does not grow with the list."""
    after = (-1, -1)
    while True:
        rows = connection.execute(
            select(
                contact,
                subscription.c.id.label("subscription_id"),
                subscription.c.position,
                subscription.c.status,
            )
            .join_from(subscription, contact)
            .where(
                subscription.c.list_id == list_id,
                subscription.c.status == "active",
                or_(
                    subscription.c.position > after[0],
                    (subscription.c.position == after[0]) & (subscription.c.id > after[1]),
                ),
            )
            .order_by(subscription.c.position, subscription.c.id)
            .limit(page)
        ).all()
        if not rows:
            return
        yield [Subscriber(row.id, row.subscription_id, row.position, _to_contact(row), row.status) for row in rows]
        after = (rows[-1].position, rows[-1].subscription_id)


def suppress_address(connection: Connection, address_hash: str, reason: str, source: str, now: datetime) -> bool:
    """Suppress an address from now on; False when it was suppressed already."""
    if suppressed_among(connection, [address_hash]):
        return False
    connection.execute(insert(suppression).values(address_hash=address_hash, reason=reason, source=source, since=now))
    return True


def suppressed_among(connection: Connection, hashes: Collection[str]) -> set[str]:
    """Return those of the hashes that are suppressed."""
    rows = connection.execute(select(suppression.c.address_hash).where(suppression.c.address_hash.in_(hashes)))
    return {str(row.address_hash) for row in rows}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a delivery's reader is to its list; enough for an unsubscribe page."""

    contact_id: int
    list_id: int
    list_title: str
    address: str
    active: bool


def standing_of_delivery(connection: Connection, delivery_id: int) -> Standing | None:
    """Return how the reader of a delivery stands with its list, or None when there is no such delivery."""
    row = connection.execute(
        select(
            delivery.c.contact_id,
            delivery.c.list_id,
            distribution_list.c.title,
            delivery.c.address,
            subscription.c.status,
        )
        .join_from(delivery, distribution_list)
        .outerjoin(
            subscription,
            (subscription.c.contact_id == delivery.c.contact_id) & (subscription.c.list_id == delivery.c.list_id),
        )
        .where(delivery.c.id == delivery_id)
    ).one_or_none()
    if row is None:
        return None
    return Standing(row.contact_id, row.list_id, row.title, row.address, row.status == "active")
