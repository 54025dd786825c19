"""How fast a relay or a recipient domain may be written to: limits over windows, and what rate replies taught.

A limit holds over every window, not only over those that begin on the hour: its window is cut into slices, and a slice
counts until all of it is older than the window. So at no moment more was used than the limit says, at the cost of a
permit that comes back up to two slices late.
"""

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LIMIT = re.compile(r"\s*(\d{1,9})\s*/\s*(\d{1,6})?\s*([smhd])\s*", re.IGNORECASE)
MINUTE_S = 60
FIRST_REST = timedelta(seconds=15)
LONGEST_REST = timedelta(minutes=15)
RECOVERY = timedelta(minutes=10)  # in which a learnt cap grows by half
UNPROVEN = 0.5  # a cap that was met is halved
SET_BACK = timedelta(minutes=1)  # what was written so much later than now was written before the clock was set back
ROUNDING = timedelta(microseconds=10)  # more than a moment in float seconds may be off


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` messages in any `window_s` seconds."""

    count: int
    window_s: int

    def __str__(self) -> str:
        for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60)):
            if self.window_s % seconds == 0:
                return f"{self.count}/{self.window_s // seconds}{unit}"
        return f"{self.count}/{self.window_s}s"

    @property
    def slice_s(self) -> float:
        """Length of a slice in seconds: a sixtieth of the window, for short windows up to half a second."""
        return max(self.window_s / 60, min(self.window_s / 10, 0.5))

    def slice_at(self, now: datetime) -> int:
        """The number of the slice in which a moment lies."""
        return math.floor(now.timestamp() / self.slice_s)

    def first_slice(self, now: datetime) -> int:
        """The oldest slice that still counts."""
        return math.floor((now.timestamp() - self.window_s) / self.slice_s)


def parse_limit(text: str) -> Limit:
    """Return the limit of a text such as 8/15m, 40/1d or 5000/180s. Raises ValueError."""
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise ValueError(text)
    count, number = int(match[1]), int(match[2] or 1)
    if not count or not number:
        raise ValueError(text)
    return Limit(count, number * _UNITS[match[3].lower()])


@dataclass(frozen=True, slots=True)
class Use:
    """How many permits were taken for one slice of a window."""

    slice: int
    used: int


@dataclass(frozen=True, slots=True)
class Pace:
    """What is known of a relay or domain beyond its limits.

    held_until: nothing before. cap_per_minute: learnt from rate replies, as of changed_at; it grows by itself and is
    forgotten when it passes what went well before (peak_per_minute). failures: of a relay, in a row. stopped: a person
    must look first; reason says why.
    """

    held_until: datetime | None = None
    cap_per_minute: float | None = None
    peak_per_minute: float = 0.0
    changed_at: datetime | None = None
    failures: int = 0
    stopped: bool = False
    reason: str = ""

    def rests(self, now: datetime) -> bool:
        """True until held_until; one from before the clock was set back is over, lest it last as long (faults F43)."""
        if self.held_until is None or (self.changed_at is not None and self.changed_at > now + SET_BACK):
            return False
        return now < self.held_until

    def is_held(self, now: datetime) -> bool:
        """True while nothing may be sent."""
        return self.stopped or self.rests(now)

    def cap(self, now: datetime, scale: float) -> float | None:
        """Return the learnt cap per minute as it is by now; None where there is none, or no more."""
        if self.cap_per_minute is None or self.changed_at is None:
            return None
        since = max(self.changed_at, self.held_until or self.changed_at)
        spans = max((now - since) / (RECOVERY * scale), 0.0)
        grown = self.cap_per_minute * 1.5 ** min(spans, 100.0)
        return grown if grown < 2 * max(self.peak_per_minute, self.cap_per_minute) else None


NO_PACE = Pace()


def room_left(limit: Limit, uses: Sequence[Use], now: datetime) -> int:
    """Return how many permits a limit still has at this moment, given what was used by slice."""
    first = limit.first_slice(now)
    return max(limit.count - sum(one.used for one in uses if one.slice >= first), 0)


def free_at(limit: Limit, uses: Sequence[Use], now: datetime) -> datetime:
    """Return the first moment at which a permit is free; now where one is."""
    first = limit.first_slice(now)
    counted = sorted((one for one in uses if one.slice >= first and one.used), key=lambda one: one.slice)
    over = sum(one.used for one in counted) - limit.count
    for one in counted:
        if over < 0:
            break
        over -= one.used
        if over < 0:
            moment = (one.slice + 1) * limit.slice_s + limit.window_s
            return max(datetime.fromtimestamp(moment, UTC) + ROUNDING, now)
    return now


def shortest_time(count: int, limits: Collection[Limit]) -> float:
    """Return the seconds from the first to the last of `count` messages where nothing but the limits keeps them.

    A limit lets its whole count go at once, then nothing until the window is over; a shorter one within it, likewise.
    """
    if count <= 0 or not limits:
        return 0.0
    longest, *others = sorted(limits, key=lambda one: one.window_s, reverse=True)
    if count <= longest.count:
        return shortest_time(count, others)
    rounds = (count - 1) // longest.count
    a_round = max(float(longest.window_s), shortest_time(longest.count, others))
    return rounds * a_round + shortest_time(count - rounds * longest.count, others)


def waiting_time(count: int, limit: Limit, uses: Sequence[Use], now: datetime) -> float:
    """Return the seconds until the last of `count` messages may go by a limit of which some was used already."""
    left = room_left(limit, uses, now)
    if count <= left:
        return 0.0
    first = limit.first_slice(now)
    begun = min((one.slice for one in uses if one.slice >= first and one.used), default=None)
    again = now.timestamp() + limit.window_s if begun is None else (begun + 1) * limit.slice_s + limit.window_s
    return max(again - now.timestamp(), 0.0) + shortest_time(count - left, [limit])


def learnt_limit(pace: Pace, now: datetime, scale: float) -> Limit | None:
    """Return the learnt cap as a limit over a (scaled) minute, or None."""
    cap = pace.cap(now, scale)
    return Limit(max(int(cap), 1), max(round(MINUTE_S * scale), 1)) if cap is not None else None


def slow_down(pace: Pace, now: datetime, wait: timedelta, lately: float, reason: str) -> Pace:
    """Return the pace after a rate reply: nothing for `wait`, and then at half the speed at which it was met.

    lately: messages of the last minute, 0 where nobody counted. A further reply while it is held changes only how long.
    """
    if pace.held_until is not None and pace.rests(now):
        return replace(pace, held_until=max(now + wait, pace.held_until), reason=reason)
    speed = lately if pace.cap_per_minute is None else max(pace.cap_per_minute, min(lately, pace.peak_per_minute))
    cap = max(speed * UNPROVEN, 1.0) if speed > 0 else pace.cap_per_minute
    return replace(
        pace,
        held_until=now + wait,
        cap_per_minute=cap,
        peak_per_minute=max(pace.peak_per_minute, lately),
        changed_at=now,
        reason=reason,
    )


def let_rest(pace: Pace, now: datetime, asked_s: float, scale: float, reason: str) -> Pace:
    """Return the pace of a relay that failed: each further failure in a row doubles its rest, never less than asked."""
    if pace.rests(now):
        return pace
    doubled = min(FIRST_REST * float(2 ** min(pace.failures, 10)), LONGEST_REST)
    wait = max(doubled, timedelta(seconds=asked_s)) * scale
    return replace(pace, held_until=now + wait, failures=pace.failures + 1, reason=reason, changed_at=now)


def rested_at_least(pace: Pace) -> timedelta:
    """Return how long a pace lets rest in a row, from its first failure until held_until, without scale and requests.

    That is what its doubled rests add up to, or one rest that is longer than they.
    """
    doubled = sum((min(FIRST_REST * float(2**n), LONGEST_REST) for n in range(min(pace.failures, 200))), timedelta())
    if pace.held_until is None or pace.changed_at is None:
        return doubled
    return max(doubled, pace.held_until - pace.changed_at)


def works_again(pace: Pace) -> Pace:
    """Return the pace of a relay that got a copy through: its failures are over, what it taught of speed stays."""
    return replace(pace, failures=0, reason="") if pace.cap_per_minute is not None else NO_PACE
