"""Returned mail that waits for a person, how far mailboxes have been read, and what webhooks have brought."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from mailer.model.report import KeptMail, ReportKind, Tie
from mailer.store.schema import delivery, hook_seen, issue, mailbox_place, returned_mail


def keep_mail(connection: Connection, sha256: str, mail: KeptMail) -> bool:
    """Keep a mail for a person; False when the same mail is kept already. Its id is given here."""
    if connection.execute(select(returned_mail.c.id).where(returned_mail.c.sha256 == sha256)).first() is not None:
        return False
    connection.execute(
        insert(returned_mail).values(
            sha256=sha256,
            kind=mail.kind.value,
            answer=mail.answer,
            tie=mail.tie.value if mail.tie is not None else "",
            delivery_id=mail.delivery_id,
            source=mail.source[-300:],
            sender=mail.sender[:254],
            subject=mail.subject,
            sent_at=mail.sent_at,
            first_lines=mail.first_lines,
            detail=mail.detail,
            read_at=mail.read_at,
        )
    )
    return True


def list_kept(connection: Connection, *, answers: bool, most: int) -> list[KeptMail]:
    """Return the newest kept mails first: answers by people, or else those that were not, or not surely, understood."""
    rows = connection.execute(
        select(returned_mail, delivery.c.address, delivery.c.mailing_id, issue.c.slug)
        .select_from(returned_mail)
        .outerjoin(delivery, delivery.c.id == returned_mail.c.delivery_id)
        .outerjoin(issue, issue.c.id == delivery.c.issue_id)
        .where(returned_mail.c.answer.is_(answers))
        .order_by(returned_mail.c.id.desc())
        .limit(most)
    )
    return [_to_kept(row) for row in rows]


def count_kept(connection: Connection) -> tuple[int, int]:
    """Return how many answers are kept, and how many other mails."""
    rows = connection.execute(select(returned_mail.c.answer, func.count()).group_by(returned_mail.c.answer))
    counts = {bool(answer): int(number) for answer, number in rows}
    return counts.get(True, 0), counts.get(False, 0)


def _to_kept(row: Row[Any]) -> KeptMail:
    return KeptMail(
        id=row.id,
        kind=ReportKind(row.kind),
        answer=row.answer,
        tie=Tie(row.tie) if row.tie else None,
        delivery_id=row.delivery_id,
        source=row.source,
        sender=row.sender,
        subject=row.subject,
        sent_at=row.sent_at,
        first_lines=row.first_lines,
        detail=row.detail,
        read_at=row.read_at,
        address=row.address or "",
        issue_slug=row.slug or "",
        mailing_id=row.mailing_id,
    )


def read_place(connection: Connection, mailbox: str) -> tuple[int, int] | None:
    """Return the UIDVALIDITY and the last UID that was read of a folder; None for one that never was."""
    row = connection.execute(select(mailbox_place).where(mailbox_place.c.mailbox == mailbox)).one_or_none()
    return (int(row.uid_validity), int(row.last_uid)) if row is not None else None


def note_place(connection: Connection, mailbox: str, uid_validity: int, last_uid: int, now: datetime) -> None:
    """Write how far a folder has been read."""
    fields = {"uid_validity": uid_validity, "last_uid": last_uid, "read_at": now}
    changed = connection.execute(update(mailbox_place).where(mailbox_place.c.mailbox == mailbox).values(**fields))
    if not changed.rowcount:
        connection.execute(insert(mailbox_place).values(mailbox=mailbox, **fields))


def note_hook(
    connection: Connection, hook: str, name: str, body_sha256: str, now: datetime, kept: timedelta
) -> bool | None:
    """Write that a webhook has brought this; False when it had before, None when it then had another content.

    Those older than `kept` are forgotten.
    """
    connection.execute(delete(hook_seen).where(hook_seen.c.seen_at < now - kept))
    place = (hook_seen.c.hook == hook, hook_seen.c.name == name)
    known = connection.execute(select(hook_seen.c.body_sha256).where(*place)).scalar()
    if known is not None:
        return False if known == body_sha256 else None
    connection.execute(insert(hook_seen).values(hook=hook, name=name, body_sha256=body_sha256, seen_at=now))
    return True
