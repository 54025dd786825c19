"""Imports of contacts: what they write, what is kept of how it was before, and how that is put back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select, text, update

from mailer.model.consent import ConsentAct, Grounds
from mailer.model.contact_import import (
    ChangeKind,
    ContactChange,
    ImportRecord,
    KeptContact,
    KeptReason,
    Standing,
)
from mailer.model.people import Actor
from mailer.store import audience
from mailer.store.audience import DROPPED
from mailer.store.consents import log_subscriptions
from mailer.store.organisations import drop_unused, find_places, restore_levels
from mailer.store.plans import ORDINALS
from mailer.store.rows import Prepared, given
from mailer.store.schema import (
    consent_entry,
    contact,
    contact_import,
    contact_import_row,
    delivery,
    distribution_list,
    mailing,
    subscription,
    user_account,
)

PAGE = 1000
_ACTS = {ChangeKind.NEW: "made", ChangeKind.JOINED: "joined"}
Decided = tuple[ContactChange, Standing]


def next_position(connection: Connection, list_id: int) -> int:
    """Return the place behind everybody who ever was on a list."""
    last = connection.execute(select(func.max(subscription.c.position)).where(subscription.c.list_id == list_id))
    return int(last.scalar() or 0) + 1


def open_import(
    connection: Connection, list_id: int, actor: Actor, basis: str, file_name: str, file_sha256: str, now: datetime
) -> int:
    """Put an import on record, before what it does; return its number."""
    made = connection.execute(
        insert(contact_import)
        .values(
            list_id=list_id,
            by_name=actor.name,
            by_id=actor.user_id,
            at=now,
            file_name=file_name[:255],
            file_sha256=file_sha256,
            basis=basis,
            counts={},
        )
        .returning(contact_import.c.id)
    )
    return int(made.scalar_one())


def close_import(connection: Connection, number: int, counts: Mapping[str, int]) -> None:
    """Put on record how many of each kind an import came to."""
    connection.execute(update(contact_import).where(contact_import.c.id == number).values(counts=dict(counts)))


def apply_page(
    connection: Connection,
    number: int,
    list_id: int,
    decided: Sequence[Decided],
    position: int,
    grounds: Grounds,
    now: datetime,
) -> int:
    """Write what was decided of a page of contacts; new subscriptions stand from `position` on. Return the next one.

    grounds: why they begin, and who brought them in; the consent log says so too.
    """
    made = [change.contact for change, _standing in decided if change.kind is ChangeKind.NEW]
    ids = audience.insert_contacts(connection, made, now)
    rewritten = [
        (standing.contact_id, change.contact)
        for change, standing in decided
        if standing.contact_id is not None and change.fields
    ]
    audience.change_contacts(connection, rewritten, now)
    fresh: list[tuple[int, int]] = []
    resumed: list[dict[str, int]] = []
    images: list[dict[str, object]] = []
    for change, standing in decided:
        place = change.now_position
        if change.kind in _ACTS:
            place, position = position, position + 1
        if place is None or change.kind in (ChangeKind.KEPT_OUT, ChangeKind.UNCHANGED):
            continue
        contact_id = standing.contact_id if standing.contact_id is not None else ids[change.contact.key]
        images.append(_image(number, contact_id, change, standing, place))
        if change.kind in _ACTS:
            if standing.subscription_id is None:
                fresh.append((contact_id, place))
            else:
                resumed.append({"subscription_id": standing.subscription_id, "place": place})
    audience.subscribe_contacts(connection, list_id, fresh, grounds.basis, grounds.source, now, by=grounds.by)
    _resume(connection, resumed, grounds, now)
    audience.place_subscriptions(
        connection,
        [
            (standing.subscription_id, change.now_position)
            for change, standing in decided
            if standing.subscription_id is not None
            and change.now_position is not None
            and change.now_position != change.was_position
        ],
    )
    if images:
        _keep_images(connection, images)
    return position


def _resume(connection: Connection, rows: Sequence[Mapping[str, int]], grounds: Grounds, now: datetime) -> None:
    if rows:
        wanted = [subscription.c.id.in_([row["subscription_id"] for row in rows])]
        log_subscriptions(connection, wanted, ConsentAct.RETURNED, grounds, now)
        connection.execute(
            update(subscription)
            .where(subscription.c.id == bindparam("subscription_id"))
            .values(
                status="active", left_at=None, left_reason="", basis=grounds.basis, source=grounds.source, since=now,
                position=bindparam("place"),
            ),
            rows,
        )  # fmt: skip


_WHOLE = Prepared(
    insert(contact_import_row).inline().values({one.name: given(one.name, one.type) for one in contact_import_row.c})
)
# of a contact that was not there before nothing is kept but that
_MADE = Prepared(
    insert(contact_import_row)
    .inline()
    .values({one.name: given(one.name, one.type) for one in contact_import_row.c if not one.name.startswith("was_")})
)
_IMAGE: dict[str, object] = dict.fromkeys(
    (column.name for column in contact_import_row.c if column.name.startswith("was_")), None
)


def _keep_images(connection: Connection, images: Sequence[Mapping[str, object]]) -> None:
    for statement, rows in (
        (_MADE, [one for one in images if one["act"] == "made"]),
        (_WHOLE, [one for one in images if one["act"] != "made"]),
    ):
        if rows:
            statement.execute_many(connection, rows)


def _image(number: int, contact_id: int, change: ContactChange, standing: Standing, place: int) -> dict[str, object]:
    act = _ACTS.get(change.kind, "kept")
    if act == "made":
        return {"import_id": number, "contact_id": contact_id, "act": act, "now_position": place}
    image: dict[str, object] = {**_IMAGE, "import_id": number, "contact_id": contact_id, "now_position": place}
    if standing.known is not None and change.fields:
        was = standing.known
        image |= {
            "was_address": was.address, "was_name": was.name, "was_title": was.title,
            "was_organisation": was.organisation, "was_city": was.city, "was_level": was.level, "was_phone": was.phone,
            "was_changed_at": standing.changed_at,
        }  # fmt: skip
    if standing.subscription_id is not None:
        image |= {
            "was_position": standing.position, "was_basis": standing.basis, "was_source": standing.source,
            "was_since": standing.since, "was_left_at": standing.left_at,
        }  # fmt: skip
        act = "resumed" if act == "joined" else act
    image["act"] = act
    return image


def drop_import(connection: Connection, number: int) -> None:
    """Take an import off the record that came to nothing."""
    connection.execute(delete(contact_import).where(contact_import.c.id == number))


def list_imports(connection: Connection, limit: int, *, list_name: str | None = None) -> list[ImportRecord]:
    """Return the newest imports first, or those into one list."""
    query = _select_imports().order_by(contact_import.c.id.desc()).limit(limit)
    if list_name is not None:
        query = query.where(distribution_list.c.name == list_name)
    return [_to_record(row) for row in connection.execute(query)]


def find_import(connection: Connection, number: int) -> ImportRecord | None:
    """Return an import on record, or None."""
    row = connection.execute(_select_imports().where(contact_import.c.id == number)).one_or_none()
    return _to_record(row) if row is not None else None


def imports_of(connection: Connection, address_key: str) -> list[ImportRecord]:
    """Return the imports that brought a contact in or changed it, the oldest first."""
    rows = connection.execute(
        _select_imports()
        .join(contact_import_row, contact_import_row.c.import_id == contact_import.c.id)
        .join(contact, contact.c.id == contact_import_row.c.contact_id)
        .where(contact.c.address_key == address_key)
        .order_by(contact_import.c.id)
    )
    return [_to_record(row) for row in rows]


def _select_imports() -> Select[tuple[object, ...]]:
    by, undone_by = user_account.alias("by_user"), user_account.alias("undone_by_user")
    return (
        select(
            contact_import,
            distribution_list.c.name.label("list_name"),
            distribution_list.c.title.label("list_title"),
            by.c.name.label("user"),
            undone_by.c.name.label("undone_user"),
        )
        .join(distribution_list, distribution_list.c.id == contact_import.c.list_id)
        .outerjoin(by, by.c.id == contact_import.c.by_id)
        .outerjoin(undone_by, undone_by.c.id == contact_import.c.undone_by_id)
    )


def _to_record(row: Row[tuple[object, ...]]) -> ImportRecord:
    return ImportRecord(
        number=int(row.id),
        list_name=row.list_name,
        list_title=row.list_title,
        by=row.user or row.by_name,
        at=row.at,
        file_name=row.file_name,
        file_sha256=row.file_sha256,
        basis=row.basis,
        counts=row.counts,
        undone_at=row.undone_at,
        undone_by=row.undone_user or row.undone_by,
    )


def first_delivery_since(connection: Connection, at: datetime) -> int | None:
    """Return a number below which no delivery was planned since `at`; None when no mailing has started since."""
    first = connection.execute(select(func.min(mailing.c.id)).where(mailing.c.started_at >= at)).scalar()
    return int(first) * ORDINALS if first is not None else None


def read_images(
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


def why_kept(row: Row[tuple[object, ...]], record: ImportRecord, source: str) -> KeptContact | None:
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


def put_back(
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
            "was_title": row.was_title, "was_city": row.was_city, "was_phone": row.was_phone,
            "was_organisation_id": units.get((row.was_organisation, row.was_city)),
            "was_changed_at": row.was_changed_at,
        }
        for row in rows
    ]  # fmt: skip
    if values:
        names = ("address", "name", "title", "organisation_id", "city", "phone", "changed_at")
        connection.execute(
            update(contact)
            .where(contact.c.id == bindparam("number"))
            .values({name: bindparam(f"was_{name}") for name in names}),
            values,
        )


def mark_undone(connection: Connection, number: int, actor: Actor, now: datetime) -> bool:
    """Put on record that an import was undone; False when it was before."""
    done = connection.execute(
        update(contact_import)
        .where(contact_import.c.id == number, contact_import.c.undone_at.is_(None))
        .values(undone_at=now, undone_by=actor.name, undone_by_id=actor.user_id)
    )
    return done.rowcount == 1
