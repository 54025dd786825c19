"""Segments as conditions of SQL; they mean what `model.segment.Segment.fits` means."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from mailer.model.city import fold_city
from mailer.model.segment import Filters, Segment, filters_from_json
from mailer.store.schema import contact, mailing_list, organisation


def fits(connection: Connection, filters: Filters, contact_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """True where one of the filters fits a contact, by its id; true for everybody where there are none."""
    if not filters:
        return true()
    meant = (
        select(contact.c.id)
        .outerjoin_from(contact, organisation)
        .where(or_(*(_condition(connection, one) for one in filters)))
    )
    return contact_id.in_(meant)


def read_filters(connection: Connection, mailing_id: int) -> dict[int, Filters]:
    """Return whom of its lists a mailing is for, by list id, where that is not everybody."""
    wanted = (mailing_list.c.mailing_id == mailing_id, mailing_list.c.filters.is_not(None))
    rows = connection.execute(select(mailing_list.c.list_id, mailing_list.c.filters).where(*wanted))
    return {int(row.list_id): filters_from_json(row.filters) for row in rows}


def _condition(connection: Connection, segment: Segment) -> ColumnElement[bool]:
    place = func.instr if connection.dialect.name == "sqlite" else func.strpos
    wanted: list[ColumnElement[bool]] = [true()]
    if segment.cities:
        wanted.append(contact.c.city.in_(map(fold_city, segment.cities)))
    if segment.levels:
        wanted.append(organisation.c.level.in_(segment.levels))
    if segment.titles:
        wanted.append(or_(*(place(contact.c.title, word) > 0 for word in segment.titles)))
    wanted += [contact.c.attributes[name].as_string().in_(values) for name, values in segment.attributes]
    return and_(*wanted)
