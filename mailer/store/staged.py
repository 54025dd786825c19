"""The contacts of a sheet on their way into a list: in a temporary table, where the database compares them."""

import json
from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, cast

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from mailer.model.contact_import import Standing
from mailer.model.contact_sheet import CellPlace, SaidConsent, SheetContact
from mailer.model.delivery import Contact
from mailer.store.audience import RETURNABLE
from mailer.store.rows import Prepared, given
from mailer.store.schema import contact, organisation, subscription, suppression

PAGE = 1000
_ENCODE = json.JSONEncoder().encode  # json.dumps looks at its settings each time
_temporary = MetaData()

staged = Table(
    "staged_contact",
    _temporary,
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("address_key", String(254), nullable=False),
    Column("address_hash", String(64), nullable=False),
    Column("address", String(254), nullable=False),
    Column("name", String(200), nullable=False),
    Column("title", String(200), nullable=False),
    Column("organisation", String(200), nullable=False),
    Column("city", String(100), nullable=False),
    Column("level", String(40), nullable=False),
    Column("phone", String(100), nullable=False),
    Column("sheet", String, nullable=False),
    Column("row", Integer, nullable=False),
    Column("column", Integer, nullable=False),
    Column("heading", String, nullable=False),
    Column("extra", String, nullable=False),  # as JSON: language, attributes, what is said of the subscription
    Column("beside", String, nullable=False),  # the row's other cells, packed
    Column("first", Integer),  # where the same address stands before: the ordinal of that
    Column("slot", Integer),
    Column("known_level", String(40)),  # of the contact's organisation, where the sheet says levels at all
    prefixes=["TEMPORARY"],
)


_STAGE = Prepared(
    insert(staged)
    .inline()
    .values(
        {one.name: given(one.name, one.type) for one in staged.c if one.name not in ("first", "slot", "known_level")}
    )
)


def _pack_extra(one: SheetContact) -> str:
    value = one.contact
    if not value.language and not value.attributes and one.said is None:
        return ""
    return _ENCODE([value.language, value.attributes, one.said])


_MARK = "\x1f"


def _pack_beside(cells: tuple[str, ...]) -> str:
    # as JSON only where it must be: this is done for each row of a sheet, and read again for its duplicates alone
    return _MARK + _MARK.join(cells) if "".join(cells).isprintable() else _ENCODE(cells)


def _unpack_beside(text: str) -> tuple[str, ...]:
    return tuple(text[1:].split(_MARK) if text[0] == _MARK else json.loads(text))


