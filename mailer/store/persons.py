"""Everything that is kept of one person, as a table of plain values: what the law lets them ask for."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, or_, select

from mailer.store.deliveries import copies_to
from mailer.store.schema import (
    attempt,
    contact,
    contact_import,
    contact_import_row,
    delivery,
    distribution_list,
    edition,
    event,
    issue,
    join_request,
    mailing_only,
    notice,
    notice_copy,
    organisation,
    reading_event,
    returned_mail,
    subscription,
    suppression,
)

_INNER = ("id", "contact_id", "list_id", "organisation_id", "address_key", "lease", "lease_until", "day")
_PAGE = 500


def collect_person(connection: Connection, address: str, key: str, address_hash: str) -> dict[str, Any]:
    """Return all rows on an address: JSON values, times as ISO 8601 in UTC; parts without rows are empty.

    The consent log and the audit trail are told by their own rooms.
    """
    known = (
        select(contact, organisation.c.name.label("organisation"), organisation.c.level)
        .outerjoin_from(contact, organisation)
        .where(contact.c.address_key == key)
    )
    standings = (
        select(subscription, distribution_list.c.name.label("list"))
        .join_from(subscription, contact)
        .join(distribution_list, distribution_list.c.id == subscription.c.list_id)
        .where(contact.c.address_key == key)
        .order_by(subscription.c.id)
    )
    contacts = _rows(connection, known)
    return {
        "contact": contacts[0] if contacts else None,
        "subscriptions": _rows(connection, standings),
        "requests": _rows(connection, _of(join_request, join_request.c.address_key == key)),
        "suppression": _rows(connection, _of(suppression, suppression.c.address_hash == address_hash)),
        "sent_again": _rows(connection, select(mailing_only.c.mailing_id).where(mailing_only.c.address_key == key)),
        "imports": _rows(connection, _imports(key)),
        "returned_mail": _rows(connection, _returned(connection, address, key)),
        "notices": _rows(connection, _notices(address, key)),
        "deliveries": _deliveries(connection, key),
    }


def _imports(key: str) -> Select[Any]:
    return (
        select(contact_import.c.at, contact_import.c.file_name, contact_import_row)
        .join_from(contact_import_row, contact_import)
        .join(contact, contact.c.id == contact_import_row.c.contact_id)
        .where(contact.c.address_key == key)
        .order_by(contact_import.c.id)
    )


def _returned(connection: Connection, address: str, key: str) -> Select[Any]:
    wanted = or_(
        returned_mail.c.delivery_id.in_(copies_to(connection, key)),
        returned_mail.c.hand_delivery_id.in_(copies_to(connection, key)),
        func.lower(returned_mail.c.sender).in_([address.lower(), key.lower()]),
    )
    return _of(returned_mail, wanted, returned_mail.c.id)


def _notices(address: str, key: str) -> Select[Any]:
    return (
        select(notice.c.subject, notice.c.body, notice.c.made_at, notice_copy.c.tried_at, notice_copy.c.result)
        .join_from(notice, notice_copy)
        .where(notice_copy.c.address.in_([address, key]))
        .order_by(notice.c.id)
    )


def _deliveries(connection: Connection, key: str) -> list[dict[str, Any]]:
    query = (
        select(delivery, issue.c.slug.label("issue"), distribution_list.c.name.label("list"), edition.c.sha256)
        .join_from(delivery, issue)
        .join(distribution_list, distribution_list.c.id == delivery.c.list_id)
        .join(edition, edition.c.id == delivery.c.edition_id)
        .where(delivery.c.id.in_(copies_to(connection, key)))
        .order_by(delivery.c.id)
    )
    found = []
    for row in connection.execute(query).mappings().all():
        mine = {
            "attempts": _of(attempt, attempt.c.delivery_id == row["id"], attempt.c.number),
            "events": _of(event, event.c.delivery_id == row["id"], event.c.id),
            "readings": _of(reading_event, reading_event.c.delivery_id == row["id"], reading_event.c.id),
        }
        told = {"delivery": row["id"], **_plain(row.items())}
        found.append(told | {name: _rows(connection, query) for name, query in mine.items()})
    return found


def _of(table: Table, wanted: ColumnElement[bool], *order: ColumnElement[Any]) -> Select[Any]:
    return select(table).where(or_(wanted)).order_by(*order)


def _rows(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    return [_plain(row.items()) for row in connection.execute(query).mappings()]


def _plain(values: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    return {
        str(name): value.isoformat() if isinstance(value, datetime) else value
        for name, value in values
        if name not in _INNER
    }
