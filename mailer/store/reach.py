"""Whom an issue has reached, whom it misses, and whom its correction is for."""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.store.plans import PAGE, has_copy, is_active, newest_accepted
from mailer.store.schema import contact, delivery, issue, mailing, subscription

_earlier = subscription.alias("earlier")
_first = delivery.alias("first")


def count_reached(connection: Connection, issue_id: int) -> dict[int, dict[DeliveryStatus, int]]:
    """Return how the deliveries of an issue stand, by list id; those that free their address aside."""
    rows = connection.execute(
        select(delivery.c.list_id, delivery.c.status, func.count())
        .where(delivery.c.issue_id == issue_id, ~delivery.c.frees_address)
        .group_by(delivery.c.list_id, delivery.c.status)
    )
    found: dict[int, dict[DeliveryStatus, int]] = {}
    for list_id, status, count in rows:
        found.setdefault(int(list_id), {})[DeliveryStatus(status)] = int(count)
    return found


def iterate_missing(
    connection: Connection, issue_id: int, list_id: int, before: Collection[int]
) -> Iterator[list[str]]:
    """Yield the address keys of a list's active subscribers whom the issue has not reached, in pages.

    before: the lists that come first in sending order; who is on one of them gets that one's edition.
    """
    on_earlier = exists().where(
        _earlier.c.contact_id == subscription.c.contact_id,
        _earlier.c.list_id.in_(before),
        _earlier.c.status == "active",
    )
    wanted = [
        subscription.c.list_id == list_id,
        subscription.c.status == "active",
        ~has_copy(issue_id, contact.c.address_key),
        *([~on_earlier] if before else []),
    ]
    query = select(subscription.c.id, contact.c.address_key).join_from(subscription, contact).where(*wanted)
    return _pages(connection, query, subscription.c.id)


def _pages(connection: Connection, query: Select[Any], key: ColumnElement[int]) -> Iterator[list[str]]:
    after = 0
    while page := connection.execute(query.where(key > after).order_by(key).limit(PAGE)).all():
        yield [str(row.address_key) for row in page]
        after = int(page[-1].id)


def list_corrections(connection: Connection, slug: str) -> tuple[str, ...]:
    """Return the corrections of an issue of which a mailing has begun, the oldest first."""
    begun = exists().where(
        mailing.c.issue_id == issue.c.id,
        mailing.c.started_at.is_not(None),
        mailing.c.status != MailingStatus.CANCELLED.value,
    )
    rows = connection.execute(select(issue.c.slug).where(issue.c.corrects == slug, begun).order_by(issue.c.id))
    return tuple(str(row.slug) for row in rows)


def accepting_lists(connection: Connection, issue_id: int) -> set[int]:
    """Return the lists on which anyone has accepted an issue."""
    accepted = (delivery.c.issue_id == issue_id, delivery.c.status == DeliveryStatus.ACCEPTED.value)
    return set(connection.execute(select(delivery.c.list_id).where(*accepted).distinct()).scalars())


def count_accepted(connection: Connection, issue_id: int) -> int:
    """Return at how many addresses an issue was accepted."""
    return int(connection.execute(select(func.count()).select_from(newest_accepted(issue_id).subquery())).scalar_one())


def count_accepted_and_left(connection: Connection, issue_id: int) -> int:
    """Return how many accepted an issue and have left the list since on which they got it."""
    left = (_first.c.id.in_(newest_accepted(issue_id)), ~is_active(_first))
    return int(connection.execute(select(func.count()).select_from(_first).where(*left)).scalar_one())


def count_unaccepted(connection: Connection, issue_id: int) -> dict[DeliveryStatus, int]:
    """Return how the deliveries of an issue stand at addresses where no copy of it was accepted."""
    accepted = select(_first.c.address_key).where(
        _first.c.issue_id == issue_id, _first.c.status == DeliveryStatus.ACCEPTED.value
    )
    rows = connection.execute(
        select(delivery.c.status, func.count())
        .where(delivery.c.issue_id == issue_id, ~delivery.c.frees_address, delivery.c.address_key.not_in(accepted))
        .group_by(delivery.c.status)
    )
    return dict(Counter({DeliveryStatus(status): int(count) for status, count in rows}))


def iterate_uncorrected(
    connection: Connection, original_id: int, correction_id: int | None, lists: Collection[int]
) -> Iterator[list[str]]:
    """Yield the address keys, in pages, of those who are to get a correction and have no copy of it.

    They accepted the original on one of these lists and are still on it.
    """
    wanted = [_first.c.id.in_(newest_accepted(original_id)), is_active(_first), _first.c.list_id.in_(lists)]
    if correction_id is not None:
        wanted.append(~has_copy(correction_id, _first.c.address_key))
    return _pages(connection, select(_first.c.id, _first.c.address_key).where(*wanted), _first.c.id)


def count_corrected(connection: Connection, correction_id: int) -> int:
    """Return at how many addresses a correction was planned."""
    mine = (delivery.c.issue_id == correction_id, ~delivery.c.frees_address)
    return int(connection.execute(select(func.count()).select_from(delivery).where(*mine)).scalar_one())
