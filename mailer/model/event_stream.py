"""What happened to deliveries, as one stream that other systems read on from where they were."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """What happened. Each kind is of one source: an attempt, a report or act, a request by a reader's program."""

    # the reply to an attempt
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    # what came back, or was done, afterwards
    BOUNCE = "bounce"
    DELIVERED = "delivered"
    DELAYED = "delayed"
    RELAYED = "relayed"
    COMPLAINT = "complaint"
    RECEIPT = "receipt"
    RECEIVED = "received"
    AUTO_REPLY = "auto-reply"
    CHALLENGE = "challenge"
    UNSUBSCRIBE = "unsubscribe"
    SENT_AGAIN = "sent_again"
    # what readers' programs fetched
    OPEN = "open"
    CLICK = "click"


OF_ATTEMPTS = frozenset({EventKind.ACCEPTED, EventKind.DEFERRED, EventKind.REFUSED, EventKind.UNCERTAIN})
OF_READINGS = frozenset({EventKind.OPEN, EventKind.CLICK})
OF_REPORTS = frozenset(EventKind) - OF_ATTEMPTS - OF_READINGS


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event. id: the same whenever it is read. delivery None: a list is counted as a whole, and address is empty.

    reply_class: of a bounce, deferral or refusal. detail: the server's words, or the program that fetched it. hard: of
    a bounce. verdict: of an open or click. link: its number in the edition, 0 for none. probable: only address and time
    tie a report to the delivery, or a person took it back: it counts nowhere.
    """

    id: str
    kind: str
    mailing_id: int
    delivery_id: int | None
    list_name: str
    address: str
    happened_at: datetime
    reply_class: str = ""
    detail: str = ""
    hard: bool = False
    verdict: str = ""
    link: int = 0
    probable: bool = False


@dataclass(frozen=True, slots=True)
class StreamPlace:
    """How far a reader of the stream is. event, reading: the last number read of each.

    Attempts have no number of their own in the order of time, so they are walked in passes: one gives those that ended
    in [since, until), in the order of deliveries, and stands after an attempt (delivery, number). until None: no pass
    is under way, and the next one begins where the last one ended.
    """

    event: int = 0
    reading: int = 0
    since: datetime | None = None
    until: datetime | None = None
    delivery: int = 0
    number: int = 0

    def begin_pass(self, until: datetime) -> "StreamPlace":
        """Return the place in a pass up to a moment; in the one under way where there is one."""
        return self if self.until is not None else replace(self, until=until, delivery=0, number=0)

    def end_pass(self) -> "StreamPlace":
        """Return the place after the pass under way."""
        return replace(self, since=self.until, until=None, delivery=0, number=0)


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """Up to which numbers everything that will ever be there is there: no transaction under way has a lower one."""

    event: int
    reading: int


@dataclass(frozen=True, slots=True)
class StreamPage:
    """Events, and from where to read on. more: there may be further ones now; else ask again later."""

    events: tuple[StreamEvent, ...]
    place: StreamPlace
    more: bool
