"""What becomes of deliveries that nobody carries: recovered, taken up again, cancelled, sent again, or still to do."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, func, null, select, update

from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.model.outcome import Phase
from mailer.store.plans import ORDINALS
from mailer.store.schema import attempt, delivery, mailing
from mailer.store.settlements import cancel_with_mailing, cancelled_fields, has_left

CANCELLED_AT_ONCE = 20_000  # deliveries in a transaction, for which others wait
MOST_RESENDS = 2  # by itself, of a copy of which nobody knows whether it arrived
PAGE = 500  # SQLite takes 32,766 parameters, but a plan of an IN list grows with it


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a recovery settled: how many became uncertain, how many pending (or cancelled with their mailing)."""

    uncertain: int
    freed: int


def recover_claims(
    connection: Connection, now: datetime, resend_at: datetime | None, lease: str | None = None
) -> Recovery:
    """Settle claims that nobody works on: one whose dot was written is uncertain, any other is pending again.

    lease: only the claims under it; None: all, and then the caller knows that no other sender is alive. resend_at:
    when an uncertain one is due to be sent again; None leaves that to a person.
    """
    held = delivery.c.status == DeliveryStatus.SENDING.value
    if lease is not None:
        held = held & (delivery.c.lease == lease)
    return _settle_abandoned(
        connection, connection.execute(select(delivery.c.id).where(held)).scalars(), now, resend_at
    )


def recover_expired(
    connection: Connection, mailing_id: int, now: datetime, resend_at: datetime | None, except_lease: str
) -> Recovery:
    """Settle the claims of a mailing whose lease has run out, but not our own: their sender may no longer dot."""
    expired = select(delivery.c.id).where(
        delivery.c.mailing_id == mailing_id,
        delivery.c.status == DeliveryStatus.SENDING.value,
        delivery.c.lease_until <= now,
        delivery.c.lease != except_lease,
    )
    return _settle_abandoned(connection, connection.execute(expired).scalars(), now, resend_at)


def _settle_abandoned(
    connection: Connection, ids: Iterable[int], now: datetime, resend_at: datetime | None
) -> Recovery:
    abandoned = list(ids)
    uncertain = freed = 0
    for start in range(0, len(abandoned), PAGE):
        page = abandoned[start : start + PAGE]
        open_attempt = attempt.c.delivery_id.in_(page) & attempt.c.ended_at.is_(None)
        dotted = [
            int(number)
            for number in connection.execute(
                select(attempt.c.delivery_id).where(open_attempt, attempt.c.dot_at.is_not(None))
            ).scalars()
        ]
        bare = [number for number in page if number not in set(dotted)]
        clear = {"lease": None, "lease_until": None}
        connection.execute(
            update(delivery)
            .where(delivery.c.id.in_(dotted))
            .values(
                status=DeliveryStatus.UNCERTAIN.value,
                next_attempt_at=resend_at,
                finished_at=now,
                attempts=delivery.c.attempts + 1,
                **clear,
            )
        )
        connection.execute(
            update(delivery)
            .where(delivery.c.id.in_(bare))
            .values(
                status=DeliveryStatus.PENDING.value,
                # due since now for the clock of give_up_after, which an attempt that was none must not start
                next_attempt_at=case((delivery.c.attempts > 0, now), else_=null()),
                first_attempt_at=case((delivery.c.attempts > 0, delivery.c.first_attempt_at), else_=null()),
                **clear,
            )
        )
        cancel_with_mailing(connection, bare, now)
        connection.execute(
            update(attempt)
            .where(open_attempt, attempt.c.dot_at.is_not(None))
            .values(ended_at=now, outcome="uncertain", phase=Phase.DOT.value)
        )
        connection.execute(update(attempt).where(open_attempt).values(ended_at=now, outcome="released"))
        uncertain += len(dotted)
        freed += len(bare)
    return Recovery(uncertain, freed)


def requeue_uncertain(connection: Connection, mailing_id: int, now: datetime) -> int:
    """Make uncertain deliveries of a running mailing pending whose time to be sent again has come; return how many.

    One that was in doubt more than MOST_RESENDS times is left to a person: a relay that takes every message and never
    says so would else fill a mailbox with the same one.
    """
    running = select(mailing.c.id).where(mailing.c.status == MailingStatus.RUNNING.value)
    due = (
        delivery.c.mailing_id == mailing_id,
        delivery.c.mailing_id.in_(running),
        delivery.c.status == DeliveryStatus.UNCERTAIN.value,
        delivery.c.next_attempt_at <= now,
    )
    doubts = (
        select(func.count())
        .where(attempt.c.delivery_id == delivery.c.id, attempt.c.outcome == "uncertain")
        .scalar_subquery()
    )
    connection.execute(update(delivery).where(*due, doubts > MOST_RESENDS).values(next_attempt_at=None))
    result = connection.execute(
        update(delivery)
        .where(*due)
        .values(status=DeliveryStatus.PENDING.value, finished_at=None)  # due since next_attempt_at
    )
    return result.rowcount


