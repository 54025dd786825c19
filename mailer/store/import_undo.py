"""Takes an import of contacts back: each contact as it was, or left where something has happened to it since."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, delete, func, select, text, update

from mailer.model.consent import ConsentAct, Grounds
from mailer.model.contact_import import ImportRecord, KeptContact, KeptReason
from mailer.store import audience
from mailer.store.audience import DROPPED
from mailer.store.consents import log_subscriptions
from mailer.store.organisations import drop_unused, find_places, restore_levels
from mailer.store.plans import ORDINALS
from mailer.store.schema import (
    consent_entry,
    contact,
    contact_import,
    contact_import_row,
    delivery,
    mailing,
    subscription,
)

PAGE = 1000


def _first_delivery_since(connection: Connection, at: datetime) -> int | None:
    """Return a number below which no delivery was planned since `at`; None when no mailing has started since."""
    first = connection.execute(select(func.min(mailing.c.id)).where(mailing.c.started_at >= at)).scalar()
    return int(first) * ORDINALS if first is not None else None


def _read_images(
    connection: Connection, number: int, first_delivery: int | None
) -> Iterator[list[Row[tuple[object, ...]]]]:
    """Yield what an import changed, a page at a time: how it was, how it is now, and where that is held fast.

    Columns of contact_import_row, and: address, changed_at, subscription_id, status, source, since, position of now;
    elsewhere (on another list) and mailed.
    """
    other = subscription.alias()
    mailed = (
        select(delivery.c.id)
        .where(delivery.c.id >= (first_delivery or 0), delivery.c.contact_id == contact.c.id)
        .exists()
    )
    query = (
        select(
            contact_import_row,
            contact.c.address,
            contact.c.changed_at,
            contact.c.language,
            contact.c.attributes,
            subscription.c.id.label("subscription_id"),
            subscription.c.status,
            subscription.c.source,
            subscription.c.since,
            subscription.c.position,
            select(other.c.id)
            .where(other.c.contact_id == contact.c.id, other.c.list_id != contact_import.c.list_id)
            .exists()
            .label("elsewhere"),
            mailed.label("mailed") if first_delivery is not None else text("NULL AS mailed"),
        )
        .join(contact_import, contact_import.c.id == contact_import_row.c.import_id)
        .join(contact, contact.c.id == contact_import_row.c.contact_id)
        .outerjoin(
            subscription,
            (subscription.c.contact_id == contact.c.id) & (subscription.c.list_id == contact_import.c.list_id),
        )
        .where(contact_import_row.c.import_id == number)
        .order_by(contact_import_row.c.contact_id)
        .limit(PAGE)
    )
    after = 0
    while rows := connection.execute(query.where(contact_import_row.c.contact_id > after)).all():
        after = rows[-1].contact_id
        yield list(rows)


def _why_kept(row: Row[tuple[object, ...]], record: ImportRecord, source: str) -> KeptContact | None:
    """Return why what an import did to a contact cannot be undone; None where it can."""
    reason: KeptReason | None = None
    if row.act in ("made", "joined", "resumed"):
        if row.status != "active" or not row.source.startswith(source) or row.since > record.at:
            reason = KeptReason.SUBSCRIPTION
    elif row.status != "active":
        reason = KeptReason.SUBSCRIPTION
    if (row.act == "made" or row.was_address is not None) and row.changed_at != record.at:
        reason = KeptReason.CHANGED
    if row.act == "made" and row.elsewhere:
        reason = KeptReason.OTHER_LIST
    if row.act == "made" and row.mailed:
        reason = KeptReason.MAILED
    return KeptContact(row.address, reason) if reason is not None else None


def _put_back(
    connection: Connection,
    rows: Sequence[Row[tuple[object, ...]]],
    record: ImportRecord,
    grounds: Grounds,
    now: datetime,
) -> None:
    """Undo what an import did to these contacts. grounds: what the consent log says of those who were known before."""
    units = _units_of(connection, rows)
    ended = [row.subscription_id for row in rows if row.act in ("joined", "resumed")]
    if ended:
        log_subscriptions(connection, [subscription.c.id.in_(ended)], ConsentAct.DROPPED, grounds, now)
    gone = [row.subscription_id for row in rows if row.act in ("made", "joined")]
    if gone:
        connection.execute(delete(subscription).where(subscription.c.id.in_(gone)))
    made = [row.contact_id for row in rows if row.act == "made"]
    if made:  # of whom nothing is known but by this import: no reader, and so no log either
        connection.execute(delete(consent_entry).where(consent_entry.c.contact_id.in_(made)))
        connection.execute(delete(contact).where(contact.c.id.in_(made)))
    _put_contacts_back(connection, [row for row in rows if row.was_address is not None], now)
    drop_unused(connection, units, record.at)
    resumed = [
        {
            "number": row.subscription_id, "was_position": row.was_position, "was_basis": row.was_basis,
            "was_source": row.was_source, "was_since": row.was_since, "was_left_at": row.was_left_at,
        }
        for row in rows
        if row.act == "resumed"
    ]  # fmt: skip
    if resumed:
        connection.execute(
            update(subscription)
            .where(subscription.c.id == bindparam("number"))
            .values(
                status="left", left_reason=DROPPED, left_at=bindparam("was_left_at"), since=bindparam("was_since"),
                basis=bindparam("was_basis"), source=bindparam("was_source"), position=bindparam("was_position"),
            ),
            resumed,
        )  # fmt: skip
    # a place that was given since to somebody is left
    moved = [
        (row.subscription_id, row.was_position)
        for row in rows
        if row.act == "kept" and row.position == row.now_position != row.was_position
    ]
    audience.place_subscriptions(connection, moved)


def _units_of(connection: Connection, rows: Sequence[Row[tuple[object, ...]]]) -> list[int]:
    wanted = [row.contact_id for row in rows if row.act == "made" or row.was_address is not None]
    units = select(contact.c.organisation_id).where(contact.c.id.in_(wanted), contact.c.organisation_id.is_not(None))
    return [int(number) for number in connection.execute(units.distinct()).scalars()]


def _put_contacts_back(connection: Connection, rows: Sequence[Row[tuple[object, ...]]], now: datetime) -> None:
    levels = {(row.was_organisation, row.was_city): row.was_level for row in rows if row.was_organisation}
    units = find_places(connection, levels, now)
    restore_levels(connection, {units[place]: level for place, level in levels.items()})
    values = [
        {
            "number": row.contact_id, "was_address": row.was_address, "was_name": row.was_name,
            "was_title": row.was_title, "was_city": row.was_city,
            "was_phone": row.was_phone, "was_changed_at": row.was_changed_at,
            # nothing was kept of these before 0019, as no import wrote them
            "was_language": row.language if row.was_language is None else row.was_language,
            "was_attributes": row.attributes if row.was_attributes is None else row.was_attributes,
            "was_organisation_id": units.get((row.was_organisation, row.was_city)),
        }
        for row in rows
    ]  # fmt: skip
    if values:
        names = ("address", "name", "title", "organisation_id", "city", "phone", "language", "attributes", "changed_at")
        connection.execute(
            update(contact)
            .where(contact.c.id == bindparam("number"))
            .values({name: bindparam(f"was_{name}") for name in names}),
            values,
        )


@dataclass(frozen=True, slots=True)
class UndonePage:
    """What undoing came to for some contacts: taken out, put back, and left as they are."""

    removed: int
    restored: int
    kept: tuple[KeptContact, ...]


def undo_pages(
    connection: Connection, record: ImportRecord, source: str, grounds: Grounds | None, now: datetime
) -> Iterator[UndonePage]:
    """Put back what an import changed, contacts that cannot be aside, a page at a time.

    source: what stands as the source of the subscriptions that it made. grounds: what the consent log says of those
    who were known before; None for a dry run, which only tells.
    """
    first = _first_delivery_since(connection, record.at)
    for rows in _read_images(connection, record.number, first):
        judged = [(row, _why_kept(row, record, source)) for row in rows]
        back = [row for row, kept in judged if kept is None]
        if grounds is not None:
            _put_back(connection, back, record, grounds, now)
        made = sum(row.act == "made" for row in back)
        yield UndonePage(made, len(back) - made, tuple(kept for _row, kept in judged if kept is not None))
