"""Counts over deliveries, attempts and events, for reports."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, case, func, literal_column, select

from mailer.model.delivery import DeliveryStatus
from mailer.store.events import is_sure
from mailer.store.schema import attempt, delivery, event, mailing, mailing_list

TRIED = ("accepted", "deferred", "refused", "uncertain")  # outcomes that spent an attempt on the recipient


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many deliveries of a list ended in a status with a reply class, and one of their replies."""

    list_id: int
    status: DeliveryStatus
    reply_class: str
    count: int
    example: str


def count_statuses(connection: Connection, mailing_id: int) -> dict[int, dict[DeliveryStatus, int]]:
    """Return deliveries by list id and status."""
    lists = connection.execute(select(mailing_list.c.list_id).where(mailing_list.c.mailing_id == mailing_id)).scalars()
    places = [(int(list_id), status) for list_id in lists for status in DeliveryStatus]
    if not places:
        return {}
    # each by itself: a stretch of the index is counted in half the time of a GROUP BY over all of it
    parts = (
        select(func.count())
        .where(delivery.c.mailing_id == mailing_id, delivery.c.status == status.value, delivery.c.list_id == list_id)
        .scalar_subquery()
        .label(f"n{place}")
        for place, (list_id, status) in enumerate(places)
    )
    counts: dict[int, dict[DeliveryStatus, int]] = {}
    for (list_id, status), number in zip(places, connection.execute(select(*parts)).one(), strict=True):
        if number:
            counts.setdefault(list_id, {})[status] = number
    return counts


_EVER = datetime(1, 1, 1, tzinfo=UTC)  # before any time: SQLite looks a range up in an index, IS NOT NULL it does not


@dataclass(frozen=True, slots=True)
class WaitingCount:
    """Deliveries that wait for another try: how many are pending, when the first is due, how many uncertain ones."""

    deferred: int
    next_at: datetime | None
    resends: int


def count_waiting(connection: Connection, mailing_id: int) -> WaitingCount:
    """Return what waits for another try; looks at these rows only."""
    due = delivery.c.next_attempt_at

    def waiting(status: DeliveryStatus) -> tuple[int, datetime | None]:
        # written out, as a value that is bound tells SQLite of no index over pending ones only
        stands = delivery.c.status == literal_column(f"'{status.value}'")
        query = select(func.count(), func.min(due)).where(delivery.c.mailing_id == mailing_id, stands, due > _EVER)
        if status is DeliveryStatus.PENDING:  # it would walk over all that were never tried
            query = query.with_hint(delivery, "INDEXED BY ix_delivery_queue", "sqlite")
        row = connection.execute(query).one()
        return int(row[0]), row[1]

    deferred, next_at = waiting(DeliveryStatus.PENDING)
    resends, resend_at = waiting(DeliveryStatus.UNCERTAIN)
    return WaitingCount(deferred, min((one for one in (next_at, resend_at) if one), default=None), resends)


def count_reasons(connection: Connection, mailing_id: int) -> list[ReasonCount]:
    """Return why deliveries wait for another try, were refused, expired or left uncertain, by list."""
    told = (DeliveryStatus.PENDING, DeliveryStatus.REFUSED, DeliveryStatus.EXPIRED, DeliveryStatus.UNCERTAIN)
    rows = connection.execute(
        select(
            delivery.c.list_id,
            delivery.c.status,
            delivery.c.reply_class,
            func.count(),
            func.min(delivery.c.reply),
        )
        .where(
            delivery.c.mailing_id == mailing_id,
            delivery.c.status.in_([status.value for status in told]),
            (delivery.c.status != DeliveryStatus.PENDING.value) | (delivery.c.reply != ""),
        )
        .group_by(delivery.c.list_id, delivery.c.status, delivery.c.reply_class)
        .order_by(delivery.c.status, delivery.c.reply_class)
    )
    return [ReasonCount(row[0], DeliveryStatus(row[1]), row[2], row[3], row[4]) for row in rows]


