"""What is kept of sessions and failed attempts is cleared once nobody needs it, a page a transaction."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from mailer.access.attempts import SAME_PLACE
from mailer.store import sessions
from mailer.store.database import Connection

FAILURES_KEPT = timedelta(days=2)  # longer than any row of failures lives


def count_old(connection: Connection, now: datetime) -> dict[str, int]:
    """Return how many rows a clearing would delete, by kind; writes nothing."""
    return {
        "sessions": sessions.count_old_sessions(connection, now - SAME_PLACE),
        "log_ins": sessions.count_old_failures(connection, now - FAILURES_KEPT),
    }


def clear_old(
    write: Callable[[], AbstractContextManager[Connection]], now: datetime, go_on: Callable[[], bool]
) -> tuple[dict[str, int], bool]:
    """Delete sessions by which no browser is known any more, and failures that no longer count, while `go_on` says so.

    Return how many, by kind, and whether that was all. A session lives for days at most, so none that still lives goes.
    """
    counts = {"sessions": 0, "log_ins": 0}
    for kind, drop, before in (
        ("sessions", sessions.drop_sessions, now - SAME_PLACE),
        ("log_ins", sessions.drop_failures, now - FAILURES_KEPT),
    ):
        done = 1
        while done:
            if not go_on():
                return counts, False
            with write() as connection:
                done = drop(connection, before)
            counts[kind] += done
    return counts, True
