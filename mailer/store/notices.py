"""Notices to staff: written once, then copy by copy tried until one is taken or of no use any more."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from mailer.model.notice import CopyRecord, NoticeRecord
from mailer.store.schema import notice, notice_copy

AGAIN_AFTER = timedelta(minutes=5)  # as long as a try may take, so that two clocks never try one copy at once


@dataclass(frozen=True, slots=True)
class NoticeCopy:
    """A notice for one target; about says which it is, the same in every copy. attaches: it hands on a mail."""

    notice_id: int
    about: str
    target: str
    subject: str
    body: str
    made_at: datetime
    tried_at: datetime | None
    attaches: bool = False


def add_notice(
    connection: Connection,
    about: str,
    subject: str,
    body: str,
    targets: Collection[str],
    now: datetime,
    until: datetime,
    attached: bytes | None = None,
) -> bool:
    """Write a notice for mail addresses and channels (perhaps none); False when there is one about this already.

    A channel is told from an address by its name, which holds no @. attached: a mail that it hands on, kept until every
    copy has ended.
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
    if targets:
        connection.execute(insert(notice_copy), [{"notice_id": number, "address": one} for one in targets])
    return True


def notices_about(connection: Connection, abouts: Collection[str]) -> set[str]:
    """Return those of which there is a notice already."""
    return set(connection.execute(select(notice.c.about).where(notice.c.about.in_(abouts))).scalars())


def open_copies(connection: Connection, now: datetime, *, by_mail: bool) -> list[NoticeCopy]:
    """Return the copies to be tried now, the oldest first: those that go by mail, or those of channels."""
    mail = notice_copy.c.address.contains("@", autoescape=True)
    rows = connection.execute(
        select(
            notice.c.id,
            notice.c.about,
            notice.c.subject,
            notice.c.body,
            notice.c.made_at,
            notice.c.attached.is_not(None).label("attaches"),
            notice_copy.c.address,
            notice_copy.c.tried_at,
        )
        .join_from(notice, notice_copy)
        .where(
            notice_copy.c.ended_at.is_(None),
            notice.c.until_at > now,
            mail if by_mail else ~mail,
            or_(notice_copy.c.tried_at.is_(None), notice_copy.c.tried_at <= now - AGAIN_AFTER),
        )
        .order_by(notice.c.id, notice_copy.c.address)
    )
    return [
        NoticeCopy(row.id, row.about, row.address, row.subject, row.body, row.made_at, row.tried_at, row.attaches)
        for row in rows
    ]


def take_copy(connection: Connection, copy: NoticeCopy, now: datetime) -> bool:
    """Take a copy to try it; False when another was first. It comes back by itself after AGAIN_AFTER."""
    result = connection.execute(
        update(notice_copy)
        .where(
            notice_copy.c.notice_id == copy.notice_id,
            notice_copy.c.address == copy.target,
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
        .where(notice_copy.c.notice_id == copy.notice_id, notice_copy.c.address == copy.target)
        .values(result=result, ended_at=ended_at)
    )
    if ended_at is not None and copy.attaches:
        open_still = exists().where(notice_copy.c.notice_id == notice.c.id, notice_copy.c.ended_at.is_(None))
        connection.execute(update(notice).where(notice.c.id == copy.notice_id, ~open_still).values(attached=None))


def read_attached(connection: Connection, notice_id: int) -> bytes | None:
    """Return the mail that a notice hands on, if it does."""
    found: bytes | None = connection.execute(select(notice.c.attached).where(notice.c.id == notice_id)).scalar()
    return found


def list_notices(connection: Connection, limit: int) -> list[NoticeRecord]:
    """Return the newest notices first, with their copies."""
    rows = connection.execute(select(notice).order_by(notice.c.id.desc()).limit(limit)).all()
    copies: dict[int, list[CopyRecord]] = {row.id: [] for row in rows}
    query = select(notice_copy).where(notice_copy.c.notice_id.in_(list(copies))).order_by(notice_copy.c.address)
    for one in connection.execute(query):
        copies[one.notice_id].append(CopyRecord(one.address, one.tried_at, one.ended_at, one.result))
    return [NoticeRecord(row.id, row.subject, row.made_at, row.until_at, tuple(copies[row.id])) for row in rows]
