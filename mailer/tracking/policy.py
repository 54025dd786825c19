"""When what came back suppresses an address: at once, after some issues in a row, or never."""

from dataclasses import dataclass
from datetime import datetime

from mailer.config import SuppressionConfig
from mailer.model.outcome import Action, ReplyClass
from mailer.model.report import ReportKind, Tie
from mailer.model.suppression import COMPLAINT, OF_THE_READER, count_run
from mailer.store import audience
from mailer.store.database import Connection
from mailer.store.failures import copies_of
from mailer.store.suppressions import lifted_at
from mailer.tokens import HouseSecret, hash_address
from mailer.tracking.matching import Match

OURS = frozenset(
    {"auth-failure", "dmarc", "dkim", "not-spam", "virus"}
)  # feedback that no reader gave (RFC 6591, 5965)


@dataclass(frozen=True, slots=True)
class Threshold:
    """How many issues in a row, and how many failures in them, suppress."""

    issues: int
    failures: int


def choose_threshold(match: Match, feedback: str, settings: SuppressionConfig) -> Threshold | None:
    """Return what a report takes to suppress its reader; None where it never does. Pure.

    A guess wants a second issue whatever it says. What a forwarded copy met says nothing lasting of the reader's own
    address, so it counts as any other failure.
    """
    found = _threshold(match, feedback, settings)
    if found is None or match.tie is not Tie.PROBABLE:
        return found
    return Threshold(max(found.issues, 2), max(found.failures, 2))


def _threshold(match: Match, feedback: str, settings: SuppressionConfig) -> Threshold | None:
    if match.kind is ReportKind.COMPLAINT:
        about_us = feedback in OURS or (
            match.one is not None and match.one.meaning.reply_class is ReplyClass.SENDER_POLICY
        )
        # one that names somebody else is shown: it is no wish of this reader's
        return Threshold(1, 1) if settings.complaints and not about_us and not match.about else None
    if match.kind is not ReportKind.BOUNCE or match.one is None:
        return None
    meaning, soft = match.one.meaning, Threshold(settings.soft_issues, settings.soft_bounces)
    if match.about:
        return soft if meaning.reply_class in OF_THE_READER else None
    match meaning.action:
        case Action.SUPPRESS:
            return Threshold(settings.hard_after, 1) if meaning.reply_class.hard else Threshold(1, 1)
        case Action.SUPPRESS_AFTER:
            return Threshold(max(meaning.after_issues, 1), 1)
        case _:
            return soft if meaning.reply_class in OF_THE_READER else None


def suppress_reported(
    connection: Connection,
    secret: HouseSecret,
    match: Match,
    feedback: str,
    settings: SuppressionConfig,
    source: str,
    now: datetime,
) -> bool:
    """Suppress the reader of a delivery if what came back of it, and of the issues before, is enough; True when it was.

    Must run after the report itself is recorded. What failed before a person lifted a suppression counts no more.
    """
    threshold = choose_threshold(match, feedback, settings)
    if threshold is None:
        return False
    key = match.delivery.recipient.address.casefold()
    address_hash = hash_address(secret, key)
    reply_class = match.one.meaning.reply_class if match.one is not None else ReplyClass.OPT_OUT
    since = lifted_at(connection, address_hash, now)
    copies = copies_of(connection, key, threshold.issues, also=match.delivery.id, since=since)
    run = count_run(copies, now, reply_class)
    if run.issues < threshold.issues or run.failures < threshold.failures:
        return False
    reason = COMPLAINT if match.kind is ReportKind.COMPLAINT else reply_class.value
    return audience.suppress_address(connection, address_hash, reason, source, now)
