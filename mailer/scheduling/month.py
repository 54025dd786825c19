"""The days before a due date: when its issue is opened, when editors are reminded, which days are its own.

Pure: the caller says what time it is, and the database knows what was done.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from mailer.config import Config, ScheduleConfig, parse_lead
from mailer.model.local_time import local_moment
from mailer.model.numbering import IssueNumber, Term
from mailer.scheduling.calendar import WorkingCalendar
from mailer.scheduling.due import due_between, next_due, schedule_zone

HORIZON = timedelta(days=100)  # the longest lead in working days, with holidays
LOOK_BACK = timedelta(days=400)  # no schedule is rarer than yearly


class StepKind(StrEnum):
    """What is done before a due date."""

    OPEN = "open"
    REMIND = "remind"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do before a due date. days: working days before it; until: after that it is of no use any more."""

    schedule: str
    due_at: datetime
    kind: StepKind
    days: int
    at: datetime
    until: datetime

    @property
    def name(self) -> str:
        """What the step is called in the database, once for each due date."""
        return f"{self.kind.value} {self.days}" if self.kind is StepKind.REMIND else self.kind.value


def local_name(due_at: datetime) -> str:
    """Return the local date and time by which an occurrence's steps are kept; due_at is in the schedule's zone."""
    return due_at.strftime("%Y-%m-%dT%H:%M")


def find_steps(config: Config, now: datetime, days: WorkingCalendar) -> list[Step]:
    """Return the steps whose time has come and is not over, of every schedule; the earliest due date first."""
    found: list[Step] = []
    for name, schedule in config.schedule.items():
        if schedule.open_before or schedule.remind:
            for due in due_between(schedule, name, config, now, now + HORIZON, days):
                steps = _steps_of(schedule, name, config, due.due_at, days)
                found += [one for one in steps if one.at <= now < one.until]
    return sorted(found, key=lambda one: (one.due_at.astimezone(UTC), one.schedule, one.at))


def _steps_of(
    schedule: ScheduleConfig, name: str, config: Config, due_at: datetime, days: WorkingCalendar
) -> list[Step]:
    zone = schedule_zone(schedule, config)
    due = due_at.date()
    steps: list[Step] = []
    lead = parse_lead(schedule.open_before)
    if lead is not None:
        day = _working_days_before(days, due, lead.days) if lead.working else due - timedelta(days=lead.days)
        if not days.is_working_day(day):
            day = _working_days_before(days, day, 1)  # someone should be there to see it
        steps.append(Step(name, due_at, StepKind.OPEN, 0, local_moment(day, schedule.remind_at, zone), due_at))
    for number in sorted(set(schedule.remind), reverse=True):
        day = _working_days_before(days, due, number)
        at = local_moment(day, schedule.remind_at, zone)
        midnight = local_moment(day + timedelta(days=1), time(), zone)
        steps.append(Step(name, due_at, StepKind.REMIND, number, at, midnight))
    return steps


def _working_days_before(days: WorkingCalendar, day: date, count: int) -> date:
    while count:
        day -= timedelta(days=1)
        count -= days.is_working_day(day)
    return day


def term_of(name: str, config: Config, due_at: datetime, days: WorkingCalendar) -> Term:
    """Return the days that belong to an occurrence of a schedule."""
    schedule = config.schedule[name]
    day = due_at.date()
    around = due_between(schedule, name, config, due_at - LOOK_BACK, due_at + timedelta(days=31), days)
    dates = sorted({one.due_at.date() for one in around} - {day})
    after = max((one for one in dates if one < day), default=day - timedelta(days=31))
    alone = not any((one.year, one.month) == (day.year, day.month) for one in dates)
    return Term(after, day, alone)


def next_issue_date(config: Config, last: IssueNumber, now: datetime, days: WorkingCalendar) -> date:
    """Return the first due date, of any schedule, to which the last issue does not belong and that is not past.

    Without a schedule it is the last working day of the month after the last issue's, or of this one.
    """
    found: list[date] = []
    for name, schedule in config.schedule.items():
        due_at = next_due(schedule, name, config, now, days)
        while last.date >= due_at.date() or term_of(name, config, due_at, days).holds(last.date):
            due_at = next_due(schedule, name, config, due_at, days)
        found.append(due_at.date())
    if found:
        return min(found)
    today = now.astimezone(config.zone).date()
    month = max(last.date.year * 12 + last.date.month, today.year * 12 + today.month - 1)
    day = days.nth_working_day(month // 12, month % 12 + 1, -1)
    assert day is not None, "every month has a working day"
    return day