class StagedContacts:
    """Fills the table; what was found is read again a page at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[dict[str, object]] = []
        self._count = 0
        staged.create(connection, checkfirst=False)

    def add(self, one: SheetContact, address_hash: str) -> None:
        """Add a contact, after those before it."""
        self._count += 1
        value, place = one.contact, one.place
        self._rows.append(
            {
                "ordinal": self._count,
                "address_key": value.key,
                "address_hash": address_hash,
                "address": value.address,
                "name": value.name,
                "title": value.title,
                "organisation": value.organisation,
                "city": value.city,
                "level": value.level,
                "phone": value.phone,
                "sheet": place.sheet,
                "row": place.row,
                "column": place.column,
                "heading": place.heading,
                "extra": _pack_extra(one),
                "beside": _pack_beside(one.beside) if one.beside else "",
            }
        )
        if len(self._rows) >= PAGE:
            self._write()

    def _write(self) -> None:
        if self._rows:
            _STAGE.execute_many(self._connection, self._rows)
            self._rows = []

    def finish(self) -> Iterator[tuple[SheetContact, CellPlace]]:
        """End the filling; yield the contacts whose address came before, each with the place of the first."""
        self._write()
        self._connection.execute(text("CREATE INDEX ix_staged_contact_key ON staged_contact (address_key)"))
        twice = select(staged.c.address_key).group_by(staged.c.address_key).having(func.count() > 1)
        other = staged.alias()
        self._connection.execute(
            update(staged)
            .where(staged.c.address_key.in_(twice))
            .values(
                first=select(func.min(other.c.ordinal))
                .where(other.c.address_key == staged.c.address_key)
                .scalar_subquery()
            )
        )
        self._connection.execute(update(staged).where(staged.c.first == staged.c.ordinal).values(first=None))
        self._connection.execute(text("ANALYZE staged_contact"))
        rows = self._connection.execute(
            select(staged, other.c.sheet.label("first_sheet"), other.c.row.label("first_row"))
            .join(other, other.c.ordinal == staged.c.first)
            .order_by(staged.c.ordinal)
        )
        for row in rows.yield_per(PAGE):
            found = _to_found(row)
            if row.beside:
                found = replace(found, beside=_unpack_beside(row.beside))
            yield found, CellPlace(row.first_sheet, row.first_row)


# by position: looking up fifteen names takes longer than all the rest
def _to_found(row: Row[Any]) -> SheetContact:
    values = cast("Sequence[Any]", row)[1:15]
    key, _hash, address, name, title, organisation, city, level, phone, sheet, number, column, heading, extra = values
    place = CellPlace(sheet, number, column, heading)
    if not extra:
        return SheetContact(Contact(address, key, name, title, organisation, city, phone, level), place)
    language, pairs, said = json.loads(extra)
    attributes = tuple((str(one), str(text)) for one, text in pairs)
    value = Contact(address, key, name, title, organisation, city, phone, level, language, attributes)
    return SheetContact(value, place, said=SaidConsent(*said) if said is not None else None)


def settle_levels(connection: Connection) -> None:
    """Give all rows of an organisation the level that its first row with one says: it has one only.

    What the levels were is put aside, so that to write that of one contact changes nothing of those to come.
    """
    if connection.execute(select(staged.c.ordinal).where(staged.c.level != "").limit(1)).first() is None:
        return
    connection.execute(text("CREATE INDEX ix_staged_contact_unit ON staged_contact (organisation, city)"))
    other = staged.alias()
    said = (
        select(other.c.level)
        .where(other.c.organisation == staged.c.organisation, other.c.city == staged.c.city, other.c.level != "")
        .order_by(other.c.ordinal)
        .limit(1)
        .scalar_subquery()
    )
    known = (
        select(organisation.c.level)
        .join(contact, contact.c.organisation_id == organisation.c.id)
        .where(contact.c.address_key == staged.c.address_key)
        .scalar_subquery()
    )
    connection.execute(update(staged).values(known_level=func.coalesce(known, "")))
    connection.execute(update(staged).where(staged.c.organisation != "").values(level=func.coalesce(said, "")))


def settle_slots(connection: Connection, list_id: int) -> None:
    """Deal the places that the sheet's subscribers have on a list out to them anew, in the order of the sheet.

    Only a place that changes is written down. Done here and not by the database, which would go about it row by row.
    """
    on = (
        select(staged.c.ordinal, subscription.c.position)
        .join(contact, contact.c.address_key == staged.c.address_key)
        .join(
            subscription,
            and_(
                subscription.c.contact_id == contact.c.id,
                subscription.c.list_id == list_id,
                subscription.c.status == "active",
            ),
        )
        .where(staged.c.first.is_(None))
        .order_by(staged.c.ordinal)
    )
    ordinals, places, in_order = array("q"), array("q"), True
    for row in connection.execute(on.execution_options(yield_per=PAGE)):
        in_order = in_order and (not places or places[-1] <= row.position)
        ordinals.append(row.ordinal)
        places.append(row.position)
    if in_order:
        return
    dealt = zip(ordinals, places, sorted(places), strict=True)
    moved = ({"number": ordinal, "place": slot} for ordinal, place, slot in dealt if place != slot)
    while page := list(islice(moved, PAGE)):
        connection.execute(
            update(staged).where(staged.c.ordinal == bindparam("number")).values(slot=bindparam("place")), page
        )


def read_standings(
    connection: Connection, list_id: int | None, above: Collection[int], now: datetime
) -> Iterator[list[tuple[SheetContact, Standing]]]:
    """Yield the contacts of the sheet in its order, a page at a time, each with how it stands with the list.

    above: the ids of the lists of higher role. What is written between two pages must not concern those to come.
    """
    higher = subscription.alias()
    query = (
        select(
            staged,
            contact.c.id.label("contact_id"),
            contact.c.address.label("known_address"),
            contact.c.name.label("known_name"),
            contact.c.title.label("known_title"),
            organisation.c.name.label("known_organisation"),
            contact.c.city.label("known_city"),
            contact.c.phone.label("known_phone"),
            func.coalesce(staged.c.known_level, organisation.c.level).label("was_level"),
            contact.c.language,
            contact.c.attributes,
            contact.c.changed_at,
            subscription.c.id.label("subscription_id"),
            subscription.c.status,
            subscription.c.left_reason,
            subscription.c.position,
            subscription.c.basis,
            subscription.c.source,
            subscription.c.since,
            subscription.c.left_at,
            suppression.c.id.label("suppression_id"),
            exists()
            .where(higher.c.contact_id == contact.c.id, higher.c.list_id.in_(above), higher.c.status == "active")
            .label("above"),
        )
        .outerjoin(contact, contact.c.address_key == staged.c.address_key)
        .outerjoin(organisation, organisation.c.id == contact.c.organisation_id)
        .outerjoin(
            subscription, and_(subscription.c.contact_id == contact.c.id, subscription.c.list_id == (list_id or 0))
        )
        .outerjoin(
            suppression,
            and_(
                suppression.c.address_hash == staged.c.address_hash,
                or_(suppression.c.until.is_(None), suppression.c.until > now),
            ),
        )
        .where(staged.c.first.is_(None))
        .order_by(staged.c.ordinal)
        .limit(PAGE)
    )
    after = 0
    while rows := connection.execute(query.where(staged.c.ordinal > after)).all():
        after = rows[-1].ordinal
        yield [(_to_found(row), _to_standing(row)) for row in rows]


_UNKNOWN = Standing()


def _to_standing(row: Row[tuple[object, ...]]) -> Standing:
    known = None
    if row.contact_id is None and row.suppression_id is None:
        return _UNKNOWN
    if row.contact_id is not None:
        known = Contact(
            row.known_address, row.address_key, row.known_name, row.known_title,
            row.known_organisation or "", row.known_city, row.known_phone, row.was_level or "", row.language,
            tuple(sorted(row.attributes.items())) if row.attributes else (),
        )  # fmt: skip
    return Standing(
        row.contact_id, known, row.changed_at, row.subscription_id, row.status or "", row.left_reason in RETURNABLE,
        row.position, row.slot, bool(row.above), row.suppression_id is not None, row.basis or "", row.source or "",
        row.since, row.left_at, row.left_reason or "",
    )  # fmt: skip
