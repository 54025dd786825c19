"""Finds the date that will pass, or has passed, with no clock to act on it."""

from datetime import datetime, timedelta

from mailer.config import Config
from mailer.model.delivery import MailingStatus
from mailer.model.identity import Missed
from mailer.scheduling.calendar import WorkingCalendar
from mailer.scheduling.due import due_between
from mailer.scheduling.occurrences import LOOK_BACK, not_acted_on
from mailer.store import mailings, schedules
from mailer.store.database import Connection
from mailer.store.house import read_identity

SILENCE = timedelta(hours=24)  # a clock not seen for so long does not run
AHEAD = timedelta(hours=24)  # a date that comes within this is told while it can still be kept


def find_missed(
    connection: Connection, config: Config, now: datetime, settled_at: datetime, days: WorkingCalendar
) -> Missed | None:
    """Return the earliest date for which no clock has run for SILENCE, or None. Nothing is written.

    settled_at: when the settings were last changed; a schedule that no clock has seen yet has been there since. A
    clock seen in the future, by a time of this machine that was wrong, counts as not seen.
    """
    seen_at = read_identity(connection).clock_seen_at
    if seen_at is not None and abs(now - seen_at) < SILENCE:
        return None
    found = [
        Missed(one.scheduled_at, seen_at, mailing_id=one.id)
        for one in mailings.list_mailings(connection, [MailingStatus.SCHEDULED], limit=1000)
        if one.scheduled_at is not None and one.scheduled_at <= now + AHEAD
    ]
    for name, schedule in config.schedule.items():
        known_since = schedules.known_since(connection, name)
        since = max(known_since if known_since and known_since <= now else settled_at, now - LOOK_BACK)
        due = due_between(schedule, name, config, since, now + AHEAD, days)
        waiting = not_acted_on(connection, name, schedule, due, since)
        found += [Missed(one.due_at, seen_at, schedule=name) for one in waiting[:1]]
    return min(found, key=lambda one: one.due_at.timestamp(), default=None)
