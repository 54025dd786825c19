"""Notices to staff: what they say. Counts only: no reader is named in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from mailer.i18n import N_, _, ngettext
from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingSummary
from mailer.model.notice import NoticeEvent

MOST_ERRORS = 5

_NUMBERS = {
    DeliveryStatus.ACCEPTED: N_("accepted by the relay: {n}"),
    DeliveryStatus.REFUSED: N_("refused: {n}"),
    DeliveryStatus.EXPIRED: N_("given up after many tries: {n}"),
    DeliveryStatus.SUPPRESSED: N_("not sent, as they get no mail of ours: {n}"),
    DeliveryStatus.CANCELLED: N_("cancelled: {n}"),
    DeliveryStatus.UNCERTAIN: N_("in doubt: {n}"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A short text for staff. about: what it is about, by which it is written once; approvers: for them as well."""

    about: str
    event: NoticeEvent
    subject: str
    body: str
    approvers: bool = False


@dataclass(frozen=True, slots=True)
class Readiness:
    """How far an issue is before its time. slug empty: there is none. standing: a sentence on where it stands.

    errors: what the preflight says; or why the issue cannot be read.
    """

    slug: str = ""
    standing: str = ""
    errors: tuple[str, ...] = ()


def show_moment(moment: datetime, zone: ZoneInfo) -> str:
    """Return a time with its zone, as notices write it."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"


def opened_notice(about: str, slug: str, before: str, due: str) -> Notice:
    """Say that the folder of the next issue was made. due: the time with its zone."""
    return Notice(
        about,
        NoticeEvent.OPENED,
        _("Issue {slug} is opened; it is due {due}").format(slug=slug, due=due),
        _lines(
            _("The folder issues/{slug} was made from issue {before}: numbers and date are counted on.").format(
                slug=slug, before=before
            ),
            _("Write over every place holder. `mailer check {slug}` says what is missing.").format(slug=slug),
        ),
    )


def not_opened_notice(about: str, why: str, due: str) -> Notice:
    """Say that the folder could not be made, and why."""
    return Notice(
        about,
        NoticeEvent.OPENED,
        _("The issue due {due} could not be opened").format(due=due),
        _lines(why, _("Make it yourself: `mailer issue new`, or `mailer import FILE`.")),
    )


def reminder_notice(about: str, ready: Readiness, days: int, due: str) -> Notice:
    """Remind of an issue that is not approved. days: working days until it is due."""
    left = ngettext("{n} working day", "{n} working days", days).format(n=days)
    if not ready.slug:
        lines = [_("There is no issue for it yet."), _("Make one: `mailer issue new`, or `mailer import FILE`.")]
        return Notice(
            about,
            NoticeEvent.REMINDER,
            _("{left} left: there is no issue for {due}").format(left=left, due=due),
            _lines(*lines),
        )
    lines = [_("Issue {slug} goes out {due}, if it is approved by then.").format(slug=ready.slug, due=due)]
    lines.append(ready.standing)
    if ready.errors:
        lines += ["", _("The preflight has errors:")]
        lines += [f"- {one}" for one in ready.errors[:MOST_ERRORS]]
        if len(ready.errors) > MOST_ERRORS:
            lines.append(_("- and {n} more").format(n=len(ready.errors) - MOST_ERRORS))
        lines += ["", _("`mailer check {slug}` lists them all").format(slug=ready.slug)]
    else:
        lines += ["", _("look at it and run `mailer approve {slug} --as NAME`").format(slug=ready.slug)]
    subject = _("{left} left: issue {slug} is not approved").format(left=left, slug=ready.slug)
    return Notice(about, NoticeEvent.REMINDER, subject, _lines(*lines), approvers=not ready.errors)


def no_issue_notice(about: str, due: str, why: str = "") -> Notice:
    """Say that the time came and there was no issue, or none that could be read: then why."""
    return Notice(
        about,
        NoticeEvent.NO_ISSUE,
        _("Nothing was sent: there was no issue for {due}").format(due=due),
        _lines(
            why or _("No folder of an issue fits this date, and no approved issue waits."),
            _("When the issue is approved, send it: `mailer send ISSUE`."),
        ),
    )


def join_words(newsletter: str, lists: Sequence[str], link: str) -> tuple[str, str]:
    """Return subject and text that ask an address to confirm that it wants lists; nothing in it is what a
    stranger typed (facts S23).
    """
    return (
        _("Please confirm: {newsletter}").format(newsletter=newsletter),
        _lines(
            _("Somebody, probably you, wants this address to receive:"),
            *(f"- {one}" for one in lists),
            "",
            _("If it was you, open this page and press the button:"),
            link,
            "",
            _("If it was not, do nothing: without your confirmation nothing is sent."),
        ),
    )


def held_notice(about: str, mailing: MailingRecord, due: str) -> Notice:
    """Say that a mailing is held, and why. due: when it was to start, empty for at once."""
    lines = [_("reason: {reason}").format(reason=mailing.reason or "–")]
    lines += [_("It was due {due}.").format(due=due)] if due else []
    lines += [
        "",
        _("Nothing more of it is sent until a person has looked: `mailer status {id}`.").format(id=mailing.id),
    ]
    lines.append(_("Then `mailer resume {id}` sends it, or `mailer cancel {id}` ends it.").format(id=mailing.id))
    subject = _("Held: mailing {id} of issue {slug}").format(id=mailing.id, slug=mailing.issue_slug)
    return Notice(about, NoticeEvent.HELD, subject, _lines(*lines), approvers=True)


def finished_notice(about: str, summary: MailingSummary) -> Notice:
    """Say that a mailing went out, with its numbers."""
    mailing = summary.mailing
    lines = [_("recipients: {n}").format(n=summary.planned)]
    lines += [_(text).format(n=summary.count(kind)) for kind, text in _NUMBERS.items() if summary.count(kind)]
    lines += ["", _("`mailer status {id}` has the figures by list.").format(id=mailing.id)]
    subject = _("Issue {slug} has gone out: {accepted} of {planned} accepted").format(
        slug=mailing.issue_slug, accepted=summary.count(DeliveryStatus.ACCEPTED), planned=summary.planned
    )
    return Notice(about, NoticeEvent.FINISHED, subject, _lines(*lines))


def stopped_notice(about: str, relay: str, reason: str) -> Notice:
    """Say that a relay takes nothing more until a person has looked. reason: what it said."""
    return Notice(
        about,
        NoticeEvent.RELAY,
        _("The relay {name} asks to stop").format(name=relay),
        _lines(
            _("reason: {reason}").format(reason=reason or "–"),
            _("Nothing goes out through it until a person has looked: `mailer status` shows what waits."),
            _("When it is mended, `mailer resume last` tries it again."),
        ),
    )


def resting_notice(about: str, relay: str, until: str, reason: str) -> Notice:
    """Say that a relay has rested for long, or will. until: when it is tried again, with its zone."""
    return Notice(
        about,
        NoticeEvent.RELAY,
        _("The relay {name} rests for long").format(name=relay),
        _lines(
            _("reason: {reason}").format(reason=reason or "–"),
            _("It is tried again {when}, by itself; nobody is lost meanwhile.").format(when=until),
        ),
    )


def bounces_notice(about: str, mailing: MailingRecord, accepted: int, bounced: int) -> Notice:
    """Say that much of a mailing comes back. accepted: by the relays, of which bounced came back."""
    subject = _("Issue {slug}: {rate} of what was accepted has come back").format(
        slug=mailing.issue_slug, rate=f"{bounced / accepted:.1%}"
    )
    return Notice(
        about,
        NoticeEvent.BOUNCES,
        subject,
        _lines(
            _("accepted by the relay: {n}").format(n=accepted),
            _("came back: {n}").format(n=bounced),
            "",
            _("`mailer status {id}` has the figures by list.").format(id=mailing.id),
            _("Where it still runs, `mailer pause {id}` stops it until you have looked.").format(id=mailing.id),
        ),
    )


def trial_words() -> tuple[str, str]:
    """Return subject and text of a test of the channels."""
    return _("A test of the notices to staff"), _lines(
        _("Whoever reads this gets the notices of the newsletter’s sender. Nothing else has happened.")
    )


def answer_words(sender: str, subject: str, told: Sequence[str]) -> tuple[str, str]:
    """Return subject and text of what hands on an answer that a person wrote. told: what is known, its first lines."""
    head = _("Answer from {sender}: {subject}").format(sender=sender or "–", subject=subject or "–")
    return head, _lines(_("This answer to the bulletin has come; it is attached as it came."), "", *told)


def _lines(*lines: str) -> str:
    return "\n".join([*lines, ""])
