"""How far a running mailing may go by its tempo: an id up to which first tries are due. Pure, but for `keep_tempo`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailer.store import tempo as store
from mailer.store.claims import RunningMailing
from mailer.store.database import Connection
from mailer.store.plans import ORDINALS

LONGEST_GAP = timedelta(seconds=5)  # between two looks: longer, no sender ran, and the spread stood still


def open_until(mailing: RunningMailing, now: datetime) -> int | None:
    """Return the last ordinal of the lists that are open; None when all are."""
    if not mailing.tempo.pause:
        return None
    before = 0
    for one in mailing.ranges:
        if one.opens_at is None or one.opens_at > now:
            return before
        before = one.last_ordinal
    return None


def spread_gone(mailing: RunningMailing, now: datetime) -> float:
    """Return how many seconds of its spread have gone by: the clock runs only while the mailing may send."""
    spread_s, gone = mailing.tempo.spread.total_seconds(), mailing.spread_gone_s
    if gone >= spread_s or mailing.spread_seen_at is None or mailing.tempo.quiet_until(now) is not None:
        return gone
    gone += min(max(now - mailing.spread_seen_at, timedelta()), LONGEST_GAP).total_seconds()
    closed = open_until(mailing, now)
    total = mailing.ranges[-1].last_ordinal if mailing.ranges else 0
    if closed is not None and total:  # it waits before the list that is closed
        gone = max(min(gone, spread_s * closed / total), mailing.spread_gone_s)
    return gone


def due_by(total: int, spread_s: float, gone_s: float) -> int:
    """Return how many first tries of `total` are due when so much of a spread has gone by."""
    return total if gone_s >= spread_s else min(int(total * gone_s / spread_s) + 1, total)


def last_due(mailing: RunningMailing, now: datetime) -> int | None:
    """Return the highest delivery whose first try is due; None when all are."""
    ordinal = open_until(mailing, now)
    spread_s = mailing.tempo.spread.total_seconds()
    if spread_s and mailing.ranges:
        gone = spread_gone(mailing, now)
        if gone < spread_s:
            due = due_by(mailing.ranges[-1].last_ordinal, spread_s, gone)
            ordinal = due if ordinal is None else min(ordinal, due)
    return None if ordinal is None else mailing.id * ORDINALS + ordinal


def keep_tempo(connection: Connection, running: Sequence[RunningMailing], now: datetime) -> None:
    """Let the spreads of running mailings go on, and settle when the next list opens where the one before is done.

    Must be called every second or so while a sender runs.
    """
    for one in running:
        spread_s = one.tempo.spread.total_seconds()
        if spread_s and one.spread_gone_s < spread_s:
            store.keep_spread(connection, one.id, spread_gone(one, now), now)
        if one.tempo.pause:
            _open_next(connection, one, now)


def _open_next(connection: Connection, mailing: RunningMailing, now: datetime) -> None:
    for place, closed in enumerate(mailing.ranges):
        if closed.opens_at is not None:
            continue
        before = mailing.ranges[place - 1]
        start = mailing.ranges[place - 2].last_ordinal if place > 1 else 0
        if before.last_ordinal == start:  # nobody was on it: there is nothing to rest from
            store.open_list(connection, mailing.id, closed.list_id, before.opens_at or now)
        elif store.is_first_tried(connection, mailing.id, before.last_ordinal):
            store.open_list(connection, mailing.id, closed.list_id, now + mailing.tempo.pause)
        return
