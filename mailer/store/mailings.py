"""Mailings: the decision to deliver one issue to lists at a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, case, insert, select, update

from mailer.model.audit import Act, Subject
from mailer.model.delivery import MAILING_MOVES, MailingRecord, MailingStatus, SendAgain, sources_of
from mailer.model.people import PROGRAM, Actor
from mailer.model.segment import Filters, filters_to_json
from mailer.model.tempo import EVEN, Tempo
from mailer.store import audit
from mailer.store.schema import (
    approval,
    approval_edition,
    distribution_list,
    edition,
    issue,
    mailing,
    mailing_list,
    mailing_only,
)
from mailer.store.tempo import to_columns, to_tempo

_ACTS = {
    MailingStatus.SCHEDULED: Act.RELEASE,
    MailingStatus.PAUSED: Act.PAUSE,
    MailingStatus.HELD: Act.HOLD,
    MailingStatus.FINISHED: Act.FINISH,
    MailingStatus.CANCELLED: Act.CANCEL,
}


def create_mailing(
    connection: Connection,
    issue_id: int,
    approval_id: int | None,
    lists: Sequence[tuple[int, int | None]],
    scheduled_at: datetime | None,
    now: datetime,
    schedule: str = "",
    again: SendAgain | None = None,
    tempo: Tempo = EVEN,
    filters: Mapping[int, Filters] | None = None,
) -> int:
    """Write a scheduled mailing to lists, given as (list id, edition id) in sending order; return its id.

    again: it goes also to addresses that the issue has reached, as a person's act. One without an approval has no
    editions either: `bind_approval` gives it both. filters: whom of a list, by its id, where that is not everybody.
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
            again_by=again.by if again is not None else "",
            again_reason=again.reason if again is not None else "",
            **to_columns(tempo),
        )
        .returning(mailing.c.id)
    )
    mailing_id = int(inserted.scalar_one())
    connection.execute(
        insert(mailing_list),
        [
            {
                "mailing_id": mailing_id,
                "list_id": list_id,
                "edition_id": edition_id,
                "position": position,
                "filters": filters_to_json((filters or {}).get(list_id, ())),
            }
            for position, (list_id, edition_id) in enumerate(lists)
        ],
    )
    if again is not None and again.only:
        keys = [{"mailing_id": mailing_id, "address_key": key} for key in sorted(again.only)]
        connection.execute(insert(mailing_only), keys)
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
        again_by=row.again_by,
        again_reason=row.again_reason,
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
    connection: Connection,
    statuses: Sequence[MailingStatus] = (),
    limit: int = 50,
    *,
    issue_id: int | None = None,
    before: int | None = None,
) -> list[MailingRecord]:
    """Return the newest mailings first, of the given statuses or all, of one issue or all, made before another."""
    query = _select().order_by(mailing.c.id.desc()).limit(limit)
    if statuses:
        query = query.where(mailing.c.status.in_([status.value for status in statuses]))
    if issue_id is not None:
        query = query.where(mailing.c.issue_id == issue_id)
    if before is not None:
        query = query.where(mailing.c.id < before)
    return [_to_record(connection, row) for row in connection.execute(query).all()]


def list_earlier(connection: Connection, mailing_id: int, limit: int) -> list[MailingRecord]:
    """Return the mailings that were made before another and have begun, the newest first."""
    query = _select().where(mailing.c.id < mailing_id, mailing.c.started_at.is_not(None))
    rows = connection.execute(query.order_by(mailing.c.id.desc()).limit(limit)).all()
    return [_to_record(connection, row) for row in rows]


def list_large(connection: Connection, above: int, limit: int) -> list[MailingRecord]:
    """Return the mailings with more than so many deliveries, the newest first."""
    large = select(mailing_list.c.mailing_id).where(mailing_list.c.last_ordinal > above)
    rows = connection.execute(_select().where(mailing.c.id.in_(large)).order_by(mailing.c.id.desc()).limit(limit)).all()
    return [_to_record(connection, row) for row in rows]


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


def mailings_under(connection: Connection, approval_id: int) -> list[int]:
    """Return the mailings of an approval that wait, run or are paused."""
    open_ones = [one.value for one in (MailingStatus.SCHEDULED, MailingStatus.RUNNING, MailingStatus.PAUSED)]
    wanted = (mailing.c.approval_id == approval_id) & mailing.c.status.in_(open_ones)
    return [int(row.id) for row in connection.execute(select(mailing.c.id).where(wanted).order_by(mailing.c.id))]


