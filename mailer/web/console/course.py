"""Where an issue stands with its mailings: planned, under way, sent to all, or only to some."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from mailer.app import House
from mailer.errors import MailerError
from mailer.i18n import _, ngettext
from mailer.model.approval import ApprovalRecord
from mailer.model.delivery import DeliveryStatus, IssueStatus, MailingRecord, MailingStatus
from mailer.web.console.frame import show_time

WAITING = (MailingStatus.SCHEDULED, MailingStatus.HELD)
UNDER_WAY = (MailingStatus.RUNNING, MailingStatus.PAUSED)


@dataclass(frozen=True, slots=True)
class Course:
    """What the mailings of an issue came to so far.

    sentence: in words; empty while nothing is planned or sent. mailing: the one that tells; None likewise. rest: copies
    that a cancelled mailing left unsent.
    """

    sentence: str = ""
    mailing: MailingRecord | None = None
    rest: int = 0

    @property
    def is_free(self) -> bool:
        """True while a mailing of the issue may be offered: none is planned or sent, or one left a rest."""
        return self.mailing is None or self.rest > 0


def course_of(house: House, slug: str) -> Course:
    """Return where an issue stands with its mailings."""
    found = house.mailings.of_issue(slug)
    running = next((one for one in found if one.status in UNDER_WAY), None)
    waiting = next((one for one in found if one.status in WAITING), None)
    if running is not None:
        return Course(_("It is being sent."), running)
    if waiting is not None and waiting.status is MailingStatus.HELD:
        return Course(_("Mailing {id} is held: {reason}").format(id=waiting.id, reason=waiting.reason), waiting)
    if waiting is not None:
        when = show_time(waiting.scheduled_at, house.config.zone) if waiting.scheduled_at else _("at once")
        return Course(_("It is scheduled: {when}.").format(when=when), waiting)
    ended = next((one for one in found if one.started_at is not None), None)
    if ended is None:
        return Course()
    if ended.status is not MailingStatus.CANCELLED:
        return Course(_("It was sent."), ended)
    progress = house.reports.progress(str(ended.id))
    sent, rest = progress.count(DeliveryStatus.ACCEPTED), progress.count(DeliveryStatus.CANCELLED)
    return Course(say_parted(sent, rest), ended, rest)


def say_parted(sent: int, rest: int) -> str:
    """Return what a mailing came to that was cancelled on its way."""
    return ngettext("{sent} copy sent, {rest} not sent.", "{sent} copies sent, {rest} not sent.", sent).format(
        sent=f"{sent:,}", rest=f"{rest:,}"
    )


def say_undone(standing: ApprovalRecord | None, planned: Sequence[MailingRecord], zone: ZoneInfo) -> str:
    """Return what a change of an issue undoes, and which mailings then cannot go out; empty where it undoes nothing."""
    if standing is None:
        return ""
    if standing.approved_at is None:
        return _("It is submitted. Saving a change takes that back: it must be submitted again.")
    said = [_("It is approved. Saving a change undoes that: it must be submitted and approved again.")]
    for one in planned:
        when = show_time(one.scheduled_at, zone) if one.scheduled_at else _("at once")
        said.append(_("Mailing {id}, planned for {when}, will not go out.").format(id=one.id, when=when))
    return "".join([said[0], *(f" {one}" for one in said[1:])])


def may_send(house: House, slug: str) -> bool:
    """Return whether an issue is approved as it is now."""
    try:
        return house.drafts.glance(slug).status is IssueStatus.APPROVED
    except MailerError:
        return False
