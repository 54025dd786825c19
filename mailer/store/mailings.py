"""Mailings: the decision to deliver one issue to lists at a time."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from mailer.model.delivery import MAILING_MOVES, MailingRecord, MailingStatus, sources_of
from mailer.model.tempo import EVEN, Tempo
from mailer.store.schema import distribution_list, issue, mailing, mailing_list
from mailer.store.tempo import to_columns, to_tempo


def create_mailing(
    connection: Connection,
    issue_id: int,
    approval_id: int,
    lists: Sequence[tuple[int, int]],
    scheduled_at: datetime | None,
    now: datetime,
    schedule: str = "",
    tempo: Tempo = EVEN,
) -> int:
    """Write a scheduled mailing to lists, given as (list id, edition id) in sending order; return its id."""
    inserted = connection.execute(
        insert(mailing)
        .values(
            issue_id=issue_id,
            approval_id=approval_id,
            status=MailingStatus.SCHEDULED.value,
            scheduled_at=scheduled_at,
            created_at=now,
            schedule=schedule,
            **to_columns(tempo),
        )
        .returning(mailing.c.id)
    )
    mailing_id = int(inserted.scalar_one())
    connection.execute(
        insert(mailing_list),
        [
            {"mailing_id": mailing_id, "list_id": list_id, "edition_id": edition_id, "position": position}
            for position, (list_id, edition_id) in enumerate(lists)
        ],
    )
    return mailing_id


def _select() -> Select[Any]:
    return select(mailing, issue.c.slug).join_from(mailing, issue)


def _to_record(connection: Connection, row: Any) -> MailingRecord:
    lists = connection.execute(
        select(distribution_list.c.name, mailing_list.c.opens_at)
        .join_from(mailing_list, distribution_list)
        .where(mailing_list.c.mailing_id == row.id)
        .order_by(mailing_list.c.position)
    ).all()
    return MailingRecord(
        id=row.id,
        issue_slug=row.slug,
        status=MailingStatus(row.status),
        lists=tuple(one.name for one in lists),
        scheduled_at=row.scheduled_at,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        reason=row.reason,
        schedule=row.schedule,
        tempo=to_tempo(row),
        openings={one.name: one.opens_at for one in lists if one.opens_at is not None},
    )


def find_mailing(connection: Connection, mailing_id: int) -> MailingRecord | None:
    """Return a mailing, or None."""
    row = connection.execute(_select().where(mailing.c.id == mailing_id)).one_or_none()
    return _to_record(connection, row) if row is not None else None


def last_mailing(connection: Connection) -> MailingRecord | None:
    """Return the newest mailing, or None where there is none."""
    row = connection.execute(_select().order_by(mailing.c.id.desc()).limit(1)).one_or_none()
    return _to_record(connection, row) if row is not None else None


def list_mailings(
    connection: Connection, statuses: Sequence[MailingStatus] = (), limit: int = 50
) -> list[MailingRecord]:
    """Return the newest mailings first, of the given statuses or all."""
    query = _select().order_by(mailing.c.id.desc()).limit(limit)
    if statuses:
        query = query.where(mailing.c.status.in_([status.value for status in statuses]))
    return [_to_record(connection, row) for row in connection.execute(query).all()]


def due_mailings(connection: Connection, now: datetime) -> list[int]:
    """Return the scheduled mailings whose time has come, oldest first."""
    rows = connection.execute(
        select(mailing.c.id)
        .where(
            mailing.c.status == MailingStatus.SCHEDULED.value,
            (mailing.c.scheduled_at.is_(None)) | (mailing.c.scheduled_at <= now),
        )
        .order_by(mailing.c.id)
    )
    return [int(row.id) for row in rows]


def lock_issue(connection: Connection, issue_id: int) -> None:
    """Let no other transaction plan a mailing of this issue before this one ends (SQLite has one writer anyway)."""
    connection.execute(select(issue.c.id).where(issue.c.id == issue_id).with_for_update())


def mailing_approval(connection: Connection, mailing_id: int) -> int:
    """Return the approval a mailing was made under."""
    return int(connection.execute(select(mailing.c.approval_id).where(mailing.c.id == mailing_id)).scalar_one())


def mailing_issue(connection: Connection, mailing_id: int) -> int:
    """Return the id of a mailing's issue."""
    return int(connection.execute(select(mailing.c.issue_id).where(mailing.c.id == mailing_id)).scalar_one())


def mailing_lists(connection: Connection, mailing_id: int) -> list[tuple[int, str, int]]:
    """Return (list id, list name, edition id) in sending order."""
    rows = connection.execute(
        select(mailing_list.c.list_id, distribution_list.c.name, mailing_list.c.edition_id)
        .join_from(mailing_list, distribution_list)
        .where(mailing_list.c.mailing_id == mailing_id)
        .order_by(mailing_list.c.position)
    )
    return [(int(row.list_id), str(row.name), int(row.edition_id)) for row in rows]


def move_mailing(
    connection: Connection,
    mailing_id: int,
    target: MailingStatus,
    now: datetime,
    reason: str = "",
    *,
    only_from: Collection[MailingStatus] | None = None,
) -> bool:
    """Move a mailing's status where the table of moves allows it, or only from some of those states.

    Notes when it started or finished.
    """
    allowed = sources_of(target, MAILING_MOVES)
    if only_from is not None:
        allowed &= set(only_from)
    row = connection.execute(select(mailing).where(mailing.c.id == mailing_id).with_for_update()).one_or_none()
    if row is None or MailingStatus(row.status) not in allowed:
        return False
    fields: dict[str, Any] = {"status": target.value, "reason": reason}
    if target is MailingStatus.RUNNING:
        fields |= {"started_at": row.started_at or now, "finished_at": None}
    elif target in (MailingStatus.FINISHED, MailingStatus.CANCELLED):
        fields["finished_at"] = now
    connection.execute(update(mailing).where(mailing.c.id == mailing_id).values(**fields))
    return True


def fix_tokens(connection: Connection, mailing_id: int, token_key: int, message_domain: str) -> None:
    """Fix what the tokens and Message-IDs of a mailing's deliveries are made with; a later call changes nothing."""
    connection.execute(
        update(mailing)
        .where(mailing.c.id == mailing_id, mailing.c.message_domain == "")
        .values(token_key=token_key, message_domain=message_domain)
    )


def note_mailing(
    connection: Connection, mailing_id: int, reason: str, status: MailingStatus = MailingStatus.RUNNING
) -> None:
    """Say beside a mailing in this state why it does not get on just now; empty when it does again."""
    wanted = (mailing.c.id == mailing_id) & (mailing.c.status == status.value)
    connection.execute(update(mailing).where(wanted).values(reason=reason))
