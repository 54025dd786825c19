"""Takes an import of contacts back: who it put on its list comes off, and fields are as they were where nobody has
changed them since."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, select, text, update

from mailer.model.consent import ConsentAct, Grounds
from mailer.model.contact_import import ImportRecord, KeptContact, KeptReason
from mailer.model.contact_sheet import ATTRIBUTE
from mailer.store import audience
from mailer.store.audience import DROPPED, UNDONE
from mailer.store.consents import log_subscriptions
from mailer.store.organisations import Place, drop_unused, find_places, restore_levels
from mailer.store.plans import ORDINALS
from mailer.store.schema import (
    consent_entry,
    contact,
    contact_import,
    contact_import_row,
    delivery,
    mailing,
    organisation,
    subscription,
)

PAGE = 1000
_FIELDS = ("organisation", "name", "title", "city", "level", "address", "phone", "language")
_BROUGHT = ("made", "joined", "resumed")  # acts that put somebody on the list


def lock_import(connection: Connection, number: int) -> None:
    """Let no other transaction undo this import before this one ends (SQLite has one writer anyway)."""
    connection.execute(select(contact_import.c.id).where(contact_import.c.id == number).with_for_update())


def _first_delivery_since(connection: Connection, at: datetime) -> int | None:
    """Return a number below which no delivery was planned since `at`; None when no mailing has started since."""
    first = connection.execute(select(func.min(mailing.c.id)).where(mailing.c.started_at >= at)).scalar()
    return int(first) * ORDINALS if first is not None else None


def _read_images(connection: Connection, number: int, first_delivery: int | None) -> Iterator[list[Row[Any]]]:
    """Yield what an import changed, a page at a time: how it was, how it is now, and where that is held fast.

    Columns of contact_import_row and of contact, and: organisation and level of now; subscription_id, status, source,
    since, position of now; elsewhere (another list knows it), mailed, and mailed_here (by this list).
    """
    query = _select_images(first_delivery).where(contact_import_row.c.import_id == number)
    after = 0
    while rows := connection.execute(query.where(contact_import_row.c.contact_id > after)).all():
        after = rows[-1].contact_id
        yield list(rows)


def _select_images(first_delivery: int | None) -> Select[Any]:
    other = subscription.alias()
    mine = (delivery.c.id >= (first_delivery or 0), delivery.c.contact_id == contact.c.id)
    mailed = select(delivery.c.id).where(*mine).exists()
    mailed_here = select(delivery.c.id).where(*mine, delivery.c.list_id == contact_import.c.list_id).exists()
    none = text("NULL AS mailed"), text("NULL AS mailed_here")
    elsewhere = (
        select(other.c.id)
        .where(other.c.contact_id == contact.c.id, other.c.list_id != contact_import.c.list_id)
        .exists()
    )
    return (
        select(
            contact_import_row,
            *(contact.c[name] for name in ("address", "name", "title", "city", "phone", "language")),
            contact.c.attributes,
            contact.c.changed_at,
            contact.c.organisation_id,
            func.coalesce(organisation.c.name, "").label("organisation"),
            func.coalesce(organisation.c.level, "").label("level"),
            subscription.c.id.label("subscription_id"),
            subscription.c.status,
            subscription.c.source,
            subscription.c.since,
            subscription.c.position,
            subscription.c.left_reason,
            elsewhere.label("elsewhere"),
            *(none if first_delivery is None else (mailed.label("mailed"), mailed_here.label("mailed_here"))),
        )
        .join(contact_import, contact_import.c.id == contact_import_row.c.import_id)
        .join(contact, contact.c.id == contact_import_row.c.contact_id)
        .outerjoin(organisation, organisation.c.id == contact.c.organisation_id)
        .outerjoin(
            subscription,
            (subscription.c.contact_id == contact.c.id) & (subscription.c.list_id == contact_import.c.list_id),
        )
        .order_by(contact_import_row.c.contact_id)
        .limit(PAGE)
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """What undoing does to one contact: gone altogether; or off the list, fields and place as they were."""

    row: Row[Any]
    gone: bool
    off: bool
    fields: tuple[str, ...]
    placed: bool
    stay: KeptContact | None
    kept: KeptContact | None


def _judge(row: Row[Any], record: ImportRecord, source: str) -> _Judged:
    """Decide what of an import's doing to a contact is taken back. source: of the subscriptions that it made."""
    brought = row.act in _BROUGHT
    active = row.status == "active"
    off = brought and active and row.source.startswith(source) and row.since <= record.at
    untouched = row.changed_at == record.at
    gone = row.act == "made" and off and untouched and not row.elsewhere and not row.mailed
    back, changed = _judge_fields(row, untouched=untouched)
    placed = row.act == "kept" and active and row.position == row.now_position != row.was_position
    stay = kept = None
    if row.act == "made" and not gone:
        left = row.status == "left" and row.left_reason != UNDONE
        stays_for = (
            (KeptReason.LEFT, left),
            (KeptReason.MAILED, off and row.mailed),
            (KeptReason.OTHER_LIST, off and row.elsewhere),
            (KeptReason.CHANGED, off),
        )
        stay = next((KeptContact(row.address, reason) for reason, fits in stays_for if fits), None)
    if changed:
        kept = KeptContact(row.address, KeptReason.CHANGED, changed)
    elif brought and active and not off:
        kept = KeptContact(row.address, KeptReason.SUBSCRIPTION)
    return _Judged(row, gone, off, back, placed, stay, kept)


