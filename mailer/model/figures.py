"""The figures of a mailing: counts that add up, the people behind them, and the tables they are shown as."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailer.model.delivery import DeliveryStatus, MailingRecord
from mailer.model.issue import Role
from mailer.model.reading import Tracking

# the ends in which a copy has not come to its reader, besides a bounce after it was accepted
MISSED = (
    DeliveryStatus.REFUSED,
    DeliveryStatus.EXPIRED,
    DeliveryStatus.UNCERTAIN,
    DeliveryStatus.SUPPRESSED,
    DeliveryStatus.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class ReasonFigures:
    """Deliveries in one status with one class of reply (empty: no reply), and one of their replies.

    Of pending ones only those that were tried and deferred count.
    """

    status: DeliveryStatus
    reply_class: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class BounceFigures:
    """Deliveries whose newest bounce has this class; hard: the address is dead."""

    reply_class: str
    hard: bool
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class HeardFigures:
    """What was heard of the accepted copies, each counted once: a bounce before all, then delivered, then relayed.

    relayed went on to a system that sends no receipts: nobody will ever say of these that they arrived. Of the silent
    ones nothing came back.
    """

    bounced: int = 0
    delivered: int = 0
    relayed: int = 0
    silent: int = 0

    @property
    def accepted(self) -> int:
        """All of them."""
        return self.bounced + self.delivered + self.relayed + self.silent

    @property
    def answered(self) -> int:
        """Of how many it is known whether they arrived."""
        return self.bounced + self.delivered


@dataclass(frozen=True, slots=True)
class ReadingFigures:
    """Opens, or clicks: deliveries by the best verdict on any of their requests, and requests by their own.

    Where a list is counted as a whole there are requests only.
    """

    human: int = 0
    unknown: int = 0
    machine: int = 0
    human_requests: int = 0
    unknown_requests: int = 0
    machine_requests: int = 0


@dataclass(frozen=True, slots=True)
class ListFigures:
    """One list of a mailing. The eight states add up to planned, the bounces to bounced, heard to what was accepted.

    events: deliveries of which at least one event of a kind is on record. tracking None: the list has no edition yet.
    """

    name: str
    title: str
    role: Role
    tracking: Tracking | None
    counts: dict[DeliveryStatus, int]
    heard: HeardFigures = HeardFigures()
    reasons: tuple[ReasonFigures, ...] = ()
    bounces: tuple[BounceFigures, ...] = ()
    events: dict[str, int] = field(default_factory=dict)
    retries: int = 0
    opens: ReadingFigures = ReadingFigures()
    clicks: ReadingFigures = ReadingFigures()

    @property
    def planned(self) -> int:
        """How many recipients the mailing froze for this list."""
        return sum(self.counts.values())

    @property
    def bounced(self) -> int:
        """Deliveries with a bounce."""
        return sum(one.count for one in self.bounces)

    @property
    def missed(self) -> int:
        """How many have not been reached: without an acceptance at the end, or with a bounce after it."""
        return sum(self.counts.get(one, 0) for one in MISSED) + self.heard.bounced


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """Recipients that share a city, an organisation or a domain; of all groups together these are all planned ones.

    missed: refused, expired, uncertain, suppressed, cancelled, or accepted and bounced; with those accepted and not
    bounced, and those still to go (pending), these are all. opened and clicked count readers held for people.
    median_s: seconds from the first attempt to acceptance, half took less; per_s: accepted a second, from the first
    attempt to the last acceptance, of two or more. None where that cannot be said, or is not asked for.
    """

    name: str
    planned: int
    accepted: int
    refused: int
    missed: int
    bounced: int
    opened: int
    clicked: int
    pending: int
    median_s: float | None = None
    per_s: float | None = None


@dataclass(frozen=True, slots=True)
class HourFigures:
    """What one hour (UTC, from `at` on) brought; each delivery counts once, a reader at the first human request.

    Where a list is counted as a whole each human request counts.
    """

    at: datetime
    accepted: int = 0
    bounced: int = 0
    opened: int = 0
    clicked: int = 0


@dataclass(frozen=True, slots=True)
class LinkFigures:
    """One counted link of one list's edition."""

    list_name: str
    number: int
    target: str
    text: str
    part: str
    title: str
    readers: int
    requests: int
    machine_requests: int


