"""What a returned mail reports, once read; and the findings of a preflight."""

from dataclasses import dataclass
from enum import StrEnum

from mailer.model.outcome import Meaning


class ReportKind(StrEnum):
    """What a mail that came back is."""

    BOUNCE = "bounce"  # it will not, or could not yet for good, be delivered
    DELIVERED = "delivered"  # a DSN says it reached the mailbox (RFC 3464 action delivered)
    DELAYED = "delayed"  # a DSN says it is still being tried; nothing to do
    # a DSN says it went on to a system that sends no receipts: not delivered, and nobody will ever say that it was
    RELAYED = "relayed"
    UNSUBSCRIBE = "unsubscribe"  # a reader asks to leave
    OTHER = "other"  # not understood; kept for a person


@dataclass(frozen=True, slots=True)
class ReportedRecipient:
    """One recipient of a report. status is RFC 3463's x.y.z or empty; meaning classifies the diagnostic."""

    address: str
    status: str
    diagnostic: str
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Report:
    """What a returned mail says. token, envelope_id and message_id tie it to a delivery; each may be empty."""

    kind: ReportKind
    recipients: tuple[ReportedRecipient, ...]
    token: str = ""
    envelope_id: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class ReturnedMail:
    """A mail that came back, and what it came to.

    source names the mail. delivery_id None: it is about no delivery of ours. recorded: it was news. suppressed: its
    address gets nothing from now on.
    """

    source: str
    report: Report
    delivery_id: int | None
    recorded: bool
    suppressed: bool


class Severity(StrEnum):
    """How grave a finding is; only an error blocks approval."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of the preflight. `place` is a file, list or part; `text` and `cure` are in the user's language."""

    severity: Severity
    place: str
    text: str
    cure: str = ""
