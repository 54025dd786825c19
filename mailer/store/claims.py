"""What a sender may claim, and its claims: due deliveries taken under a lease, many to a statement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    Integer,
    String,
    func,
    insert,
    null,
    or_,
    select,
    update,
)

from mailer.model.delivery import Delivery, DeliveryStatus, MailingStatus, Recipient
from mailer.model.tempo import EVEN, Tempo
from mailer.store.deliveries import message_ids
from mailer.store.rows import Prepared, given, written_out
from mailer.store.schema import UtcTime, attempt, delivery, distribution_list, issue, mailing, mailing_list
from mailer.store.tempo import ListRange, to_tempo
from mailer.tokens import HouseSecret, Purpose, TokenMaker

_PENDING = written_out(DeliveryStatus.PENDING)


@dataclass(frozen=True, slots=True)
class RunningMailing:
    """What a sender must know of a mailing to claim of it: its lists by id, and what its tokens are made with.

    ranges: its lists in sending order; of its spread so much has gone by, as of spread_seen_at.
    """

    id: int
    issue_slug: str
    lists: dict[int, str]
    token_key: int
    message_domain: str
    tempo: Tempo = EVEN
    ranges: tuple[ListRange, ...] = ()
    spread_gone_s: float = 0.0
    spread_seen_at: datetime | None = None


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
    corrects_id: int | None


_COLUMNS = [delivery.c[{"due_at": "next_attempt_at"}.get(name, name)] for name in Candidate._fields]


def running_mailings(
    connection: Connection, only: int | None = None, statuses: Collection[MailingStatus] = (MailingStatus.RUNNING,)
) -> list[RunningMailing]:
    """Return the mailings to deliver, oldest first; with `only`, that one if it runs.

    statuses: for those who look on, also mailings that stand still.
    """
    wanted: list[ColumnElement[bool]] = [mailing.c.status.in_([one.value for one in statuses])]
    if only is not None:
        wanted.append(mailing.c.id == only)
    found = connection.execute(
        select(mailing, issue.c.slug).join_from(mailing, issue).where(*wanted).order_by(mailing.c.id)
    ).all()
    named = connection.execute(
        select(
            mailing_list.c.mailing_id,
            distribution_list.c.id,
            distribution_list.c.name,
            mailing_list.c.last_ordinal,
            mailing_list.c.opens_at,
        )
        .join_from(mailing_list, distribution_list)
        .where(mailing_list.c.mailing_id.in_([one.id for one in found]))
        .order_by(mailing_list.c.mailing_id, mailing_list.c.position)
    ).all()
    return [
        RunningMailing(
            one.id,
            one.slug,
            {row.id: row.name for row in named if row.mailing_id == one.id},
            one.token_key,
            one.message_domain,
            to_tempo(one),
            tuple(ListRange(row.id, row.last_ordinal, row.opens_at) for row in named if row.mailing_id == one.id),
            one.spread_gone_s,
            one.spread_seen_at,
        )
        for one in found
    ]


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
    up_to: int | None = None,
) -> list[Candidate]:
    """Return up to `limit` due deliveries of a running mailing: those due for another try, then fresh ones in order.

    up_to: fresh ones up to this id only. lists: only of these; domains: only to those that match one of these patterns
    (shell's * and ?), and perhaps some others; not_domains: none to these. On PostgreSQL they are locked until the
    transaction ends.
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
        if up_to is not None:
            fresh = fresh.where(delivery.c.id <= up_to)
        found = [*found, *connection.execute(fresh).all()]
    return [Candidate._make(one) for one in found]


_TAKE = Prepared(
    update(delivery)
    .where(delivery.c.id == given("number_of", BigInteger), delivery.c.status == _PENDING)
    .values(
        status=written_out(DeliveryStatus.SENDING),
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
    answered = {one.corrects_id for one, _relay in chosen if one.corrects_id is not None}
    answers = message_ids(connection, answered, secret) if answered else {}
    values, taken = [], []
    for one, relay in chosen:
        held = max((now - one.due_at).total_seconds(), 0.0) if one.due_at is not None and one.attempts else 0.0
        values.append(
            {
                "number_of": one.id,
                "newest": one.last_attempt + 1,
                "through": relay,
                "kept": held,
                "now": now,
                "new_lease": lease,
                "until": until,
            }
        )
        answer = answers.get(one.corrects_id, "") if one.corrects_id is not None else ""
        taken.append(_taken(source, one, relay, lease, now, held, tokens.make(one.id), answer))
    _TAKE.execute_many(connection, values)
    _REGISTER.execute_many(connection, values)
    return taken


def _taken(
    source: RunningMailing,
    one: Candidate,
    relay: str,
    lease: str,
    now: datetime,
    held: float,
    token: str,
    answers: str,
) -> Delivery:
    clock_from = now
    if one.first_attempt_at is not None:
        clock_from = one.first_attempt_at + timedelta(seconds=one.held_s + held)
    return Delivery(
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
        attempt=one.last_attempt + 1,
        relay=relay,
        domain=one.domain,
        claimed_at=now,
        token_key=source.token_key,
        answers=answers,
    )
