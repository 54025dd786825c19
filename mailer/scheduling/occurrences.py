"""Takes the occurrences of schedules that are due: a unique row each, so that two clocks take one once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.config import Config
from mailer.scheduling.due import due_between
from mailer.store import schedules
from mailer.store.database import Connection

LOOK_BACK = timedelta(days=40)  # no schedule is rarer than monthly


@dataclass(frozen=True, slots=True)
class TakenOccurrence:
    """An occurrence that this clock took. too_late: beyond the schedule's grace, so it must not send by itself."""

    id: int
    schedule: str
    due_at: datetime
    too_late: bool


def take_due(connection: Connection, config: Config, now: datetime) -> list[TakenOccurrence]:
    """Take every occurrence due by now that nobody took; none from before its schedule was first seen."""
    taken: list[TakenOccurrence] = []
    for name, schedule in config.schedule.items():
        since = max(schedules.first_seen(connection, name, now), now - LOOK_BACK)
        due = due_between(schedule, name, config, since, now)
        fired = schedules.fired_among(connection, name, due)
        for moment in due:
            if moment in fired:
                continue
            number = schedules.fire_occurrence(connection, name, moment, now)
            if number is not None:
                taken.append(TakenOccurrence(number, name, moment, now - moment > schedule.grace))
    return taken
