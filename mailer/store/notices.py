"""Notices to staff: written once, then copy by copy tried until one is taken or of no use any more."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from mailer.store.schema import notice, notice_copy

AGAIN_AFTER = timedelta(minutes=5)  # as long as a try may take, so that two clocks never try one copy at once


@dataclass(frozen=True, slots=True)
class NoticeCopy:
    """A notice for one address; about says which it is, the same in every copy. attaches: it hands on a mail."""

    notice_id: int
    about: str
    address: str
    subject: str
    body: str
    made_at: datetime
    attaches: bool = False


def add_notice(
    connection: Connection,
    about: str,
    subject: str,
    body: str,
    addresses: Collection[str],
    now: datetime,
    until: datetime,
    attached: bytes | None = None,
) -> bool:
    """Write a notice for these addresses (perhaps none); False when there is one about this already.

    attached: a mail that it hands on, kept until every copy has ended.
    """
    try:
        with connection.begin_nested():
            number = connection.execute(
                insert(notice)
                .values(about=about, subject=subject, body=body, made_at=now, until_at=until, attached=attached)
                .returning(notice.c.id)
            ).scalar_one()
    except IntegrityError:
        return False
    if addresses:
        connection.execute(insert(notice_copy), [{"notice_id": number, "address": one} for one in addresses])
    return True


def notices_about(connection: Connection, abouts: Collection[str]) -> set[str]:
    """Return those of which there is a notice already."""
    return set(connection.execute(select(notice.c.about).where(notice.c.about.in_(abouts))).scalars())


def open_copies(connection: Connection, now: datetime) -> list[NoticeCopy]:
    """Return the copies to be tried now, the oldest first."""
    rows = connection.execute(
        select(
            notice.c.id,
            notice.c.about,
            notice.c.subject,
            notice.c.body,
            notice.c.made_at,
            notice.c.attached.is_not(None).label("attaches"),
            notice_copy.c.address,
        )
        .join_from(notice, notice_copy)
        .where(
            notice_copy.c.ended_at.is_(None),
            notice.c.until_at > now,
            or_(notice_copy.c.tried_at.is_(None), notice_copy.c.tried_at <= now - AGAIN_AFTER),
        )
        .order_by(notice.c.id, notice_copy.c.address)
    )
    return [
        NoticeCopy(row.id, row.about, row.address, row.subject, row.body, row.made_at, row.attaches) for row in rows
    ]


def take_copy(connection: Connection, copy: NoticeCopy, now: datetime) -> bool:
    """Take a copy to try it; False when another was first. It comes back by itself after AGAIN_AFTER."""
    result = connection.execute(
        update(notice_copy)
        .where(
            notice_copy.c.notice_id == copy.notice_id,
            notice_copy.c.address == copy.address,
            notice_copy.c.ended_at.is_(None),
            or_(notice_copy.c.tried_at.is_(None), notice_copy.c.tried_at <= now - AGAIN_AFTER),
        )
        .values(tried_at=now)
    )
    return result.rowcount == 1


def note_copy(connection: Connection, copy: NoticeCopy, result: str, ended_at: datetime | None) -> None:
    """Write what became of a try; ended_at None: it is tried again."""
    connection.execute(
        update(notice_copy)
        .where(notice_copy.c.notice_id == copy.notice_id, notice_copy.c.address == copy.address)
        .values(result=result, ended_at=ended_at)
    )
    if ended_at is not None and copy.attaches:
        open_still = exists().where(notice_copy.c.notice_id == notice.c.id, notice_copy.c.ended_at.is_(None))
        connection.execute(update(notice).where(notice.c.id == copy.notice_id, ~open_still).values(attached=None))


def read_attached(connection: Connection, notice_id: int) -> bytes | None:
    """Return the mail that a notice hands on, if it does."""
    found: bytes | None = connection.execute(select(notice.c.attached).where(notice.c.id == notice_id)).scalar()
    return found
