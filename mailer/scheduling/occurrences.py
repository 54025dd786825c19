"""Finds the occurrences of schedules that are due and that no clock has acted on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.config import Config, ScheduleConfig
from mailer.scheduling.calendar import WorkingCalendar
from mailer.scheduling.due import describe_rule, due_between, schedule_rule
from mailer.store import schedules
from mailer.store.database import Connection

# How long a house may have been down and still learn what it missed. A year and more: a yearly date is not forgotten.
LOOK_BACK = timedelta(days=400)
# After the grace a failing occurrence is put on record by the next tick; that may be some ticks late.
_SETTLING = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class DueOccurrence:
    """An occurrence to act on; due_at is in the schedule's zone.

    late_by: how long ago it was due. too_late: that is beyond the schedule's grace, so it must not send by itself.
    """

    schedule: str
    due_at: datetime
    late_by: timedelta
    too_late: bool


def find_due(connection: Connection, config: Config, now: datetime, days: WorkingCalendar) -> list[DueOccurrence]:
    """Return every occurrence due by now that nobody acted on, the oldest of a schedule first.

    None from before its schedule was first seen with this rule, as a rule that was written or changed after its time
    must not send by surprise. None from before the schedule's newest occurrence on record, a grace aside: what a
    changed calendar moves into the past was acted on where it lay before. Acting on one begins with
    `store.schedules.fire_occurrence`, in the transaction of what is done about it.
    """
    found: list[DueOccurrence] = []
    for name, schedule in config.schedule.items():
        since = max(schedules.first_seen(connection, name, describe_rule(schedule, config), now), now - LOOK_BACK)
        newest = schedules.newest_due(connection, name)
        if newest is not None:
            since = max(since, min(newest, now - schedule.grace - _SETTLING))
        due = due_between(schedule, name, config, since, now, days)
        found += [
            DueOccurrence(name, moment, now - moment, now - moment > schedule.grace)
            for moment in not_acted_on(connection, name, schedule, due)
        ]
    return found


def not_acted_on(
    connection: Connection, name: str, schedule: ScheduleConfig, due: Sequence[datetime]
) -> list[datetime]:
    """Return those of a schedule's due moments, given in order, that are not on record."""
    fired = schedules.fired_since(connection, name, due[0].date()) if due else set()
    if not schedule_rule(schedule, name).times:
        # one time of day: its date is what counts, so that another `at` makes no second sending of the day
        dates = {moment.date() for moment in fired}
        return [moment for moment in due if moment.date() not in dates]
    return [moment for moment in due if moment.replace(tzinfo=None) not in fired]