def _judge_fields(row: Row[Any], *, untouched: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the fields that are as the import wrote them and so can be put back, and those changed since."""
    if row.was_address is None:
        return (), ()
    # of imports before it was kept what they wrote, only that nobody has touched the contact since tells anything
    wrote: dict[str, str] = row.wrote or {}
    names = [*_FIELDS] if row.wrote is None else [*wrote]
    if untouched:
        return tuple(names), ()
    now, was = _values_now(row), _values_before(row)
    differing = [name for name in names if now.get(name, "") != was.get(name, "")]
    back = tuple(name for name in differing if wrote.get(name) == now.get(name, ""))
    return back, tuple(name for name in differing if name not in back)


def _values_now(row: Row[Any]) -> dict[str, str]:
    return {name: getattr(row, name) for name in _FIELDS} | _as_fields(row.attributes)


def _values_before(row: Row[Any]) -> dict[str, str]:
    values = {name: getattr(row, f"was_{name}") for name in _FIELDS} | _as_fields(row.was_attributes)
    # of imports before they could write it nothing was kept
    return values if row.was_language is not None else values | {"language": row.language}


def _as_fields(attributes: Mapping[str, str] | None) -> dict[str, str]:
    return {f"{ATTRIBUTE}{name}": text for name, text in (attributes or {}).items()}


def _put_back(
    connection: Connection, judged: Sequence[_Judged], record: ImportRecord, grounds: Grounds, now: datetime
) -> None:
    """Undo what an import did to these contacts. grounds: what the consent log says of those who stay contacts."""
    units = [one.row.organisation_id for one in judged if (one.gone or one.fields) and one.row.organisation_id]
    _take_off(connection, [one.row for one in judged if one.off and not one.gone], grounds, now)
    made = [one.row.contact_id for one in judged if one.gone]
    if made:  # of whom nothing is known but by this import: no reader, and so no log either
        connection.execute(delete(subscription).where(subscription.c.contact_id.in_(made)))
        connection.execute(delete(consent_entry).where(consent_entry.c.contact_id.in_(made)))
        connection.execute(delete(contact).where(contact.c.id.in_(made)))
    _put_contacts_back(connection, [one for one in judged if one.fields], record, now)
    drop_unused(connection, sorted(set(units)), record.at)
    # a place that was given since to somebody is left
    moved = [(one.row.subscription_id, one.row.was_position) for one in judged if one.placed]
    audience.place_subscriptions(connection, moved)


def _take_off(connection: Connection, rows: Sequence[Row[Any]], grounds: Grounds, now: datetime) -> None:
    """End the subscriptions that an import made; those by which a mailing has gone out stay on record as left."""
    if not rows:
        return
    wanted = [subscription.c.id.in_([row.subscription_id for row in rows])]
    log_subscriptions(connection, wanted, ConsentAct.DROPPED, grounds, now)
    told = [row.subscription_id for row in rows if row.mailed_here]
    if told:
        ended = update(subscription).where(subscription.c.id.in_(told))
        connection.execute(ended.values(status="left", left_at=now, left_reason=UNDONE))
    fresh = [row.subscription_id for row in rows if not row.mailed_here and row.act != "resumed"]
    if fresh:
        connection.execute(delete(subscription).where(subscription.c.id.in_(fresh)))
    resumed = [
        {
            "number": row.subscription_id, "was_position": row.was_position, "was_basis": row.was_basis,
            "was_source": row.was_source, "was_since": row.was_since, "was_left_at": row.was_left_at,
            "was_left_reason": row.was_left_reason or DROPPED,
        }
        for row in rows
        if row.act == "resumed" and not row.mailed_here
    ]  # fmt: skip
    if resumed:
        names = ("left_reason", "left_at", "since", "basis", "source", "position")
        connection.execute(
            update(subscription)
            .where(subscription.c.id == bindparam("number"))
            .values(status="left", **{name: bindparam(f"was_{name}") for name in names}),
            resumed,
        )


def _put_contacts_back(connection: Connection, judged: Sequence[_Judged], record: ImportRecord, now: datetime) -> None:
    if not judged:
        return
    columns = ("address", "name", "title", "city", "phone", "language")
    values: list[dict[str, object]] = []
    places: list[Place] = []
    said: dict[Place, str] = {}  # the levels of units, where the import wrote them
    unsaid: dict[Place, str] = {}  # those of units that somebody goes back to, which may have been dropped meanwhile
    for one in judged:
        row = one.row
        was = _values_before(row)
        becomes = _values_now(row) | {name: was.get(name, "") for name in one.fields}
        fields = {name: becomes[name] for name in (*columns, "organisation")}
        attributes = {
            name.removeprefix(ATTRIBUTE): text for name, text in becomes.items() if name.startswith(ATTRIBUTE) and text
        }
        place = (fields.pop("organisation"), fields["city"])
        places.append(place)
        if place[0] and "level" in one.fields:
            (unsaid if {"organisation", "city"} & set(one.fields) else said)[place] = row.was_level
        exact = row.changed_at == record.at
        changed_at = row.was_changed_at if exact else now
        values.append(
            {"number": row.contact_id, "back_changed_at": changed_at}
            | {"back_attributes": attributes}
            | {f"back_{k}": v for k, v in fields.items()}
        )
    units = find_places(connection, {one for one in places if one[0]}, now)
    restore_levels(connection, {units[place]: level for place, level in said.items()})
    restore_levels(connection, {units[place]: level for place, level in unsaid.items()}, only_unsaid=True)
    for value, place in zip(values, places, strict=True):
        value["back_organisation_id"] = units.get(place)
    written = (*columns, "attributes", "organisation_id", "changed_at")
    connection.execute(
        update(contact)
        .where(contact.c.id == bindparam("number"))
        .values({name: bindparam(f"back_{name}") for name in written}),
        values,
    )


@dataclass(frozen=True, slots=True)
class UndonePage:
    """What undoing came to for some contacts: as model.contact_import.UndoReport says."""

    removed: int
    taken_off: int
    restored: int
    stay: tuple[KeptContact, ...]
    kept: tuple[KeptContact, ...]


def undo_pages(
    connection: Connection, record: ImportRecord, source: str, grounds: Grounds | None, now: datetime
) -> Iterator[UndonePage]:
    """Put back what an import changed, a page at a time; what others have changed since is left and named.

    source: what stands as the source of the subscriptions that it made. grounds: what the consent log says of those
    who stay contacts; None for a dry run, which only tells. Doing it again finds only what could not be done before.
    """
    first = _first_delivery_since(connection, record.at)
    for rows in _read_images(connection, record.number, first):
        judged = [_judge(row, record, source) for row in rows]
        if grounds is not None:
            _put_back(connection, judged, record, grounds, now)
        yield UndonePage(
            sum(one.gone for one in judged),
            sum(one.off and not one.gone for one in judged),
            sum(bool(one.fields) or one.placed for one in judged),
            tuple(one.stay for one in judged if one.stay is not None),
            tuple(one.kept for one in judged if one.kept is not None),
        )
