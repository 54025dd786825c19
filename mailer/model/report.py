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
    COMPLAINT = "complaint"  # a reader called it spam (RFC 5965)
    RECEIPT = "receipt"  # a reader's program says what was done with it (RFC 8098); what, is the diagnostic
    AUTO_REPLY = "auto-reply"  # an answer that nobody typed (RFC 3834): out of office, received with thanks
    CHALLENGE = "challenge"  # a filter wants the sender to prove that he is a person; not delivered, nobody refused it
    UNSUBSCRIBE = "unsubscribe"  # a reader asks to leave
    OTHER = "other"  # not understood, or written by a person (Report.reply); kept for a person


class Tie(StrEnum):
    """What ties a report to a delivery, the surest first."""

    TOKEN = "token"  # noqa: S105 - the VERP token, or that of our own header
    ENVELOPE_ID = "envelope_id"
    MESSAGE_ID = "message_id"
    # its recipient and its time alone, told by the relay's own postmaster in the relay's own mailbox: as good as known
    POSTMASTER = "postmaster"
    PROBABLE = "probable"  # its recipient and its time alone: shown, and acted on only after another issue's
    HAND = "hand"  # a person read it and chose the copy: as good as known
    WITHDRAWN = "withdrawn"  # a person took the tie back, or chose another copy: shown, and counts nowhere


UNSURE = frozenset({Tie.PROBABLE.value, Tie.WITHDRAWN.value})  # ties of events that count in no figure


@dataclass(frozen=True, slots=True)
class ReportedRecipient:
    """One recipient of a report. status is RFC 3463's x.y.z or empty; meaning classifies the diagnostic.

    kind: what became of the mail to this one, where the report tells several things (Report.kind_of); None: the
    report's. address is the one that was written to, where the report tells it (ORCPT, RFC 3461 §4.2); final the one
    that the server answered for, where it tells another: the same mailbox under its inner name, or where the mail was
    passed on.
    """

    address: str
    status: str
    diagnostic: str
    meaning: Meaning
    kind: ReportKind | None = None
    final: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a returned mail says. kind is the gravest of its recipients', who come first.

    token, envelope_id and message_id tie it to a delivery; each may be empty. sender is the address it says it is from.
    reply: a person seems to have written it, in answer. feedback: of a complaint, its type as RFC 5965 has it (abuse,
    auth-failure, ...).
    """

    kind: ReportKind
    recipients: tuple[ReportedRecipient, ...]
    token: str = ""
    envelope_id: str = ""
    message_id: str = ""
    sender: str = ""
    reply: bool = False
    feedback: str = ""

    def kind_of(self, one: ReportedRecipient) -> ReportKind:
        """Return what became of the mail to one of its recipients."""
        return one.kind or self.kind

    def is_hard(self, one: ReportedRecipient) -> bool:
        """Tell whether it says of one of its recipients that his address is dead or closed."""
        return self.kind_of(one) is ReportKind.BOUNCE and one.meaning.reply_class.hard


@dataclass(frozen=True, slots=True)
class ReturnedMail:
    """A mail that came back, and what it came to.

    source names its file, number its place in an mbox. delivery_id None: it is about no delivery of ours. recorded: it
    was news. suppressed: its address gets nothing from now on. error: why the file could not be read. tie: how sure
    it is. about: the address it speaks of, where that is another than the delivery's: the copy was forwarded.
    """

    source: str
    report: Report
    delivery_id: int | None
    recorded: bool
    suppressed: bool
    number: int = 1
    error: str = ""
    tie: Tie | None = None
    about: str = ""

    @property
    def understood(self) -> bool:
        """Nobody needs to read it: it is about a delivery of ours, and no person wrote it."""
        return self.delivery_id is not None and self.report.kind is not ReportKind.OTHER


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
