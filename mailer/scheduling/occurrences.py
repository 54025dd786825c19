"""Finds the occurrences of schedules that are due and that no clock has acted on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.config import Config
from mailer.scheduling.due import due_between
from mailer.store import schedules
from mailer.store.database import Connection

LOOK_BACK = timedelta(days=40)  # no schedule is rarer than monthly


@dataclass(frozen=True, slots=True)
class DueOccurrence:
    """An occurrence to act on. too_late: beyond the schedule's grace, so it must not send by itself."""

    schedule: str
    due_at: datetime
    too_late: bool


def find_due(connection: Connection, config: Config, now: datetime) -> list[DueOccurrence]:
    """Return every occurrence due by now that nobody acted on; none from before its schedule was first seen.

    Acting on one begins with `store.schedules.fire_occurrence`, in the transaction of what is done about it.
    """
    found: list[DueOccurrence] = []
    for name, schedule in config.schedule.items():
        since = max(schedules.first_seen(connection, name, now), now - LOOK_BACK)
        due = due_between(schedule, name, config, since, now)
        fired = schedules.fired_among(connection, name, [moment.date() for moment in due])
        found += [
            DueOccurrence(name, moment, now - moment > schedule.grace) for moment in due if moment.date() not in fired
        ]
    return found
