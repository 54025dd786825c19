"""Claims: which due deliveries go next, through which relay, within every limit; one transaction of the ledger."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer.config import DomainConfig, RelayConfig
from mailer.model.delivery import Delivery
from mailer.model.pace import MINUTE_S, Limit, Pace, Use, learnt_limit, parse_limit, room_left
from mailer.sending.routes import Routes
from mailer.sending.tempo import last_due
from mailer.store import claims, pace
from mailer.store.claims import Candidate, RunningMailing
from mailer.store.database import Connection
from mailer.tokens import HouseSecret

LEASE = timedelta(minutes=60)  # a dialogue at its slowest, and the one before it on the same connection
MOST_BLOCKED = 500  # domains left out of one claim
MOST_LOOKS = 8  # in a row at which nothing could go
COUNTING = Limit(10**9, MINUTE_S)  # no limit, but counted: what a relay took of late


def relay_subject(name: str) -> str:
    """The name under which a relay's pace is kept."""
    return f"relay:{name}"


@dataclass(frozen=True)
class Domains:
    """Which pace a recipient's domain keeps to: that of its group in the settings, else its own."""

    groups: Mapping[str, DomainConfig]
    _group_of: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_group_of", {name: group for group, one in self.groups.items() for name in one.names})

    def subject(self, domain: str) -> str:
        """The name under which a domain's pace is kept."""
        group = self._group_of.get(domain)
        return f"domains:{group}" if group is not None else f"domain:{domain}"

    def members(self, subject: str) -> tuple[str, ...]:
        """The domains that keep to a pace."""
        kind, _colon, name = subject.partition(":")
        if kind == "domains":
            return self.groups[name].names if name in self.groups else ()
        return (name,)

    def limits(self, subject: str) -> tuple[Limit, ...]:
        """The limits that the settings give these domains."""
        kind, _colon, name = subject.partition(":")
        if kind != "domains" or name not in self.groups:
            return ()
        return tuple(parse_limit(one) for one in self.groups[name].limits)

    def connections(self, subject: str) -> int:
        """How many copies at once may be under way to these domains; 0 where there is no limit."""
        kind, _colon, name = subject.partition(":")
        return self.groups[name].connections if kind == "domains" and name in self.groups else 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed delivery with its permit: it may begin until good_until, later it must ask anew."""

    delivery: Delivery
    good_until: datetime | None


@dataclass(frozen=True, slots=True)
class Gauge:
    """How a relay or a domain stands at a moment: the limits it keeps to, what they leave, since when it is held."""

    subject: str
    pace: Pace
    limits: tuple[Limit, ...]
    uses: Mapping[int, Sequence[Use]]
    now: datetime

    @property
    def room(self) -> int:
        """How many permits are free; a large number where there is no limit."""
        if self.pace.is_held(self.now):
            return 0
        rooms = [room_left(limit, self.uses.get(limit.window_s, ()), self.now) for limit in self.limits]
        return min(rooms, default=10**9)

    @property
    def good_until(self) -> datetime | None:
        """Until when a permit taken now is good: the end of the slice it is counted in; None without limits."""
        ends = [(limit.slice_at(self.now) + 2) * limit.slice_s for limit in self.limits]
        return datetime.fromtimestamp(min(ends), self.now.tzinfo) if ends else None

    def uses_of(self, much: int, taken_at: datetime | None = None) -> list[tuple[str, int, int, int]]:
        """Return what permits taken now (or then) add: each counts one slice later, so that it is good for a while."""
        at = taken_at or self.now
        counted = {one.window_s: one for one in (*self.limits, COUNTING)}
        return [(self.subject, one.window_s, one.slice_at(at) + 1, much) for one in counted.values()]


def read_gauges(
    connection: Connection,
    limits: Mapping[str, tuple[Limit, ...]],
    paces: Mapping[str, Pace],
    now: datetime,
    scale: float,
) -> dict[str, Gauge]:
    """Return how subjects stand, given with the limits of the settings; what was learnt of them is one limit more."""
    gauges: dict[str, Gauge] = {}
    for subject, configured in limits.items():
        known = paces.get(subject, Pace())
        learnt = learnt_limit(known, now, scale)
        all_limits = (*configured, learnt) if learnt is not None else configured
        windows = {one.window_s: one for one in (*all_limits, COUNTING)}
        uses = {
            window: pace.read_uses(connection, subject, window, one.first_slice(now), one.slice_at(now) + 1)
            for window, one in windows.items()
        }
        gauges[subject] = Gauge(subject, known, all_limits, uses, now)
    return gauges


@dataclass
class Feed:
    """Claims for one sender. All but `relays` and `domains` is of its own process."""

    relays: Mapping[str, RelayConfig]
    domains: Domains
    secret: HouseSecret
    scale: float
    lease: str
    routes: Routes = field(init=False)

    def __post_init__(self) -> None:
        self.routes = Routes(self.relays)

    def relay_gauges(self, connection: Connection, paces: Mapping[str, Pace], now: datetime) -> dict[str, Gauge]:
        """Return how each relay stands, by its name."""
        limits = {
            relay_subject(name): tuple(parse_limit(text) for text in one.limits) for name, one in self.relays.items()
        }
        gauges = read_gauges(connection, limits, paces, now, self.scale)
        return {name: gauges[relay_subject(name)] for name in self.relays}

    def domain_gauges(self, connection: Connection, paces: Mapping[str, Pace], now: datetime) -> dict[str, Gauge]:
        """Return how domains stand that have limits or were learnt of, by subject."""
        subjects = {f"domains:{name}" for name in self.domains.groups}
        subjects |= {name for name in paces if name.startswith("domain:")}
        return read_gauges(
            connection, {name: self.domains.limits(name) for name in sorted(subjects)}, paces, now, self.scale
        )

    def claim(
        self,
        connection: Connection,
        running: Sequence[RunningMailing],
        appetite: Mapping[str, int],
        under_way: Mapping[str, int],
        now: datetime,
    ) -> list[Claim]:
        """Claim due deliveries of running mailings, as many as relays have appetite and limits have room for.

        under_way: copies by domain subject that are not settled yet. What cannot go now stays as it is.
        """
        paces = pace.read_paces(connection)
        relays = self.relay_gauges(connection, paces, now)
        domains = self.domain_gauges(connection, paces, now)
        room = {name: min(appetite.get(name, 0), gauge.room) for name, gauge in relays.items()}
        works = {name: not gauge.pace.is_held(now) for name, gauge in relays.items()}
        room |= dict.fromkeys(self.routes.standing_by(works), 0)
        room = self.routes.share(room, [name for name, gauge in relays.items() if works[name] and gauge.room > 0], now)
        space = {subject: self._space(gauge, under_way) for subject, gauge in domains.items()}
        claimed: list[Claim] = []
        for mailing in running:
            if not any(room.values()):
                break
            chosen = self._choose(connection, mailing, room, works, space, now)
            taken = claims.take_deliveries(connection, mailing, chosen, self.lease, now + LEASE, now, self.secret)
            for one in taken:
                ends = [relays[one.relay].good_until]
                if (gauge := domains.get(self.domains.subject(one.domain))) is not None:
                    ends.append(gauge.good_until)
                claimed.append(Claim(one, min((end for end in ends if end is not None), default=None)))
        self._count(connection, [one.delivery for one in claimed], relays, domains)
        return claimed

    def _space(self, gauge: Gauge, under_way: Mapping[str, int]) -> int:
        most = self.domains.connections(gauge.subject)
        return min(gauge.room, most - under_way.get(gauge.subject, 0)) if most else gauge.room

    def _choose(
        self,
        connection: Connection,
        mailing: RunningMailing,
        room: dict[str, int],
        works: Mapping[str, bool],
        space: dict[str, int],
        now: datetime,
    ) -> list[tuple[Candidate, str]]:
        """Return candidates with their relays, and take their room.

        Looks further while such stand before that must wait: for a full domain, or for a relay that has no room.
        """
        chosen: list[tuple[Candidate, str]] = []
        seen: set[int] = set()
        waiting: set[str] = set()  # domains for which no relay has room
        looks = 0
        up_to = last_due(mailing, now)
        while (wanted := sum(room.values())) > 0 and looks < MOST_LOOKS:
            full = [name for subject, left in space.items() if left <= 0 for name in self.domains.members(subject)]
            page = claims.find_candidates(
                connection,
                mailing.id,
                now,
                wanted + len(seen),
                lists=self._lists_with_room(mailing, room, works),
                not_domains=[*full, *waiting][:MOST_BLOCKED],
                domains=self._domains_with_room(room),
                up_to=up_to,
            )
            fresh = [one for one in page if one.id not in seen]
            before = len(chosen)
            for one in fresh:
                seen.add(one.id)
                subject = self.domains.subject(one.domain)
                if space.get(subject, 1) <= 0:
                    continue
                relay = self.routes.choose(mailing.lists[one.list_id], one.domain, one.relay, works, room)
                if relay is None:
                    waiting.add(one.domain)
                    continue
                room[relay] -= 1
                if subject in space:
                    space[subject] -= 1
                chosen.append((one, relay))
            if len(fresh) == 0 or len(page) < wanted:
                break
            looks = looks + 1 if len(chosen) == before else 0
        return chosen

    def _domains_with_room(self, room: Mapping[str, int]) -> list[str] | None:
        """Return the patterns of the domains some relay with room is made for; None for all."""
        ready = [self.relays[name] for name, left in room.items() if left > 0]
        if any(not one.domains for one in ready):
            return None
        return [pattern for one in ready for pattern in one.domains]

    def _lists_with_room(
        self, mailing: RunningMailing, room: Mapping[str, int], works: Mapping[str, bool]
    ) -> list[int] | None:
        """Return the lists some relay with room takes; None for all."""
        ready = [self.relays[name] for name, left in room.items() if left > 0 and works.get(name, False)]
        if any(not one.lists for one in ready):
            return None
        return [number for number, name in mailing.lists.items() if any(name in one.lists for one in ready)]

    def _count(
        self,
        connection: Connection,
        taken: Sequence[Delivery],
        relays: Mapping[str, Gauge],
        domains: Mapping[str, Gauge],
    ) -> None:
        for name, much in Counter(one.relay for one in taken).items():
            pace.add_uses(connection, relays[name].uses_of(much))
        for subject, much in Counter(self.domains.subject(one.domain) for one in taken).items():
            if subject in domains:
                pace.add_uses(connection, domains[subject].uses_of(much))

    def renew(self, connection: Connection, one: Delivery, taken_at: datetime | None, now: datetime) -> Claim | None:
        """Give back the permit of a delivery that waited too long and take another; None where there is none now."""
        if taken_at is not None:
            self.give_back(connection, one, taken_at, now)
        gauges = self._gauges_of(connection, one, now)
        if any(gauge.room <= 0 for gauge in gauges):
            return None
        for gauge in gauges:
            pace.add_uses(connection, gauge.uses_of(1))
        return Claim(one, min((gauge.good_until for gauge in gauges if gauge.good_until is not None), default=None))

    def give_back(self, connection: Connection, one: Delivery, taken_at: datetime, now: datetime) -> None:
        """Give back the permit of a claimed delivery that never came to the wire."""
        for gauge in self._gauges_of(connection, one, now):
            pace.add_uses(connection, gauge.uses_of(-1, taken_at))

    def _gauges_of(self, connection: Connection, one: Delivery, now: datetime) -> list[Gauge]:
        paces = pace.read_paces(connection)
        of_relay = self.relay_gauges(connection, paces, now).get(one.relay)
        of_domain = self.domain_gauges(connection, paces, now).get(self.domains.subject(one.domain))
        return [gauge for gauge in (of_relay, of_domain) if gauge is not None]
