"""The erasure of persons: what names them is taken out of every table, what was counted stays.

A delivery keeps its place, status, codes and times under an address made of an HMAC, so that an issue still has one
copy an address and all figures add up. A contact becomes a number that they refer to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)

from mailer.model.delivery import DeliveryStatus
from mailer.store.house import note_traces
from mailer.store.organisations import drop_unused
from mailer.store.schema import (
    api_answer,
    attempt,
    consent_entry,
    contact,
    contact_import_row,
    delivery,
    event,
    join_request,
    mailing,
    mailing_only,
    notice,
    notice_copy,
    occurrence,
    pace,
    pace_use,
    proof,
    reading_event,
    returned_mail,
    schedule_step,
    subscription,
    suppression,
)

PAGE = 500  # values in one statement
REMOVED = "[erased]"
# texts that may quote an address, of whatever they are about
_PROSE = (
    mailing.c.reason,
    mailing.c.again_reason,
    occurrence.c.result,
    schedule_step.c.result,
    notice.c.subject,
    notice.c.body,
    pace.c.reason,
    proof.c.reply,
    returned_mail.c.source,
    returned_mail.c.subject,
    returned_mail.c.first_lines,
    returned_mail.c.detail,
    returned_mail.c.note,
    suppression.c.source,
    suppression.c.note,
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Erased:
    """A person to erase. id: of the contact, None where there is none; put: what stands for the address afterwards.

    hashed: the HMAC of the address. keeps_domain: whether the domain is one of a provider, which names nobody.
    """

    id: int | None
    address: str
    key: str
    put: str
    hashed: str
    keeps_domain: bool


def stop_sending(connection: Connection, persons: Sequence[Erased], now: datetime) -> set[str]:
    """End what is still to be sent to these persons; return the keys of those to whom a copy is on the wire now."""
    wanted = _deliveries_of(persons)
    connection.execute(
        update(delivery)
        .where(wanted, delivery.c.status == DeliveryStatus.PENDING.value)
        .values(status=DeliveryStatus.SUPPRESSED.value, next_attempt_at=None, finished_at=now)
    )
    sending = delivery.c.status == DeliveryStatus.SENDING.value
    return set(connection.execute(select(delivery.c.address_key).where(wanted, sending)).scalars())


def erase_persons(connection: Connection, persons: Sequence[Erased], now: datetime) -> int:
    """Take persons out of all tables; return how many deliveries were theirs. At most PAGE persons at once."""
    numbers = _erase_deliveries(connection, persons)
    _erase_history(connection, numbers)
    _erase_returned(connection, persons, numbers, now)
    _erase_requests(connection, persons)
    _erase_contacts(connection, persons, now)
    # answers of the API hold rows of contacts; those that are gone are made again, where their call is sent again
    connection.execute(delete(api_answer).where(api_answer.c.status.is_not(None)))
    for one in persons:
        if not one.keeps_domain:  # how fast it may be written to is learnt anew, where somebody else has it too
            subject = f"domain:{one.key.rpartition('@')[2]}"
            for table in (pace, pace_use):
                connection.execute(delete(table).where(table.c.subject == subject))
        connection.execute(update(suppression).where(suppression.c.address_hash == one.hashed).values(note=""))
        _erase_prose(connection, one)
    if persons:
        note_traces(connection, now)
    return len(numbers)


def _deliveries_of(persons: Sequence[Erased]) -> ColumnElement[bool]:
    ids = [one.id for one in persons if one.id is not None]
    return or_(delivery.c.contact_id.in_(ids), delivery.c.address_key.in_([one.key for one in persons]))


def _erase_deliveries(connection: Connection, persons: Sequence[Erased]) -> list[int]:
    by_key = {one.key: one for one in persons}
    query = select(delivery.c.id, delivery.c.address_key, delivery.c.domain).where(_deliveries_of(persons))
    rows = connection.execute(query).all()
    values = [_blank(row.id, by_key[row.address_key], row.domain) for row in rows if row.address_key in by_key]
    if values:
        blank = {"name": "", "title": "", "organisation": "", "city": "", "reply": ""}
        connection.execute(
            update(delivery)
            .where(delivery.c.id == bindparam("number"))
            .values(
                address=bindparam("put"), address_key=bindparam("put_key"), domain=bindparam("put_domain"), **blank
            ),
            values,
        )
    return [int(row.id) for row in rows]


def _blank(number: int, person: Erased, domain: str) -> Mapping[str, object]:
    kept = domain if person.keeps_domain else person.put.rpartition("@")[2]
    return {"number": number, "put": person.put, "put_key": person.put, "put_domain": kept}


def _erase_history(connection: Connection, numbers: Sequence[int]) -> None:
    for page in _pages(numbers):
        connection.execute(update(attempt).where(attempt.c.delivery_id.in_(page)).values(reply=""))
        # a source may be the name of a file; kind and source are unique in a delivery
        source = literal("erased ", String) + event.c.id.cast(String)
        about = case((event.c.about == "", ""), else_=REMOVED)
        connection.execute(
            update(event).where(event.c.delivery_id.in_(page)).values(detail="", source=source, about=about)
        )
        connection.execute(
            update(reading_event).where(reading_event.c.delivery_id.in_(page)).values(agent="", network="")
        )


def _erase_returned(connection: Connection, persons: Sequence[Erased], numbers: Sequence[int], now: datetime) -> None:
    """Clear the mails that came back from these persons or from their copies, and drop what hands them on to staff."""
    senders = {word.lower() for one in persons for word in (one.address, one.key)}
    theirs = [func.lower(returned_mail.c.sender).in_(senders)]
    for column in (returned_mail.c.delivery_id, returned_mail.c.hand_delivery_id):
        theirs += [column.in_(page) for page in _pages(numbers)]
    rows = connection.execute(select(returned_mail.c.id, returned_mail.c.sha256).where(or_(*theirs))).all()
    for page in _pages(rows):
        # the row stays, or the same mail would be kept again when it is read again
        connection.execute(
            update(returned_mail)
            .where(returned_mail.c.id.in_([row.id for row in page]))
            .values(sender="", subject="", first_lines="", detail="", note="", undo=None, cleared_at=now)
        )
        _drop_notices(connection, [f"answer {row.sha256}" for row in page])


def _drop_notices(connection: Connection, about: Sequence[str]) -> None:
    told = select(notice.c.id).where(notice.c.about.in_(about))
    connection.execute(delete(notice_copy).where(notice_copy.c.notice_id.in_(told)))
    connection.execute(delete(notice).where(notice.c.about.in_(about)))


def _erase_requests(connection: Connection, persons: Sequence[Erased]) -> None:
    keys = [one.key for one in persons]
    numbers = connection.execute(select(join_request.c.id).where(join_request.c.address_key.in_(keys))).scalars().all()
    for page in _pages([f"join {number}" for number in numbers]):
        _drop_notices(connection, page)
    connection.execute(delete(join_request).where(join_request.c.address_key.in_(keys)))
    for one in persons:
        connection.execute(update(event).where(event.c.about.in_([one.address, one.key])).values(about=REMOVED))
        connection.execute(
            update(mailing_only).where(mailing_only.c.address_key == one.key).values(address_key=one.put)
        )


def _erase_contacts(connection: Connection, persons: Sequence[Erased], now: datetime) -> None:
    known = [{"number": one.id, "put": one.put} for one in persons if one.id is not None]
    if not known:
        return
    ids = [one["number"] for one in known]
    units = connection.execute(
        select(contact.c.organisation_id).where(contact.c.id.in_(ids), contact.c.organisation_id.is_not(None))
    ).scalars()
    units_left = list(units)
    connection.execute(delete(subscription).where(subscription.c.contact_id.in_(ids)))
    connection.execute(delete(contact_import_row).where(contact_import_row.c.contact_id.in_(ids)))
    # that there was consent, and when, is kept; where it came from may name the person
    connection.execute(update(consent_entry).where(consent_entry.c.contact_id.in_(ids)).values(source="", detail=""))
    connection.execute(
        update(contact)
        .where(contact.c.id == bindparam("number"))
        .values(
            address=bindparam("put"),
            address_key=bindparam("put"),
            name="",
            title="",
            organisation_id=None,
            city="",
            phone="",
            language="",
            attributes={},
            changed_at=now,
            erased_at=now,
        ),
        known,
    )
    drop_unused(connection, units_left)  # the name of a unit of one is as good as the person's


def _erase_prose(connection: Connection, person: Erased) -> None:
    for word in {person.address, person.key}:
        for column in _PROSE:
            connection.execute(
                update(column.table)
                .where(_holds(connection, column, word))
                .values({column: func.replace(column, word, REMOVED)})
            )


def _holds(connection: Connection, column: Column[str], word: str) -> ColumnElement[bool]:
    place = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return and_(column.is_not(None), place(column, word) > 0)


def _pages(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), PAGE):
        yield values[start : start + PAGE]