def count_retries(connection: Connection, mailing_id: int) -> dict[int, int]:
    """Return attempts beyond each delivery's first, by list id."""
    per_delivery = (
        select(delivery.c.list_id, (func.count() - 1).label("beyond"))
        .join(attempt, attempt.c.delivery_id == delivery.c.id)
        .where(delivery.c.mailing_id == mailing_id, attempt.c.outcome.in_(TRIED))
        .group_by(delivery.c.id, delivery.c.list_id)
        .subquery()
    )
    rows = connection.execute(
        select(per_delivery.c.list_id, func.sum(per_delivery.c.beyond)).group_by(per_delivery.c.list_id)
    )
    return {list_id: int(number) for list_id, number in rows}


def count_bounced(connection: Connection, mailing_id: int) -> dict[int, int]:
    """Return deliveries with a bounce that is known to be theirs, by list id."""
    rows = connection.execute(
        select(event.c.list_id, func.count(func.distinct(event.c.delivery_id)))
        .where(event.c.mailing_id == mailing_id, event.c.kind == "bounce", is_sure())
        .group_by(event.c.list_id)
    )
    return dict(rows.all())


def bounced_since(connection: Connection, since: datetime) -> dict[int, int]:
    """Return deliveries with a bounce of each mailing that has any and has begun since; looks at these events only."""
    rows = connection.execute(
        select(event.c.mailing_id, func.count(func.distinct(event.c.delivery_id)))
        .join(mailing, mailing.c.id == event.c.mailing_id)
        .where(event.c.kind == "bounce", is_sure(), mailing.c.started_at > since)
        .group_by(event.c.mailing_id)
    )
    return {int(row[0]): int(row[1]) for row in rows}


def count_event_kinds(connection: Connection, mailing_id: int) -> dict[int, dict[str, int]]:
    """Return deliveries with at least one event of a kind, by list id and kind."""
    rows = connection.execute(
        select(event.c.list_id, event.c.kind, func.count(func.distinct(event.c.delivery_id)))
        .where(event.c.mailing_id == mailing_id, is_sure())
        .group_by(event.c.list_id, event.c.kind)
    )
    found: dict[int, dict[str, int]] = {}
    for list_id, kind, number in rows:
        found.setdefault(list_id, {})[kind] = number
    return found


def count_heard(connection: Connection, mailing_id: int) -> dict[int, dict[str, int]]:
    """Return accepted deliveries of which a bounce or a DSN came back, by list id and what.

    Each counts once: as `bounced` where it has a bounce, else as `delivered`, else as `relayed`.
    """
    told = {"bounce": "bounced", "delivered": "delivered", "relayed": "relayed"}
    ranks = {kind: place for place, kind in enumerate(told)}
    rank = func.min(case(ranks, value=event.c.kind))
    per_delivery = (
        select(event.c.list_id, rank.label("rank"))
        .join(delivery, delivery.c.id == event.c.delivery_id)
        .where(
            event.c.mailing_id == mailing_id,
            event.c.kind.in_(list(told)),
            is_sure(),
            delivery.c.status == DeliveryStatus.ACCEPTED.value,
        )
        .group_by(event.c.delivery_id, event.c.list_id)
        .subquery()
    )
    rows = connection.execute(
        select(per_delivery.c.list_id, per_delivery.c["rank"], func.count()).group_by(
            per_delivery.c.list_id, per_delivery.c["rank"]
        )
    )
    names = list(told.values())
    found: dict[int, dict[str, int]] = {}
    for list_id, place, number in rows:
        found.setdefault(list_id, {})[names[place]] = number
    return found


NEWEST = 5000  # attempts that are looked at


def accepted_spans(connection: Connection) -> dict[str, list[tuple[datetime, datetime]]]:
    """Return from when to when each relay worked on a copy it accepted, of the newest attempts."""
    newest = select(attempt).order_by(attempt.c.delivery_id.desc(), attempt.c.number.desc()).limit(NEWEST).subquery()
    rows = connection.execute(
        select(newest.c.relay, newest.c.started_at, newest.c.ended_at).where(
            newest.c.outcome == "accepted", newest.c.ended_at.is_not(None)
        )
    )
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for relay, started_at, ended_at in rows:
        found.setdefault(relay, []).append((started_at, ended_at))
    return found
