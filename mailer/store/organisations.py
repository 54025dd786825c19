"""Organisations: the units that contacts belong to, each known by its name and city."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, tuple_, update

from mailer.model.delivery import Contact
from mailer.model.organisation import OrganisationContact
from mailer.store.schema import contact, organisation, subscription

PAGE = 500  # values in one statement

Place = tuple[str, str]  # name and city


def save_organisations(connection: Connection, values: Sequence[Contact], now: datetime) -> dict[Place, int]:
    """Write the organisations of contacts that are not known yet, and levels that are said anew; place to id."""
    levels = {(one.organisation, one.city): "" for one in values if one.organisation}
    levels |= {(one.organisation, one.city): one.level for one in reversed(values) if one.organisation and one.level}
    found: dict[Place, int] = {}
    changed: list[dict[str, object]] = []
    for names in _pages({name for name, _city in levels}):
        for row in connection.execute(select(organisation).where(organisation.c.name.in_(names))):
            level = levels.get((row.name, row.city))
            if level is None:
                continue
            found[row.name, row.city] = row.id
            if level and level != row.level:
                changed.append({"organisation": row.id, "new_level": level})
    if changed:
        by_id = update(organisation).where(organisation.c.id == bindparam("organisation"))
        connection.execute(by_id.values(level=bindparam("new_level")), changed)
    new = [
        {"name": name, "city": city, "level": level, "created_at": now}
        for (name, city), level in levels.items()
        if (name, city) not in found
    ]
    if new:
        columns = (organisation.c.id, organisation.c.name, organisation.c.city)
        inserted = connection.execute(insert(organisation).returning(*columns), new)
        found |= {(row.name, row.city): row.id for row in inserted}
    return found


def find_places(connection: Connection, places: Collection[Place], now: datetime) -> dict[Place, int]:
    """Return the ids of organisations; one that is not there, or no longer, is written."""
    return save_organisations(connection, [Contact("", "", organisation=name, city=city) for name, city in places], now)


def restore_levels(connection: Connection, levels: Mapping[int, str], *, only_unsaid: bool = False) -> None:
    """Give organisations the levels they had, by id; also none. only_unsaid: only those that have none now."""
    if levels:
        chosen = update(organisation).where(organisation.c.id == bindparam("number"))
        if only_unsaid:
            chosen = chosen.where(organisation.c.level == "")
        connection.execute(
            chosen.values(level=bindparam("was_level")),
            [{"number": number, "was_level": level} for number, level in levels.items()],
        )


def drop_unused(connection: Connection, ids: Sequence[int], created_at: datetime | None = None) -> None:
    """Delete those of these organisations that nobody belongs to any more; created_at: only such of this moment."""
    used = exists().where(contact.c.organisation_id == organisation.c.id)
    wanted = [organisation.c.id.in_(ids), ~used]
    if created_at is not None:
        wanted.append(organisation.c.created_at == created_at)
    connection.execute(delete(organisation).where(*wanted))


def count_organisations(connection: Connection, city: str = "") -> int:
    """Return how many organisations there are, or are in a city."""
    query = select(func.count()).select_from(organisation)
    return int(connection.execute(query.where(organisation.c.city == city) if city else query).scalar_one())


def page_of_numbers(
    connection: Connection, city: str, after: int, most: int, *, only_off_lists: bool = False
) -> list[int]:
    """Return the next organisations' ids by city and name, after that of one; 0: the first.

    city: only those of this city. only_off_lists: only those nobody of which is on a list.
    """
    order = (organisation.c.city, organisation.c.name, organisation.c.id)
    query = select(organisation.c.id).order_by(*order).limit(most)
    if city:
        query = query.where(organisation.c.city == city)
    if only_off_lists:
        on_list = exists().where(
            contact.c.organisation_id == organisation.c.id,
            subscription.c.contact_id == contact.c.id,
            subscription.c.status == "active",
        )
        query = query.where(~on_list)
    if after:
        place = connection.execute(select(*order).where(organisation.c.id == after)).one_or_none()
        if place is not None:
            query = query.where(tuple_(*order) > tuple_(*place))
    return [int(number) for number in connection.execute(query).scalars()]


def active_keys(connection: Connection, numbers: Collection[int]) -> list[tuple[int, str]]:
    """Return the address keys of these organisations' contacts that are on some list, each with the organisation's."""
    on_list = exists().where(subscription.c.contact_id == contact.c.id, subscription.c.status == "active")
    rows = connection.execute(
        select(contact.c.organisation_id, contact.c.address_key).where(contact.c.organisation_id.in_(numbers), on_list)
    )
    return [(int(row[0]), str(row[1])) for row in rows]


def iterate_members(
    connection: Connection, city: str = "", numbers: Collection[int] | None = None
) -> Iterator[OrganisationContact]:
    """Yield every organisation's contacts, by city and name; one without contacts once, with an empty address.

    city: only those of this city. numbers: only those with these ids.
    """
    active = exists().where(subscription.c.contact_id == contact.c.id, subscription.c.status == "active")
    query = (
        select(
            organisation.c.id.label("number"),
            organisation.c.name.label("unit"),
            organisation.c.city,
            organisation.c.level,
            organisation.c.kind,
            contact.c.address,
            contact.c.address_key,
            contact.c.name,
            contact.c.title,
            active.label("active"),
        )
        .outerjoin_from(organisation, contact)
        .order_by(organisation.c.city, organisation.c.name, organisation.c.id, contact.c.id)
    )
    if city:
        query = query.where(organisation.c.city == city)
    if numbers is not None:
        query = query.where(organisation.c.id.in_(numbers))
    for row in connection.execute(query.execution_options(yield_per=PAGE)):
        yield OrganisationContact(
            organisation_id=row.number,
            organisation=row.unit,
            city=row.city,
            level=row.level,
            kind=row.kind,
            address=row.address or "",
            key=row.address_key or "",
            name=row.name or "",
            title=row.title or "",
            active=bool(row.active) and row.address is not None,
        )


def drop_empty(connection: Connection, created_before: datetime) -> int:
    """Delete organisations that no contact belongs to and that were there before this time; return how many."""
    used = exists().where(contact.c.organisation_id == organisation.c.id)
    return connection.execute(delete(organisation).where(~used, organisation.c.created_at < created_before)).rowcount


def _pages(values: Collection[str]) -> Iterator[list[str]]:
    rest = iter(values)
    while page := list(islice(rest, PAGE)):
        yield page
