"""Deliveries, mailings and issues as the ledger keeps them: their states, and the moves between states."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from mailer.model.issue import Role
from mailer.model.person_name import called
from mailer.model.tempo import EVEN, Tempo


class DeliveryStatus(StrEnum):
    """Where one copy for one recipient stands. A bounce or complaint is an event after `accepted`, not a status."""

    PENDING = "pending"  # to be tried, now or at next_attempt_at
    SENDING = "sending"  # claimed by a sender, with a lease
    ACCEPTED = "accepted"  # the relay took it; not "read", not even "in the mailbox"
    REFUSED = "refused"  # refused for good in the dialogue
    EXPIRED = "expired"  # deferred until the clock of give_up_after ran out
    SUPPRESSED = "suppressed"  # the address gets nothing (left, dead, complained)
    CANCELLED = "cancelled"  # a person stopped the mailing first
    UNCERTAIN = "uncertain"  # the dot was written and no reply is known


class MailingStatus(StrEnum):
    """Where a mailing stands."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    HELD = "held"  # a person must look; the reason is kept beside it
    FINISHED = "finished"
    CANCELLED = "cancelled"


class IssueStatus(StrEnum):
    """Where an issue stands; any change of its content makes it a draft again."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"


D, M, I = DeliveryStatus, MailingStatus, IssueStatus  # noqa: E741

OPEN = (D.PENDING, D.SENDING)  # no end yet

DELIVERY_MOVES: dict[DeliveryStatus, frozenset[DeliveryStatus]] = {
    D.PENDING: frozenset({D.SENDING, D.SUPPRESSED, D.CANCELLED, D.EXPIRED}),
    D.SENDING: frozenset({D.ACCEPTED, D.REFUSED, D.UNCERTAIN, D.EXPIRED, D.SUPPRESSED, D.CANCELLED, D.PENDING}),
    D.UNCERTAIN: frozenset({D.PENDING, D.ACCEPTED, D.REFUSED}),
    D.ACCEPTED: frozenset(),
    # only by a person's recorded "send again"
    D.REFUSED: frozenset({D.PENDING}),
    D.EXPIRED: frozenset({D.PENDING}),
    D.SUPPRESSED: frozenset({D.PENDING}),
    D.CANCELLED: frozenset({D.PENDING}),
}

MAILING_MOVES: dict[MailingStatus, frozenset[MailingStatus]] = {
    M.SCHEDULED: frozenset({M.RUNNING, M.HELD, M.CANCELLED}),
    M.HELD: frozenset({M.SCHEDULED, M.RUNNING, M.CANCELLED}),
    M.RUNNING: frozenset({M.PAUSED, M.HELD, M.FINISHED, M.CANCELLED}),
    M.PAUSED: frozenset({M.RUNNING, M.HELD, M.FINISHED, M.CANCELLED}),
    M.FINISHED: frozenset({M.RUNNING}),
    M.CANCELLED: frozenset(),
}

ISSUE_MOVES: dict[IssueStatus, frozenset[IssueStatus]] = {
    I.DRAFT: frozenset({I.SUBMITTED}),
    I.SUBMITTED: frozenset({I.APPROVED, I.DRAFT}),
    I.APPROVED: frozenset({I.DRAFT}),
}

State = TypeVar("State", DeliveryStatus, MailingStatus, IssueStatus)


def sources_of(target: State, moves: dict[State, frozenset[State]]) -> frozenset[State]:
    """Return the states from which `target` may be reached in one move."""
    return frozenset(source for source, targets in moves.items() if target in targets)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A contact as frozen into a mailing."""

    address: str
    name: str = ""
    title: str = ""
    organisation: str = ""
    city: str = ""

    @property
    def called(self) -> str:
        """The name, for a text that has no title beside it."""
        return called(self.name, self.title)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One recipient of one mailing, claimed for an attempt. Times are aware UTC.

    message_id and sent_date are fixed before the first attempt, so that a retry repeats the same bytes. attempts
    counts those that ended before this one and count for the retry policy; clock_from is where the clock of
    give_up_after starts. attempt is this attempt's number, relay the one it goes through,
    domain the recipient's, claimed_at when this attempt was claimed,
    token_key the key its tokens are signed with (None: the current one); answers the Message-ID of the copy that it
    corrects, empty where it corrects none.
    """

    id: int
    mailing_id: int
    issue_slug: str
    list_name: str
    edition_id: int
    recipient: Recipient
    message_id: str
    token: str
    sent_date: datetime
    clock_from: datetime
    attempts: int
    lease: str
    attempt: int = 0
    relay: str = ""
    domain: str = ""
    claimed_at: datetime | None = None
    token_key: int | None = None
    answers: str = ""


@dataclass(frozen=True, slots=True)
class DistributionList:
    """A named set of subscriptions, as config.toml declares it."""

    name: str
    title: str
    role: Role


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or office with one address, as a sheet gives it. key is Address.key.

    level: of its organisation. attributes: short texts by name, in the order of names. Where a sheet leaves level,
    language or attributes empty it says nothing of them.
    """

    address: str
    key: str
    name: str = ""
    title: str = ""
    organisation: str = ""
    city: str = ""
    phone: str = ""
    level: str = ""
    language: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