def cancel_pending(connection: Connection, mailing_id: int, now: datetime, most: int = CANCELLED_AT_ONCE) -> int:
    """Cancel what is still pending, so many at most; return how many. What is on the wire ends as it ends."""
    pending = (
        select(delivery.c.id)
        .where(delivery.c.mailing_id == mailing_id, delivery.c.status == DeliveryStatus.PENDING.value)
        .limit(most)
    )
    result = connection.execute(
        update(delivery)
        .where(delivery.c.id.in_(pending), delivery.c.status == DeliveryStatus.PENDING.value)
        .values(**cancelled_fields(now))
    )
    return result.rowcount


def finish_cancelling(connection: Connection, issue_id: int, now: datetime) -> int:
    """Cancel what is pending of cancelled mailings of an issue: a cancelling that was cut off; return how many."""
    cancelled = select(mailing.c.id).where(
        mailing.c.issue_id == issue_id, mailing.c.status == MailingStatus.CANCELLED.value
    )
    result = connection.execute(
        update(delivery)
        .where(delivery.c.mailing_id.in_(cancelled), delivery.c.status == DeliveryStatus.PENDING.value)
        .values(**cancelled_fields(now))
    )
    return result.rowcount


SENT_AGAIN = (DeliveryStatus.REFUSED, DeliveryStatus.EXPIRED, DeliveryStatus.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class EndedDelivery:
    """A delivery that ended in one of SENT_AGAIN. left: its reader is no longer on the list."""

    id: int
    list_id: int
    address: str
    address_key: str
    status: DeliveryStatus
    reply_class: str
    reply: str
    left: bool


def iterate_ended(
    connection: Connection, mailing_id: int, statuses: Collection[DeliveryStatus], keys: Collection[str] = ()
) -> Iterator[list[EndedDelivery]]:
    """Yield the deliveries of a mailing in these states of SENT_AGAIN, in pages; with keys, only to these addresses.

    Those of a page may be changed before the next is asked for.
    """
    after, most = mailing_id * ORDINALS, (mailing_id + 1) * ORDINALS
    wanted = [
        delivery.c.mailing_id == mailing_id,
        delivery.c.status.in_([one.value for one in statuses if one in SENT_AGAIN]),
    ]
    if keys:
        wanted.append(delivery.c.address_key.in_(keys))
    query = select(delivery, has_left().label("reader_left")).where(*wanted).order_by(delivery.c.id).limit(PAGE)
    while True:
        rows = connection.execute(query.where(delivery.c.id > after, delivery.c.id < most)).all()
        if not rows:
            return
        after = rows[-1].id
        yield [
            EndedDelivery(
                row.id, row.list_id, row.address, row.address_key, DeliveryStatus(row.status), row.reply_class,
                row.reply, bool(row.reader_left),
            )
            for row in rows
        ]  # fmt: skip


def reopen_deliveries(connection: Connection, ids: Collection[int], now: datetime) -> int:
    """Make ended deliveries pending again, with a clock of give_up_after of their own; return how many."""
    count, all_ids = 0, list(ids)
    for start in range(0, len(all_ids), PAGE):
        count += connection.execute(
            update(delivery)
            .where(
                delivery.c.id.in_(all_ids[start : start + PAGE]),
                delivery.c.status.in_([one.value for one in SENT_AGAIN]),
            )
            .values(
                status=DeliveryStatus.PENDING.value,
                next_attempt_at=now,
                finished_at=None,
                first_attempt_at=None,
                held_s=0,
                attempts=0,
            )
        ).rowcount
    return count


@dataclass(frozen=True, slots=True)
class Remaining:
    """What a mailing still has to do: whether any delivery is open, and when the next that waits is due.

    next_at: None when nothing waits; a moment not later than now when something is due.
    """

    open: bool
    next_at: datetime | None


def remaining_work(connection: Connection, mailing_id: int, now: datetime) -> Remaining:
    """Return what is pending, sending, or uncertain with a resend due; looks at a few rows, however many there are."""

    def any_of(status: DeliveryStatus, *more: ColumnElement[bool]) -> bool:
        query = select(delivery.c.id).where(
            delivery.c.mailing_id == mailing_id, delivery.c.status == status.value, *more
        )
        return connection.execute(query.limit(1)).first() is not None

    due = delivery.c.next_attempt_at
    fresh = any_of(DeliveryStatus.PENDING, due.is_(None))
    waiting = any_of(DeliveryStatus.PENDING, due.is_not(None))
    resend = any_of(DeliveryStatus.UNCERTAIN, due.is_not(None))
    sending = any_of(DeliveryStatus.SENDING)
    next_at = None
    if waiting or resend:
        next_at = connection.execute(
            select(func.min(due)).where(
                delivery.c.mailing_id == mailing_id,
                delivery.c.status.in_([DeliveryStatus.PENDING.value, DeliveryStatus.UNCERTAIN.value]),
            )
        ).scalar()
    return Remaining(fresh or waiting or resend or sending, now if fresh else next_at)
