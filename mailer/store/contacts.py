"""Contacts looked at: listed, exported, found."""

import json
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, Row, Select, String, and_, cast, or_, select

from mailer.model.city import fold_city
from mailer.model.delivery import Contact
from mailer.model.history import SubscriptionRecord
from mailer.model.listed import ContactFilter, ListedContact
from mailer.store import audience
from mailer.store.deliveries import copies_to
from mailer.store.schema import contact, delivery, distribution_list, organisation, subscription
from mailer.store.segments import fits
from mailer.store.words import hold

PAGE = 1000


def iterate_contacts(
    connection: Connection, wanted: ContactFilter, limit: int | None = None
) -> Iterator[ListedContact]:
    """Yield contacts by list in sending order, then as they stand on it; those on no list last. Constant memory."""
    query = _select(connection, wanted)
    if limit is not None:
        query = query.limit(limit)
    for row in connection.execute(query.execution_options(yield_per=PAGE)):
        yield _to_listed(row)


def page_of_contacts(connection: Connection, wanted: ContactFilter, after: int, most: int) -> list[tuple[int, Contact]]:
    """Return contacts with ids above `after`, by id, each once with its id; erased ones are not there any more.

    Lists without a status mean who is actively on one of them, a status alone who stands so with any.
    """
    query = (
        select(contact, organisation.c.name.label("organisation"), organisation.c.level)
        .outerjoin(organisation, organisation.c.id == contact.c.organisation_id)
        .where(contact.c.erased_at.is_(None))
        .limit(most)
    )
    if wanted.text:
        query = query.where(_holds(connection, wanted.text))
    if not (wanted.lists or wanted.status):
        query = query.where(contact.c.id > after).order_by(contact.c.id)
        return [(row.id, audience.to_contact(row)) for row in connection.execute(query)]
    lists = select(distribution_list.c.id, distribution_list.c.name)
    if wanted.lists:
        lists = lists.where(distribution_list.c.name.in_(wanted.lists))
    standing = query.join(subscription, subscription.c.contact_id == contact.c.id).where(
        subscription.c.status == (wanted.status or "active"), subscription.c.contact_id > after
    )
    found: dict[int, Contact] = {}
    # list by list, as the index has the list and the standing before the contact: no page walks over other standings
    for number, name in connection.execute(lists).all():
        of_list = standing.where(subscription.c.list_id == number).order_by(subscription.c.contact_id)
        if name in wanted.filters:
            of_list = of_list.where(fits(connection, wanted.filters[name], subscription.c.contact_id))
        found |= {row.id: audience.to_contact(row) for row in connection.execute(of_list)}
    return sorted(found.items())[:most]


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


def _meant(connection: Connection, wanted: ContactFilter) -> ColumnElement[bool]:
    """True where a subscription is to one of the lists, and its contact one of those meant of that list."""
    whole = [name for name in wanted.lists if name not in wanted.filters]
    parts = [
        and_(distribution_list.c.name == name, fits(connection, filters, subscription.c.contact_id))
        for name, filters in wanted.filters.items()
        if name in wanted.lists
    ]
    return or_(distribution_list.c.name.in_(whole), *parts)


def _select(connection: Connection, wanted: ContactFilter) -> Select[tuple[object, ...]]:
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
    query = query.where(contact.c.erased_at.is_(None))
    if wanted.lists:
        query = query.where(_meant(connection, wanted))
    if wanted.status:
        query = query.where(subscription.c.status == wanted.status)
    if wanted.text:
        query = query.where(_holds(connection, wanted.text))
    return query


def _holds(connection: Connection, words: str) -> ColumnElement[bool]:
    of_unit = select(organisation.c.id).where(hold(connection, [organisation.c.name], words))
    fields = (contact.c.address_key, contact.c.name, contact.c.title)
    in_city = hold(connection, [contact.c.city], fold_city(words))
    return or_(hold(connection, fields, words), in_city, contact.c.organisation_id.in_(of_unit))


def attribute_names(connection: Connection, wanted: ContactFilter) -> list[str]:
    """Return the names of all attributes that these contacts have."""
    texts = _select(connection, wanted).with_only_columns(cast(contact.c.attributes, String)).order_by(None).distinct()
    return sorted({name for text in connection.execute(texts).scalars() if text for name in json.loads(text)})


def _to_listed(row: Row[tuple[object, ...]]) -> ListedContact:
    value = audience.to_contact(row)
    return ListedContact(value, row.list_name or "", row.status or "", row.basis or "", row.source or "", row.since)


def deliveries_to(connection: Connection, address_key: str, limit: int) -> list[int]:
    """Return the newest deliveries to an address over all mailings, the newest first."""
    rows = connection.execute(
        select(delivery.c.id)
        .where(delivery.c.id.in_(copies_to(connection, address_key)))
        .order_by(delivery.c.id.desc())
        .limit(limit)
    )
    return [int(row.id) for row in rows]
