"""What a rule of dates is, and the dates it gives on a calendar of working days. Pure; the text is read elsewhere."""

import calendar
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date, time, timedelta
from enum import StrEnum
from typing import Protocol

from mailer.scheduling.calendar import WEEK, WeekCalendar

EVERY_MONTH = tuple(range(1, 13))
EVERY_WEEKDAY = tuple(range(7))
# A date moved off a holiday may come this much after its own; only a staff table frees longer stretches.
_MOST_MOVED = timedelta(days=60)
_FIRST_MONDAY = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """A date of a rule.

    key: what it is called whatever the calendar says, such as 2026-02 for the month's date; one a rule. by_week: where
    it would lie if Monday to Friday were worked and nothing else. hangs_on: the days that decided it; empty when the
    calendar had no say.
    """

    day: date
    key: str
    by_week: date
    hangs_on: tuple[date, ...] = ()


class Rule(Protocol):
    """Gives dates in order, each once. times: its own times of day; empty: the schedule says the time."""

    @property
    def times(self) -> tuple[time, ...]:
        """The times of day it fires at, in order; empty where the schedule has one of its own."""

    def dates_after(self, days: WeekCalendar, after: date) -> Iterator[PlannedDay]:
        """Yield the dates later than `after`, in order and without repetition, to the end of the calendar (9999)."""


class Shift(StrEnum):
    """What becomes of a date that is no working day."""

    NONE = "none"  # it stays
    BEFORE = "before"  # the working day before (提前)
    AFTER = "after"  # the working day after (顺延)


def shift_day(day: date, shift: Shift, days: WeekCalendar) -> date:
    """Return a date moved off what is no working day."""
    match shift:
        case Shift.NONE:
            return day
        case Shift.BEFORE:
            return days.working_day_before(day)
        case Shift.AFTER:
            return days.working_day_after(day)


def _plan_day(nominal: date, key: str, shift: Shift, days: WeekCalendar) -> PlannedDay:
    day = shift_day(nominal, shift, days)
    hangs_on = () if shift is Shift.NONE else (nominal, day)
    return PlannedDay(day, key, shift_day(nominal, shift, WEEK), hangs_on)


@dataclass(frozen=True, slots=True)
class NumberedDay:
    """A day by its number, from the end where it is negative; one past the month's end means its last day."""

    number: int

    def in_month(self, days: WeekCalendar, year: int, month: int, key: str, shift: Shift) -> PlannedDay | None:
        """Return its date in one month."""
        length = calendar.monthrange(year, month)[1]
        number = length + 1 + self.number if self.number < 0 else min(self.number, length)
        return _plan_day(date(year, month, number), key, shift, days)


@dataclass(frozen=True, slots=True)
class WeekdayInMonth:
    """The nth Monday (0) to Sunday (6) of a month, from its end where nth is negative. Not every month has a fifth."""

    nth: int
    weekday: int

    def in_month(self, days: WeekCalendar, year: int, month: int, key: str, shift: Shift) -> PlannedDay | None:
        """Return its date in one month, or None."""
        length = calendar.monthrange(year, month)[1]
        found = [day for day in range(1, length + 1) if date(year, month, day).weekday() == self.weekday]
        if abs(self.nth) > len(found):
            return None
        return _plan_day(date(year, month, found[self.nth - (self.nth > 0)]), key, shift, days)


@dataclass(frozen=True, slots=True)
class NthWorkingDay:
    """The nth working day of a month, from its end where nth is negative."""

    nth: int

    def in_month(self, days: WeekCalendar, year: int, month: int, key: str, shift: Shift) -> PlannedDay | None:
        """Return its date in one month; None in a month that staff took nearly all of its working days."""
        day, by_week = (one.nth_working_day(year, month, self.nth) for one in (days, WEEK))
        if day is None or by_week is None:
            return None
        end = date(year, month, calendar.monthrange(year, month)[1])
        return PlannedDay(day, key, by_week, (day, end) if self.nth < 0 else (day,))


DayOfMonth = NumberedDay | WeekdayInMonth | NthWorkingDay


@dataclass(frozen=True, slots=True)
class MonthRule:
    """Days of some or all months."""

    days: tuple[DayOfMonth, ...]
    months: tuple[int, ...] = EVERY_MONTH
    shift: Shift = Shift.NONE

    @property
    def times(self) -> tuple[time, ...]:
        """None of its own."""
        return ()

    def dates_after(self, days: WeekCalendar, after: date) -> Iterator[PlannedDay]:
        """Yield its dates later than `after`."""
        streams = [self._stream(one, number, days, after) for number, one in enumerate(self.days, 1)]
        return _each_once(heapq.merge(*streams, key=lambda planned: planned.day), after)

    def _stream(self, one: DayOfMonth, number: int, days: WeekCalendar, after: date) -> Iterator[PlannedDay]:
        start = max(after, date.min + _MOST_MOVED) - _MOST_MOVED
        for count in range(start.year * 12 + start.month - 1, (MAXYEAR + 1) * 12):
            year, month = count // 12, count % 12 + 1
            if month in self.months:
                key = f"{year}-{month:02}" + (f".{number}" if len(self.days) > 1 else "")
                planned = one.in_month(days, year, month, key, self.shift)
                if planned is not None:
                    yield planned


@dataclass(frozen=True, slots=True)
class WeekRule:
    """Some weekdays (0 is Monday) of every nth week, counted from the week that `start` lies in; none before it."""

    weekdays: tuple[int, ...]
    every: int = 1
    start: date = _FIRST_MONDAY
    shift: Shift = Shift.NONE

    @property
    def times(self) -> tuple[time, ...]:
        """None of its own."""
        return ()

    def dates_after(self, days: WeekCalendar, after: date) -> Iterator[PlannedDay]:
        """Yield its dates later than `after`."""
        return _each_once(self._stream(days, after), after)

    def _stream(self, days: WeekCalendar, after: date) -> Iterator[PlannedDay]:
        first = max(self.start, max(after, date.min + _MOST_MOVED) - _MOST_MOVED)
        origin = _week_number(self.start)
        for ordinal in range(first.toordinal(), date.max.toordinal() + 1):
            day = date.fromordinal(ordinal)
            if day.weekday() in self.weekdays and (_week_number(day) - origin) % self.every == 0:
                yield _plan_day(day, day.isoformat(), self.shift, days)


@dataclass(frozen=True, slots=True)
class EveryWorkingDay:
    """Every working day."""

    @property
    def times(self) -> tuple[time, ...]:
        """None of its own."""
        return ()

    def dates_after(self, days: WeekCalendar, after: date) -> Iterator[PlannedDay]:
        """Yield the working days later than `after`."""
        for ordinal in range(after.toordinal() + 1, date.max.toordinal() + 1):
            day = date.fromordinal(ordinal)
            if days.is_working_day(day):
                yield PlannedDay(day, day.isoformat(), day, (day,))


def _week_number(day: date) -> int:
    return (day.toordinal() - 1) // 7  # 0001-01-01 was a Monday


def _each_once(planned: Iterator[PlannedDay], after: date) -> Iterator[PlannedDay]:
    """Two days of a rule may meet, as one moves off a holiday: then the first of them stands for both."""
    last = after
    for one in planned:
        if one.day > last:
            last = one.day
            yield one
