"""The plan of a mailing: its audience frozen into deliveries, by the database itself, a list to a statement."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)

from mailer.model.delivery import OPEN, DeliveryStatus
from mailer.model.segment import Filters
from mailer.store.schema import (
    contact,
    delivery,
    issue,
    keeps_address,
    mailing,
    mailing_only,
    organisation,
    subscription,
)
from mailer.store.segments import fits, read_filters

Before = Mapping[int, Filters]  # lists by id, each with whom of it is meant

ORDINALS = 2**32  # a delivery's id is its mailing's id times this, plus its place in sending order
PAGE = 5000  # addresses whose hashes are compared at once

_first = delivery.alias("first")  # what a reader of a correction got the issue with
_open = delivery.alias("under_way")
_FROZEN = ("address", "address_key", "domain", "name", "title", "organisation", "city")
_MADE = ("domain", "organisation")  # of which a contact holds no column


@dataclass(frozen=True, slots=True)
class PlanTarget:
    """What decides whom a mailing goes to, besides its lists.

    corrects_id: its issue is a correction of that one, and goes to those who accepted it. again: also to addresses that
    the issue has reached. only: to no other addresses than those kept with the mailing. filters: whom of its lists,
    by list id, where that is not everybody.
    """

    mailing_id: int
    issue_id: int
    corrects_id: int | None = None
    again: bool = False
    only: bool = False
    filters: Mapping[int, Filters] = field(default_factory=dict)


def read_target(connection: Connection, mailing_id: int) -> PlanTarget:
    """Return what decides whom a mailing goes to."""
    original = issue.alias("original")
    row = connection.execute(
        select(
            mailing.c.issue_id,
            original.c.id.label("corrects_id"),
            (mailing.c.again_by != "").label("again"),
            exists().where(mailing_only.c.mailing_id == mailing.c.id).label("only"),
        )
        .join_from(mailing, issue)
        .outerjoin(original, original.c.slug == issue.c.corrects)
        .where(mailing.c.id == mailing_id)
    ).one()
    filters = read_filters(connection, mailing_id)
    return PlanTarget(mailing_id, row.issue_id, row.corrects_id, bool(row.again), bool(row.only), filters)


def last_ordinal(connection: Connection, mailing_id: int) -> int:
    """Return the highest ordinal used in a mailing, 0 where none is."""
    low = mailing_id * ORDINALS
    found = connection.execute(
        select(func.max(delivery.c.id)).where(delivery.c.id >= low, delivery.c.id < low + ORDINALS)
    ).scalar()
    return int(found) - low if found is not None else 0


def _domain(connection: Connection) -> ColumnElement[str]:
    place = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return func.substr(contact.c.address, place(contact.c.address, "@") + 1)


def has_copy(issue_id: int, key: ColumnElement[str]) -> ColumnElement[bool]:
    """True where the issue has reached an address."""
    reached = select(delivery.c.id).where(
        delivery.c.issue_id == issue_id, delivery.c.address_key == key, keeps_address()
    )
    return reached.exists()


def newest_accepted(issue_id: int) -> Select[tuple[int]]:
    """Return the query for the newest accepted delivery of an issue at each address, by id."""
    accepted = (delivery.c.issue_id == issue_id, delivery.c.status == DeliveryStatus.ACCEPTED.value)
    return select(func.max(delivery.c.id)).where(*accepted).group_by(delivery.c.address_key)


def is_active(of: Any) -> ColumnElement[bool]:
    """True where the reader of a delivery (a table or an alias) is still on its list."""
    return exists().where(
        subscription.c.contact_id == of.c.contact_id,
        subscription.c.list_id == of.c.list_id,
        subscription.c.status == "active",
    )


@dataclass(frozen=True, slots=True)
class _Audience:
    """Those of a list a mailing may be for: a query, what its deliveries hold of each, and their order."""

    query: Select[Any]
    values: dict[str, ColumnElement[Any]]
    order: tuple[ColumnElement[Any], ...]


def _subscribers(connection: Connection, list_id: int) -> _Audience:
    values: dict[str, ColumnElement[Any]] = {name: contact.c[name] for name in _FROZEN if name not in _MADE}
    values |= {"contact_id": contact.c.id, "domain": func.lower(_domain(connection)), "corrects_id": null()}
    values["organisation"] = func.coalesce(organisation.c.name, "")
    on_list = (subscription.c.list_id == list_id, subscription.c.status == "active")
    query = select().select_from(subscription).join(contact).outerjoin(organisation).where(*on_list)
    return _Audience(query, values, (subscription.c.position, subscription.c.id))


def _readers_of(original_id: int, list_id: int) -> _Audience:
    """Return those who accepted an issue on this list last, and are still on it; as they got it, in that order."""
    of = _first.c
    values: dict[str, ColumnElement[Any]] = {name: of[name] for name in ("contact_id", *_FROZEN)}
    accepted = (of.id.in_(newest_accepted(original_id)), of.list_id == list_id, is_active(_first))
    return _Audience(select().select_from(_first).where(*accepted), values | {"corrects_id": of.id}, (of.id,))


def _audience(connection: Connection, target: PlanTarget, list_id: int) -> _Audience:
    found = (
        _readers_of(target.corrects_id, list_id)
        if target.corrects_id is not None
        else _subscribers(connection, list_id)
    )
    if list_id not in target.filters:
        return found
    meant = fits(connection, target.filters[list_id], found.values["contact_id"])
    return replace(found, query=found.query.where(meant))


def freeze_list(connection: Connection, target: PlanTarget, list_id: int, edition_id: int, after: int) -> None:
    """Write one pending delivery for each address of a list that the mailing is for.

    Ordinals go on from `after`, in the order of the list. Without `again` the database refuses an address that the
    issue has reached; with it a second copy is written as one that frees its address, so that the first stays the one
    that counts, and who has a copy under way gets that one only.
    """
    found = _audience(connection, target, list_id)
    key = found.values["address_key"]
    reached = has_copy(target.issue_id, key)
    wanted: list[ColumnElement[bool]] = []
    if target.again:
        in_this = exists().where(_open.c.mailing_id == target.mailing_id, _open.c.address_key == key)
        under_way = select(_open.c.address_key).where(
            _open.c.issue_id == target.issue_id, _open.c.status.in_([one.value for one in OPEN])
        )
        wanted += [key.not_in(under_way), ~in_this]
    else:
        wanted.append(~reached)
    if target.only:
        only = select(mailing_only.c.address_key).where(mailing_only.c.mailing_id == target.mailing_id)
        wanted.append(key.in_(only))
    repeated = reached if target.again else false()
    place = func.row_number().over(order_by=found.order)
    values: dict[str, ColumnElement[Any]] = {
        "id": target.mailing_id * ORDINALS + after + place,
        "mailing_id": literal(target.mailing_id),
        "issue_id": literal(target.issue_id),
        "list_id": literal(list_id),
        "edition_id": literal(edition_id),
        **found.values,
        "status": literal(DeliveryStatus.PENDING.value),
        "again": repeated,
        "frees_address": repeated,
    }
    chosen = found.query.add_columns(*values.values()).where(*wanted)
    connection.execute(insert(delivery).from_select(list(values), chosen))


def count_audience(connection: Connection, target: PlanTarget, list_id: int) -> int:
    """Return how many on a list the mailing is for, whether or not the issue has reached them."""
    return int(connection.execute(_audience(connection, target, list_id).query.add_columns(func.count())).scalar_one())


def count_segment(connection: Connection, list_ids: Sequence[int], filters: Filters) -> int:
    """Return how many active subscribers of lists are meant by filters, each once."""
    wanted = (subscription.c.list_id.in_(list_ids), subscription.c.status == "active")
    meant = fits(connection, filters, subscription.c.contact_id)
    counted = func.count(subscription.c.contact_id.distinct())
    return int(connection.execute(select(counted).where(*wanted, meant)).scalar_one())


def count_recipients(connection: Connection, list_id: int, above: Sequence[int]) -> int:
    """Return how many active subscribers of a list are not active on one of the lists `above` it."""
    return int(connection.execute(_counted(func.count(), list_id, above)).scalar_one())


def iterate_recipients(connection: Connection, list_id: int, above: Sequence[int]) -> Iterator[list[str]]:
    """Yield the address keys of those subscribers in pages."""
    after = 0
    while True:
        query = _counted(contact.c.id, list_id, above).add_columns(contact.c.address_key).where(contact.c.id > after)
        page = connection.execute(query.order_by(contact.c.id).limit(PAGE)).all()
        if not page:
            return
        yield [str(row.address_key) for row in page]
        after = int(page[-1].id)


def _counted(what: ColumnElement[int], list_id: int, above: Sequence[int]) -> Select[Any]:
    other = subscription.alias("other")
    query = (
        select(what)
        .join_from(subscription, contact)
        .where(subscription.c.list_id == list_id, subscription.c.status == "active")
    )
    if not above:
        return query
    higher = select(other.c.id).where(
        other.c.contact_id == subscription.c.contact_id, other.c.list_id.in_(above), other.c.status == "active"
    )
    return query.where(~higher.exists())


def iterate_keys(connection: Connection, mailing_id: int) -> Iterator[list[tuple[int, str]]]:
    """Yield (id, address key) of a mailing's pending deliveries in pages."""
    after, most = mailing_id * ORDINALS, (mailing_id + 1) * ORDINALS
    while True:
        page = connection.execute(
            select(delivery.c.id, delivery.c.address_key)
            .where(delivery.c.id > after, delivery.c.id < most, delivery.c.status == DeliveryStatus.PENDING.value)
            .order_by(delivery.c.id)
            .limit(PAGE)
        ).all()
        if not page:
            return
        yield [(int(row.id), str(row.address_key)) for row in page]
        after = int(page[-1].id)


