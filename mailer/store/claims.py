"""A sender's hot path: deliveries claimed with a lease, permitted their final dot, settled; many to a statement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    Integer,
    String,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    update,
)

from mailer.model.delivery import DELIVERY_MOVES, Delivery, DeliveryStatus, MailingStatus, Recipient
from mailer.model.outcome import Reply
from mailer.store.rows import Prepared, given
from mailer.store.schema import (
    UtcTime,
    attempt,
    delivery,
    distribution_list,
    issue,
    mailing,
    mailing_list,
    subscription,
    suppression,
)
from mailer.tokens import HouseSecret, Purpose, TokenMaker

OPEN = (DeliveryStatus.PENDING, DeliveryStatus.SENDING)
# written out, not bound: SQLite plans a statement anew for each value bound to a column that a partial index names
_PENDING: ColumnElement[str] = literal_column(f"'{DeliveryStatus.PENDING.value}'")
_SENDING: ColumnElement[str] = literal_column(f"'{DeliveryStatus.SENDING.value}'")
_RUNNING: ColumnElement[str] = literal_column(f"'{MailingStatus.RUNNING.value}'")


@dataclass(frozen=True, slots=True)
class RunningMailing:
    """What a sender must know of a mailing to claim of it: its lists by id, and what its tokens are made with."""

    id: int
    issue_slug: str
    lists: dict[int, str]
    token_key: int
    message_domain: str


class Candidate(NamedTuple):
    """A due delivery that nobody has claimed. due_at None: it was never tried."""

    id: int
    list_id: int
    domain: str
    relay: str
    attempts: int
    due_at: datetime | None
    last_attempt: int
    edition_id: int
    address: str
    name: str
    title: str
    organisation: str
    city: str
    sent_date: datetime | None
    first_attempt_at: datetime | None
    held_s: float


_COLUMNS = [delivery.c[{"due_at": "next_attempt_at"}.get(name, name)] for name in Candidate._fields]


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


def _like(pattern: str) -> str:
    """Return a shell pattern without brackets as one of SQL."""
    for char in "\\%_":
        pattern = pattern.replace(char, f"\\{char}")
    return pattern.replace("*", "%").replace("?", "_")


def find_candidates(
    connection: Connection,
    mailing_id: int,
    now: datetime,
    limit: int,
    *,
    lists: Collection[int] | None = None,
    not_domains: Collection[str] = (),
    domains: Collection[str] | None = None,
) -> list[Candidate]:
    """Return up to `limit` due deliveries of a running mailing: those due for another try, then fresh ones in order.

    lists: only of these; domains: only to those that match one of these patterns (shell's * and ?), and perhaps some
    others; not_domains: none to these. On PostgreSQL they are locked until the transaction ends.
    """
    wanted: list[ColumnElement[bool]] = [
        delivery.c.mailing_id == mailing_id,
        delivery.c.status == _PENDING,
        select(mailing.c.id)
        .where(mailing.c.id == mailing_id, mailing.c.status == MailingStatus.RUNNING.value)
        .exists(),
    ]
    if lists is not None:
        wanted.append(delivery.c.list_id.in_(lists))
    if not_domains:
        wanted.append(delivery.c.domain.not_in(not_domains))
    if domains is not None and not any("[" in one for one in domains):
        wanted.append(or_(*(delivery.c.domain.like(_like(one), escape="\\") for one in domains)))
    due = delivery.c.next_attempt_at
    query = select(*_COLUMNS).where(*wanted).with_for_update(skip_locked=True, of=delivery)
    found = connection.execute(query.where(due <= now).order_by(due, delivery.c.id).limit(limit)).all()
    if len(found) < limit:
        fresh = query.where(due.is_(None)).order_by(delivery.c.id).limit(limit - len(found))
        found = [*found, *connection.execute(fresh).all()]
    return [Candidate._make(one) for one in found]


_TAKE = Prepared(
    update(delivery)
    .where(delivery.c.id == given("number_of", BigInteger), delivery.c.status == _PENDING)
    .values(
        status=_SENDING,
        lease=given("new_lease", String),
        lease_until=given("until", UtcTime),
        relay=given("through", String),
        last_attempt=given("newest", Integer),
        next_attempt_at=null(),
        held_s=delivery.c.held_s + given("kept", Float),
        sent_date=func.coalesce(delivery.c.sent_date, given("now", UtcTime)),
        first_attempt_at=func.coalesce(delivery.c.first_attempt_at, given("now", UtcTime)),
    )
)
_REGISTER = Prepared(
    insert(attempt).values(
        delivery_id=given("number_of", BigInteger),
        number=given("newest", Integer),
        relay=given("through", String),
        started_at=given("now", UtcTime),
    )
)


def take_deliveries(
    connection: Connection,
    source: RunningMailing,
    chosen: Sequence[tuple[Candidate, str]],
    lease: str,
    until: datetime,
    now: datetime,
    secret: HouseSecret,
) -> list[Delivery]:
    """Claim candidates, each for a relay: they are `sending` under `lease` until `until`, their attempts registered.

    The time by which one is taken later than it was due does not count for give_up_after: it was we who kept it.
    """
    if not chosen:
        return []
    tokens = TokenMaker(secret, Purpose.BOUNCE, source.token_key)
    values, taken = [], []
    for one, relay in chosen:
        held = max((now - one.due_at).total_seconds(), 0.0) if one.due_at is not None and one.attempts else 0.0
        newest = one.last_attempt + 1
        values.append(
            {
                "number_of": one.id,
                "newest": newest,
                "through": relay,
                "kept": held,
                "now": now,
                "new_lease": lease,
                "until": until,
            }
        )
        token = tokens.make(one.id)
        clock_from = now
        if one.first_attempt_at is not None:
            clock_from = one.first_attempt_at + timedelta(seconds=one.held_s + held)
        taken.append(
            Delivery(
                id=one.id,
                mailing_id=source.id,
                issue_slug=source.issue_slug,
                list_name=source.lists[one.list_id],
                edition_id=one.edition_id,
                recipient=Recipient(one.address, one.name, one.title, one.organisation, one.city),
                message_id=f"<{token}@{source.message_domain}>",
                token=token,
                sent_date=one.sent_date or now,
                clock_from=clock_from,
                attempts=one.attempts,
                lease=lease,
                attempt=newest,
                relay=relay,
                domain=one.domain,
                claimed_at=now,
                token_key=source.token_key,
            )
        )
    _TAKE.execute_many(connection, values)
    _REGISTER.execute_many(connection, values)
    return taken


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
        mailing.c.status == _RUNNING,
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


def running_mailings(connection: Connection, only: int | None = None) -> list[RunningMailing]:
    """Return the mailings to deliver, oldest first; with `only`, that one if it runs."""
    wanted = [mailing.c.status == MailingStatus.RUNNING.value]
    if only is not None:
        wanted.append(mailing.c.id == only)
    found = connection.execute(
        select(mailing.c.id, issue.c.slug, mailing.c.token_key, mailing.c.message_domain)
        .join_from(mailing, issue)
        .where(*wanted)
        .order_by(mailing.c.id)
    ).all()
    named = connection.execute(
        select(mailing_list.c.mailing_id, distribution_list.c.id, distribution_list.c.name)
        .join_from(mailing_list, distribution_list)
        .where(mailing_list.c.mailing_id.in_([one.id for one in found]))
    ).all()
    return [
        RunningMailing(
            one.id,
            one.slug,
            {row.id: row.name for row in named if row.mailing_id == one.id},
            one.token_key,
            one.message_domain,
        )
        for one in found
    ]
