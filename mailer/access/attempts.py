"""Attempts to log in that failed: counted in the database, with waits that grow and end.

An attempt is counted before it is looked at and taken back when it is right, so that many at the same time get no
further than one after the other. What is counted for: the name (whether it is a user's or not, S24) and the network;
where the user of that name was logged in before from this network, the name there instead of everywhere; where it was
with this browser too, that place alone. So whoever keeps guessing at a name makes others wait, but not its user at
their own desk or in their own office, where guesses are limited all the same (OWASP, "Slow Down Online Guessing Attacks
with Device Cookies").
"""

import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.store import sessions
from mailer.store.database import Connection
from mailer.store.sessions import Failures
from mailer.tokens import HouseSecret, KeyUse, hash_text

LONGEST_WAIT = timedelta(minutes=15)
SAME_PLACE = timedelta(days=30)  # after which a browser that was not used is as strange as any other


@dataclass(frozen=True, slots=True)
class Counter:
    """Something that failed attempts are counted for. free: how many may fail; forget: how long a row of them lives."""

    subject: str
    free: int
    forget: timedelta
    shared: bool = False  # by several users: one who gets in does not make the others' failures undone


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether an attempt is looked at: after `wait_s` seconds, or now. counts: what each counter came to with it."""

    wait_s: int = 0
    counts: tuple[tuple[Counter, int], ...] = ()

    @property
    def closes(self) -> bool:
        """Failing this time makes the next attempts wait, for the first time in this row of failures."""
        return any(count == counter.free for counter, count in self.counts if not counter.shared)


def choose_counters(
    connection: Connection, secret: HouseSecret, name_key: str, network: str, agent: str, now: datetime
) -> tuple[Counter, ...]:
    """Return what an attempt is counted for."""
    day, hour = timedelta(days=1), timedelta(hours=1)

    def subject(*words: str) -> str:
        return hash_text(secret, KeyUse.LOG_IN, "\0".join(words))

    # asked whatever the network is: the same work for every name
    was_there, with_this_browser = sessions.was_there(connection, name_key, network, agent, now - SAME_PLACE)
    if with_this_browser and network:
        return (Counter(subject("place", name_key, network, agent), 5, day),)
    named = Counter(subject("home", name_key, network) if was_there and network else subject("name", name_key), 5, day)
    if not network or _is_loopback(network):  # or a proxy on this machine, before whom everybody may sit
        return (named,)
    return (named, Counter(subject("network", network), 20, hour, shared=True))


def _is_loopback(network: str) -> bool:
    try:
        return ipaddress.ip_network(network, strict=False).is_loopback
    except ValueError:
        return False


def wait_after(failures: int, free: int) -> timedelta:
    """Return how long nothing is looked at after so many failures: 1 min, 2, 4 … up to LONGEST_WAIT."""
    if failures < free:
        return timedelta(0)
    return min(timedelta(minutes=1 << min(failures - free, 10)), LONGEST_WAIT)


def look_for_block(connection: Connection, counters: Sequence[Counter], now: datetime) -> int:
    """Return how many seconds nothing is looked at for these; 0: at once."""
    until = sessions.last_block(connection, [one.subject for one in counters])
    return _seconds_left(until, now)


def _seconds_left(until: datetime | None, now: datetime) -> int:
    # further ahead than any wait: written by a clock that was wrong
    if until is None or not now < until <= now + LONGEST_WAIT:
        return 0
    return math.ceil((until - now).total_seconds())


def admit(connection: Connection, counters: Sequence[Counter], now: datetime) -> Admission:
    """Count an attempt as one that fails, unless one of its counters is blocked."""
    kept = [(one, sessions.lock_failures(connection, one.subject, now)) for one in sorted(counters, key=_subject)]
    if wait_s := max(_seconds_left(one.blocked_until, now) for _counter, one in kept):
        return Admission(wait_s)
    counts = []
    for counter, one in kept:
        count = 1 if now - one.failed_at > counter.forget else one.failures + 1
        wait = wait_after(count, counter.free)
        sessions.write_failures(connection, counter.subject, Failures(count, now, now + wait if wait else None))
        counts.append((counter, count))
    return Admission(0, tuple(counts))


def take_back(connection: Connection, admission: Admission, now: datetime) -> None:
    """Let an attempt not count: it was right, as far as it went."""
    for counter, count in admission.counts:
        one = sessions.lock_failures(connection, counter.subject, now)
        until = None if one.failures == count else one.blocked_until  # else another one has failed since
        sessions.write_failures(connection, counter.subject, Failures(max(one.failures - 1, 0), one.failed_at, until))


def forget(connection: Connection, admission: Admission, now: datetime) -> None:
    """Let an attempt that was right end the row of failures before it, but for those others may have made."""
    take_back(connection, Admission(0, tuple(one for one in admission.counts if one[0].shared)), now)
    for counter, _count in admission.counts:
        if not counter.shared:
            sessions.forget_failures(connection, counter.subject)


def _subject(counter: Counter) -> str:
    return counter.subject
