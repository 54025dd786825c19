"""Takes an import of contacts back: each contact as it was, or left where something has happened to it since."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, delete, func, select, text, update

from mailer.model.contact_import import ImportRecord, KeptContact, KeptReason
from mailer.store import audience
from mailer.store.audience import DROPPED
from mailer.store.plans import ORDINALS
from mailer.store.schema import contact, contact_import, contact_import_row, delivery, mailing, subscription

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
        if row.status != "active" or row.source != source or row.since != record.at:
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


def _put_back(connection: Connection, rows: Sequence[Row[tuple[object, ...]]]) -> None:
    """Undo what an import did to these contacts."""
    gone = [row.subscription_id for row in rows if row.act in ("made", "joined")]
    if gone:
        connection.execute(delete(subscription).where(subscription.c.id.in_(gone)))
    made = [row.contact_id for row in rows if row.act == "made"]
    if made:
        connection.execute(delete(contact).where(contact.c.id.in_(made)))
    _put_contacts_back(connection, [row for row in rows if row.was_address is not None])
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


def _put_contacts_back(connection: Connection, rows: Sequence[Row[tuple[object, ...]]]) -> None:
    values = [
        {
            "number": row.contact_id, "was_address": row.was_address, "was_name": row.was_name,
            "was_title": row.was_title, "was_organisation": row.was_organisation, "was_city": row.was_city,
            "was_phone": row.was_phone, "was_changed_at": row.was_changed_at,
        }
        for row in rows
    ]  # fmt: skip
    if values:
        names = ("address", "name", "title", "organisation", "city", "phone", "changed_at")
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


def undo_pages(connection: Connection, record: ImportRecord, source: str, *, dry_run: bool) -> Iterator[UndonePage]:
    """Put back what an import changed, contacts that cannot be aside, a page at a time; a dry run only tells.

    source: what stands as the source of the subscriptions that it made.
    """
    first = _first_delivery_since(connection, record.at)
    for rows in _read_images(connection, record.number, first):
        judged = [(row, _why_kept(row, record, source)) for row in rows]
        back = [row for row, kept in judged if kept is None]
        if not dry_run:
            _put_back(connection, back)
        made = sum(row.act == "made" for row in back)
        yield UndonePage(made, len(back) - made, tuple(kept for _row, kept in judged if kept is not None))
