"""From an approval to a mailing: planned for a time, held, paused, cancelled."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mailer.errors import NotFoundError, StateError, UsageError
from mailer.i18n import _
from mailer.model.delivery import MAILING_MOVES, MailingRecord, MailingStatus
from mailer.model.tempo import EVEN, Tempo
from mailer.store import mailings, recovery, tempo
from mailer.store.database import Connection
from mailer.store.issues import ApprovalRecord

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
    tempo: Tempo = EVEN,
) -> int:
    """Write a mailing of the approved editions to lists, given as (name, id) in sending order; return its id.

    Raises StateError for a list whose edition was not approved.
    """
    chosen: list[tuple[int, int]] = []
    for name, list_id in lists:
        if name not in approval.editions:
            raise StateError(
                _("the approval has no edition for list {name}").format(name=name), cure=_("approve the issue again")
            )
        chosen.append((list_id, approval.editions[name]))
    return mailings.create_mailing(
        connection, approval.issue_id, approval.id, chosen, scheduled_at, now, schedule, tempo
    )


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
    connection: Connection, mailing: MailingRecord, target: MailingStatus, now: datetime, reason: str = ""
) -> None:
    """Move a mailing to another status. Raises StateError."""
    if not mailings.move_mailing(connection, mailing.id, target, now, reason):
        raise StateError(
            _("mailing {id} is {status}; it cannot become {target}").format(
                id=mailing.id, status=_(mailing.status.value), target=_(target.value)
            ),
            cure=_("from there it may become: {statuses}").format(
                statuses=_(", ").join(sorted(_(status.value) for status in MAILING_MOVES[mailing.status])) or "–"
            ),
        )


def cancel_mailing(connection: Connection, mailing: MailingRecord, now: datetime) -> None:
    """Cancel a mailing: from the end of this transaction nothing of it is sent. Raises StateError.

    What is pending is cancelled after that, by `cancel_some`, as a million take their time; a cancelling that was cut
    off before its end is gone on with.
    """
    if mailing.status is not MailingStatus.CANCELLED or not cancel_some(connection, mailing, now):
        move_mailing(connection, mailing, MailingStatus.CANCELLED, now)


def cancel_some(connection: Connection, mailing: MailingRecord, now: datetime) -> bool:
    """Cancel some of what is pending of a cancelled mailing; False when nothing was left."""
    return recovery.cancel_pending(connection, mailing.id, now) > 0


def hold_mailing(connection: Connection, mailing: MailingRecord, reason: str, by: str, now: datetime) -> None:
    """Hold a mailing until a person releases it; the reason is kept, with the name. Raises StateError, UsageError."""
    why = " ".join(reason.split())
    if not why:
        raise UsageError(_("say why it is held"), field="--reason", cure=_('--reason "…"'))
    if len(why) > LONGEST_REASON:
        raise UsageError(
            _("the reason is too long"), field="--reason", cure=_("{n} characters at most").format(n=LONGEST_REASON)
        )
    move_mailing(
        connection, mailing, MailingStatus.HELD, now, _("{name}: {reason}").format(name=by, reason=why) if by else why
    )


def release_mailing(connection: Connection, mailing: MailingRecord, now: datetime) -> MailingStatus:
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
        move_mailing(connection, mailing, MailingStatus.RUNNING, now)
        return MailingStatus.RUNNING
    if mailing.scheduled_at is not None and mailing.scheduled_at > now:
        move_mailing(connection, mailing, MailingStatus.SCHEDULED, now)
        return MailingStatus.SCHEDULED
    return MailingStatus.HELD


def reschedule_mailing(
    connection: Connection, mailing: MailingRecord, at: datetime | None, wanted: Tempo | None
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


def resume_mailing(connection: Connection, mailing: MailingRecord, now: datetime) -> None:
    """Set a paused mailing running again. Raises StateError for any other."""
    if mailing.status is not MailingStatus.PAUSED:
        raise StateError(
            _("mailing {id} is {status}; only a paused or held one is resumed").format(
                id=mailing.id, status=_(mailing.status.value)
            ),
            cure=_("`mailer status {id}` shows where it stands").format(id=mailing.id),
        )
    move_mailing(connection, mailing, MailingStatus.RUNNING, now)
