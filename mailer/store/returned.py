"""Returned mail that waits for a person, how far mailboxes have been read, and what webhooks have brought."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, delete, func, insert, select, update

from mailer.model.kept_mail import HandMeaning, KeptMail, KeptState
from mailer.model.report import ReportKind, Tie
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


@dataclass(frozen=True, slots=True)
class ByHand:
    """What a person said of a kept mail. undo: what has to be put back when it is taken back, as JSON."""

    meaning: HandMeaning
    delivery_id: int | None
    note: str
    undo: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A kept mail as it is stored: the program's own guess beside what a person said of it."""

    id: int
    sha256: str
    answer: bool
    guess_id: int | None
    sent_at: datetime | None
    read_at: datetime
    done_at: datetime | None
    said: ByHand | None


def list_kept(connection: Connection, state: KeptState, most: int, before: int | None = None) -> list[KeptMail]:
    """Return the newest kept mails first: those in a state, with numbers below `before`."""
    query = _select_kept().where(_in_state(state)).order_by(returned_mail.c.id.desc()).limit(most)
    if before is not None:
        query = query.where(returned_mail.c.id < before)
    return [_to_kept(row) for row in connection.execute(query)]


def find_kept(connection: Connection, number: int) -> KeptMail | None:
    """Return a kept mail; None where there is none, or its words were cleared."""
    query = _select_kept().where(returned_mail.c.id == number, returned_mail.c.cleared_at.is_(None))
    row = connection.execute(query).one_or_none()
    return _to_kept(row) if row is not None else None


def count_kept(connection: Connection) -> tuple[int, int]:
    """Return how many answers wait for a person, and how many other mails."""
    waiting = (returned_mail.c.done_at.is_(None), returned_mail.c.cleared_at.is_(None))
    rows = connection.execute(
        select(returned_mail.c.answer, func.count()).where(*waiting).group_by(returned_mail.c.answer)
    )
    counts = {bool(answer): int(number) for answer, number in rows}
    return counts.get(True, 0), counts.get(False, 0)


def _in_state(state: KeptState) -> ColumnElement[bool]:
    kept = returned_mail.c.cleared_at.is_(None)
    if state is KeptState.DONE:
        return and_(kept, returned_mail.c.done_at.is_not(None))
    return and_(kept, returned_mail.c.done_at.is_(None), returned_mail.c.answer.is_(state is KeptState.ANSWERS))


def _select_kept() -> Select[Any]:
    chosen = case((returned_mail.c.meaning == "", returned_mail.c.delivery_id), else_=returned_mail.c.hand_delivery_id)
    return (
        select(returned_mail, chosen.label("chosen_id"), delivery.c.address, delivery.c.mailing_id, issue.c.slug)
        .select_from(returned_mail)
        .outerjoin(delivery, delivery.c.id == chosen)
        .outerjoin(issue, issue.c.id == delivery.c.issue_id)
    )


def _to_kept(row: Row[Any]) -> KeptMail:
    tie = Tie(row.tie) if row.tie else None
    if row.meaning:
        tie = Tie.HAND if row.chosen_id is not None else None
    return KeptMail(
        id=row.id,
        kind=ReportKind(row.kind),
        answer=row.answer,
        tie=tie,
        delivery_id=row.chosen_id,
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
        done_at=row.done_at,
        done_by=row.done_by,
        meaning=HandMeaning(row.meaning) if row.meaning else None,
        note=row.note,
    )


def lock_mail(connection: Connection, number: int) -> StoredMail | None:
    """Return a kept mail as it is stored, which nobody else changes until this transaction ends; None as find_kept."""
    row = connection.execute(
        select(returned_mail)
        .where(returned_mail.c.id == number, returned_mail.c.cleared_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if row is None:
        return None
    said = ByHand(HandMeaning(row.meaning), row.hand_delivery_id, row.note, row.undo or {}) if row.meaning else None
    return StoredMail(row.id, row.sha256, row.answer, row.delivery_id, row.sent_at, row.read_at, row.done_at, said)


def write_done(connection: Connection, number: int, by: str, done_at: datetime | None) -> None:
    """Mark a kept mail as dealt with; done_at None: it waits again."""
    _change(connection, number, done_at=done_at, done_by=by)


def write_said(connection: Connection, number: int, by: str, said: ByHand | None, *, answer: bool) -> None:
    """Write what a person says of a kept mail; None: nothing any more. answer: whether it is one."""
    _change(
        connection,
        number,
        answer=answer,
        done_by=by,
        meaning=said.meaning.value if said is not None else "",
        hand_delivery_id=said.delivery_id if said is not None else None,
        note=said.note if said is not None else "",
        undo=said.undo if said is not None else None,
    )


def _change(connection: Connection, number: int, **values: Any) -> None:
    connection.execute(update(returned_mail).where(returned_mail.c.id == number).values(**values))


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