def mailed_contents(connection: Connection, issue_id: int) -> tuple[str, ...]:
    """Return the hashes of the contents of an issue that mailings of it have sent, the oldest first."""
    rows = connection.execute(
        select(approval.c.content_sha256)
        .join_from(mailing, approval)
        .where(mailing.c.issue_id == issue_id, mailing.c.started_at.is_not(None))
        .order_by(mailing.c.id)
    )
    return tuple(str(row.content_sha256) for row in rows)


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
    by: Actor = PROGRAM,
    why: str = "",
    on_record: bool = True,
) -> bool:
    """Move a mailing's status where the table of moves allows it, or only from some of those states.

    Notes when it started or finished. The audit trail gets who moved it and `why`, a word of ours: a reason may quote
    a server and so name a reader. on_record=False leaves that to the caller, who knows more.
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
    if on_record:
        act = _act_of(MailingStatus(row.status), target, started=row.started_at is not None)
        audit.record(connection, by, act, mailing_subject(mailing_id), now, **({"why": why} if why else {}))
    return True


def hold_before_start(
    connection: Connection,
    mailing_id: int,
    now: datetime,
    reason: str,
    why: str,
    among: Collection[MailingStatus],
) -> None:
    """Hold a mailing that waits for its start, or say of one that is held so why it is still.

    why: a word for the trail. among: only from these states."""
    before = [one.value for one in (MailingStatus.SCHEDULED, MailingStatus.HELD) if one in among]
    waiting = (mailing.c.id == mailing_id) & mailing.c.status.in_(before) & mailing.c.started_at.is_(None)
    held = (
        update(mailing)
        .where(waiting)
        .values(
            status=MailingStatus.HELD.value,
            reason=reason,
            changed_at=case((mailing.c.status == MailingStatus.HELD.value, mailing.c.changed_at), else_=now),
        )
    )
    if connection.execute(held).rowcount:
        audit.record(connection, PROGRAM, Act.HOLD, mailing_subject(mailing_id), now, why=why)


def mailing_subject(mailing_id: int) -> Subject:
    """Return a mailing as the audit trail names it."""
    return Subject("mailing", str(mailing_id))


def _act_of(source: MailingStatus, target: MailingStatus, *, started: bool) -> Act:
    if target is not MailingStatus.RUNNING:
        return _ACTS[target]
    if source is MailingStatus.FINISHED:
        return Act.REOPEN
    return Act.RESUME if started else Act.START


@dataclass(frozen=True, slots=True)
class MailingAudience:
    """How many readers the lists of a mailing had, by name, in sending order; lists that were not counted are absent.

    approved: when the issue was submitted. accepted: what a person accepted since. counted: when the mailing was last
    to start.
    """

    approved: dict[str, int]
    accepted: dict[str, int]
    counted: dict[str, int]

    @property
    def baseline(self) -> dict[str, int]:
        """What a count is compared with."""
        return self.approved | self.accepted


def read_audience(connection: Connection, mailing_id: int) -> MailingAudience:
    """Return how many readers the lists of a mailing had, and when."""
    approved = (
        select(approval_edition.c.recipients)
        .join_from(approval_edition, edition)
        .where(approval_edition.c.approval_id == mailing.c.approval_id, edition.c.list_name == distribution_list.c.name)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(distribution_list.c.name, approved.label("approved"), mailing_list.c.accepted, mailing_list.c.counted)
        .join_from(mailing_list, distribution_list)
        .join(mailing, mailing.c.id == mailing_list.c.mailing_id)
        .where(mailing_list.c.mailing_id == mailing_id)
        .order_by(mailing_list.c.position)
    ).all()
    return MailingAudience(
        {row.name: row.approved for row in rows if row.approved is not None},
        {row.name: row.accepted for row in rows if row.accepted is not None},
        {row.name: row.counted for row in rows if row.counted is not None},
    )


def note_counts(connection: Connection, mailing_id: int, counts: Mapping[str, int]) -> None:
    """Write down how many readers a mailing's lists have, by name, now that it is to start."""
    for list_id, name, _edition_id in mailing_lists(connection, mailing_id):
        connection.execute(
            update(mailing_list)
            .where(mailing_list.c.mailing_id == mailing_id, mailing_list.c.list_id == list_id)
            .values(counted=counts.get(name))
        )


def accept_counts(connection: Connection, mailing_id: int) -> None:
    """Let the counts that a person was told stand for those of the approval."""
    counted = (mailing_list.c.mailing_id == mailing_id) & mailing_list.c.counted.is_not(None)
    connection.execute(update(mailing_list).where(counted).values(accepted=mailing_list.c.counted))


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
