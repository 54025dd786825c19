"""Records what a report says as an event on the delivery it is about, and lets the policy draw the consequence."""

from dataclasses import dataclass, field
from datetime import datetime

from mailer.config import SuppressionConfig
from mailer.model.outcome import ReplyClass
from mailer.model.report import Report, ReportKind, ReturnedMail, Tie
from mailer.store import deliveries, events
from mailer.store.database import Connection
from mailer.store.events import NewEvent
from mailer.tokens import HouseSecret
from mailer.tracking.matching import Match, MatchRules, match_report
from mailer.tracking.policy import suppress_reported

MAX_DETAIL = 2000
# what tells that the relay had taken a copy whose reply never came
_SHOWS_ACCEPTANCE = frozenset(ReportKind) - {ReportKind.OTHER, ReportKind.UNSUBSCRIBE}


@dataclass(frozen=True, slots=True)
class Rules:
    """By what reports are tied to deliveries, and when they suppress."""

    match: MatchRules = field(default_factory=MatchRules)
    suppression: SuppressionConfig = field(default_factory=SuppressionConfig)


@dataclass(frozen=True, slots=True)
class Found:
    """Where a report came from.

    source names it for people, number its place in an mbox; by its digest the same thing read twice counts once.
    own_mailbox: it lay in the mailbox that the relay keeps for us. happened_at: None for now.
    """

    source: str
    digest: str
    number: int = 1
    own_mailbox: bool = False
    happened_at: datetime | None = None


def record_report(
    connection: Connection,
    secret: HouseSecret,
    report: Report,
    found: Found,
    now: datetime,
    rules: Rules | None = None,
) -> ReturnedMail:
    """Record a report as an event on its delivery, and suppress the address when that is enough.

    What was not understood, and an answer by a person, is tied to its delivery but no event.
    """
    rules = rules or Rules()
    match = match_report(connection, secret, report, now, rules.match, own_mailbox=found.own_mailbox)
    if match is None or report.kind is ReportKind.OTHER:
        return ReturnedMail(
            found.source,
            report,
            match.delivery.id if match else None,
            recorded=False,
            suppressed=False,
            number=found.number,
            tie=match.tie if match else None,
        )
    news, suppressed = record_match(connection, secret, match, report.feedback, found, now, rules.suppression)
    return ReturnedMail(
        found.source, report, match.delivery.id, news, suppressed, found.number, tie=match.tie, about=match.about
    )


def record_match(
    connection: Connection,
    secret: HouseSecret,
    match: Match,
    feedback: str,
    found: Found,
    now: datetime,
    suppression: SuppressionConfig,
) -> tuple[bool, bool]:
    """Record what became of a copy; return whether that is news, and whether its address is suppressed for it."""
    if not events.record_event(connection, _event(match, feedback, found, now)):
        return False, False
    if match.tie is not Tie.PROBABLE and match.kind in _SHOWS_ACCEPTANCE:
        deliveries.accept_reported(connection, match.delivery.id, now)
    return True, suppress_reported(connection, secret, match, feedback, suppression, found.source, now)


def _event(match: Match, feedback: str, found: Found, now: datetime) -> NewEvent:
    one = match.one
    reply_class = one.meaning.reply_class.value if one is not None else ""
    if match.kind is ReportKind.COMPLAINT and one is None:
        reply_class = ReplyClass.OPT_OUT.value
    detail = " ".join(part for part in (one.status, one.diagnostic) if part) if one is not None else feedback
    hard = match.kind is ReportKind.BOUNCE and one is not None and one.meaning.reply_class.hard and not match.about
    return NewEvent(
        delivery_id=match.delivery.id,
        kind=match.kind.value,
        hard=hard,
        reply_class=reply_class,
        detail=clean_text(detail, MAX_DETAIL),
        source=found.digest,
        happened_at=found.happened_at or now,
        tie=match.tie.value,
        about=clean_text(match.about, 254),
    )


def clean_text(text: str, most: int) -> str:
    """Return a text as a database and a page may hold it: no control character but line ends, no lone surrogate."""
    kept = "".join(char if char.isprintable() or char == "\n" else " " for char in text[: most * 2])
    return kept.strip()[:most]
