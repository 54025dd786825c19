"""Deliveries and their attempts: planned, claimed with a lease, dotted, settled. One row per recipient."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Exists, Select, bindparam, case, exists, func, insert, null, select, update

from mailer.model.delivery import (
    DELIVERY_MOVES,
    Delivery,
    DeliveryStatus,
    MailingStatus,
    Recipient,
)
from mailer.model.outcome import Reply
from mailer.store.schema import (
    attempt,
    delivery,
    distribution_list,
    issue,
    mailing,
    subscription,
    suppression,
)

ORDINALS = 2**32  # a delivery's id is its mailing's id times this, plus its place in sending order
OPEN = (DeliveryStatus.PENDING, DeliveryStatus.SENDING)


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """One recipient to be written by the plan."""

    id: int
    mailing_id: int
    issue_id: int
    list_id: int
    contact_id: int
    edition_id: int
    address: str
    address_key: str
    recipient: Recipient
    status: DeliveryStatus
    message_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an attempt ended, and where its delivery goes from there.

    outcome is a word for the record (accepted, deferred, refused, uncertain, released, withheld).
    """

    status: DeliveryStatus
    outcome: str
    reply: Reply
    reply_class: str
    next_attempt_at: datetime | None = None
    counts: bool = True  # False: nothing of this recipient was tried, so it is no attempt for the retry policy


def last_ordinal(connection: Connection, mailing_id: int) -> int:
    """Return the highest ordinal used in a mailing, 0 where none is."""
    low = mailing_id * ORDINALS
    found = connection.execute(
        select(func.max(delivery.c.id)).where(delivery.c.id >= low, delivery.c.id < low + ORDINALS)
    ).scalar()
    return int(found) - low if found is not None else 0


def reached_among(connection: Connection, issue_id: int, keys: Collection[str]) -> set[str]:
    """Return those address keys that have a delivery of this issue that was not cancelled."""
    rows = connection.execute(
        select(delivery.c.address_key).where(
            delivery.c.issue_id == issue_id,
            delivery.c.address_key.in_(keys),
            delivery.c.status != DeliveryStatus.CANCELLED.value,
            ~delivery.c.again,
        )
    )
    return {str(row.address_key) for row in rows}


def insert_deliveries(connection: Connection, planned: Sequence[PlannedDelivery]) -> None:
    """Write a page of the plan; the database refuses an address that this issue has reached already."""
    if not planned:
        return
    connection.execute(
        insert(delivery),
        [
            {
                "id": one.id,
                "mailing_id": one.mailing_id,
                "issue_id": one.issue_id,
                "list_id": one.list_id,
                "contact_id": one.contact_id,
                "edition_id": one.edition_id,
                "address": one.address,
                "address_key": one.address_key,
                "domain": one.address.rpartition("@")[2],
                "name": one.recipient.name,
                "title": one.recipient.title,
                "organisation": one.recipient.organisation,
                "city": one.recipient.city,
                "status": one.status.value,
                "message_id": one.message_id,
                "token": one.token,
            }
            for one in planned
        ],
    )


