"""Everything on record of one recipient of a mailing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailer.model.delivery import DeliveryStatus, MailingRecord, Recipient
from mailer.model.standing import PaceStanding


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One try as it is on record. ended_at None: it is under way, or was cut off and not yet recovered.

    meaning: what its reply means, an English msgid or an operator's sentence; empty where nobody has looked.
    """

    number: int
    relay: str
    started_at: datetime
    dot_at: datetime | None
    ended_at: datetime | None
    outcome: str
    phase: str
    reply: str
    reply_class: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class EventRecord:
    """What became known of a delivery outside of its attempts.

    tie: of a report, what ties it to the delivery (model.report.Tie). about: the address that a report speaks of, where
    that is another than the delivery's, as the copy was forwarded.
    """

    kind: str
    reply_class: str
    detail: str
    happened_at: datetime
    tie: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """One delivery with its whole history, each part in the order of time."""

    id: int
    mailing_id: int
    list_name: str
    edition_id: int
    recipient: Recipient
    domain: str
    status: DeliveryStatus
    planned_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None
    reply: str
    reply_class: str
    again: bool
    message_id: str
    attempts: tuple[AttemptRecord, ...]
    events: tuple[EventRecord, ...]


@dataclass(frozen=True, slots=True)
class SubscriptionRecord:
    """How a contact stands with one list: since when, by what, and when and why it left."""

    list_name: str
    list_title: str
    status: str
    since: datetime
    basis: str
    source: str
    left_at: datetime | None
    left_reason: str


@dataclass(frozen=True, slots=True)
class SuppressionRecord:
    """Why an address gets nothing, since when, and until when (None: without end)."""

    reason: str
    source: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class EarlierCopy:
    """Another mailing of the same issue that has the address among its recipients."""

    mailing_id: int
    status: DeliveryStatus


class NextKind(StrEnum):
    """What happens next to a delivery."""

    NOTHING = "nothing"  # it has ended
    PERSON = "person"  # it has ended, and only a person may have it sent again
    WIRE = "wire"  # it is being sent
    TURN = "turn"  # it is due, and goes when its turn comes
    TRY = "try"  # it is tried again at a time
    RESEND = "resend"  # nobody knows whether it arrived; it is sent again at a time
    MAILING = "mailing"  # its mailing does not run
    QUIET = "quiet"  # quiet hours of its mailing
    TEMPO = "tempo"  # its first try is not due yet, by the spread of its mailing or as its list has not begun
    RELAY = "relay"  # every relay that takes it rests, is stopped or has used up its limits
    DOMAIN = "domain"  # its domain is slowed down
    NO_RELAY = "no_relay"  # the settings have no relay for it


@dataclass(frozen=True, slots=True)
class NextStep:
    """What happens next, when that is known, and what it waits for."""

    kind: NextKind
    at: datetime | None = None
    waits_for: PaceStanding | None = None


class Absence(StrEnum):
    """Why a mailing has no delivery to an address that we know."""

    NOT_STARTED = "not_started"  # the audience is frozen when the mailing starts
    REACHED = "reached"  # an earlier mailing has the issue for it
    LEFT = "left"  # it has left every list of the mailing
    NOT_ON_LISTS = "not_on_lists"  # it never was on one of them
    LATER = "later"  # it came to a list after the mailing had started


@dataclass(frozen=True, slots=True)
class RecipientHistory:
    """What a mailing is to one address. absence: why there are no deliveries; next_step is of the last one."""

    mailing: MailingRecord
    address: str
    deliveries: tuple[DeliveryRecord, ...]
    subscriptions: tuple[SubscriptionRecord, ...]
    suppression: SuppressionRecord | None
    earlier: tuple[EarlierCopy, ...]
    absence: Absence | None = None
    next_step: NextStep | None = None
