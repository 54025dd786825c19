"""What becomes of deliveries that nobody carries: held, recovered, taken up again, cancelled, or still to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.model.outcome import Phase
from mailer.store.deliveries import cancel_with_mailing
from mailer.store.schema import attempt, delivery, mailing

PAGE = 500  # SQLite takes 32,766 parameters, but a plan of an IN list grows with it


def hold_domain(connection: Connection, mailing_id: int, domain: str, until: datetime) -> int:
    """Let no pending delivery to this domain be tried before `until`; return how many wait."""
    result = connection.execute(
        update(delivery)
        .where(
            delivery.c.mailing_id == mailing_id,
            delivery.c.domain == domain,
            delivery.c.status == DeliveryStatus.PENDING.value,
            (delivery.c.next_attempt_at.is_(None)) | (delivery.c.next_attempt_at < until),
        )
        .values(next_attempt_at=until)
    )
    return result.rowcount


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


def recover_expired(connection: Connection, mailing_id: int, now: datetime, resend_at: datetime | None) -> Recovery:
    """Settle the claims of a mailing whose lease has run out: their worker may no longer write a dot."""
    expired = select(delivery.c.id).where(
        delivery.c.mailing_id == mailing_id,
        delivery.c.status == DeliveryStatus.SENDING.value,
        delivery.c.lease_until <= now,
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
            update(delivery).where(delivery.c.id.in_(bare)).values(status=DeliveryStatus.PENDING.value, **clear)
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
    """Make uncertain deliveries of a running mailing pending whose time to be sent again has come; return how many."""
    running = select(mailing.c.id).where(mailing.c.status == MailingStatus.RUNNING.value)
    result = connection.execute(
        update(delivery)
        .where(
            delivery.c.mailing_id == mailing_id,
            delivery.c.mailing_id.in_(running),
            delivery.c.status == DeliveryStatus.UNCERTAIN.value,
            delivery.c.next_attempt_at <= now,
        )
        .values(status=DeliveryStatus.PENDING.value, next_attempt_at=None, finished_at=None)
    )
    return result.rowcount


def cancel_pending(connection: Connection, mailing_id: int, now: datetime) -> int:
    """Cancel what is still pending; return how many. What is on the wire ends as it ends."""
    result = connection.execute(
        update(delivery)
        .where(
            delivery.c.mailing_id == mailing_id,
            delivery.c.status == DeliveryStatus.PENDING.value,
        )
        .values(status=DeliveryStatus.CANCELLED.value, next_attempt_at=None, finished_at=now)
    )
    return result.rowcount


@dataclass(frozen=True, slots=True)
class Remaining:
    """What a mailing still has to do: deliveries that are open, and when the next that waits is due.

    next_at: None when nothing waits; a moment not later than now when something is due.
    """

    open: int
    next_at: datetime | None


def remaining_work(connection: Connection, mailing_id: int, now: datetime) -> Remaining:
    """Return what is pending, sending, or uncertain with a resend due."""
    pending = delivery.c.status == DeliveryStatus.PENDING.value
    sending = delivery.c.status == DeliveryStatus.SENDING.value
    resend = (delivery.c.status == DeliveryStatus.UNCERTAIN.value) & delivery.c.next_attempt_at.is_not(None)
    row = connection.execute(
        select(
            func.count(),
            func.min(delivery.c.next_attempt_at).filter(pending | resend),
            func.count().filter(pending & delivery.c.next_attempt_at.is_(None)),
        ).where(delivery.c.mailing_id == mailing_id, pending | sending | resend)
    ).one()
    return Remaining(open=row[0], next_at=now if row[2] else row[1])