def claim_deliveries(
    connection: Connection, mailing_id: int, lease: str, until: datetime, now: datetime, relay: str, limit: int
) -> list[Delivery]:
    """Take up to `limit` due deliveries of a running mailing for one sender, and register their attempts.

    They are `sending` under `lease` until `until`; nobody else gets them before.
    """
    held_s = func.coalesce(select(mailing.c.held_s).where(mailing.c.id == mailing_id).scalar_subquery(), 0)
    due = (
        select(delivery.c.id)
        .join(mailing, mailing.c.id == delivery.c.mailing_id)
        .where(
            delivery.c.mailing_id == mailing_id,
            delivery.c.status == DeliveryStatus.PENDING.value,
            (delivery.c.next_attempt_at.is_(None)) | (delivery.c.next_attempt_at <= now),
            mailing.c.status == MailingStatus.RUNNING.value,
        )
        .order_by(delivery.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=delivery)
    )
    ids = [int(row.id) for row in connection.execute(due)]
    if not ids:
        return []
    connection.execute(
        update(delivery)
        .where(delivery.c.id.in_(ids), delivery.c.status == DeliveryStatus.PENDING.value)
        .values(
            status=DeliveryStatus.SENDING.value,
            lease=lease,
            lease_until=until,
            next_attempt_at=None,
            sent_date=func.coalesce(delivery.c.sent_date, bindparam("now", now, delivery.c.sent_date.type)),
            held_before_s=case((delivery.c.first_attempt_at.is_(None), held_s), else_=delivery.c.held_before_s),
            first_attempt_at=func.coalesce(
                delivery.c.first_attempt_at, bindparam("now", now, delivery.c.sent_date.type)
            ),
        )
    )
    _register_attempts(connection, ids, relay, now)
    rows = connection.execute(_with_names().where(delivery.c.id.in_(ids)).order_by(delivery.c.id))
    return [_to_delivery(row) for row in rows]


def _with_names() -> Select[Any]:
    return (
        select(delivery, issue.c.slug, distribution_list.c.name.label("list_name"), mailing.c.held_s)
        .join(issue, issue.c.id == delivery.c.issue_id)
        .join(mailing, mailing.c.id == delivery.c.mailing_id)
        .join(distribution_list, distribution_list.c.id == delivery.c.list_id)
    )


def _register_attempts(connection: Connection, ids: Sequence[int], relay: str, now: datetime) -> None:
    highest = dict(
        connection.execute(
            select(attempt.c.delivery_id, func.max(attempt.c.number))
            .where(attempt.c.delivery_id.in_(ids))
            .group_by(attempt.c.delivery_id)
        ).all()
    )
    connection.execute(
        insert(attempt),
        [
            {"delivery_id": number, "number": highest.get(number, 0) + 1, "relay": relay, "started_at": now}
            for number in ids
        ],
    )


def _to_delivery(row: Any) -> Delivery:
    return Delivery(
        id=row.id,
        mailing_id=row.mailing_id,
        issue_slug=row.slug,
        list_name=row.list_name,
        edition_id=row.edition_id,
        recipient=Recipient(row.address, row.name, row.title, row.organisation, row.city),
        message_id=row.message_id,
        token=row.token,
        sent_date=row.sent_date,
        clock_from=row.first_attempt_at + timedelta(seconds=row.held_s - row.held_before_s),
        attempts=row.attempts,
        lease=row.lease,
    )


def permit_dot(connection: Connection, delivery_id: int, lease: str, address_hash: str, now: datetime) -> bool:
    """The dot's commit: record `dot_at`, or return False when the dot must not be written.

    Guarded by the lease, the mailing still running, no suppression of the address, and the subscription not left.
    """
    allowed = (
        select(delivery.c.id)
        .join(mailing, mailing.c.id == delivery.c.mailing_id)
        .where(
            delivery.c.id == delivery_id,
            delivery.c.status == DeliveryStatus.SENDING.value,
            delivery.c.lease == lease,
            delivery.c.lease_until > now,
            mailing.c.status == MailingStatus.RUNNING.value,
            ~_is_suppressed(address_hash, now),
            ~exists().where(
                subscription.c.contact_id == delivery.c.contact_id,
                subscription.c.list_id == delivery.c.list_id,
                subscription.c.status == "left",
            ),
        )
    )
    result = connection.execute(
        update(attempt)
        .where(
            attempt.c.delivery_id.in_(allowed),
            attempt.c.ended_at.is_(None),
            attempt.c.dot_at.is_(None),
        )
        .values(dot_at=now)
    )
    return result.rowcount == 1


def _is_suppressed(address_hash: str, now: datetime) -> Exists:
    until = suppression.c.until
    return exists().where(suppression.c.address_hash == address_hash, until.is_(None) | (until > now))


