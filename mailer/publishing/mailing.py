"""From an approval to a mailing: planned for a time, held, paused, cancelled."""

from collections.abc import Sequence
from datetime import datetime

from mailer.errors import NotFoundError, StateError
from mailer.i18n import _
from mailer.model.delivery import MAILING_MOVES, MailingRecord, MailingStatus
from mailer.store import mailings, recovery
from mailer.store.database import Connection
from mailer.store.issues import ApprovalRecord

MOST_DIGITS = 10  # of a mailing's number


def schedule_mailing(
    connection: Connection,
    approval: ApprovalRecord,
    lists: Sequence[tuple[str, int]],
    scheduled_at: datetime | None,
    now: datetime,
    schedule: str = "",
) -> int:
    """Write a mailing of the approved editions to lists, given as (name, id) in sending order; return its id.

    Raises StateError for a list whose edition was not approved.
    """
    chosen = [(list_id, _edition_for(approval, name)) for name, list_id in lists]
    return mailings.create_mailing(connection, approval.issue_id, approval.id, chosen, scheduled_at, now, schedule)


def _edition_for(approval: ApprovalRecord, list_name: str) -> int:
    if list_name not in approval.editions:
        raise StateError(
            _("the approval has no edition for list {name}").format(name=list_name), cure=_("approve the issue again")
        )
    return approval.editions[list_name]


def hold_unapproved(
    connection: Connection,
    issue_id: int,
    lists: Sequence[tuple[str, int]],
    due_at: datetime,
    now: datetime,
    schedule: str,
    reason: str,
) -> int:
    """Write a held mailing of an issue that was due and may not go out, so that a person sees it; return its id.

    It has no approval: `rebind_mailing` puts it under one that stands then.
    """
    wanted = [(list_id, None) for _name, list_id in lists]
    mailing_id = mailings.create_mailing(connection, issue_id, None, wanted, due_at, now, schedule)
    mailings.move_mailing(connection, mailing_id, MailingStatus.HELD, now, reason)
    return mailing_id


def rebind_mailing(
    connection: Connection, mailing: MailingRecord, lists: Sequence[tuple[str, int]], approval: ApprovalRecord
) -> None:
    """Put a mailing that was held before it planned anybody under the approval that stands now.

    Raises StateError for a list whose edition was not approved.
    """
    editions = {list_id: _edition_for(approval, name) for name, list_id in lists if name in mailing.lists}
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