@dataclass(frozen=True, slots=True)
class ArticleFigures:
    """The links of one part of the issue, over all lists: readers held for people, and their requests."""

    part: str
    title: str
    readers: int
    requests: int


@dataclass(frozen=True, slots=True)
class MailingFigures:
    """Everything that is counted of a mailing, in one consistent view as of `counted_at`.

    cities, organisations, domains: the largest first; those there is no room for are one group more, named REST.
    newer: more has become known since, and is not in it yet.
    """

    counted_at: datetime
    lists: tuple[ListFigures, ...]
    cities: tuple[GroupFigures, ...] = ()
    organisations: tuple[GroupFigures, ...] = ()
    domains: tuple[GroupFigures, ...] = ()
    hours: tuple[HourFigures, ...] = ()
    links: tuple[LinkFigures, ...] = ()
    articles: tuple[ArticleFigures, ...] = ()
    newer: bool = False

    @property
    def planned(self) -> int:
        """All recipients of the mailing."""
        return sum(part.planned for part in self.lists)

    @property
    def bounced(self) -> int:
        """Deliveries with a bounce."""
        return sum(part.bounced for part in self.lists)

    def count(self, status: DeliveryStatus) -> int:
        """Deliveries in this status."""
        return sum(part.counts.get(status, 0) for part in self.lists)

    def events(self, kind: str) -> int:
        """Deliveries with an event of this kind."""
        return sum(part.events.get(kind, 0) for part in self.lists)

    def heard(self, what: str) -> int:
        """One of the four of HeardFigures over all lists."""
        return sum(int(getattr(part.heard, what)) for part in self.lists)

    def reading(self, kind: str, what: str) -> int:
        """One of the six of ReadingFigures, of `opens` or `clicks`, over all lists."""
        return sum(int(getattr(getattr(part, kind), what)) for part in self.lists)

    @property
    def missed(self) -> int:
        """How many have not been reached: without an acceptance at the end, or with a bounce after it."""
        return sum(part.missed for part in self.lists)


REST = "\N{HORIZONTAL ELLIPSIS}"  # the name of the group of all others


@dataclass(frozen=True, slots=True)
class MissedReader:
    """Someone whom the issue has not reached, and how to phone; `bounced`: accepted, and came back.

    reply_class is empty where no reply is known; suppressed: why the address gets nothing, where that is the reason.
    """

    delivery_id: int
    list_title: str
    address: str
    name: str
    title: str
    organisation: str
    city: str
    phone: str
    status: DeliveryStatus
    bounced: bool
    reply_class: str
    reply: str
    suppressed: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A mailing's figures with what stands beside them. compared: mailings before it, oldest first, itself the last."""

    mailing: MailingRecord
    publisher: str
    subject: str
    zone: str
    figures: MailingFigures
    missed: tuple[MissedReader, ...]
    compared: tuple[tuple[MailingRecord, MailingFigures], ...] = ()


class CellKind(StrEnum):
    """How a column is written and aligned."""

    TEXT = "text"
    COUNT = "count"
    SECONDS = "seconds"
    RATE = "rate"  # a number with decimals
    SHARE = "share"  # between 0 and 1, shown as per cent


Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its stable English key, its heading in the user's language, and its kind."""

    key: str
    heading: str
    kind: CellKind = CellKind.COUNT

    def show(self, value: Cell) -> str:
        """Return a cell as people read it; a dash where nothing is known."""
        if value is None:
            return "–"
        if isinstance(value, str):
            return value
        match self.kind:
            case CellKind.SHARE:
                return f"{value:.1%}"
            case CellKind.SECONDS:
                return f"{value:,.1f}"
            case CellKind.RATE:
                return f"{value:,.2f}"
            case CellKind.COUNT | CellKind.TEXT:
                return f"{value:,}"


@dataclass(frozen=True, slots=True)
class View:
    """One table of a report: a sheet of the workbook, a csv file, a table of the page.

    total: the last row sums up the others. note: sentences below it. empty: what to say where it has no rows.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: bool = False
    note: str = ""
    empty: str = ""
