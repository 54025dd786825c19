"""What is older than it may be kept: found and cleared a page at a time, so that nobody waits for it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from mailer.model.delivery import MailingStatus
from mailer.model.retention import LastRun
from mailer.store.audience import RETURNABLE
from mailer.store.plans import ORDINALS
from mailer.store.schema import (
    attempt,
    contact,
    delivery,
    event,
    join_request,
    mailing,
    notice,
    notice_copy,
    reading_event,
    retention_run,
    returned_mail,
    subscription,
)

PAGE = 1000
FEW = 100  # contacts erased in one transaction
UNCONFIRMED = timedelta(days=7)  # how long a request is kept whose link is no longer good and was never followed


def take_day(connection: Connection, day: str, now: datetime, lease: timedelta) -> bool:
    """Take the clearing of a day, or what another left of it a lease ago; False where it is done or another's."""
    try:
        with connection.begin_nested():
            connection.execute(insert(retention_run).values(day=day, started_at=now, counts={}))
    except IntegrityError:
        wanted = (retention_run.c.day == day, retention_run.c.ended_at.is_(None))
        stale = retention_run.c.started_at <= now - lease
        return connection.execute(update(retention_run).where(*wanted, stale).values(started_at=now)).rowcount == 1
    return True


def note_day(connection: Connection, day: str, counts: dict[str, int], ended_at: datetime | None) -> dict[str, int]:
    """Add to what the clearing of a day came to, and return it all; ended_at None: more is to do."""
    mine = retention_run.c.day == day
    known = connection.execute(select(retention_run.c.counts).where(mine)).scalar_one_or_none() or {}
    total = {name: known.get(name, 0) + count for name, count in counts.items()}
    connection.execute(update(retention_run).where(mine).values(counts=total, ended_at=ended_at))
    return total


def last_run(connection: Connection) -> LastRun | None:
    """Return the newest clearing, or None."""
    row = connection.execute(select(retention_run).order_by(retention_run.c.day.desc()).limit(1)).one_or_none()
    return LastRun(row.day, row.started_at, row.ended_at, dict(row.counts)) if row is not None else None


def _idle(before: datetime) -> ColumnElement[bool]:
    mine = subscription.c.contact_id == contact.c.id
    kept = exists().where(mine, or_(subscription.c.status != "left", subscription.c.left_at >= before))
    return and_(contact.c.erased_at.is_(None), contact.c.created_at < before, ~kept)


def idle_contacts(connection: Connection, before: datetime, after: int = 0) -> list[tuple[int, str, str, bool]]:
    """Return contacts (id, address, key, whether they left by their own word) that were on no list since a time."""
    mine = (subscription.c.contact_id == contact.c.id, subscription.c.left_reason.not_in(RETURNABLE))
    rows = connection.execute(
        select(contact.c.id, contact.c.address, contact.c.address_key, exists().where(*mine))
        .where(_idle(before), contact.c.id > after)
        .order_by(contact.c.id)
        .limit(FEW)
    )
    return [(int(row[0]), str(row[1]), str(row[2]), bool(row[3])) for row in rows]


def count_idle(connection: Connection, before: datetime) -> int:
    """Return how many contacts were on no list since a time."""
    return _count(connection, contact, _idle(before))


def _old_event(before: datetime) -> ColumnElement[bool]:
    return and_(event.c.happened_at < before, event.c.detail != "")


def _old_reading(before: datetime) -> ColumnElement[bool]:
    return and_(reading_event.c.happened_at < before, or_(reading_event.c.agent != "", reading_event.c.network != ""))


def clear_events(connection: Connection, before: datetime) -> int:
    """Clear the words of some events that are older; return how many, 0 when there are no more."""
    ids = select(event.c.id).where(_old_event(before)).order_by(event.c.id).limit(PAGE).scalar_subquery()
    return connection.execute(update(event).where(event.c.id.in_(ids)).values(detail="")).rowcount


def clear_readings(connection: Connection, before: datetime) -> int:
    """Clear program and network of some opens and clicks that are older; return how many."""
    ids = select(reading_event.c.id).where(_old_reading(before)).order_by(reading_event.c.id).limit(PAGE)
    return connection.execute(
        update(reading_event).where(reading_event.c.id.in_(ids.scalar_subquery())).values(agent="", network="")
    ).rowcount


def _over(before: datetime) -> ColumnElement[bool]:
    ended = (MailingStatus.FINISHED.value, MailingStatus.CANCELLED.value)
    return and_(mailing.c.status.in_(ended), mailing.c.finished_at < before, mailing.c.words_cleared_at.is_(None))


