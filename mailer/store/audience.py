"""Distribution lists, contacts, subscriptions and suppressions."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar, cast

from sqlalchemy import Connection, FromClause, Row, Select, bindparam, func, insert, or_, select, text, update

from mailer.i18n import N_
from mailer.model.city import fold_city
from mailer.model.consent import Basis, ConsentAct, Grounds
from mailer.model.delivery import Contact, DistributionList, merge_attributes
from mailer.model.edition import RECIPIENT_FIELDS
from mailer.model.history import SubscriptionRecord, SuppressionRecord
from mailer.model.issue import Role
from mailer.model.people import PROGRAM, Actor
from mailer.store.consents import log_contacts, log_subscriptions
from mailer.store.organisations import Place, save_organisations
from mailer.store.rows import Prepared, given
from mailer.store.schema import (
    contact,
    delivery,
    distribution_list,
    organisation,
    subscription,
    suppression,
)

DROPPED = N_("dropped from the sheet")
UNDONE = N_("import undone")
RETURNABLE = (DROPPED, UNDONE)  # not by the reader's word: only from these may a sheet bring someone back
PAGE = 500  # values in one statement: far below what either database takes

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A contact with its standing on one list."""

    contact_id: int
    subscription_id: int
    position: int
    contact: Contact
    status: str
    left_reason: str


@dataclass(frozen=True, slots=True)
class ListCount:
    """A list with how many are on it: active, left."""

    value: DistributionList
    id: int
    active: int
    left: int


def sync_lists(connection: Connection, lists: Sequence[DistributionList]) -> dict[str, int]:
    """Write the lists of the settings in their order; one no longer set keeps its row and history. Name to id."""
    for position, value in enumerate(lists):
        fields = {"title": value.title, "role": value.role.value, "position": position}
        changed = connection.execute(
            update(distribution_list).where(distribution_list.c.name == value.name).values(**fields)
        )
        if not changed.rowcount:
            connection.execute(insert(distribution_list).values(name=value.name, **fields))
    return find_lists(connection, [value.name for value in lists])


def find_lists(connection: Connection, names: Collection[str]) -> dict[str, int]:
    """Return name to id of those of the lists that the database has; writes nothing."""
    rows = connection.execute(
        select(distribution_list.c.name, distribution_list.c.id).where(distribution_list.c.name.in_(names))
    )
    return {str(name): int(number) for name, number in rows}


def read_lists(connection: Connection) -> dict[int, DistributionList]:
    """Return every list the database has, by id, in sending order."""
    rows = connection.execute(select(distribution_list).order_by(distribution_list.c.position))
    return {row.id: DistributionList(row.name, row.title, Role(row.role)) for row in rows}


def count_lists(connection: Connection) -> tuple[ListCount, ...]:
    """Return every list in sending order with its counts."""
    standing = (subscription.c.list_id, subscription.c.status)  # as the index has them: no row is read
    counts = {
        (number, status): count
        for number, status, count in connection.execute(select(*standing, func.count()).group_by(*standing))
    }
    return tuple(
        ListCount(value, number, counts.get((number, "active"), 0), counts.get((number, "left"), 0))
        for number, value in read_lists(connection).items()
    )


