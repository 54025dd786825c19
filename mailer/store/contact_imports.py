"""Imports of contacts: what they write, what is kept of how it was before, and how that is put back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select, update

from mailer.model.consent import ConsentAct
from mailer.model.contact_import import (
    ChangeKind,
    ContactChange,
    ImportGrounds,
    ImportRecord,
    Standing,
)
from mailer.model.people import Actor
from mailer.store import audience
from mailer.store.consents import log_each
from mailer.store.rows import Prepared, given
from mailer.store.schema import (
    contact,
    contact_import,
    contact_import_row,
    distribution_list,
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
    grounds: ImportGrounds,
    by: Actor,
) -> int:
    """Write what was decided of a page of contacts; new subscriptions stand from `position` on. Return the next one.

    grounds: why they begin; by: who brought them in. The consent log says so too.
    """
    now = grounds.at
    made = [change.contact for change, _standing in decided if change.kind is ChangeKind.NEW]
    ids = audience.insert_contacts(connection, made, now)
    rewritten = [
        (standing.contact_id, change.contact)
        for change, standing in decided
        if standing.contact_id is not None and change.fields
    ]
    audience.change_contacts(connection, rewritten, now)
    fresh: list[_Begun] = []
    resumed: list[_Begun] = []
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
            begun = _Begun(contact_id, standing.subscription_id, place, *grounds.settle(change.said))
            (fresh if standing.subscription_id is None else resumed).append(begun)
    _subscribe(connection, list_id, fresh, by, now)
    _resume(connection, list_id, resumed, by, now)
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


class _Begun(NamedTuple):
    """A subscription that an import begins, or begins again, and by whose leave."""

    contact_id: int
    subscription_id: int | None
    position: int
    basis: str
    source: str
    since: datetime


_SUBSCRIBE = Prepared(
    insert(subscription)
    .inline()
    .values(
        status="active",
        text_version="",
        **{
            name: given(name, subscription.c[name].type)
            for name in ("list_id", "contact_id", "position", "basis", "source", "since")
        },
    )
)


def _subscribe(connection: Connection, list_id: int, begun: Sequence[_Begun], by: Actor, now: datetime) -> None:
    if begun:
        rows = [
            {
                "list_id": list_id, "contact_id": one.contact_id, "position": one.position, "basis": one.basis,
                "source": one.source, "since": one.since,
            }
            for one in begun
        ]  # fmt: skip
        _SUBSCRIBE.execute_many(connection, rows)
        grounds = [(one.contact_id, one.basis, one.source) for one in begun]
        log_each(connection, grounds, list_id, ConsentAct.JOINED, by, now)


def _resume(connection: Connection, list_id: int, begun: Sequence[_Begun], by: Actor, now: datetime) -> None:
    if begun:
        grounds = [(one.contact_id, one.basis, one.source) for one in begun]
        log_each(connection, grounds, list_id, ConsentAct.RETURNED, by, now)
        connection.execute(
            update(subscription)
            .where(subscription.c.id == bindparam("number"))
            .values(
                status="active", left_at=None, left_reason="", basis=bindparam("now_basis"),
                source=bindparam("now_source"), since=bindparam("now_since"), position=bindparam("place"),
            ),
            [
                {
                    "number": one.subscription_id, "now_basis": one.basis, "now_source": one.source,
                    "now_since": one.since, "place": one.position,
                }
                for one in begun
            ],
        )  # fmt: skip


_IMAGE: dict[str, object] = dict.fromkeys(
    (column.name for column in contact_import_row.c if column.name.startswith("was_") or column.name == "wrote"), None
)
_WHOLE = Prepared(
    insert(contact_import_row).inline().values({one.name: given(one.name, one.type) for one in contact_import_row.c})
)
# of a contact that was not there before nothing is kept but that
_MADE = Prepared(
    insert(contact_import_row)
    .inline()
    .values({one.name: given(one.name, one.type) for one in contact_import_row.c if one.name not in _IMAGE})
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
            "was_language": was.language, "was_attributes": dict(was.attributes),
            "was_changed_at": standing.changed_at, "wrote": {one.field: one.now for one in change.fields},
        }  # fmt: skip
    if standing.subscription_id is not None:
        image |= {
            "was_position": standing.position, "was_basis": standing.basis, "was_source": standing.source,
            "was_since": standing.since, "was_left_at": standing.left_at, "was_left_reason": standing.left_reason,
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
        undone_kept=row.undone_kept or 0,
    )


def mark_undone(connection: Connection, number: int, actor: Actor, kept: int, now: datetime) -> None:
    """Put on record that an import was undone, by whom, and how many contacts that left as they were."""
    connection.execute(
        update(contact_import)
        .where(contact_import.c.id == number)
        .values(undone_at=now, undone_by=actor.name, undone_by_id=actor.user_id, undone_kept=kept)
    )
