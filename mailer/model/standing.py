"""How far a mailing is and what holds it: values for those who look on, not for those who send."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mailer.model.delivery import OPEN, DeliveryStatus, MailingRecord
from mailer.model.pace import Limit


@dataclass(frozen=True, slots=True)
class LimitStanding:
    """A limit, how many permits it leaves, and when the next is free. learnt: by rate replies, not by the settings."""

    limit: Limit
    left: int
    free_at: datetime
    learnt: bool = False


@dataclass(frozen=True, slots=True)
class PaceStanding:
    """How a relay, a recipient domain or a group of domains stands.

    held_until: it rests till then, None where it does not; stopped: until a person has looked. reason: what it said.
    wait_s: how long, by its limits, everything that still waits takes at best; 0 where they take it all now.
    """

    name: str
    limits: tuple[LimitStanding, ...] = ()
    held_until: datetime | None = None
    stopped: bool = False
    reason: str = ""
    wait_s: float = 0.0

    @property
    def used_up(self) -> LimitStanding | None:
        """The limit that keeps it waiting longest just now, None where a permit is free."""
        return max((one for one in self.limits if one.left <= 0), key=lambda one: one.free_at, default=None)

    @property
    def waits(self) -> bool:
        """True while nothing goes: it rests, is stopped, or its limits are used up."""
        return self.stopped or self.held_until is not None or self.used_up is not None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the relays stand, in the order of the settings, and the domains that are slowed down; at one moment."""

    at: datetime
    relays: tuple[PaceStanding, ...]
    domains: tuple[PaceStanding, ...] = ()

    @property
    def waiting_relays(self) -> tuple[PaceStanding, ...]:
        """Those through which nothing goes just now."""
        return tuple(one for one in self.relays if one.waits)

    @property
    def wait_s(self) -> float | None:
        """How long what still waits takes at best by the relays' limits together; None where all are stopped."""
        waits = [one.wait_s for one in self.relays if not one.stopped]
        if not waits:
            return None
        return 1 / sum(1 / wait for wait in waits) if min(waits) > 0 else 0.0


@dataclass(frozen=True, slots=True)
class ListProgress:
    """How far a mailing is with one of its lists."""

    name: str
    title: str
    counts: Mapping[DeliveryStatus, int]

    @property
    def planned(self) -> int:
        """Its recipients."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class MailingProgress:
    """How far a mailing is: counts by status, and of the pending those that wait for another try (deferred).

    next_attempt_at: when the first of these is due; resends: uncertain ones that will be sent again. lists: its lists
    in sending order, once it is approved.
    """

    mailing: MailingRecord
    counts: Mapping[DeliveryStatus, int]
    deferred: int = 0
    resends: int = 0
    next_attempt_at: datetime | None = None
    lists: tuple[ListProgress, ...] = ()

    def count(self, status: DeliveryStatus) -> int:
        """Deliveries in this status."""
        return self.counts.get(status, 0)

    @property
    def planned(self) -> int:
        """All recipients."""
        return sum(self.counts.values())

    @property
    def remaining(self) -> int:
        """What is still to be done: pending, on the wire, or to be sent again."""
        return sum(self.count(status) for status in OPEN) + self.resends

    @property
    def fresh(self) -> int:
        """Pending ones that were never tried."""
        return self.count(DeliveryStatus.PENDING) - self.deferred


@dataclass(frozen=True, slots=True)
class Glance:
    """A look at a mailing under way."""

    progress: MailingProgress
    standing: Standing
