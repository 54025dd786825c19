"""When a schedule is due: dates of a rule to moments in a time zone, once for each local date.

Pure: the caller says what time it is, and the database decides whether a moment has been acted on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from mailer.config import Config, ScheduleConfig
from mailer.model.local_time import local_moment
from mailer.scheduling.calendar import working_calendar
from mailer.scheduling.rules import MonthDay, Rule, next_dates, parse_rule


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time a schedule is due. provisional: a coming holiday notice may still move it (尚未公布)."""

    schedule: str
    due_at: datetime
    provisional: bool


def schedule_zone(schedule: ScheduleConfig, config: Config) -> ZoneInfo:
    """Return the zone a schedule's time of day is meant in: its own, else the newsletter's."""
    return ZoneInfo(schedule.timezone or config.timezone)


def schedule_rule(schedule: ScheduleConfig, name: str) -> Rule:
    """Return the rule of a schedule; raises ConfigError naming `schedule.NAME.when`."""
    return parse_rule(schedule.when, f"schedule.{name}.when")


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time without its zone cannot be compared")
    return moment.astimezone(UTC)


def _moments(schedule: ScheduleConfig, name: str, config: Config, after: datetime) -> Iterator[datetime]:
    start_at = _utc(after)
    zone = schedule_zone(schedule, config)
    rule = schedule_rule(schedule, name)
    # two days back, as a skipped time may have moved over midnight
    start = after.astimezone(zone).date() - timedelta(days=2)
    for day in next_dates(rule, working_calendar(config.country), start):
        moment = local_moment(day, schedule.at, zone)
        # in UTC: two times of one zone are compared by what the clock shows, which is wrong where clocks go back
        if _utc(moment) > start_at:
            yield moment


def next_due(schedule: ScheduleConfig, name: str, config: Config, after: datetime) -> datetime:
    """Return the first moment later than `after` (aware) at which the schedule is due, in the schedule's zone.

    `name` is the schedule's key in config.toml. Raises ConfigError for a `when` or country that is not understood.
    """
    return next(_moments(schedule, name, config, after))


def due_between(schedule: ScheduleConfig, name: str, config: Config, start: datetime, end: datetime) -> list[datetime]:
    """Return every due moment later than `start` up to and including `end`, in order.

    Spans that meet, (a, b] and (b, c], so find each moment once. Raises ConfigError as `next_due` does.
    """
    limit = _utc(end)
    return list(takewhile(lambda moment: _utc(moment) <= limit, _moments(schedule, name, config, start)))


def list_occurrences(config: Config, after: datetime, count: int) -> list[Occurrence]:
    """Return the next `count` occurrences later than `after` over all schedules, the earliest first."""
    days = working_calendar(config.country)
    found: list[Occurrence] = []
    for name, schedule in config.schedule.items():
        by_holidays = schedule_rule(schedule, name).day is not MonthDay.NUMBER
        for moment in islice(_moments(schedule, name, config, after), count):
            found.append(Occurrence(name, moment, by_holidays and days.may_change(moment.date())))
    return sorted(found, key=lambda item: (_utc(item.due_at), item.schedule))[:count]
