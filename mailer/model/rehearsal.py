"""What a rehearsal came to: a whole run into a sink of our own, from which nothing leaves."""

from dataclasses import dataclass

from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.model.forecast import Forecast
from mailer.model.issue import Role


@dataclass(frozen=True, slots=True)
class RehearsedList:
    """One list: its active subscribers, and why not all of them would get a copy.

    reached: by an earlier mailing of the issue; elsewhere: they get the edition of a list before this one.
    """

    list_name: str
    title: str
    role: Role
    active: int
    planned: int
    taken: int
    suppressed: int
    reached: int
    elsewhere: int


@dataclass(frozen=True, slots=True)
class Untaken:
    """A recipient whose copy came to nothing, and why."""

    address: str
    list_name: str
    status: DeliveryStatus
    reason: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The run of an issue to its lists, as it would be.

    status, reason: of the rehearsed mailing, held where it could not run. unapproved: why it is not approved, empty
    where it is; an unapproved one was rendered for the rehearsal. messages, octets, largest, twice: of what the sink
    took. untaken holds the first of those who got none; missing says how many there are. forecast: if it were sent now,
    through the real relays.
    """

    issue_slug: str
    status: MailingStatus
    reason: str
    unapproved: str
    errors: int
    lists: tuple[RehearsedList, ...]
    messages: int
    octets: int
    largest: int
    twice: tuple[str, ...]
    seconds: float
    untaken: tuple[Untaken, ...]
    missing: int
    beyond_ascii: int
    no_password: str
    forecast: Forecast

    @property
    def planned(self) -> int:
        """How many would be planned, the suppressed among them."""
        return sum(one.planned for one in self.lists)

    @property
    def expected(self) -> int:
        """How many should have got a copy."""
        return self.planned - sum(one.suppressed for one in self.lists)

    @property
    def well(self) -> bool:
        """True when everyone got one copy, once."""
        return (
            self.status is MailingStatus.FINISHED
            and not self.missing
            and not self.twice
            and self.messages == self.expected
        )
