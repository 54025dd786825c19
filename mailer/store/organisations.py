"""Organisations: the units that contacts belong to, each known by its name and city."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from mailer.model.city import fold_city
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


def iterate_members(connection: Connection, city: str = "") -> Iterator[OrganisationContact]:
    """Yield every organisation's contacts, by city and name; one without contacts once, with an empty address.

    city: only those of this city.
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
        query = query.where(organisation.c.city == fold_city(city))
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
