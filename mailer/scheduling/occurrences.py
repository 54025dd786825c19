"""Finds the occurrences of schedules that are due and that no clock has acted on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.config import Config, ScheduleConfig
from mailer.scheduling.calendar import WorkingCalendar
from mailer.scheduling.due import DueMoment, describe_rule, due_between
from mailer.store import schedules
from mailer.store.database import Connection

# How long a house may have been down and still learn what it missed. A year and more: a yearly date is not forgotten.
LOOK_BACK = timedelta(days=400)
_MOST_MOVED = timedelta(days=62)  # a calendar does not move a date further
# After the grace a failing occurrence is put on record by the next tick; that may be some ticks late.
_SETTLING = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class DueOccurrence:
    """An occurrence to act on; due_at is in the schedule's zone, key what it is called whatever the calendar says.

    late_by: how long ago it was due. too_late: that is beyond the schedule's grace, so it must not send by itself.
    """

    schedule: str
    due_at: datetime
    key: str
    late_by: timedelta
    too_late: bool


def find_due(connection: Connection, config: Config, now: datetime, days: WorkingCalendar) -> list[DueOccurrence]:
    """Return every occurrence due by now that nobody acted on, the oldest of a schedule first.

    None from before its schedule was first seen with this rule, as a rule that was written or changed after its time
    must not send by surprise. None from before the schedule's newest occurrence on record, a grace aside, and none
    whose key is on record under this rule: a calendar that is changed moves a month's date, but makes no second one.
    Acting on one begins with `store.schedules.fire_occurrence`, in the transaction of what is done about it.
    """
    found: list[DueOccurrence] = []
    for name, schedule in config.schedule.items():
        first = schedules.first_seen(connection, name, describe_rule(schedule, config), now)
        since = max(first, now - LOOK_BACK)
        newest = schedules.newest_due(connection, name)
        if newest is not None:
            since = max(since, min(newest, now - schedule.grace - _SETTLING))
        due = due_between(schedule, name, config, since, now, days)
        for one in not_acted_on(connection, name, schedule, due, first):
            late_by = now - one.due_at
            found.append(DueOccurrence(name, one.due_at, one.key, late_by, late_by > schedule.grace))
    return found


def not_acted_on(
    connection: Connection, name: str, schedule: ScheduleConfig, due: Sequence[DueMoment], first_seen: datetime
) -> list[DueMoment]:
    """Return those of a schedule's due moments, given in order, that are not on record since it was first seen."""
    if not due:
        return []
    past = schedules.fired_since(connection, name, due[0].due_at.date() - _MOST_MOVED)
    keys = {one.key for one in past if one.fired_at >= first_seen}
    times = {one.local_at for one in past}
    if schedule.at:  # one time of day: its date is what counts, so that another `at` makes no second of the day
        dates = {moment.date() for moment in times}
        due = [one for one in due if one.due_at.date() not in dates]
    return [one for one in due if one.key not in keys and one.due_at.replace(tzinfo=None) not in times]
