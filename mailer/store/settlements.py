"""A copy's last steps: its final dot permitted, how its attempt ended recorded; many to a statement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    String,
    bindparam,
    case,
    exists,
    null,
    select,
    update,
)

from mailer.model.delivery import DELIVERY_MOVES, OPEN, DeliveryStatus, MailingStatus
from mailer.model.outcome import Reply
from mailer.store.rows import Prepared, given, written_out
from mailer.store.schema import UtcTime, attempt, delivery, mailing, subscription, suppression

_SENDING = written_out(DeliveryStatus.SENDING)


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an attempt ended, and where its delivery goes from there.

    outcome is a word for the record (accepted, deferred, refused, uncertain, released, withheld). suppress_as: the
    address gets nothing from now on, for this reason.
    """

    status: DeliveryStatus
    outcome: str
    reply: Reply
    reply_class: str
    next_attempt_at: datetime | None = None
    counts: bool = True  # False: nothing of this recipient was tried, so it is no attempt for the retry policy


@dataclass(frozen=True, slots=True)
class Settled:
    """A settlement of one attempt at a time."""

    delivery_id: int
    number: int
    lease: str
    end: Settlement
    at: datetime


@dataclass(frozen=True, slots=True)
class Dot:
    """One attempt that wants to write its final dot. address_hash is looked up among the suppressed."""

    delivery_id: int
    number: int
    lease: str
    address_hash: str


def is_suppressed(address_hash: ColumnElement[str], now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """True where the address gets nothing at this time."""
    until = suppression.c.until
    return exists().where(suppression.c.address_hash == address_hash, until.is_(None) | (until > now))


def has_left() -> ColumnElement[bool]:
    """True where the delivery's reader has left its list."""
    return exists().where(
        subscription.c.contact_id == delivery.c.contact_id,
        subscription.c.list_id == delivery.c.list_id,
        subscription.c.status == "left",
    )


_DOT_NOW = given("now", UtcTime)
_MAY_DOT = (
    exists(1)
    .select_from(delivery.join(mailing, mailing.c.id == delivery.c.mailing_id))
    .where(
        delivery.c.id == given("of", BigInteger),
        delivery.c.status == _SENDING,
        delivery.c.lease == given("held_by", String),
        delivery.c.lease_until > _DOT_NOW,
        mailing.c.status == written_out(MailingStatus.RUNNING),
        ~is_suppressed(given("address", String), _DOT_NOW),
        ~has_left(),
    )
)
_PERMIT = Prepared(
    update(attempt)
    .where(
        attempt.c.delivery_id == given("of", BigInteger),
        attempt.c.number == given("attempt_number", Integer),
        attempt.c.ended_at.is_(None),
        attempt.c.dot_at.is_(None),
        _MAY_DOT,
    )
    .values(dot_at=_DOT_NOW)
)


def permit_dots(connection: Connection, dots: Sequence[Dot], now: datetime) -> set[int]:
    """The dot's commit: record `dot_at` and return the deliveries whose dot may be written.

    Guarded by the lease, the mailing still running, no suppression of the address, and the subscription not left.
    """
    if not dots:
        return set()
    rows = [_dot_row(one, now) for one in dots]
    connection.exec_driver_sql("SAVEPOINT dots")
    if _PERMIT.execute_many(connection, rows).rowcount == len(rows):
        connection.exec_driver_sql("RELEASE SAVEPOINT dots")
        return {one.delivery_id for one in dots}
    # some were denied, and which ones a count of all does not say
    connection.exec_driver_sql("ROLLBACK TO SAVEPOINT dots")
    return {
        one.delivery_id
        for one, row in zip(dots, rows, strict=True)
        if _PERMIT.execute_many(connection, [row]).rowcount == 1
    }


def _dot_row(one: Dot, now: datetime) -> dict[str, object]:
    return {
        "of": one.delivery_id,
        "attempt_number": one.number,
        "held_by": one.lease,
        "address": one.address_hash,
        "now": now,
    }


def reader_stopped(connection: Connection, delivery_id: int, address_hash: str, now: datetime) -> bool:
    """Return True when the reader has left the list or the address is suppressed."""
    stopped = is_suppressed(bindparam("address", address_hash), bindparam("now", now, type_=UtcTime())) | has_left()
    return connection.execute(select(delivery.c.id).where(delivery.c.id == delivery_id, stopped)).first() is not None


_CLOSE = Prepared(
    update(attempt)
    .where(
        attempt.c.delivery_id == given("of", BigInteger),
        attempt.c.number == given("attempt_number", Integer),
        attempt.c.ended_at.is_(None),
    )
    .values(
        ended_at=given("at", UtcTime),
        outcome=given("came_to", String),
        phase=given("in_phase", String),
        code=given("said_code", Integer),
        enhanced=given("said_enhanced", String),
        reply=given("said", String),
        reply_class=given("meant", String),
    )
)


def _settling(**fields: Any) -> Prepared:
    return Prepared(
        update(delivery)
        .where(
            delivery.c.id == given("of", BigInteger),
            delivery.c.lease == given("held_by", String),
            delivery.c.status == _SENDING,
        )
        .values(
            status=given("to_status", String),
            lease=null(),
            lease_until=null(),
            next_attempt_at=given("due", UtcTime),
            finished_at=given("finished", UtcTime),
            **fields,
        )
    )


_SETTLE = _settling(
    attempts=delivery.c.attempts + 1, reply=given("whole_reply", String), reply_class=given("meant", String)
)
# the clock of give_up_after starts with the first attempt that was one
_RELEASE = _settling(first_attempt_at=case((delivery.c.attempts == 0, null()), else_=delivery.c.first_attempt_at))


def settle_deliveries(connection: Connection, settled: Sequence[Settled]) -> None:
    """Record how attempts ended and move their deliveries, each if its lease still holds it.

    The attempt is recorded either way: what happened on the wire happened. One that comes back to pending after its
    mailing was cancelled is cancelled.
    """
    if not settled:
        return
    values = [_settled_row(one) for one in settled]
    _CLOSE.execute_many(connection, values)
    for statement, counts in ((_SETTLE, True), (_RELEASE, False)):
        those = [row for row, one in zip(values, settled, strict=True) if one.end.counts is counts]
        if those:
            statement.execute_many(connection, those)
    back = [one for one in settled if one.end.status is DeliveryStatus.PENDING]
    if back:
        cancel_with_mailing(connection, [one.delivery_id for one in back], back[-1].at)


def _settled_row(one: Settled) -> dict[str, object]:
    end, reply = one.end, one.end.reply
    assert end.status in DELIVERY_MOVES[DeliveryStatus.SENDING]
    return {
        "of": one.delivery_id,
        "attempt_number": one.number,
        "held_by": one.lease,
        "at": one.at,
        "to_status": end.status.value,
        "came_to": end.outcome,
        "in_phase": reply.phase.value,
        "said_code": reply.code,
        "said_enhanced": reply.enhanced,
        "said": reply.text,
        "meant": end.reply_class,
        "due": end.next_attempt_at,
        "whole_reply": str(reply),
        "finished": None if end.status in OPEN else one.at,
    }


def cancelled_fields(now: datetime) -> dict[str, object]:
    """Return what a cancelled delivery's columns become: its address may be reached by another mailing."""
    return {
        "status": DeliveryStatus.CANCELLED.value,
        "next_attempt_at": None,
        "finished_at": now,
        "frees_address": True,
    }


def cancel_with_mailing(connection: Connection, ids: Collection[int], now: datetime) -> None:
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
        .values(**cancelled_fields(now))
    )