def _pages(values: Collection[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while page := list(islice(rest, PAGE)):
        yield page


# a contact with what its organisation is called and is
_UNIT = (organisation.c.name.label("organisation"), organisation.c.level)
_WITH_UNIT: FromClause = contact.outerjoin(organisation, organisation.c.id == contact.c.organisation_id)


def to_contact(row: Row[tuple[object, ...]]) -> Contact:
    """Return the contact of a row with all columns of contact, and organisation and level of its organisation."""
    return Contact(
        row.address,
        row.address_key,
        row.name,
        row.title,
        row.organisation or "",
        row.city,
        row.phone,
        row.level or "",
        row.language,
        tuple(sorted(row.attributes.items())) if row.attributes else (),
    )


def _to_columns(value: Contact, organisations: Mapping[Place, int], now: datetime) -> dict[str, object]:
    return {
        "address": value.address,
        "address_key": value.key,
        "name": value.name,
        "title": value.title,
        "organisation_id": organisations.get((value.organisation, value.city)),
        "city": value.city,
        "phone": value.phone,
        "language": value.language,
        "attributes": dict(value.attributes),
        "changed_at": now,
    }


def _with_cities(values: Sequence[Contact]) -> list[Contact]:
    """Return contacts with their cities as they are kept, whoever gave them."""
    return [one if (city := fold_city(one.city)) == one.city else replace(one, city=city) for one in values]


def merge_contact(known: Contact, said: Contact) -> Contact:
    """Return what a contact becomes by what is said of it: what may be left unsaid stays as it is known."""
    level = said.level or (known.level if known.organisation == said.organisation else "")
    language, attributes = said.language or known.language, merge_attributes(known.attributes, said.attributes)
    if (level, language, attributes) == (said.level, said.language, said.attributes):
        return said  # as for most rows of a sheet: a copy of each would cost more than all the rest
    return replace(said, level=level, language=language, attributes=attributes)


def _select_subscribers(list_id: int) -> Select[tuple[object, ...]]:
    return (
        select(
            contact,
            *_UNIT,
            subscription.c.id.label("subscription_id"),
            subscription.c.position,
            subscription.c.status,
            subscription.c.left_reason,
        )
        .select_from(_WITH_UNIT.join(subscription, subscription.c.contact_id == contact.c.id))
        .where(subscription.c.list_id == list_id)
    )


def _to_subscriber(row: Row[tuple[object, ...]]) -> Subscriber:
    return Subscriber(row.id, row.subscription_id, row.position, to_contact(row), row.status, row.left_reason)


def read_subscribers(connection: Connection, list_id: int) -> dict[str, Subscriber]:
    """Return everyone ever on a list, by address key."""
    return {row.address_key: _to_subscriber(row) for row in connection.execute(_select_subscribers(list_id))}


def active_keys(connection: Connection, list_id: int) -> set[str]:
    """Return the address keys of the active subscribers of a list."""
    rows = connection.execute(
        select(contact.c.address_key)
        .join_from(subscription, contact)
        .where(subscription.c.list_id == list_id, subscription.c.status == "active")
    )
    return {str(row.address_key) for row in rows}


def save_contacts(
    connection: Connection, values: Sequence[Contact], now: datetime, *, keep: Collection[str] = frozenset()
) -> dict[str, int]:
    """Write contacts by their address keys, those that differ only; return key to id.

    A contact keeps the id it has. One whose key is in `keep` is written only where there is none yet.
    """
    found: dict[str, tuple[int, Contact]] = {}
    for keys in _pages([value.key for value in values]):
        rows = connection.execute(_select_contacts().where(contact.c.address_key.in_(keys)))
        found |= {row.address_key: (row.id, to_contact(row)) for row in rows}
    ids = {key: number for key, (number, _known) in found.items()}
    kept = [value for value in values if value.key in found and value.key not in keep]
    merged = [(value.key, merge_contact(found[value.key][1], value)) for value in kept]
    change_contacts(connection, [(ids[key], value) for key, value in merged if found[key][1] != value], now)
    new = [value for value in values if value.key not in found]
    ids |= insert_contacts(connection, new, now)
    if len(new) > PAGE:
        # else PostgreSQL goes on with a plan made for the table as it was: the next look-ups read all of it each time
        connection.execute(text("ANALYZE contact"))
    return ids


_INSERT = Prepared(
    insert(contact)
    .inline()
    .values({one.name: given(one.name, one.type) for one in contact.c if one.name not in ("id", "erased_at")})
)


def insert_contacts(connection: Connection, values: Sequence[Contact], now: datetime) -> dict[str, int]:
    """Write contacts whose address keys nobody has; return key to id."""
    if not values:
        return {}
    values = _with_cities(values)
    organisations = save_organisations(connection, values, now)
    _INSERT.execute_many(
        connection, [{**_to_columns(value, organisations, now), "created_at": now} for value in values]
    )
    # looked up after, as RETURNING row by row takes three times as long
    ids: dict[str, int] = {}
    for keys in _pages([value.key for value in values]):
        found = connection.execute(select(contact.c.address_key, contact.c.id).where(contact.c.address_key.in_(keys)))
        ids.update(cast("Iterator[tuple[str, int]]", iter(found)))
    return ids


def find_contact(connection: Connection, address_key: str) -> Contact | None:
    """Return the contact with this address, or None."""
    row = connection.execute(_select_contacts().where(contact.c.address_key == address_key)).one_or_none()
    return to_contact(row) if row is not None else None


def contact_id(connection: Connection, address_key: str) -> int | None:
    """Return the id of the contact with this address, or None."""
    found = connection.execute(select(contact.c.id).where(contact.c.address_key == address_key)).scalar()
    return int(found) if found is not None else None


def _select_contacts() -> Select[tuple[object, ...]]:
    return select(contact, *_UNIT).select_from(_WITH_UNIT)


def change_contacts(connection: Connection, values: Sequence[tuple[int, Contact]], now: datetime) -> None:
    """Write what contacts are from now on: pairs of contact id and contact."""
    if not values:
        return
    contacts = _with_cities([value for _number, value in values])
    organisations = save_organisations(connection, contacts, now)
    connection.execute(
        update(contact).where(contact.c.id == bindparam("contact_id")),
        [
            {"contact_id": number, **_to_columns(value, organisations, now)}
            for (number, _value), value in zip(values, contacts, strict=True)
        ],
    )


def subscribe_contacts(
    connection: Connection,
    list_id: int,
    places: Sequence[tuple[int, int]],
    basis: str,
    source: str,
    now: datetime,
    *,
    what: ConsentAct = ConsentAct.JOINED,
    text_version: str = "",
    by: Actor = PROGRAM,
) -> None:
    """Add active subscriptions that did not exist: pairs of contact id and position; the consent log says so."""
    rows = [{"contact_id": number, "position": position} for number, position in places]
    if rows:
        added = insert(subscription).inline().values(
            list_id=list_id, status="active", basis=basis, source=source, since=now, text_version=text_version,
            contact_id=given("contact_id", subscription.c.contact_id.type),
            position=given("position", subscription.c.position.type),
        )  # fmt: skip
        Prepared(added).execute_many(connection, rows)
        grounds = Grounds(basis, source, text_version, by)
        log_contacts(connection, [number for number, _position in places], list_id, what, grounds, now)


def place_subscriptions(connection: Connection, places: Sequence[tuple[int, int]]) -> None:
    """Set where on their list subscriptions stand: pairs of subscription id and position."""
    if places:
        connection.execute(
            update(subscription)
            .where(subscription.c.id == bindparam("subscription_id"))
            .values(position=bindparam("place")),
            [{"subscription_id": number, "place": position} for number, position in places],
        )


def drop_subscriptions(connection: Connection, subscription_ids: Collection[int], now: datetime) -> None:
    """Mark active subscriptions as left because their sheet no longer has them."""
    for page in _pages(subscription_ids):
        wanted = (subscription.c.id.in_(page), subscription.c.status == "active")
        log_subscriptions(connection, wanted, ConsentAct.DROPPED, Grounds("", "sheet"), now)
        connection.execute(update(subscription).where(*wanted).values(status="left", left_at=now, left_reason=DROPPED))


def resume_subscriptions(connection: Connection, subscription_ids: Collection[int], source: str, now: datetime) -> None:
    """Make subscriptions active again that their sheet had dropped; never one that the reader ended."""
    for page in _pages(subscription_ids):
        wanted = (
            subscription.c.id.in_(page),
            subscription.c.status == "left",
            subscription.c.left_reason.in_(RETURNABLE),
        )
        log_subscriptions(connection, wanted, ConsentAct.RETURNED, Grounds(Basis.SHEET, source), now)
        connection.execute(
            update(subscription)
            .where(*wanted)
            .values(status="active", left_at=None, left_reason="", source=source, since=now)
        )


def restart_subscription(
    connection: Connection, contact_id: int, list_id: int, what: ConsentAct, grounds: Grounds, now: datetime
) -> bool:
    """Make a subscription active again by its reader's word, or staff's; False where there is none that is not."""
    result = connection.execute(
        update(subscription)
        .where(
            subscription.c.contact_id == contact_id,
            subscription.c.list_id == list_id,
            subscription.c.status != "active",
        )
        .values(
            status="active",
            left_at=None,
            left_reason="",
            basis=grounds.basis,
            source=grounds.source,
            text_version=grounds.text_version,
            since=now,
        )
    )
    if result.rowcount:
        log_contacts(connection, [contact_id], list_id, what, grounds, now)
    return result.rowcount == 1


def was_subscribed(connection: Connection, contact_id: int, list_id: int) -> bool:
    """Return whether a contact is or ever was on a list; one that is only kept off it has no basis there."""
    wanted = (subscription.c.contact_id == contact_id, subscription.c.list_id == list_id, subscription.c.basis != "")
    return connection.execute(select(subscription.c.id).where(*wanted)).first() is not None


def is_subscribed(connection: Connection, contact_id: int, list_id: int) -> bool:
    """Return whether a contact is active on a list."""
    wanted = (subscription.c.contact_id == contact_id, subscription.c.list_id == list_id)
    active = subscription.c.status == "active"
    return connection.execute(select(subscription.c.id).where(*wanted, active)).first() is not None


def end_subscription(
    connection: Connection,
    contact_id: int,
    list_id: int,
    reason: str,
    now: datetime,
    *,
    source: str = "",
    by: Actor = PROGRAM,
) -> bool:
    """Mark a subscription as left by its reader, for good: also one that its sheet had dropped before.

    source and by: how it became known, and who of staff wrote it down. False when the reader had left already, whose
    time and reason stay.
    """
    result = connection.execute(
        update(subscription)
        .where(
            subscription.c.contact_id == contact_id,
            subscription.c.list_id == list_id,
            or_(subscription.c.status != "left", subscription.c.left_reason.in_(RETURNABLE)),
        )
        .values(status="left", left_at=now, left_reason=reason)
    )
    if result.rowcount:
        grounds = Grounds("", source, by=by, detail=reason)
        log_contacts(connection, [contact_id], list_id, ConsentAct.LEFT, grounds, now)
    return result.rowcount == 1


def longest_values(connection: Connection, list_name: str) -> dict[str, str]:
    """Return the longest value of each field of a recipient among a list's active subscribers, where there is any."""
    found: dict[str, str] = {}
    for name in RECIPIENT_FIELDS:
        column = organisation.c.name if name == "organisation" else contact.c[name]
        value = connection.execute(
            select(column)
            .select_from(_WITH_UNIT)
            .join(subscription, subscription.c.contact_id == contact.c.id)
            .join(distribution_list, distribution_list.c.id == subscription.c.list_id)
            .where(distribution_list.c.name == list_name, subscription.c.status == "active")
            .order_by(func.length(column).desc(), contact.c.id)
            .limit(1)
        ).scalar()
        if value:
            found[name] = str(value)
    return found


def suppress_address(
    connection: Connection,
    address_hash: str,
    reason: str,
    source: str,
    now: datetime,
    *,
    over: Collection[str] = frozenset(),
) -> bool:
    """Suppress an address from now on, without end; False when it was so already. over: reasons that give way."""
    fields = {"reason": reason, "source": source[:200], "since": now, "until": None, "note": ""}
    entry = suppression.c.address_hash == address_hash
    if connection.execute(select(suppression.c.id).where(entry)).first() is None:
        connection.execute(insert(suppression).values(address_hash=address_hash, **fields))
        return True
    weak = or_(suppression.c.until.is_not(None), suppression.c.reason.in_(over))
    return connection.execute(update(suppression).where(entry, weak).values(**fields)).rowcount == 1


def suppressed_among(connection: Connection, hashes: Collection[str], now: datetime | None = None) -> set[str]:
    """Return those of the hashes that are suppressed at `now`; None is the time of this machine."""
    rows = connection.execute(
        select(suppression.c.address_hash).where(
            suppression.c.address_hash.in_(hashes),
            or_(suppression.c.until.is_(None), suppression.c.until > (now or datetime.now(UTC))),
        )
    )
    return {str(row.address_hash) for row in rows}


def suppression_reasons(connection: Connection, hashes: Collection[str], now: datetime) -> dict[str, str]:
    """Return why those of the hashes are suppressed that are."""
    until = suppression.c.until
    rows = connection.execute(
        select(suppression.c.address_hash, suppression.c.reason).where(
            suppression.c.address_hash.in_(hashes), or_(until.is_(None), until > now)
        )
    )
    return {str(row.address_hash): str(row.reason) for row in rows}


def find_suppression(connection: Connection, address_hash: str, now: datetime) -> SuppressionRecord | None:
    """Return why an address gets nothing at this time; None where it gets mail."""
    until = suppression.c.until
    row = connection.execute(
        select(suppression).where(suppression.c.address_hash == address_hash, or_(until.is_(None), until > now))
    ).one_or_none()
    return SuppressionRecord(row.reason, row.source, row.since, row.until) if row is not None else None


def lift_suppression(connection: Connection, address_hash: str, now: datetime) -> None:
    """Let an address get mail again; what has failed until now counts no more."""
    connection.execute(update(suppression).where(suppression.c.address_hash == address_hash).values(until=now))


def find_subscriptions(connection: Connection, address_key: str) -> tuple[SubscriptionRecord, ...] | None:
    """Return how a contact stands with its lists, in sending order; None where no contact has the address."""
    known = connection.execute(select(contact.c.id).where(contact.c.address_key == address_key)).scalar()
    if known is None:
        return None
    rows = connection.execute(
        select(subscription, distribution_list.c.name, distribution_list.c.title)
        .join_from(subscription, distribution_list)
        .where(subscription.c.contact_id == known)
        .order_by(distribution_list.c.position)
    )
    return tuple(
        SubscriptionRecord(
            row.name, row.title, row.status, row.since, row.basis, row.source, row.left_at, row.left_reason
        )
        for row in rows
    )


def any_suppressed(connection: Connection, now: datetime) -> bool:
    """Return whether any address at all is suppressed."""
    wanted = or_(suppression.c.until.is_(None), suppression.c.until > now)
    return connection.execute(select(suppression.c.id).where(wanted).limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a delivery's reader is to its list; enough for an unsubscribe page."""

    contact_id: int
    list_id: int
    list_name: str
    list_title: str
    address: str
    active: bool
    erased: bool = False
    left_at: datetime | None = None
    left_reason: str = ""
    status: str = ""


def standing_of_delivery(connection: Connection, delivery_id: int) -> Standing | None:
    """Return how the reader of a delivery stands with its list, or None when there is no such delivery."""
    row = connection.execute(
        select(
            delivery.c.contact_id,
            delivery.c.list_id,
            distribution_list.c.name,
            distribution_list.c.title,
            delivery.c.address,
            subscription.c.status,
            subscription.c.left_at,
            subscription.c.left_reason,
            contact.c.erased_at,
        )
        .join_from(delivery, distribution_list)
        .join(contact, contact.c.id == delivery.c.contact_id)
        .outerjoin(
            subscription,
            (subscription.c.contact_id == delivery.c.contact_id) & (subscription.c.list_id == delivery.c.list_id),
        )
        .where(delivery.c.id == delivery_id)
    ).one_or_none()
    if row is None:
        return None
    return Standing(
        row.contact_id,
        row.list_id,
        row.name,
        row.title,
        row.address,
        row.status == "active",
        row.erased_at is not None,
        row.left_at,
        row.left_reason or "",
        row.status or "",
    )


def put_back_subscription(
    connection: Connection, gone: Standing, was: Standing, by: Actor, now: datetime, source: str
) -> bool:
    """Undo a leaving, back to what was before it; False where it is not the standing now that it brought about."""
    result = connection.execute(
        update(subscription)
        .where(
            subscription.c.contact_id == gone.contact_id,
            subscription.c.list_id == gone.list_id,
            subscription.c.status == "left",
            subscription.c.left_at == gone.left_at,
            subscription.c.left_reason == gone.left_reason,
        )
        .values(status=was.status, left_at=was.left_at, left_reason=was.left_reason)
    )
    if result.rowcount and was.active:
        grounds = Grounds("", source, by=by)
        log_contacts(connection, [gone.contact_id], gone.list_id, ConsentAct.RETURNED, grounds, now)
    return result.rowcount == 1
