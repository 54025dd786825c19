"""From an approval to a mailing: planned for a time, held, paused, cancelled."""

from collections.abc import Sequence
from datetime import datetime

from mailer.errors import NotFoundError, StateError, UsageError
from mailer.i18n import _
from mailer.model.delivery import MAILING_MOVES, MailingRecord, MailingStatus, SendAgain
from mailer.publishing.approval import LONGEST_NAME, require_name
from mailer.store import mailings, recovery
from mailer.store.database import Connection
from mailer.store.issues import ApprovalRecord

MOST_DIGITS = 10  # of a mailing's number
LONGEST_REASON = 500


def schedule_mailing(
    connection: Connection,
    approval: ApprovalRecord,
    lists: Sequence[tuple[str, int]],
    scheduled_at: datetime | None,
    now: datetime,
    schedule: str = "",
    again: SendAgain | None = None,
) -> int:
    """Write a mailing of the approved editions to lists, given as (name, id) in sending order; return its id.

    again: see SendAgain. Raises StateError for a list whose edition was not approved, UsageError where a person's word
    lacks name or reason.
    """
    if again is not None:
        require_name(again.by, LONGEST_NAME)
        _require_reason(again.reason)
    chosen: list[tuple[int, int]] = []
    for name, list_id in lists:
        if name not in approval.editions:
            raise StateError(
                _("the approval has no edition for list {name}").format(name=name), cure=_("approve the issue again")
            )
        chosen.append((list_id, approval.editions[name]))
    return mailings.create_mailing(
        connection, approval.issue_id, approval.id, chosen, scheduled_at, now, schedule, again
    )


def _require_reason(reason: str) -> None:
    if not reason.strip() or not reason.isprintable() or len(reason) > LONGEST_REASON:
        raise UsageError(
            _("sending again wants a reason"), field="--again", cure=_("write why, on one line; it is on record")
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


def resume_mailing(connection: Connection, mailing: MailingRecord, now: datetime) -> None:
    """Set a paused or held mailing running again. Raises StateError for any other."""
    if mailing.status not in (MailingStatus.PAUSED, MailingStatus.HELD):
        raise StateError(
            _("mailing {id} is {status}; only a paused or held one is resumed").format(
                id=mailing.id, status=_(mailing.status.value)
            ),
            cure=_("`mailer status {id}` shows where it stands").format(id=mailing.id),
        )
    move_mailing(connection, mailing, MailingStatus.RUNNING, now)
