"""Requests to join: an address that is to confirm by its own link, and what keeps a stranger from flooding it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from mailer.model.consent import ConsentAct, Grounds
from mailer.store.consents import log_contacts
from mailer.store.schema import distribution_list, join_request, subscription


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """A request as it is kept. lists: names; expires_at: until when its link is good."""

    id: int
    address: str
    key: str
    lists: tuple[str, ...]
    source: str
    text_version: str
    asked_at: datetime
    expires_at: datetime
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request to write down. network: whose it is, as far as it is kept; empty for one by staff."""

    address: str
    key: str
    lists: tuple[str, ...]
    source: str
    network: str
    text_version: str
    asked_at: datetime
    expires_at: datetime


def add_request(connection: Connection, new: NewRequest, day: timedelta = timedelta(days=1)) -> int | None:
    """Write a request and return its id; None where the address has one of the last 24 hours, or of this UTC day."""
    if was_asked(connection, new.key, new.asked_at, day):
        return None
    values = {
        "address": new.address,
        "address_key": new.key,
        "domain": new.key.rpartition("@")[2],
        "day": f"{new.asked_at:%Y-%m-%d}",
        "lists": list(new.lists),
        "source": new.source,
        "network": new.network,
        "text_version": new.text_version,
        "asked_at": new.asked_at,
        "expires_at": new.expires_at,
    }
    try:
        with connection.begin_nested():  # two at once: the database lets one of them
            number = connection.execute(insert(join_request).values(**values).returning(join_request.c.id)).scalar_one()
    except IntegrityError:
        return None
    return int(number)


def was_asked(connection: Connection, key: str, now: datetime, day: timedelta = timedelta(days=1)) -> bool:
    """Return whether an address has a request of the last 24 hours."""
    recent = (join_request.c.address_key == key, join_request.c.asked_at > now - day)
    return connection.execute(select(join_request.c.id).where(*recent).limit(1)).first() is not None


def count_by_network(connection: Connection, network: str, since: datetime) -> int:
    """Return how many requests of a network there were since a time."""
    wanted = (join_request.c.network == network, join_request.c.asked_at > since)
    return int(connection.execute(select(func.count()).select_from(join_request).where(*wanted)).scalar_one())


def count_by_domain(connection: Connection, domain: str, since: datetime) -> int:
    """Return how many requests for addresses of a domain there were since a time."""
    wanted = (join_request.c.domain == domain, join_request.c.asked_at > since)
    return int(connection.execute(select(func.count()).select_from(join_request).where(*wanted)).scalar_one())


def find_request(connection: Connection, number: int) -> JoinRequest | None:
    """Return a request by its id, or None."""
    row = connection.execute(select(join_request).where(join_request.c.id == number)).one_or_none()
    if row is None:
        return None
    return JoinRequest(
        id=row.id,
        address=row.address,
        key=row.address_key,
        lists=tuple(row.lists),
        source=row.source,
        text_version=row.text_version,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        confirmed_at=row.confirmed_at,
    )


def mark_confirmed(connection: Connection, number: int, now: datetime) -> bool:
    """Write down that a request was confirmed; False when it was so already."""
    wanted = (join_request.c.id == number, join_request.c.confirmed_at.is_(None))
    return connection.execute(update(join_request).where(*wanted).values(confirmed_at=now)).rowcount == 1


def next_position(connection: Connection, list_id: int) -> int:
    """Return the place after everybody who ever was on a list."""
    last = connection.execute(
        select(func.max(subscription.c.position)).where(subscription.c.list_id == list_id)
    ).scalar()
    return int(last) + 1 if last is not None else 0


def standings(connection: Connection, contact_id: int, names: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return (list id, status) of a contact with each of these lists it ever was on, by list name."""
    rows = connection.execute(
        select(distribution_list.c.name, distribution_list.c.id, subscription.c.status)
        .join_from(subscription, distribution_list)
        .where(subscription.c.contact_id == contact_id, distribution_list.c.name.in_(names))
    )
    return {str(row.name): (int(row.id), str(row.status)) for row in rows}


def keep_off(connection: Connection, contact_id: int, wanted: Collection[int], reason: str, now: datetime) -> None:
    """Have a contact stand as left with every list but the wanted ones that it never was on."""
    known = select(subscription.c.list_id).where(subscription.c.contact_id == contact_id)
    others = select(distribution_list.c.id).where(
        distribution_list.c.id.not_in(wanted), distribution_list.c.id.not_in(known)
    )
    for list_id in connection.execute(others.order_by(distribution_list.c.id)).scalars().all():
        connection.execute(
            insert(subscription).values(
                contact_id=contact_id, list_id=list_id, status="left", position=next_position(connection, list_id),
                basis="", source="", since=now, left_at=now, left_reason=reason,
            )
        )  # fmt: skip
        log_contacts(connection, [contact_id], list_id, ConsentAct.LEFT, Grounds("", "", detail=reason), now)
