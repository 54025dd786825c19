"""From an approval to a mailing: planned for a time, held, paused, cancelled."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from mailer.errors import NotFoundError, StateError
from mailer.i18n import _
from mailer.model.approval import ApprovalRecord, AudienceChange, compare_audience
from mailer.model.audit import Act
from mailer.model.delivery import MAILING_MOVES, MailingRecord, MailingStatus
from mailer.model.people import PROGRAM, Actor
from mailer.store import audit, mailings, recovery
from mailer.store.database import Connection

MOST_DIGITS = 10  # of a mailing's number


def schedule_mailing(
    connection: Connection,
    approval: ApprovalRecord,
    lists: Sequence[tuple[str, int]],
    scheduled_at: datetime | None,
    now: datetime,
    schedule: str = "",
    by: Actor = PROGRAM,
) -> int:
    """Write a mailing of the approved editions to lists, given as (name, id) in sending order; return its id.

    They may be some of the lists that the issue was approved for. Raises StateError for any other.
    """
    require_lists(approval, [name for name, _id in lists])
    chosen = [(list_id, approval.editions[name]) for name, list_id in lists]
    number = mailings.create_mailing(connection, approval.issue_id, approval.id, chosen, scheduled_at, now, schedule)
    audit.record(
        connection, by, Act.SCHEDULE, mailings.mailing_subject(number), now,
        approval=approval.id,
        lists=[name for name, _id in lists],
        at=scheduled_at.isoformat() if scheduled_at is not None else None,
        schedule=schedule,
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
        raise StateError(
            _("mailing {id} is {status}; it cannot become {target}").format(
                id=mailing.id, status=_(mailing.status.value), target=_(target.value)
            ),
            cure=_("from there it may become: {statuses}").format(
                statuses=_(", ").join(sorted(_(status.value) for status in MAILING_MOVES[mailing.status])) or "–"
            ),
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


def resume_mailing(connection: Connection, mailing: MailingRecord, now: datetime, by: Actor = PROGRAM) -> None:
    """Set a paused or held mailing running again. Raises StateError for any other."""
    if mailing.status not in (MailingStatus.PAUSED, MailingStatus.HELD):
        raise StateError(
            _("mailing {id} is {status}; only a paused or held one is resumed").format(
                id=mailing.id, status=_(mailing.status.value)
            ),
            cure=_("`mailer status {id}` shows where it stands").format(id=mailing.id),
        )
    move_mailing(connection, mailing, MailingStatus.RUNNING, now, by=by)
