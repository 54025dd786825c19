"""The forecast: the real limits and pace over what is planned, with a simulated clock that jumps from event to event.

It is told how fast relays are, what their limits have used by now, and what waits; it decides by the same functions as
a sender. What servers will refuse or defer is not foreseen.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mailer.config import RelayConfig
from mailer.model.forecast import Forecast, ListForecast, RelayForecast, Wait, WaitKind
from mailer.model.pace import NO_PACE, Limit, parse_limit
from mailer.sending.course import Course, Group
from mailer.sending.feed import Domains, relay_subject
from mailer.sending.meters import Known, Lane, Meter, Way, assumed_speed
from mailer.sending.routes import Routes

MOST_STEPS = 4000  # of the simulated clock; then the rest goes at the speed that was met
LOOK = timedelta(seconds=0.25)  # a sender looks each half second, so it finds a free permit so much later

Events = list[tuple[datetime, Wait]]


@dataclass
class Simulation:
    """Runs courses, the oldest first, until the last of them has nothing left."""

    relays: Mapping[str, RelayConfig]
    domains: Domains
    known: Known
    courses: Sequence[Course]
    now: datetime
    _ways: dict[str, Way] = field(default_factory=dict)
    _lanes: dict[str, Lane] = field(default_factory=dict)
    _waits: dict[Wait, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = self.known
        self._routes = Routes(self.relays)
        for name, relay in self.relays.items():
            limits = tuple(parse_limit(one) for one in relay.limits)
            speed = known.speeds.get(name) or assumed_speed(relay)
            self._ways[name] = Way(name, relay, self._meter(relay_subject(name), limits), speed)
        learnt = {name for name in known.paces if name.startswith("domain:")}
        for subject in {f"domains:{name}" for name in self.domains.groups} | learnt:
            meter = self._meter(subject, self.domains.limits(subject))
            self._lanes[subject] = Lane(meter, self.domains.connections(subject))
        for course in self.courses:
            course.begin(self._group(course))

    def _meter(self, subject: str, limits: tuple[Limit, ...]) -> Meter:
        uses = {window: list(used) for window, used in self.known.uses.get(subject, {}).items()}
        return Meter(subject, limits, self.known.paces.get(subject, NO_PACE), uses, self.known.scale)

    def _group(self, course: Course) -> list[Group]:
        """Return a course's copies as groups of those that are alike, in sending order."""
        by_domain = any(one.domains for one in self.relays.values())
        found: dict[tuple[object, ...], Group] = {}
        for place, load in enumerate(course.loads):
            tiers_of: dict[str, tuple[tuple[str, ...], ...]] = {}
            for due_at, counts in ((load.later_at, load.later), (None, load.fresh)):
                for domain, count in counts.items():
                    routed = domain if by_domain else ""
                    if routed not in tiers_of:
                        tiers = self._routes.tiers(load.list_name, domain)
                        tiers_of[routed] = tuple(tuple(one) for one in tiers)
                    subject = self.domains.subject(domain)
                    subject = subject if subject in self._lanes else ""
                    key = (place, due_at, tiers_of[routed], subject)
                    group = found.setdefault(key, Group(place, tiers_of[routed], subject, 0, due_at))
                    group.left += count
                    group.count += count
        return list(found.values())

    def run(self) -> Forecast:
        """Return the forecast of the last course."""
        mine, made_at = self.courses[-1], self.now
        stuck = sum(one.left for one in mine.groups if not one.tiers)
        for course in self.courses:
            for one in course.groups:
                one.left = one.left if one.tiers else 0
        done = [(self.now, mine.left)]
        while mine.left and len(done) <= MOST_STEPS:
            later = self._step()
            if later is None:
                break
            self.now = later
            done.append((later, mine.left))
        extra, ended = timedelta(), not mine.left
        if mine.left and len(done) > MOST_STEPS:
            (then, before), (last, left) = done[len(done) // 2], done[-1]
            if before > left:
                extra, ended = (last - then) * (left / (before - left)), True
        return self._tell(mine, made_at, stuck, extra, ended=ended)

    # -- one step of the clock

    def _step(self) -> datetime | None:
        """Let go what may go now, and return when something changes; None when nothing ever will."""
        now = self.now
        events: Events = []
        looked = [(course, *course.look(now, events)) for course in self.courses if course.left]
        wanted = {name for _course, groups, _allowed in looked for one in groups for tier in one.tiers for name in tier}
        subjects = {one.subject for _course, groups, _allowed in looked for one in groups if one.subject}
        works = self._look_at_relays(events, wanted)
        for subject in subjects:
            self._look_at_domains(self._lanes[subject], events)
        until = self._until(now, events, subjects, wanted)
        for way in self._ways.values():
            if way.room > 0 and until is not None:
                way.room = min(way.room, max(int(way.per_second * (until - now).total_seconds()), 1))
        capacity = sum(self._ways[name].room for name in wanted)
        for course, groups, allowed in looked:
            capacity -= self._let_go(course, groups, allowed, capacity, works)
        self._book(events, subjects, wanted)
        if self.courses[-1].left:
            return self._jump(events)
        last = max(self._ways.values(), key=lambda way: (way.load > 0, way.busy_until or now))
        self._add(Wait(WaitKind.SPEED, last.name), last.load / last.per_second)
        return now

    def _look_at_relays(self, events: Events, wanted: set[str]) -> dict[str, bool]:
        """See which relays work, what room each has, and how fast each is beside those it shares with."""
        works: dict[str, bool] = {}
        for name, way in self._ways.items():
            gauge = way.meter.gauge(self.now)
            works[name], way.load = not gauge.pace.is_held(self.now), 0
            way.room = 0 if way.busy_until is not None and way.busy_until > self.now else gauge.room
            way.per_second = way.speed.per_second
            if not works[name] and not gauge.pace.stopped and name in wanted and gauge.pace.held_until is not None:
                events.append((gauge.pace.held_until, Wait(WaitKind.REST, name)))
        for name in self._routes.standing_by(works):
            self._ways[name].room = 0
        alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Way]] = {}
        for way in self._ways.values():
            if works[way.name] and way.room > 0 and way.config.weight:
                alike.setdefault((way.config.lists, way.config.domains), []).append(way)
        for ways in alike.values():
            least = min(one.speed.per_second / one.config.weight for one in ways)
            for one in ways:
                one.per_second = least * one.config.weight
        return works

    def _look_at_domains(self, lane: Lane, events: Events) -> None:
        gauge = lane.meter.gauge(self.now)
        lane.load, lane.space = 0, gauge.room
        name = gauge.subject.partition(":")[2]
        if lane.busy_until is not None and lane.busy_until > self.now:
            lane.space = 0
            events.append((lane.busy_until, Wait(WaitKind.SPEED, name)))
        elif gauge.pace.is_held(self.now):
            if gauge.pace.held_until is not None:
                events.append((gauge.pace.held_until, Wait(WaitKind.DOMAIN, name)))
        elif lane.space <= 0:
            moment, limit = lane.meter.free_at(gauge)
            events.append((moment, Wait(WaitKind.DOMAIN, name, limit)))

    def _until(self, now: datetime, events: Events, subjects: set[str], wanted: set[str]) -> datetime | None:
        """Return until when copies may be let go at once, so that nothing that comes meanwhile is passed over."""
        moments = [moment for moment, _wait in events]
        for course in self.courses:
            if course.left and course.tempo.quiet is not None:
                since = course.tempo.quiet.quiet_from(now)
                moments += [since] if since > now else []
        windows = [limit.window_s for one in subjects for limit in self._lanes[one].meter.gauge(now).limits]
        windows += [60 for one in subjects if self._lanes[one].connections]
        if len(wanted) > 1:
            for name in wanted:
                gauge = self._ways[name].meter.gauge(now)
                windows += [limit.window_s for limit in gauge.limits]
                if self._ways[name].room <= 0 and gauge.limits:
                    moments.append(self._ways[name].meter.free_at(gauge)[0])
        if windows:
            moments.append(now + timedelta(seconds=min(windows)))
        return min((one for one in moments if one > now), default=None)

    def _let_go(
        self, course: Course, groups: Sequence[Group], allowed: int, capacity: int, works: Mapping[str, bool]
    ) -> int:
        """Let copies of a course go, list by list, of each kind as many as its share; return how many went."""
        gone = 0
        places = list(dict.fromkeys((one.due_at is None, one.place) for one in groups))
        for place in places:
            mine = [one for one in groups if (one.due_at is None, one.place) == place]
            total = sum(one.left for one in mine)
            for share in (True, False):
                for one in mine:
                    if capacity <= gone or not one.left:
                        break
                    most = min(one.left, capacity - gone)
                    if one.due_at is None:
                        most = min(most, allowed)
                    if share:
                        most = min(most, math.ceil((capacity - gone) * one.left / max(total, 1)))
                    taken = self._place(one, most, works)
                    course.sent(one, taken)
                    allowed -= taken if one.due_at is None else 0
                    gone += taken
        return gone

    def _place(self, group: Group, most: int, works: Mapping[str, bool]) -> int:
        """Give copies of one kind to relays as `Routes.choose` would; return how many found room."""
        lane = self._lanes.get(group.subject)
        most = min(most, lane.space) if lane is not None else most
        tier = next((tier for tier in group.tiers if any(works[name] for name in tier)), ())
        working = [self._ways[name] for name in tier if works[name]]
        ways = [one for one in working if one.config.weight > 0] or working
        given = 0
        while given < most and (free := [one for one in ways if one.room > 0]):
            speed, wanted = sum(one.per_second for one in free), most - given
            for one in free:
                part = min(one.room, most - given, math.ceil(wanted * one.per_second / speed))
                one.room -= part
                one.load += part
                given += part
                if part:
                    self._note(group, one)
        if lane is not None:
            lane.space -= given
            lane.load += given
        return given

    def _note(self, group: Group, way: Way) -> None:
        end = self.now + timedelta(seconds=way.load / way.per_second)
        group.begins_at = group.begins_at or self.now
        group.ends_at = max(end, group.ends_at or end)

    def _book(self, events: Events, subjects: Iterable[str], wanted: Iterable[str]) -> None:
        """Count what was let go against the limits, and note when relays have room again."""
        for way in (self._ways[name] for name in wanted):
            gauge = way.meter.gauge(self.now)
            if way.load:
                way.meter.take(gauge, way.load)
                way.busy_until = self.now + timedelta(seconds=way.load / way.per_second)
                way.copies += way.load
                way.begins_at = way.begins_at or self.now
                way.ends_at = way.busy_until
            if gauge.pace.is_held(self.now):
                continue
            busy = way.busy_until is not None and way.busy_until > self.now
            if busy and way.busy_until is not None:
                events.append((way.busy_until, Wait(WaitKind.SPEED, way.name)))
            if gauge.room <= 0:
                moment, limit = way.meter.free_at(gauge)
                wait = (moment, Wait(WaitKind.LIMIT, way.name, limit))
                if busy:
                    events[-1] = max(events[-1], wait, key=lambda one: one[0])
                else:
                    events.append(wait)
        for subject in subjects:
            lane = self._lanes[subject]
            if lane.load:
                lane.meter.take(lane.meter.gauge(self.now), lane.load)
                if lane.connections:
                    one_at_once = max(way.speed.per_second / way.config.connections for way in self._ways.values())
                    lane.busy_until = self.now + timedelta(seconds=lane.load / (one_at_once * lane.connections))

    def _jump(self, events: Events) -> datetime | None:
        ahead = [one for one in events if one[0] > self.now]
        if not ahead:
            return None
        moment, wait = min(ahead, key=lambda one: one[0])
        if wait.kind in (WaitKind.LIMIT, WaitKind.DOMAIN, WaitKind.REST):
            moment += LOOK
        self._add(wait, (moment - self.now).total_seconds())
        return moment

    def _add(self, wait: Wait, seconds: float) -> None:
        self._waits[wait] = self._waits.get(wait, 0.0) + seconds

    # -- what it came to

    def _tell(self, mine: Course, made_at: datetime, stuck: int, extra: timedelta, *, ended: bool) -> Forecast:
        ends = [one.ends_at for one in mine.groups if one.ends_at is not None]
        begins = [one.begins_at for one in mine.groups if one.begins_at is not None]
        lists = []
        for place, load in enumerate(mine.loads):
            groups = [one for one in mine.groups if one.place == place]
            whole = not any(one.left for one in groups)
            last = max((one.ends_at for one in groups if one.ends_at is not None), default=None)
            if last is not None and not whole:
                last = last + extra if ended else None
            first = min((one.begins_at for one in groups if one.begins_at is not None), default=None)
            lists.append(ListForecast(load.list_name, sum(one.count for one in groups), first, last))
        waits = [replace(wait, seconds=seconds) for wait, seconds in self._waits.items()]
        waits += [Wait(WaitKind.STOPPED, name) for name, way in self._ways.items() if way.meter.pace.stopped]
        return Forecast(
            made_at=made_at,
            begins_at=min(begins, default=max(mine.starts_at, made_at)),
            ends_at=max(ends, default=max(mine.starts_at, made_at)) + extra if ended and not stuck else None,
            copies=sum(one.count for one in mine.groups),
            lists=tuple(lists),
            relays=tuple(
                RelayForecast(
                    way.name, way.copies, way.begins_at, way.ends_at, way.meter.gauge(made_at).limits,
                    way.speed.per_second, way.speed.measured,
                )
                for way in self._ways.values()
            ),
            waits=tuple(sorted(waits, key=lambda one: -one.seconds)),
            stuck=stuck,
            approximate=bool(extra),
        )  # fmt: skip
