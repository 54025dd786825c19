"""The consent log: rows are added and never changed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, String, insert, literal, select, type_coerce

from mailer.model.consent import ConsentAct, ConsentRecord, Grounds
from mailer.model.people import Actor
from mailer.store.rows import Prepared, given
from mailer.store.schema import UtcTime, consent_entry, contact, distribution_list, subscription, user_account


def log_contacts(
    connection: Connection, contact_ids: Sequence[int], list_id: int, what: ConsentAct, grounds: Grounds, now: datetime
) -> None:
    """Write down what became of these contacts' subscriptions to one list."""
    fixed = {"list_id": list_id, "what": what.value, "at": now, **_columns(grounds)}
    if contact_ids:
        mine = given("contact_id", consent_entry.c.contact_id.type)
        added = Prepared(insert(consent_entry).inline().values(contact_id=mine, **fixed))
        added.execute_many(connection, [{"contact_id": number} for number in contact_ids])


def log_each(
    connection: Connection,
    grounds_of: Sequence[tuple[int, str, str]],
    list_id: int,
    what: ConsentAct,
    by: Actor,
    now: datetime,
) -> None:
    """Write down what became of subscriptions that each have grounds of their own: contact id, basis, source."""
    if not grounds_of:
        return
    fixed = {"list_id": list_id, "what": what.value, "at": now, **_columns(Grounds("", "", by=by))}
    own = ("contact_id", "basis", "source")
    fixed |= {name: given(name, consent_entry.c[name].type) for name in own}
    rows = [dict(zip(own, one, strict=True)) for one in grounds_of]
    Prepared(insert(consent_entry).inline().values(fixed)).execute_many(connection, rows)


def log_subscriptions(
    connection: Connection, wanted: Sequence[ColumnElement[bool]], what: ConsentAct, grounds: Grounds, now: datetime
) -> None:
    """Write down what is about to become of those subscriptions that fit."""
    fixed = {"what": what.value, **_columns(grounds)}
    chosen = select(
        subscription.c.contact_id,
        subscription.c.list_id,
        type_coerce(literal(now, UtcTime), UtcTime),
        *(literal(value, consent_entry.c[name].type) for name, value in fixed.items()),
    ).where(*wanted)
    connection.execute(insert(consent_entry).from_select(["contact_id", "list_id", "at", *fixed], chosen))


def _columns(grounds: Grounds) -> dict[str, object]:
    by = grounds.by
    return {
        "basis": grounds.basis,
        "source": grounds.source,
        "by_name": "" if by.user_id is not None else by.name,
        "by_id": by.user_id,
        "text_version": grounds.text_version,
        "detail": grounds.detail,
    }


def list_consents(connection: Connection, address_key: str) -> tuple[ConsentRecord, ...]:
    """Return the consent log of a contact, oldest first; empty where nobody has the address."""
    by = type_coerce(user_account.c.name, String)
    rows = connection.execute(
        select(consent_entry, distribution_list.c.name.label("list_name"), by.label("user_name"))
        .join_from(consent_entry, contact)
        .join(distribution_list, distribution_list.c.id == consent_entry.c.list_id)
        .outerjoin(user_account, user_account.c.id == consent_entry.c.by_id)
        .where(contact.c.address_key == address_key)
        .order_by(consent_entry.c.id)
    )
    return tuple(
        ConsentRecord(
            list_name=row.list_name,
            what=ConsentAct(row.what),
            basis=row.basis,
            source=row.source,
            by=row.user_name or row.by_name,
            text_version=row.text_version,
            detail=row.detail,
            at=row.at,
        )
        for row in rows
    )