def merge_attributes(
    known: tuple[tuple[str, str], ...], said: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    """Return attributes with what is said of some of them."""
    return tuple(sorted({**dict(known), **dict(said)}.items())) if said else known


@dataclass(frozen=True, slots=True)
class SendAgain:
    """A person's word that an issue goes also to addresses that have it: who, why, and only to these (none: all).

    only holds address keys. It is the one exception to one copy of an issue an address, so it is on record.
    """

    by: str
    reason: str
    only: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MailingRecord:
    """A mailing as the ledger keeps it. scheduled_at None means as soon as possible; reason says why it is held.

    again_by and again_reason: who had it sent to addresses that had the issue, and why; empty for any other.
    openings: when its lists begin or began, of those for which that is settled; it matters where its tempo has a pause.
    """

    id: int
    issue_slug: str
    status: MailingStatus
    lists: tuple[str, ...]
    scheduled_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    reason: str
    schedule: str
    again_by: str = ""
    again_reason: str = ""
    tempo: Tempo = EVEN
    openings: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def late_by(self) -> timedelta | None:
        """How long after its planned time it started; None while it has not, or when it had no time of its own."""
        if self.scheduled_at is None or self.started_at is None:
            return None
        return max(self.started_at - self.scheduled_at, timedelta(0))


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """How many were not taken for one reason, with one reply as an example."""

    status: DeliveryStatus
    reply_class: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class ListSummary:
    """The figures of one list in one mailing. The eight states add up to planned.

    retries counts attempts beyond each delivery's first; bounced counts deliveries with a hard or soft bounce event,
    received those whose readers confirmed receipt by hand.
    """

    list_name: str
    title: str
    role: Role
    counts: dict[DeliveryStatus, int]
    retries: int
    bounced: int
    reasons: tuple[RefusalReason, ...]
    received: int = 0

    @property
    def planned(self) -> int:
        """How many recipients the mailing froze for this list."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class MailingSummary:
    """The figures of a mailing, by list in sending order."""

    mailing: MailingRecord
    lists: tuple[ListSummary, ...]

    def count(self, status: DeliveryStatus) -> int:
        """Deliveries in this status over all lists."""
        return sum(part.counts.get(status, 0) for part in self.lists)

    @property
    def planned(self) -> int:
        """All recipients of the mailing."""
        return sum(part.planned for part in self.lists)

    @property
    def retries(self) -> int:
        """Attempts beyond the first, over all lists."""
        return sum(part.retries for part in self.lists)

    @property
    def bounced(self) -> int:
        """Deliveries with a bounce, over all lists."""
        return sum(part.bounced for part in self.lists)

    @property
    def received(self) -> int:
        """Deliveries whose readers confirmed receipt by hand, over all lists."""
        return sum(part.received for part in self.lists)


@dataclass(frozen=True, slots=True)
class PastOccurrence:
    """An occurrence of a schedule that was acted on: the mailing it made (None: none), and the result in a word."""

    schedule: str
    due_at: datetime
    fired_at: datetime
    mailing_id: int | None
    result: str

    @property
    def late_by(self) -> timedelta:
        """How long after its time it was acted on."""
        return max(self.fired_at - self.due_at, timedelta(0))
