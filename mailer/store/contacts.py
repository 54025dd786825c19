"""Contacts looked at: listed, exported, found."""

import json
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, Row, Select, String, cast, or_, select

from mailer.model.city import fold_city
from mailer.model.delivery import Contact
from mailer.model.history import SubscriptionRecord
from mailer.model.listed import ContactFilter, ListedContact
from mailer.store import audience
from mailer.store.schema import contact, delivery, distribution_list, organisation, subscription

PAGE = 1000


def iterate_contacts(
    connection: Connection, wanted: ContactFilter, limit: int | None = None
) -> Iterator[ListedContact]:
    """Yield contacts by list in sending order, then as they stand on it; those on no list last. Constant memory."""
    query = _select(wanted)
    if limit is not None:
        query = query.limit(limit)
    for row in connection.execute(query.execution_options(yield_per=PAGE)):
        yield _to_listed(row)


def page_of_contacts(
    connection: Connection, words: str, list_name: str, after: int, most: int, status: str = ""
) -> list[tuple[int, Contact]]:
    """Return contacts with ids above `after`, by id, each with its id; erased ones are not there any more.

    words: only those that hold them in a field. list_name, status: only who stands so on it; a list alone means
    actively, a status alone on any.
    """
    query = (
        select(contact, organisation.c.name.label("organisation"), organisation.c.level)
        .outerjoin(organisation, organisation.c.id == contact.c.organisation_id)
        .where(contact.c.id > after, contact.c.erased_at.is_(None))
        .order_by(contact.c.id)
        .limit(most)
    )
    if list_name or status:
        on = select(subscription.c.id).where(
            subscription.c.contact_id == contact.c.id, subscription.c.status == (status or "active")
        )
        if list_name:
            numbers = select(distribution_list.c.id).where(distribution_list.c.name == list_name).scalar_subquery()
            on = on.where(subscription.c.list_id == numbers)
        query = query.where(on.correlate(contact).exists())
    if words:
        query = query.where(_holds(words))
    return [(row.id, audience.to_contact(row)) for row in connection.execute(query)]


def standings_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Return how contacts stand, by id: the title of each list with the status on it, in sending order."""
    found: dict[int, list[tuple[str, str]]] = {}
    rows = connection.execute(
        select(subscription.c.contact_id, distribution_list.c.title, subscription.c.status)
        .join(distribution_list, distribution_list.c.id == subscription.c.list_id)
        .where(subscription.c.contact_id.in_(ids))
        .order_by(distribution_list.c.position)
    )
    for row in rows:
        found.setdefault(row.contact_id, []).append((row.title, row.status))
    return found


def page_of_subscriptions(
    connection: Connection, list_name: str, status: str, after: int, most: int
) -> list[tuple[int, str, SubscriptionRecord]]:
    """Return subscriptions with ids above `after`, by id, each with its id and address.

    list_name, status: only these; empty: all.
    """
    query = (
        select(subscription, contact.c.address, distribution_list.c.name, distribution_list.c.title)
        .join(contact, contact.c.id == subscription.c.contact_id)
        .join(distribution_list, distribution_list.c.id == subscription.c.list_id)
        .where(subscription.c.id > after)
        .order_by(subscription.c.id)
        .limit(most)
    )
    if list_name:
        query = query.where(distribution_list.c.name == list_name)
    if status:
        query = query.where(subscription.c.status == status)
    return [
        (
            row.id,
            row.address,
            SubscriptionRecord(
                row.name, row.title, row.status, row.since, row.basis, row.source, row.left_at, row.left_reason
            ),
        )
        for row in connection.execute(query)
    ]


def _select(wanted: ContactFilter) -> Select[tuple[object, ...]]:
    query = (
        select(
            contact,
            organisation.c.name.label("organisation"),
            organisation.c.level,
            distribution_list.c.name.label("list_name"),
            subscription.c.status,
            subscription.c.basis,
            subscription.c.source,
            subscription.c.since,
        )
        .outerjoin(organisation, organisation.c.id == contact.c.organisation_id)
        .outerjoin(subscription, subscription.c.contact_id == contact.c.id)
        .outerjoin(distribution_list, distribution_list.c.id == subscription.c.list_id)
        .order_by(
            distribution_list.c.position.is_(None), distribution_list.c.position, subscription.c.position, contact.c.id
        )
    )
    if wanted.lists:
        query = query.where(distribution_list.c.name.in_(wanted.lists))
    if wanted.status:
        query = query.where(subscription.c.status == wanted.status)
    if wanted.text:
        query = query.where(_holds(wanted.text))
    return query


def _holds(words: str) -> ColumnElement[bool]:
    fields = (contact.c.address_key, contact.c.name, contact.c.title, organisation.c.name)
    return or_(
        *(field.icontains(words, autoescape=True) for field in fields),
        contact.c.city.icontains(fold_city(words), autoescape=True),
    )


def attribute_names(connection: Connection, wanted: ContactFilter) -> list[str]:
    """Return the names of all attributes that these contacts have."""
    texts = _select(wanted).with_only_columns(cast(contact.c.attributes, String)).order_by(None).distinct()
    return sorted({name for text in connection.execute(texts).scalars() if text for name in json.loads(text)})


def _to_listed(row: Row[tuple[object, ...]]) -> ListedContact:
    value = audience.to_contact(row)
    return ListedContact(value, row.list_name or "", row.status or "", row.basis or "", row.source or "", row.since)


def deliveries_to(connection: Connection, address_key: str, limit: int) -> list[int]:
    """Return the newest deliveries to an address over all mailings, the newest first."""
    rows = connection.execute(
        select(delivery.c.id).where(delivery.c.address_key == address_key).order_by(delivery.c.id.desc()).limit(limit)
    )
    return [int(row.id) for row in rows]
