"""What is kept of sessions, failed attempts and the API's answers is cleared when nobody needs it, page by page."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from mailer.access.attempts import SAME_PLACE
from mailer.store import api_answers, sessions
from mailer.store.database import Connection

ANSWERS_KEPT = timedelta(days=1)  # of the API, to calls that have a key
FAILURES_KEPT = timedelta(days=2)  # longer than any row of failures lives


def count_old(connection: Connection, now: datetime) -> dict[str, int]:
    """Return how many rows a clearing would delete, by kind; writes nothing."""
    return {
        "sessions": sessions.count_old_sessions(connection, now - SAME_PLACE),
        "log_ins": sessions.count_old_failures(connection, now - FAILURES_KEPT),
        "api_answers": api_answers.count_answers(connection, now - ANSWERS_KEPT),
    }


def clear_old(
    write: Callable[[], AbstractContextManager[Connection]], now: datetime, go_on: Callable[[], bool]
) -> tuple[dict[str, int], bool]:
    """Delete sessions by which no browser is known any more, and failures that no longer count, while `go_on` says so.

    Return how many, by kind, and whether that was all. A session lives for days at most, so none that still lives goes.
    """
    counts = {"sessions": 0, "log_ins": 0, "api_answers": 0}
    for kind, drop, before in (
        ("sessions", sessions.drop_sessions, now - SAME_PLACE),
        ("log_ins", sessions.drop_failures, now - FAILURES_KEPT),
        ("api_answers", api_answers.drop_answers, now - ANSWERS_KEPT),
    ):
        done = 1
        while done:
            if not go_on():
                return counts, False
            with write() as connection:
                done = drop(connection, before)
            counts[kind] += done
    return counts, True
