"""Counts of a mailing by recipient domain, city, organisation and hour, for reports; each reads the whole mailing."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Float, Integer, Row, String, case, cast, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from mailer.model.city import fold_city
from mailer.model.delivery import DeliveryStatus
from mailer.model.figures import MISSED
from mailer.model.reading import HitKind, Verdict
from mailer.store.events import is_sure
from mailer.store.schema import delivery, event, reading_event

GROUPS = {"domain": delivery.c.domain, "city": delivery.c.city, "organisation": delivery.c.organisation}
ACCEPTED = DeliveryStatus.ACCEPTED.value


class hour_of(GenericFunction[str]):  # noqa: N801 - named as SQL functions are
    """The hour a time lies in, UTC, as `YYYY-MM-DD HH`."""

    type = String()
    inherit_cache = True


@compiles(hour_of, "sqlite")
def _hour_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return f"substr({compiler.process(element.clauses, **options)}, 1, 13)"


@compiles(hour_of, "postgresql")
def _hour_postgresql(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **options)} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')"


class epoch_of(GenericFunction[float]):  # noqa: N801
    """A time in seconds since 1970, to the millisecond."""

    type = Float()
    inherit_cache = True


@compiles(epoch_of, "sqlite")
def _epoch_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return f"((julianday({compiler.process(element.clauses, **options)}) - 2440587.5) * 86400.0)"


@compiles(epoch_of, "postgresql")
def _epoch_postgresql(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return f"extract(epoch FROM {compiler.process(element.clauses, **options)})::double precision"


@dataclass(frozen=True, slots=True)
class GroupCount:
    """Deliveries of one group: all of them, and by how they stand."""

    name: str
    planned: int
    accepted: int
    refused: int
    ended: int  # without an acceptance
    pending: int


_STATUS = delivery.c.status
_ONLY_ACCEPTED, _ONLY_REFUSED = (ACCEPTED,), (DeliveryStatus.REFUSED.value,)
_ONLY_PENDING = (DeliveryStatus.PENDING.value, DeliveryStatus.SENDING.value)
_SUMS = (
    func.count(),
    func.count().filter(_STATUS.in_(_ONLY_ACCEPTED)),
    func.count().filter(_STATUS.in_(_ONLY_REFUSED)),
    func.count().filter(_STATUS.in_([one.value for one in MISSED])),
    func.count().filter(_STATUS.in_(_ONLY_PENDING)),
)


def count_groups(connection: Connection, mailing_id: int, group: str, most: int) -> list[GroupCount]:
    """Return the largest groups of a mailing by `domain`, `city` or `organisation`; the empty name is a group too."""
    column = GROUPS[group]
    query = (
        select(column, *_SUMS)
        .where(delivery.c.mailing_id == mailing_id)
        .group_by(column)
        .order_by(func.count().desc(), column)
    )
    if group != "city":
        return [GroupCount(row[0], *map(int, row[1:])) for row in connection.execute(query.limit(most))]
    # deliveries keep what their contacts were called, so older ones may have both 杭州 and 杭州市
    found: dict[str, list[int]] = {}
    for row in connection.execute(query):
        name = fold_city(row[0])
        found[name] = [one + int(more) for one, more in zip(found.get(name, [0] * len(_SUMS)), row[1:], strict=True)]
    counted = [GroupCount(name, *numbers) for name, numbers in found.items()]
    return sorted(counted, key=lambda one: (-one.planned, one.name))[:most]


def count_all(connection: Connection, mailing_id: int) -> GroupCount:
    """Return the same of a whole mailing, from an index alone."""
    row = connection.execute(select(*_SUMS).where(delivery.c.mailing_id == mailing_id)).one()
    return GroupCount("", *(int(number or 0) for number in row))


TENTHS = 10


def count_speeds(connection: Connection, mailing_id: int) -> dict[str, dict[int, int]]:
    """Return accepted deliveries by domain and tenths of a second from their first attempt to their acceptance."""
    span = epoch_of(delivery.c.finished_at) - epoch_of(delivery.c.first_attempt_at)
    tenths = cast(span * TENTHS, Integer).label("tenths")
    rows = connection.execute(
        select(delivery.c.domain, tenths, func.count())
        .where(
            delivery.c.mailing_id == mailing_id,
            delivery.c.status == ACCEPTED,
            delivery.c.finished_at.is_not(None),
            delivery.c.first_attempt_at.is_not(None),
        )
        .group_by(delivery.c.domain, tenths)
    )
    found: dict[str, dict[int, int]] = {}
    for domain, number, count in rows:
        found.setdefault(domain, {})[int(number)] = count
    return found


def read_spans(connection: Connection, mailing_id: int) -> dict[str, tuple[float, int]]:
    """Return by domain the seconds from the first attempt to the last acceptance, and how many were accepted."""
    first, last = epoch_of(delivery.c.first_attempt_at), epoch_of(delivery.c.finished_at)
    rows = connection.execute(
        select(delivery.c.domain, func.max(last) - func.min(first), func.count())
        .where(
            delivery.c.mailing_id == mailing_id,
            delivery.c.status == ACCEPTED,
            delivery.c.finished_at.is_not(None),
            delivery.c.first_attempt_at.is_not(None),
        )
        .group_by(delivery.c.domain)
    )
    return {row[0]: (float(row[1]), int(row[2])) for row in rows}


def count_accepted_hours(connection: Connection, mailing_id: int) -> dict[str, int]:
    """Return accepted deliveries by the hour in which they were accepted."""
    hour = hour_of(delivery.c.finished_at).label("hour")
    rows = connection.execute(
        select(hour, func.count())
        .where(delivery.c.mailing_id == mailing_id, delivery.c.status == ACCEPTED, delivery.c.finished_at.is_not(None))
        .group_by(hour)
    )
    return {str(name): int(count) for name, count in rows}


def read_bounced(connection: Connection, mailing_id: int) -> list[Row[Any]]:
    """Return each delivery with a bounce, with its newest one.

    Columns: list_id, status, domain, city, organisation, reply_class, hard, detail, hour.
    """
    newest = (
        select(func.max(event.c.id).label("id"))
        .where(event.c.mailing_id == mailing_id, event.c.kind == "bounce", is_sure())
        .group_by(event.c.delivery_id)
        .subquery()
    )
    return list(
        connection.execute(
            select(
                delivery.c.list_id,
                delivery.c.status,
                delivery.c.domain,
                delivery.c.city,
                delivery.c.organisation,
                event.c.reply_class,
                event.c.hard,
                event.c.detail,
                hour_of(event.c.happened_at).label("hour"),
            )
            .select_from(newest)
            .join(event, event.c.id == newest.c.id)
            .join(delivery, delivery.c.id == event.c.delivery_id)
            .order_by(event.c.delivery_id)
        )
    )


def read_readers(connection: Connection, mailing_id: int) -> list[Row[Any]]:
    """Return each delivery of which anything was fetched, once for opens and once for clicks.

    Columns: list_id, kind, verdict (the best of its requests: human, then unknown, then machine), hour of its first
    human request (None without), domain, city, organisation.
    """
    ranks = {Verdict.HUMAN: "a", Verdict.UNKNOWN: "b", Verdict.MACHINE: "c"}
    rank = func.min(case({one.value: letter for one, letter in ranks.items()}, value=reading_event.c.verdict))
    first = func.min(case((reading_event.c.verdict == Verdict.HUMAN.value, reading_event.c.happened_at)))
    of_copy = (
        select(reading_event.c.delivery_id, reading_event.c.kind, rank.label("rank"), first.label("first_at"))
        .where(reading_event.c.mailing_id == mailing_id, reading_event.c.delivery_id.is_not(None))
        .group_by(reading_event.c.delivery_id, reading_event.c.kind)
        .subquery()
    )
    verdict = case({letter: one.value for one, letter in ranks.items()}, value=of_copy.c["rank"])
    return list(
        connection.execute(
            select(
                delivery.c.list_id,
                of_copy.c.kind,
                verdict.label("verdict"),
                hour_of(of_copy.c.first_at).label("hour"),
                delivery.c.domain,
                delivery.c.city,
                delivery.c.organisation,
            )
            .select_from(of_copy)
            .join(delivery, delivery.c.id == of_copy.c.delivery_id)
        )
    )


def count_whole_hours(connection: Connection, mailing_id: int) -> dict[tuple[str, HitKind], int]:
    """Return human requests of lists that are counted as a whole, by hour and kind."""
    hour = hour_of(reading_event.c.happened_at).label("hour")
    rows = connection.execute(
        select(hour, reading_event.c.kind, func.count())
        .where(
            reading_event.c.mailing_id == mailing_id,
            reading_event.c.delivery_id.is_(None),
            reading_event.c.verdict == Verdict.HUMAN.value,
        )
        .group_by(hour, reading_event.c.kind)
    )
    return {(str(name), HitKind(kind)): int(count) for name, kind, count in rows}
