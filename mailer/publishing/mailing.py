"""From an approval to a mailing: planned for a time, held, paused, cancelled."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mailer.errors import NotFoundError, StateError, UsageError
from mailer.i18n import _
from mailer.model.approval import ApprovalRecord, AudienceChange, VoidReason, compare_audience
from mailer.model.audit import Act
from mailer.model.delivery import MAILING_MOVES, MailingRecord, MailingStatus, SendAgain
from mailer.model.people import PROGRAM, Actor
from mailer.model.segment import Filters, filters_to_json
from mailer.model.tempo import EVEN, Tempo
from mailer.publishing.people import check_name
from mailer.store import approvals, audit, mailings, recovery, tempo
from mailer.store.database import Connection

MOST_DIGITS = 10  # of a mailing's number
LONGEST_REASON = 500
NOT_BEGUN = (MailingStatus.SCHEDULED, MailingStatus.HELD)
UNDER_WAY = (MailingStatus.RUNNING, MailingStatus.PAUSED, MailingStatus.HELD)


def schedule_mailing(
    connection: Connection,
    approval: ApprovalRecord,
    lists: Sequence[tuple[str, int]],
    scheduled_at: datetime | None,
    now: datetime,
    schedule: str = "",
    by: Actor = PROGRAM,
    again: SendAgain | None = None,
    tempo: Tempo = EVEN,
    filters: Mapping[str, Filters] | None = None,
) -> int:
    """Write a mailing of the approved editions to lists, given as (name, id) in sending order; return its id.

    They may be some of the lists that the issue was approved for; StateError for any other. again: see SendAgain;
    UsageError where a person's word lacks name or reason. filters: whom of a list, where that is not everybody.
    """
    if again is not None:
        check_name(again.by)
        _require_reason(again.reason)
    require_lists(approval, [name for name, _id in lists])
    chosen = [(list_id, approval.editions[name]) for name, list_id in lists]
    number = mailings.create_mailing(
        connection, approval.issue_id, approval.id, chosen, scheduled_at, now, schedule, again, tempo,
        _by_id(lists, filters),
    )  # fmt: skip
    audit.record(
        connection, by, Act.SCHEDULE, mailings.mailing_subject(number), now,
        approval=approval.id,
        lists=[name for name, _id in lists],
        at=scheduled_at.isoformat() if scheduled_at is not None else None,
        schedule=schedule,
        # the reason may name a reader: it stands with the mailing, here only its hash
        again=hashlib.sha256(again.reason.encode()).hexdigest() if again is not None else None,
        **_told(filters),
    )  # fmt: skip
    return number


def require_lists(approval: ApprovalRecord, names: Sequence[str]) -> None:
    """Raise StateError for a list that the issue is not approved for."""
    for name in names:
        if name not in approval.editions:
            raise StateError(
                _("the issue is not approved for list {name}").format(name=name),
                cure=_("it is for: {names}; `mailer submit` submits it for other lists").format(
                    names=_(", ").join(approval.editions)
                ),
            )


def _by_id(lists: Sequence[tuple[str, int]], filters: Mapping[str, Filters] | None) -> dict[int, Filters]:
    return {list_id: filters[name] for name, list_id in lists if name in filters} if filters else {}


def _told(filters: Mapping[str, Filters] | None) -> dict[str, object]:
    return {"filters": {name: filters_to_json(one) for name, one in filters.items()}} if filters else {}


def find_drift(
    connection: Connection, mailing_id: int, counts: Mapping[str, int], limit: float
) -> tuple[tuple[AudienceChange, ...], bool]:
    """Return the lists of a mailing whose counts are not those of its approval, and whether one is over the limit.

    What a person accepted since stands for the approval's. A list that was not counted then is not compared.
    """
    changes = compare_audience(mailings.read_audience(connection, mailing_id).baseline, counts)
    return changes, any(one.is_over(limit) for one in changes)


def accept_audience(connection: Connection, mailing: MailingRecord, by: Actor, limit: float, now: datetime) -> None:
    """Let a person who resumes a mailing that was held for its audience accept the counts it was told.

    Where it was held for something else nothing is accepted. A later change is compared with what was accepted.
    """
    audience = mailings.read_audience(connection, mailing.id)
    changes = compare_audience(audience.baseline, audience.counted)
    if mailing.status is MailingStatus.HELD and any(one.is_over(limit) for one in changes):
        mailings.accept_counts(connection, mailing.id)
        subject, lists = mailings.mailing_subject(mailing.id), {one.list_name: one.counted for one in changes}
        audit.record(connection, by, Act.ACCEPT_AUDIENCE, subject, now, lists=lists)


def _require_reason(reason: str) -> None:
    if not reason.strip() or not reason.isprintable() or len(reason) > LONGEST_REASON:
        raise UsageError(
            _("sending again wants a reason"), field="--again", cure=_("write why, on one line; it is on record")
        )


def hold_unapproved(
    connection: Connection,
    issue_id: int,
    lists: Sequence[tuple[str, int]],
    due_at: datetime,
    now: datetime,
    schedule: str,
    reason: str,
    tempo: Tempo = EVEN,
    filters: Mapping[str, Filters] | None = None,
) -> int:
    """Write a held mailing of an issue that was due and may not go out, so that a person sees it; return its id.

    It has no approval: `rebind_mailing` puts it under one that stands then.
    """
    wanted = [(list_id, None) for _name, list_id in lists]
    mailing_id = mailings.create_mailing(
        connection, issue_id, None, wanted, due_at, now, schedule, tempo=tempo, filters=_by_id(lists, filters)
    )
    audit.record(
        connection, PROGRAM, Act.SCHEDULE, mailings.mailing_subject(mailing_id), now,
        approval=None, lists=[name for name, _id in lists], at=due_at.isoformat(), schedule=schedule,
        **_told(filters),
    )  # fmt: skip
    mailings.move_mailing(connection, mailing_id, MailingStatus.HELD, now, reason, why="unapproved")
    return mailing_id


def rebind_mailing(
    connection: Connection, mailing: MailingRecord, lists: Sequence[tuple[str, int]], approval: ApprovalRecord
) -> None:
    """Put a mailing that was held before it planned anybody under the approval that stands now.

    Raises StateError for a list whose edition was not approved.
    """
    require_lists(approval, mailing.lists)
    editions = {list_id: approval.editions[name] for name, list_id in lists if name in mailing.lists}
    mailings.bind_approval(connection, mailing.id, approval.id, editions)


def require_mailing(connection: Connection, name: str) -> MailingRecord:
    """Return the mailing called by its number, or by `last`. Raises NotFoundError."""
    found = None
    if name == "last":
        found = mailings.last_mailing(connection)
    elif name.isdecimal() and len(name) < MOST_DIGITS:
        found = mailings.find_mailing(connection, int(name))
    if found is None:
        raise NotFoundError(
            _("there is no mailing {name}").format(name=name), cure=_("`mailer status` lists them; or say `last`")
        )
    return found


def move_mailing(
    connection: Connection,
    mailing: MailingRecord,
    target: MailingStatus,
    now: datetime,
    reason: str = "",
    by: Actor = PROGRAM,
) -> None:
    """Move a mailing to another status. Raises StateError."""
    if not mailings.move_mailing(connection, mailing.id, target, now, reason, by=by):
        moves = sorted(_(status.value) for status in MAILING_MOVES[mailing.status])
        raise StateError(
            _("mailing {id} is {status}; it cannot become {target}").format(
                id=mailing.id, status=_(mailing.status.value), target=_(target.value)
            ),
            cure=_("from there it may become: {statuses}").format(statuses=_(", ").join(moves)) if moves else "",
        )


def cancel_mailing(connection: Connection, mailing: MailingRecord, now: datetime, by: Actor = PROGRAM) -> None:
    """Cancel a mailing: from the end of this transaction nothing of it is sent. Raises StateError.

    What is pending is cancelled after that, by `cancel_some`, as a million take their time; a cancelling that was cut
    off before its end is gone on with.
    """
    if mailing.status is not MailingStatus.CANCELLED or not cancel_some(connection, mailing, now):
        move_mailing(connection, mailing, MailingStatus.CANCELLED, now, by=by)


def cancel_some(connection: Connection, mailing: MailingRecord, now: datetime) -> bool:
    """Cancel some of what is pending of a cancelled mailing; False when nothing was left."""
    return recovery.cancel_pending(connection, mailing.id, now) > 0


def hold_mailing(connection: Connection, mailing: MailingRecord, reason: str, by: Actor, now: datetime) -> None:
    """Hold a mailing until a person releases it; the reason is kept, with the name. Raises StateError, UsageError."""
    why = " ".join(reason.split())
    if not why:
        raise UsageError(_("say why it is held"), field="--reason", cure=_('--reason "…"'))
    if len(why) > LONGEST_REASON:
        raise UsageError(
            _("the reason is too long"), field="--reason", cure=_("{n} characters at most").format(n=LONGEST_REASON)
        )
    told = _("{name}: {reason}").format(name=by.name, reason=why) if by.name else why
    move_mailing(connection, mailing, MailingStatus.HELD, now, told, by)


def release_mailing(
    connection: Connection, mailing: MailingRecord, now: datetime, by: Actor = PROGRAM
) -> MailingStatus:
    """Let a held mailing go on and return where it is now; HELD for one whose start is due, which the caller starts.

    Raises StateError for one that is not held.
    """
    if mailing.status is not MailingStatus.HELD:
        raise StateError(
            _("mailing {id} is {status}; only a held one is released").format(
                id=mailing.id, status=_(mailing.status.value)
            ),
            cure=_("`mailer status {id}` shows where it stands").format(id=mailing.id),
        )
    if mailing.started_at is not None:
        require_not_returned(connection, mailing)
        move_mailing(connection, mailing, MailingStatus.RUNNING, now, by=by)
        return MailingStatus.RUNNING
    if mailing.scheduled_at is not None and mailing.scheduled_at > now:
        move_mailing(connection, mailing, MailingStatus.SCHEDULED, now, by=by)
        return MailingStatus.SCHEDULED
    return MailingStatus.HELD


def require_not_returned(connection: Connection, mailing: MailingRecord) -> None:
    """Raise StateError where a person took back the approval that a mailing began under: nothing more of it is sent."""
    number = mailings.mailing_approval(connection, mailing.id)
    voided = approvals.load_approval(connection, number).voided if number is not None else None
    if voided is not None and voided.reason is VoidReason.RETURNED:
        raise StateError(
            _("the approval that mailing {id} has begun under was taken back").format(id=mailing.id),
            cure=_("`mailer cancel {id}`; once it is approved anew, `mailer send {issue}` goes to the rest").format(
                id=mailing.id, issue=mailing.issue_slug
            ),
        )


def reschedule_mailing(
    connection: Connection,
    mailing: MailingRecord,
    at: datetime | None,
    wanted: Tempo | None,
    now: datetime,
    by: Actor = PROGRAM,
) -> None:
    """Give a mailing another time (None: the one it has) and tempo (None: likewise). Raises StateError.

    Of one that has begun only the quiet hours may change: what its spread and pauses are was settled with its plan.
    """
    changed = wanted if wanted is not None else mailing.tempo
    begun = mailing.started_at is not None
    if begun and (at is not None or replace(changed, quiet=mailing.tempo.quiet) != mailing.tempo):
        raise StateError(
            _("mailing {id} has begun; only its quiet hours may change").format(id=mailing.id),
            cure=_("`mailer pause {id}` or `mailer hold {id}` stops it; `mailer cancel {id}` ends it").format(
                id=mailing.id
            ),
        )
    statuses = UNDER_WAY if begun else NOT_BEGUN
    time = at if at is not None else mailing.scheduled_at
    if not tempo.change_tempo(connection, mailing.id, statuses, time, changed):
        raise StateError(
            _("mailing {id} is {status}; it cannot be planned anew").format(
                id=mailing.id, status=_(mailing.status.value)
            ),
            cure=_("`mailer send {issue}` plans those whom the issue has not reached").format(issue=mailing.issue_slug),
        )
    told = time.isoformat() if time is not None else None
    audit.record(connection, by, Act.RESCHEDULE, mailings.mailing_subject(mailing.id), now, at=told)


def resume_mailing(connection: Connection, mailing: MailingRecord, now: datetime, by: Actor = PROGRAM) -> None:
    """Set a paused mailing running again. Raises StateError for any other."""
    if mailing.status is not MailingStatus.PAUSED:
        raise StateError(
            _("mailing {id} is {status}; only a paused or held one is resumed").format(
                id=mailing.id, status=_(mailing.status.value)
            ),
            cure=_("`mailer status {id}` shows where it stands").format(id=mailing.id),
        )
    move_mailing(connection, mailing, MailingStatus.RUNNING, now, by=by)
