"""When a schedule is due: dates of a rule to moments in a time zone, once for each local date and time.

Pure: the caller says what time it is and which days are worked, and the database decides whether a moment has been
acted on.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from mailer.config import FILE_NAME, Config, ScheduleConfig
from mailer.errors import ConfigError
from mailer.i18n import _
from mailer.model.local_time import local_moment
from mailer.model.occurrence import Occurrence
from mailer.scheduling.calendar import WorkingCalendar
from mailer.scheduling.rule_text import parse_rule
from mailer.scheduling.rules import PlannedDay, Rule


@dataclass(frozen=True, slots=True)
class DueMoment:
    """A moment at which a schedule is due, in the zone it is meant in; key as Occurrence has it."""

    due_at: datetime
    key: str


def schedule_zone(schedule: ScheduleConfig, config: Config) -> ZoneInfo:
    """Return the zone a schedule's time of day is meant in: its own, else the newsletter's."""
    return ZoneInfo(schedule.timezone or config.timezone)


def schedule_rule(schedule: ScheduleConfig, name: str) -> Rule:
    """Return the rule of a schedule.

    Raises ConfigError naming `schedule.NAME.when` for a text that is not understood, and `schedule.NAME.at` where the
    time of day is missing, or given beside cron.
    """
    rule = parse_rule(schedule.when, f"schedule.{name}.when")
    if bool(rule.times) == (schedule.at is None):
        return rule
    field = f"schedule.{name}.at"
    if rule.times:
        wrong, cure = _("cron has its own times of day"), _("take `at` out")
    else:
        wrong, cure = _("is missing"), _("write a time of day such as 10:00")
    raise ConfigError(wrong, file=FILE_NAME, field=field, cure=cure)


def describe_rule(schedule: ScheduleConfig, config: Config) -> str:
    """Return all that decides when a schedule is due, as one text: another text means another timetable."""
    at = f"{schedule.at:%H:%M}" if schedule.at else ""
    return "; ".join((schedule.when, at, schedule_zone(schedule, config).key))


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time without its zone cannot be compared")
    return moment.astimezone(UTC)


def _key(schedule: ScheduleConfig, planned: PlannedDay, moment: datetime) -> str:
    """Of a rule with its own times of day, each time is an occurrence of its own."""
    return planned.key if schedule.at else f"{planned.key} {moment:%H:%M}"


def _moments(
    schedule: ScheduleConfig, name: str, config: Config, after: datetime, days: WorkingCalendar
) -> Iterator[tuple[datetime, PlannedDay]]:
    # in UTC: two times of one zone are compared by what the clock shows, which is wrong where clocks go back
    last = _utc(after)
    zone = schedule_zone(schedule, config)
    rule = schedule_rule(schedule, name)
    times = rule.times or ((schedule.at,) if schedule.at else ())
    # two days back, as a skipped time may have moved over midnight
    start = after.astimezone(zone).date() - timedelta(days=2)
    for planned in rule.dates_after(days, start):
        for at in times:
            moment = local_moment(planned.day, at, zone)
            if _utc(moment) > last:  # of several times that clocks skip, one is left
                last = _utc(moment)
                yield moment, planned


def next_due(schedule: ScheduleConfig, name: str, config: Config, after: datetime, days: WorkingCalendar) -> datetime:
    """Return the first moment later than `after` (aware) at which the schedule is due, in the schedule's zone.

    `name` is the schedule's key in config.toml. Raises ConfigError as schedule_rule does.
    """
    return next(moment for moment, _planned in _moments(schedule, name, config, after, days))


def due_between(
    schedule: ScheduleConfig, name: str, config: Config, start: datetime, end: datetime, days: WorkingCalendar
) -> list[DueMoment]:
    """Return every due moment later than `start` up to and including `end`, in order.

    Spans that meet, (a, b] and (b, c], so find each moment once. Raises ConfigError as schedule_rule does.
    """
    limit = _utc(end)
    moments = takewhile(lambda one: _utc(one[0]) <= limit, _moments(schedule, name, config, start, days))
    return [DueMoment(moment, _key(schedule, planned, moment)) for moment, planned in moments]


def list_occurrences(
    config: Config, after: datetime, days: WorkingCalendar, *, count: int, until: datetime | None = None
) -> list[Occurrence]:
    """Return the next occurrences later than `after` over all schedules, the earliest first.

    At most `count`, and none later than `until`. Raises ConfigError as schedule_rule does.
    """
    streams = [_occurrences(schedule, name, config, after, days) for name, schedule in config.schedule.items()]
    merged: Iterator[Occurrence] = heapq.merge(*streams, key=lambda one: (_utc(one.due_at), one.schedule))
    if until is not None:
        limit = _utc(until)
        merged = takewhile(lambda one: _utc(one.due_at) <= limit, merged)
    return list(islice(merged, count))


def _occurrences(
    schedule: ScheduleConfig, name: str, config: Config, after: datetime, days: WorkingCalendar
) -> Iterator[Occurrence]:
    for moment, planned in _moments(schedule, name, config, after, days):
        staff = days.staff_day(planned.day)
        yield Occurrence(
            schedule=name,
            due_at=moment,
            key=_key(schedule, planned, moment),
            provisional=any(days.may_change(day) for day in planned.hangs_on),
            make_up=days.is_make_up_day(planned.day),
            works=days.is_working_day(planned.day),
            moved_from=planned.by_week if planned.by_week != planned.day else None,
            note=staff.note if staff else "",
        )
