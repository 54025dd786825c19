"""Notices to staff: what they say, and one copy of one on its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mailer.config import RelayConfig, SenderConfig
from mailer.errors import InputError
from mailer.i18n import N_, _, ngettext
from mailer.mail.credentials import Credentials
from mailer.mail.dialogue import Patience
from mailer.mail.envelope import Envelope
from mailer.mail.notice import NoticeHead, compose_notice
from mailer.mail.replies import ReplyRules
from mailer.mail.smtp import open_session
from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingSummary
from mailer.model.outcome import Accepted, Deferred, Refused, RelayFailure, Uncertain, Withheld
from mailer.store.notices import NoticeCopy

if TYPE_CHECKING:
    from mailer.mail.dkim import Signer  # cryptography is slow to load

PATIENCE = Patience(connect_s=15, command_s=30, dot_s=120)  # the next notice waits meanwhile
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
        _("The issue due {due} could not be opened").format(due=due),
        _lines(why, _("Make it yourself: `mailer issue new`, or `mailer import FILE`.")),
    )


def reminder_notice(about: str, ready: Readiness, days: int, due: str) -> Notice:
    """Remind of an issue that is not approved. days: working days until it is due."""
    left = ngettext("{n} working day", "{n} working days", days).format(n=days)
    if not ready.slug:
        lines = [_("There is no issue for it yet."), _("Make one: `mailer issue new`, or `mailer import FILE`.")]
        return Notice(about, _("{left} left: there is no issue for {due}").format(left=left, due=due), _lines(*lines))
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
    return Notice(about, subject, _lines(*lines), approvers=not ready.errors)


def no_issue_notice(about: str, due: str, why: str = "") -> Notice:
    """Say that the time came and there was no issue, or none that could be read: then why."""
    return Notice(
        about,
        _("Nothing was sent: there was no issue for {due}").format(due=due),
        _lines(
            why or _("No folder of an issue fits this date, and no approved issue waits."),
            _("When the issue is approved, send it: `mailer send ISSUE`."),
        ),
    )


def join_notice(about: str, newsletter: str, lists: Sequence[str], link: str) -> Notice:
    """Ask an address to confirm that it wants lists; nothing that a stranger typed stands in it (facts S23)."""
    return Notice(
        about,
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
    return Notice(about, subject, _lines(*lines), approvers=True)


def finished_notice(about: str, summary: MailingSummary) -> Notice:
    """Say that a mailing went out, with its numbers."""
    mailing = summary.mailing
    lines = [_("recipients: {n}").format(n=summary.planned)]
    lines += [_(text).format(n=summary.count(kind)) for kind, text in _NUMBERS.items() if summary.count(kind)]
    lines += ["", _("`mailer status {id}` has the figures by list.").format(id=mailing.id)]
    subject = _("Issue {slug} has gone out: {accepted} of {planned} accepted").format(
        slug=mailing.issue_slug, accepted=summary.count(DeliveryStatus.ACCEPTED), planned=summary.planned
    )
    return Notice(about, subject, _lines(*lines))


def _lines(*lines: str) -> str:
    return "\n".join([*lines, ""])


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a try of a copy; over: it is not tried again."""

    result: str
    over: bool


@dataclass(frozen=True, slots=True)
class NoticeDesk:
    """What is needed to send notices."""

    sender: SenderConfig
    zone: ZoneInfo
    relays: Mapping[str, tuple[RelayConfig, Credentials]]
    signers: "Sequence[Signer]" = ()
    rules: ReplyRules | None = None

    async def send(self, copy: NoticeCopy, relay: str) -> Tried:
        """Send one copy through a relay, for which a permit was taken. Raises nothing for what a server says.

        One in doubt is not sent again: a second reminder is worse than none.
        """
        config, credentials = self.relays[relay]
        head = NoticeHead(
            self.sender.name, self.sender.address, copy.address, copy.subject, copy.about, copy.made_at, self.zone
        )
        try:
            octets = compose_notice(head, copy.body, self.signers)
        except InputError as error:
            return Tried(str(error), over=True)
        session = await open_session(config, credentials, PATIENCE, self.rules)
        if isinstance(session, RelayFailure):
            return Tried(str(session.reply), over=False)
        try:
            outcome = await session.send(Envelope(self.sender.address, copy.address, len(octets)), octets, _go_on)
        finally:
            await session.quit()
        match outcome:
            case Accepted() | Refused() | Uncertain():
                return Tried(f"{type(outcome).__name__.lower()}: {outcome.reply}", over=True)
            case Deferred() | RelayFailure():
                return Tried(str(outcome.reply), over=False)
            case Withheld():
                raise AssertionError("_go_on withholds nothing")


async def _go_on() -> bool:
    return True
