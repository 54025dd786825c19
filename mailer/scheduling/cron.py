"""Five-field cron as Vixie's cron reads it (crontab(5)): text to a rule, and the rule to its dates and times of day.

Not APScheduler's: that counts weekdays from Monday and wants both the day of the month and the weekday to fit.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time

from mailer.i18n import N_, _
from mailer.scheduling.calendar import WeekCalendar
from mailer.scheduling.rules import PlannedDay

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_PART = re.compile(r"(?:(\*)|([a-z]{3}|[0-9]{1,2})(?:-([a-z]{3}|[0-9]{1,2}))?)(?:/([0-9]{1,2}))?")


class CronError(ValueError):
    """The text is cron, but wrong; says what is wrong in the user's language."""


@dataclass(frozen=True, slots=True)
class _Field:
    title: str
    first: int
    last: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field(N_("minute"), 0, 59),
    _Field(N_("hour"), 0, 23),
    _Field(N_("day of the month"), 1, 31),
    _Field(N_("month"), 1, 12, _MONTHS),
    _Field(N_("day of the week"), 0, 7, _DAYS),
)


@dataclass(frozen=True, slots=True)
class CronRule:
    """The times and days of a cron line. weekdays count as date.weekday() does, Monday 0.

    either: both the day of the month and the weekday are restricted (neither field begins with *); then a day fits
    when one of them does, else it must fit both.
    """

    times: tuple[time, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def fits(self, day: date) -> bool:
        """Return whether the rule fires on this day."""
        if day.month not in self.months:
            return False
        by_number, by_weekday = day.day in self.days, day.weekday() in self.weekdays
        return by_number or by_weekday if self.either else by_number and by_weekday

    def dates_after(self, days: WeekCalendar, after: date) -> Iterator[PlannedDay]:
        """Yield its dates later than `after`; cron knows no holidays, so the calendar has no say."""
        for ordinal in range(after.toordinal() + 1, date.max.toordinal() + 1):
            day = date.fromordinal(ordinal)
            if self.fits(day):
                yield PlannedDay(day, day.isoformat(), day)


def looks_like_cron(text: str) -> bool:
    """Return whether a text is meant as cron: a nickname, or fields of figures and stars."""
    fields = text.split()
    return text.startswith("@") or (len(fields) > 1 and all(re.match(r"[0-9*][0-9*/,-]*$", one) for one in fields[:2]))


def parse_cron(text: str) -> CronRule:
    """Return the rule of a cron line in lower case: five fields, or one of NICKNAMES.

    A field is * or a list of numbers, names and ranges, a range or * with a step after /; 0 and 7 are Sunday. Raises
    CronError for anything else, and for a line that never fires.
    """
    fields = NICKNAMES.get(text, text).split()
    if len(fields) != len(_FIELDS):
        raise CronError(
            _("cron has five fields: minute, hour, day of the month, month, day of the week; this has {n}").format(
                n=len(fields)
            )
        )
    read = [_parse_field(one, kind) for one, kind in zip(fields, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = read
    rule = CronRule(
        tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)),
        days,
        months,
        frozenset((number - 1) % 7 for number in weekdays),
        not fields[2].startswith("*") and not fields[4].startswith("*"),
    )
    if not rule.either and all(min(days) > _LONGEST[month - 1] for month in months):
        raise CronError(_("no such day is in these months, so it would never fire"))
    return rule


def _parse_field(text: str, field: _Field) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise _wrong(part, field)
        star, low, high, step = match.groups()
        if star:
            first, last = field.first, field.last
        else:
            first = _number(low, field, part)
            last = _number(high, field, part) if high else first
            if high == "sun":
                last = 7  # sat-sun ends the week, as 6-7 does
        if last < first or (step is not None and (int(step) == 0 or not (star or high))):
            raise _wrong(part, field)
        found.update(range(first, last + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, field: _Field, part: str) -> int:
    if text in field.names:
        return field.names.index(text) + field.first
    if not text.isdecimal() or not field.first <= int(text) <= field.last:
        raise _wrong(part, field)
    return int(text)


def _wrong(part: str, field: _Field) -> CronError:
    return CronError(
        _("“{part}” is no {field} of cron ({first} to {last})").format(
            part=part, field=_(field.title), first=field.first, last=field.last
        )
    )