def reader_stopped(connection: Connection, delivery_id: int, address_hash: str, now: datetime) -> bool:
    """Return True when the reader has left the list or the address is suppressed."""
    query = select(
        _is_suppressed(address_hash, now)
        | exists().where(
            delivery.c.id == delivery_id,
            subscription.c.contact_id == delivery.c.contact_id,
            subscription.c.list_id == delivery.c.list_id,
            subscription.c.status == "left",
        )
    )
    return bool(connection.execute(query).scalar())


def settle_delivery(connection: Connection, delivery_id: int, lease: str, end: Settlement, now: datetime) -> bool:
    """Record how an attempt ended and move its delivery, if this lease still holds it; False when it does not.

    The attempt is recorded either way: what happened on the wire happened.
    """
    connection.execute(
        update(attempt)
        .where(attempt.c.delivery_id == delivery_id, attempt.c.ended_at.is_(None))
        .values(
            ended_at=now,
            outcome=end.outcome,
            phase=end.reply.phase.value,
            code=end.reply.code,
            enhanced=end.reply.enhanced,
            reply=end.reply.text,
            reply_class=end.reply_class,
        )
    )
    assert end.status in DELIVERY_MOVES[DeliveryStatus.SENDING]
    fields: dict[str, Any] = {
        "status": end.status.value,
        "lease": None,
        "lease_until": None,
        "next_attempt_at": end.next_attempt_at,
        "finished_at": None if end.status in OPEN else now,
    }
    if end.counts:
        fields |= {"attempts": delivery.c.attempts + 1, "reply": str(end.reply), "reply_class": end.reply_class}
    else:  # the clock of give_up_after starts with the first attempt that was one
        fields["first_attempt_at"] = case((delivery.c.attempts == 0, null()), else_=delivery.c.first_attempt_at)
    result = connection.execute(
        update(delivery)
        .where(
            delivery.c.id == delivery_id,
            delivery.c.lease == lease,
            delivery.c.status == DeliveryStatus.SENDING.value,
        )
        .values(**fields)
    )
    if end.status is DeliveryStatus.PENDING:
        cancel_with_mailing(connection, [delivery_id], now)
    return result.rowcount == 1


def cancel_with_mailing(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Cancel those of these deliveries that came back to pending after their mailing was cancelled.

    Else their addresses would count as reached by a mailing that will never try them again.
    """
    cancelled = select(mailing.c.id).where(mailing.c.status == MailingStatus.CANCELLED.value)
    connection.execute(
        update(delivery)
        .where(
            delivery.c.id.in_(ids),
            delivery.c.status == DeliveryStatus.PENDING.value,
            delivery.c.mailing_id.in_(cancelled),
        )
        .values(status=DeliveryStatus.CANCELLED.value, next_attempt_at=None, finished_at=now)
    )


def sample_delivery(connection: Connection, mailing_id: int, list_id: int) -> int | None:
    """Return the first accepted delivery of a list in a mailing, or None."""
    return connection.execute(
        select(delivery.c.id)
        .where(
            delivery.c.mailing_id == mailing_id,
            delivery.c.list_id == list_id,
            delivery.c.status == DeliveryStatus.ACCEPTED.value,
        )
        .order_by(delivery.c.id)
        .limit(1)
    ).scalar()


def find_delivery(connection: Connection, delivery_id: int) -> Delivery | None:
    """Return a delivery that was claimed at least once, or None."""
    row = connection.execute(
        _with_names().where(delivery.c.id == delivery_id, delivery.c.first_attempt_at.is_not(None))
    ).one_or_none()
    return _to_delivery(row) if row is not None else None


def delivery_by_message_id(connection: Connection, message_id: str) -> int | None:
    """Return the delivery with this Message-ID, or None."""
    return connection.execute(select(delivery.c.id).where(delivery.c.message_id == message_id)).scalar()
