"""Retention: what is older than the settings keep is cleared, a page a transaction, once a day."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from mailer.audience.persons import erase_old
from mailer.config import RetentionConfig
from mailer.store import organisations, retention
from mailer.store.database import Connection
from mailer.tokens import HouseSecret

KINDS = (
    "events",
    "readings",
    "replies",
    "returned",
    "logs",
    "requests",
    "contacts",
)  # contacts last: they take the rest along

Open = Callable[[], AbstractContextManager[Connection]]


def limits_of(settings: RetentionConfig, now: datetime) -> dict[str, datetime]:
    """Return before when each kind is too old, of those that are not kept for ever."""
    periods: dict[str, timedelta | None] = {
        "contacts": settings.contacts,
        "events": settings.events,
        "readings": settings.readings,
        "replies": settings.replies,
        "returned": settings.returned,
        "logs": settings.logs,
    }
    return {name: now - period for name, period in periods.items() if period is not None}


def count_old(connection: Connection, settings: RetentionConfig, now: datetime) -> dict[str, int]:
    """Return how many rows a clearing would touch, by kind; writes nothing."""
    limits = limits_of(settings, now)
    limits.setdefault("requests", limits.get("logs", datetime.min.replace(tzinfo=now.tzinfo)))
    return {name: retention.count_old(connection, name, before, now) for name, before in limits.items()}


def clear_old(
    write: Open, secret: HouseSecret, settings: RetentionConfig, now: datetime, go_on: Callable[[], bool]
) -> tuple[dict[str, int], bool]:
    """Clear what is too old, a page a transaction, while `go_on` says so.

    Return how many rows were cleared, by kind, and whether that was all. What was cleared is not found again, so a
    clearing that was cut off is simply begun anew.
    """
    limits = limits_of(settings, now)
    counts = dict.fromkeys(KINDS, 0)
    for name in KINDS:
        before = limits.get(name if name != "requests" else "logs")
        if before is None and name != "requests":
            continue
        after = 0
        while True:
            if not go_on():
                return counts, False
            with write() as connection:
                done, after = _clear_page(connection, secret, name, before, now, after)
            counts[name] += done
            if after == 0:
                break
    return counts, True


def _clear_page(
    connection: Connection, secret: HouseSecret, name: str, before: datetime | None, now: datetime, after: int
) -> tuple[int, int]:
    """Clear a page of one kind; return how many rows, and where to go on (0: no more)."""
    if name == "requests":
        done = retention.drop_requests(connection, before, now)
        return done, int(done > 0)
    assert before is not None
    match name:
        case "contacts":
            found = retention.idle_contacts(connection, before, after)
            if not found:
                organisations.drop_empty(connection, before)
                return 0, 0
            return erase_old(connection, secret, found, now), found[-1][0]
        case "events":
            done = retention.clear_events(connection, before)
        case "readings":
            done = retention.clear_readings(connection, before)
        case "replies":
            done = retention.clear_replies(connection, before, now)
        case "returned":
            done = retention.clear_returned(connection, before, now)
        case _:
            done = retention.drop_notices(connection, before)
    return done, int(done > 0)
