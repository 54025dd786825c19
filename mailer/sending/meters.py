"""How relays and recipient domains stand as a simulated clock goes on: their limits, their speed, what they carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.config import RelayConfig
from mailer.model.pace import Limit, Pace, Use, free_at, learnt_limit
from mailer.sending.feed import COUNTING, Gauge

ASSUMED_S = 0.5  # a message and connection, where nothing was measured: five round trips of a tenth of a second


@dataclass(frozen=True, slots=True)
class Speed:
    """How many messages a second a relay takes; measured: of late, not assumed."""

    per_second: float
    measured: bool


def assumed_speed(relay: RelayConfig) -> Speed:
    """Return the speed of a relay of which nothing is known."""
    return Speed(relay.connections / ASSUMED_S, measured=False)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at the begin: paces and what limits have used, by subject; how fast relays are, by name."""

    paces: Mapping[str, Pace]
    uses: Mapping[str, Mapping[int, Sequence[Use]]]
    speeds: Mapping[str, Speed]
    scale: float = 1.0


@dataclass(slots=True)
class Meter:
    """The pace of one subject as the simulation goes on."""

    subject: str
    configured: tuple[Limit, ...]
    pace: Pace
    uses: dict[int, list[Use]]
    scale: float

    def gauge(self, now: datetime) -> Gauge:
        """Return how it stands at a moment, as a sender sees it."""
        learnt = learnt_limit(self.pace, now, self.scale)
        limits = (*self.configured, learnt) if learnt is not None else self.configured
        return Gauge(self.subject, self.pace, limits, self.uses, now)

    def take(self, gauge: Gauge, count: int) -> None:
        """Count permits that are taken at the moment of a gauge."""
        windows = {one.window_s: one for one in (*gauge.limits, COUNTING)}
        for _subject, window, number, much in gauge.uses_of(count):
            first = windows[window].first_slice(gauge.now)
            kept = [one for one in self.uses.get(window, ()) if one.slice >= first]
            if kept and kept[-1].slice == number:
                kept[-1] = Use(number, kept[-1].used + much)
            else:
                kept.append(Use(number, much))
            self.uses[window] = kept

    def free_at(self, gauge: Gauge) -> tuple[datetime, Limit | None]:
        """Return when it has room again, and which limit keeps it longest; a moment later than now."""
        full = [(free_at(one, self.uses.get(one.window_s, ()), gauge.now), one) for one in gauge.limits]
        return max(full, key=lambda one: one[0], default=(gauge.now, None))


@dataclass(slots=True)
class Way:
    """A relay in the simulation."""

    name: str
    config: RelayConfig
    meter: Meter
    speed: Speed
    busy_until: datetime | None = None
    room: int = 0
    per_second: float = 0.0  # beside those it shares with by weight
    copies: int = 0
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    load: int = 0  # copies given to it in this step


@dataclass(slots=True)
class Lane:
    """The domains of one subject: how many copies at once, and until when they are taken up."""

    meter: Meter
    connections: int
    busy_until: datetime | None = None
    space: int = 0
    load: int = 0