def clear_replies(connection: Connection, before: datetime, now: datetime) -> int:
    """Clear the replies of some tries of one mailing that ended before; return how many, 0 when all are cleared."""
    while True:
        query = select(mailing.c.id).where(_over(before)).order_by(mailing.c.id).limit(1)
        number = connection.execute(query).scalar()
        if number is None:
            return 0
        tried = _in_mailing(attempt.c.delivery_id, number)
        page = connection.execute(
            select(attempt.c.delivery_id).where(tried, attempt.c.reply != "").distinct().limit(PAGE)
        ).scalars()
        if ids := list(page):
            count = connection.execute(update(attempt).where(attempt.c.delivery_id.in_(ids)).values(reply=""))
            connection.execute(update(delivery).where(delivery.c.id.in_(ids)).values(reply=""))
            return count.rowcount
        connection.execute(update(mailing).where(mailing.c.id == number).values(words_cleared_at=now))


def _old_mail(before: datetime) -> ColumnElement[bool]:
    return and_(returned_mail.c.read_at < before, returned_mail.c.cleared_at.is_(None))


def clear_returned(connection: Connection, before: datetime, now: datetime) -> int:
    """Clear some kept mails that were read before, whether or not anybody dealt with them; return how many."""
    ids = select(returned_mail.c.id).where(_old_mail(before)).order_by(returned_mail.c.id).limit(PAGE)
    blank = {"source": "", "sender": "", "subject": "", "first_lines": "", "detail": "", "note": ""}
    return connection.execute(
        update(returned_mail)
        .where(returned_mail.c.id.in_(ids.scalar_subquery()))
        .values(undo=None, cleared_at=now, **blank)
    ).rowcount


def _in_mailing(column: ColumnElement[Any], number: int) -> ColumnElement[bool]:
    return and_(column >= number * ORDINALS, column < (number + 1) * ORDINALS)


def count_replies(connection: Connection, before: datetime) -> int:
    """Return how many tries have replies that are older."""
    numbers = connection.execute(select(mailing.c.id).where(_over(before))).scalars().all()
    return sum(
        _count(connection, attempt, and_(_in_mailing(attempt.c.delivery_id, number), attempt.c.reply != ""))
        for number in numbers
    )


def _old_request(before: datetime | None, now: datetime) -> ColumnElement[bool]:
    lapsed = and_(join_request.c.confirmed_at.is_(None), join_request.c.expires_at < now - UNCONFIRMED)
    return or_(lapsed, join_request.c.asked_at < before) if before is not None else lapsed


def drop_requests(connection: Connection, before: datetime | None, now: datetime) -> int:
    """Delete some requests to join that lapsed, or are older, with the mails that asked to confirm them."""
    wanted = select(join_request.c.id).where(_old_request(before, now)).limit(PAGE)
    numbers = list(connection.execute(wanted).scalars())
    _drop_notices(connection, notice.c.about.in_([f"join {number}" for number in numbers]))
    return connection.execute(delete(join_request).where(join_request.c.id.in_(numbers))).rowcount


def drop_notices(connection: Connection, before: datetime) -> int:
    """Delete some notices whose time was over before."""
    ids = list(connection.execute(select(notice.c.id).where(notice.c.until_at < before).limit(PAGE)).scalars())
    return _drop_notices(connection, notice.c.id.in_(ids))


def _drop_notices(connection: Connection, wanted: ColumnElement[bool]) -> int:
    connection.execute(delete(notice_copy).where(notice_copy.c.notice_id.in_(select(notice.c.id).where(wanted))))
    return connection.execute(delete(notice).where(wanted)).rowcount


def count_old(connection: Connection, name: str, before: datetime, now: datetime) -> int:
    """Return how many rows of one kind a clearing would touch."""
    match name:
        case "contacts":
            return count_idle(connection, before)
        case "events":
            return _count(connection, event, _old_event(before))
        case "readings":
            return _count(connection, reading_event, _old_reading(before))
        case "replies":
            return count_replies(connection, before)
        case "returned":
            return _count(connection, returned_mail, _old_mail(before))
        case "logs":
            return _count(connection, notice, notice.c.until_at < before)
        case "requests":
            return _count(connection, join_request, _old_request(before, now))
    raise ValueError(name)


def _count(connection: Connection, table: Table, wanted: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(table).where(wanted)).scalar_one())
