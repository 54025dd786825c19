"""Mailings: the decision to deliver one issue to lists at a time."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from mailer.model.delivery import MAILING_MOVES, MailingRecord, MailingStatus, sources_of
from mailer.store.schema import distribution_list, issue, mailing, mailing_list


def create_mailing(
    connection: Connection,
    issue_id: int,
    approval_id: int | None,
    lists: Sequence[tuple[int, int | None]],
    scheduled_at: datetime | None,
    now: datetime,
    schedule: str = "",
) -> int:
    """Write a scheduled mailing to lists, given as (list id, edition id) in sending order; return its id.

    One without an approval has no editions either: `bind_approval` gives it both.
    """
    inserted = connection.execute(
        insert(mailing)
        .values(
            issue_id=issue_id,
            approval_id=approval_id,
            status=MailingStatus.SCHEDULED.value,
            scheduled_at=scheduled_at,
            created_at=now,
            changed_at=now,
            schedule=schedule,
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
    names = connection.execute(
        select(distribution_list.c.name)
        .join_from(mailing_list, distribution_list)
        .where(mailing_list.c.mailing_id == row.id)
        .order_by(mailing_list.c.position)
    ).scalars()
    return MailingRecord(
        id=row.id,
        issue_slug=row.slug,
        status=MailingStatus(row.status),
        lists=tuple(names),
        scheduled_at=row.scheduled_at,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        reason=row.reason,
        schedule=row.schedule,
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


def moved_since(
    connection: Connection, statuses: Sequence[MailingStatus], since: datetime
) -> list[tuple[MailingRecord, datetime]]:
    """Return the mailings that came to one of these statuses later than `since` and still have it, with the time."""
    wanted = mailing.c.status.in_([status.value for status in statuses]) & (mailing.c.changed_at > since)
    rows = connection.execute(_select().where(wanted).order_by(mailing.c.id)).all()
    return [(_to_record(connection, row), row.changed_at) for row in rows]


def mailed_issues(connection: Connection, lists: Collection[str] = ()) -> set[str]:
    """Return the slugs of the issues that a mailing, not cancelled, was made of for one of these lists (none: any)."""
    query = (
        select(issue.c.slug)
        .join_from(mailing, issue)
        .join(mailing_list, mailing_list.c.mailing_id == mailing.c.id)
        .join(distribution_list, distribution_list.c.id == mailing_list.c.list_id)
        .where(mailing.c.status != MailingStatus.CANCELLED.value)
    )
    if lists:
        query = query.where(distribution_list.c.name.in_(lists))
    return {str(slug) for slug in connection.execute(query.distinct()).scalars()}


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


def mailing_approval(connection: Connection, mailing_id: int) -> int | None:
    """Return the approval a mailing goes out under; None while there is none."""
    found = connection.execute(select(mailing.c.approval_id).where(mailing.c.id == mailing_id)).scalar_one()
    return None if found is None else int(found)


def bind_approval(connection: Connection, mailing_id: int, approval_id: int, editions: Mapping[int, int]) -> None:
    """Put a mailing that has planned nobody yet under an approval: list id to the edition it then gets."""
    connection.execute(update(mailing).where(mailing.c.id == mailing_id).values(approval_id=approval_id))
    for list_id, edition_id in editions.items():
        connection.execute(
            update(mailing_list)
            .where(mailing_list.c.mailing_id == mailing_id, mailing_list.c.list_id == list_id)
            .values(edition_id=edition_id)
        )


def mailing_issue(connection: Connection, mailing_id: int) -> int:
    """Return the id of a mailing's issue."""
    return int(connection.execute(select(mailing.c.issue_id).where(mailing.c.id == mailing_id)).scalar_one())


def mailing_lists(connection: Connection, mailing_id: int) -> list[tuple[int, str, int]]:
    """Return (list id, list name, edition id) in sending order; nothing for a mailing without an approval."""
    rows = connection.execute(
        select(mailing_list.c.list_id, distribution_list.c.name, mailing_list.c.edition_id)
        .join_from(mailing_list, distribution_list)
        .where(mailing_list.c.mailing_id == mailing_id, mailing_list.c.edition_id.is_not(None))
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
    fields: dict[str, Any] = {"status": target.value, "reason": reason, "changed_at": now}
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


def note_mailing(connection: Connection, mailing_id: int, reason: str) -> None:
    """Say beside a running mailing why it does not get on just now; empty when it does again."""
    running = (mailing.c.id == mailing_id) & (mailing.c.status == MailingStatus.RUNNING.value)
    connection.execute(update(mailing).where(running).values(reason=reason))


def note_held(connection: Connection, mailing_id: int, reason: str) -> None:
    """Say why a held mailing is held now, where a person tried to go on with it."""
    held = (mailing.c.id == mailing_id) & (mailing.c.status == MailingStatus.HELD.value)
    connection.execute(update(mailing).where(held).values(reason=reason))
