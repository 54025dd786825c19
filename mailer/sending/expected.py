"""What there is to send, for a forecast: counted by recipient domain, as a plan would write it, or as it waits."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from mailer.config import DomainConfig, RelayConfig
from mailer.model.segment import Filters
from mailer.sending.course import Course, Load
from mailer.sending.feed import Domains, relay_subject
from mailer.sending.meters import Known, Speed
from mailer.sending.tempo import spread_gone
from mailer.store import audience, figures, pace, plans
from mailer.store.claims import RunningMailing
from mailer.store.database import Connection
from mailer.tokens import HouseSecret, hash_address

T = TypeVar("T")
PAGE = 500
FEW_ACCEPTED = 20  # copies from which a speed is measured


@dataclass(frozen=True, slots=True)
class Change:
    """What its sheet will change in a list when a mailing starts: address keys."""

    added: Collection[str] = ()
    removed: Collection[str] = ()


def expect_loads(
    connection: Connection,
    issue_id: int | None,
    lists: Sequence[tuple[str, int | None]],
    changes: Mapping[str, Change],
    secret: HouseSecret,
    now: datetime,
    filters: Mapping[str, Filters] | None = None,
) -> tuple[Load, ...]:
    """Return what a plan would write for lists, given as (name, id) in sending order; writes nothing.

    It counts as planning does: an address once, in its first list; none that the issue has reached, none suppressed.
    changes: what the sheets differ from the lists, as planning follows them first. filters: whom of a list, where that
    is not everybody; changes hold only those.
    """
    before: dict[int, Filters] = {}
    meant = {list_id: (filters or {}).get(name, ()) for name, list_id in lists if list_id is not None}
    counts: dict[str, Counter[str]] = {}
    any_suppressed = audience.any_suppressed(connection, now)
    for name, list_id in lists:
        counts[name] = Counter()
        if list_id is None:
            continue
        counts[name].update(dict(plans.count_expected(connection, issue_id, list_id, before, meant[list_id])))
        if any_suppressed:
            for page in plans.iterate_expected_keys(connection, issue_id, list_id, before, meant[list_id]):
                counts[name].subtract(_domain(key) for key in _suppressed(connection, page, secret, now))
        before[list_id] = meant[list_id]
    for keys in _pages(sorted({key for one in changes.values() for key in (*one.added, *one.removed)})):
        active = plans.lists_of(connection, keys, {one: wanted for one, wanted in meant.items() if wanted})
        _follow_sheets(connection, issue_id, lists, changes, keys, active, counts, secret, now)
    return tuple(Load(name, +counts[name]) for name, _id in lists)


def _follow_sheets(
    connection: Connection,
    issue_id: int | None,
    lists: Sequence[tuple[str, int | None]],
    changes: Mapping[str, Change],
    keys: Sequence[str],
    active: Mapping[str, Collection[int]],
    counts: Mapping[str, Counter[str]],
    secret: HouseSecret,
    now: datetime,
) -> None:
    none = _suppressed(connection, keys, secret, now) if audience.any_suppressed(connection, now) else set()
    if issue_id is not None:
        none |= plans.reached_among(connection, issue_id, keys)
    added = {name: set(one.added) for name, one in changes.items()}
    removed = {name: set(one.removed) for name, one in changes.items()}
    for key in keys:
        if key in none:
            continue
        is_on = [name for name, list_id in lists if list_id in active.get(key, ())]
        will_be = [
            name
            for name, _id in lists
            if (name in is_on or key in added.get(name, ())) and key not in removed.get(name, ())
        ]
        if is_on:
            counts[is_on[0]][_domain(key)] -= 1
        if will_be:
            counts[will_be[0]][_domain(key)] += 1


def _suppressed(connection: Connection, keys: Sequence[str], secret: HouseSecret, now: datetime) -> set[str]:
    hashes = {hash_address(secret, key): key for key in keys}
    return {hashes[one] for one in audience.suppressed_among(connection, list(hashes), now)}


def _domain(key: str) -> str:
    return key.rpartition("@")[2]


def _pages(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), PAGE):
        yield values[start : start + PAGE]


def pending_course(connection: Connection, mailing: RunningMailing, now: datetime) -> Course:
    """Return what a mailing whose audience is frozen still has to send."""
    fresh: dict[int, dict[str, int]] = {}
    later: dict[int, dict[str, int]] = {}
    due_at: dict[int, datetime] = {}
    for list_id, domain, count, due in plans.count_pending(connection, mailing.id):
        (fresh if due is None else later).setdefault(list_id, {})[domain] = count
        if due is not None:
            due_at[list_id] = max(due, due_at.get(list_id, now))
    loads = [
        Load(
            mailing.lists[one.list_id],
            fresh.get(one.list_id, {}),
            later.get(one.list_id, {}),
            due_at.get(one.list_id),
            one.opens_at,
        )
        for one in mailing.ranges
    ]
    total = mailing.ranges[-1].last_ordinal if mailing.ranges else 0
    return Course(tuple(loads), now, mailing.tempo, total, spread_gone(mailing, now))


def planned_loads(connection: Connection, mailing_id: int, lists: Mapping[int, str]) -> tuple[Load, ...]:
    """Return all that a mailing planned, whatever became of it: what a rehearsal says of the real run."""
    counts: dict[int, dict[str, int]] = {number: {} for number in lists}
    for list_id, domain, count in plans.count_planned(connection, mailing_id):
        counts[list_id][domain] = count
    return tuple(Load(name, counts[number]) for number, name in lists.items())


def read_known(
    connection: Connection, relays: Mapping[str, RelayConfig], domains: Mapping[str, DomainConfig], scale: float
) -> Known:
    """Return what paces there are, what their limits have used by now, and how fast the relays were of late."""
    paces = pace.read_paces(connection)
    subjects = [relay_subject(name) for name in relays]
    subjects += [Domains(domains).subject(name) for one in domains.values() for name in one.names]
    subjects += [name for name in paces if name.startswith("domain:")]
    uses = pace.look_at_uses(connection, list(dict.fromkeys(subjects)))
    spans = figures.accepted_spans(connection)
    return Known(paces, uses, {name: measure_speed(found) for name, found in spans.items() if _tells(found)}, scale)


def _tells(spans: Sequence[tuple[datetime, datetime]]) -> bool:
    return len(spans) >= FEW_ACCEPTED and any(end > start for start, end in spans)


def measure_speed(spans: Sequence[tuple[datetime, datetime]]) -> Speed:
    """Return how many copies a second a relay accepted while it worked on any, given from when to when it did on each.

    The times in which it had none, as a limit or the hour kept them, are left out.
    """
    busy, until = 0.0, min(start for start, _end in spans)
    for start, end in sorted(spans):
        if end > until:
            busy += (end - max(start, until)).total_seconds()
            until = end
    return Speed(len(spans) / busy, measured=True)