def mark_suppressed(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Write these planned deliveries down as suppressed, so that the report names them."""
    connection.execute(
        update(delivery)
        .where(delivery.c.id.in_(ids), delivery.c.status == DeliveryStatus.PENDING.value)
        .values(status=DeliveryStatus.SUPPRESSED.value, finished_at=now)
    )


def _expected(
    connection: Connection, list_id: int, before: Before, issue_id: int | None, *columns: ColumnElement[Any]
) -> Select[Any]:
    """Select what `freeze_list` would write of a list after those before it."""
    other = subscription.alias()
    meant = [
        and_(other.c.list_id == one, fits(connection, filters, other.c.contact_id)) for one, filters in before.items()
    ]
    first_on = exists().where(other.c.contact_id == contact.c.id, other.c.status == "active", or_(false(), *meant))
    wanted = [subscription.c.list_id == list_id, subscription.c.status == "active", ~first_on]
    if issue_id is not None:
        wanted.append(~has_copy(issue_id, contact.c.address_key))
    return select(*columns).join_from(subscription, contact).where(*wanted)


def count_expected(
    connection: Connection, issue_id: int | None, list_id: int, before: Before, filters: Filters = ()
) -> Iterator[tuple[str, int]]:
    """Yield how many a plan would write of a list, by recipient domain, and write nothing.

    before: the lists of the mailing that come before it, with whom of them it means. issue_id: None for an issue that
    no mailing can have reached.
    """
    domain = func.lower(_domain(connection))
    query = _expected(connection, list_id, before, issue_id, domain, func.count()).group_by(domain)
    query = query.where(fits(connection, filters, contact.c.id))
    for name, count in connection.execute(query.execution_options(yield_per=PAGE)):
        yield str(name), int(count)


def iterate_expected_keys(
    connection: Connection, issue_id: int | None, list_id: int, before: Before, filters: Filters = ()
) -> Iterator[list[str]]:
    """Yield the address keys of the same recipients in pages."""
    after = 0
    while True:
        page = connection.execute(
            _expected(connection, list_id, before, issue_id, contact.c.id, contact.c.address_key)
            .where(contact.c.id > after, fits(connection, filters, contact.c.id))
            .order_by(contact.c.id)
            .limit(PAGE)
        ).all()
        if not page:
            return
        yield [str(row.address_key) for row in page]
        after = page[-1].id


def reached_among(connection: Connection, issue_id: int, keys: Collection[str]) -> set[str]:
    """Return which of these addresses some mailing of the issue has."""
    rows = connection.execute(
        select(delivery.c.address_key).where(
            delivery.c.issue_id == issue_id, delivery.c.address_key.in_(keys), keeps_address()
        )
    )
    return {str(row.address_key) for row in rows}


def lists_of(connection: Connection, keys: Collection[str], filters: Mapping[int, Filters]) -> dict[str, set[int]]:
    """Return the lists on which these addresses are active, and meant where a list has filters."""
    meant = [
        or_(subscription.c.list_id != list_id, fits(connection, wanted, contact.c.id))
        for list_id, wanted in filters.items()
    ]
    rows = connection.execute(
        select(contact.c.address_key, subscription.c.list_id)
        .join_from(subscription, contact)
        .where(contact.c.address_key.in_(keys), subscription.c.status == "active", *meant)
    )
    found: dict[str, set[int]] = {}
    for key, list_id in rows:
        found.setdefault(key, set()).add(list_id)
    return found


def count_pending(connection: Connection, mailing_id: int) -> Iterator[tuple[int, str, int, datetime | None]]:
    """Yield (list id, recipient domain, count, due) of what is pending; due: when the last is, None for first tries."""
    due = delivery.c.next_attempt_at
    query = (
        select(delivery.c.list_id, delivery.c.domain, func.count(), func.max(due))
        .where(delivery.c.mailing_id == mailing_id, delivery.c.status == DeliveryStatus.PENDING.value)
        .group_by(delivery.c.list_id, delivery.c.domain, due.is_(None))
    )
    for list_id, domain, count, last in connection.execute(query.execution_options(yield_per=PAGE)):
        yield int(list_id), str(domain), int(count), last


def count_planned(connection: Connection, mailing_id: int) -> Iterator[tuple[int, str, int]]:
    """Yield (list id, recipient domain, count) of all that was planned and is not suppressed."""
    query = (
        select(delivery.c.list_id, delivery.c.domain, func.count())
        .where(delivery.c.mailing_id == mailing_id, delivery.c.status != DeliveryStatus.SUPPRESSED.value)
        .group_by(delivery.c.list_id, delivery.c.domain)
    )
    for list_id, domain, count in connection.execute(query.execution_options(yield_per=PAGE)):
        yield int(list_id), str(domain), int(count)
