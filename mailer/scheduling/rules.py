"""What `when` in a schedule means: readable text to a rule, and a rule to its dates."""

import calendar
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mailer.config import FILE_NAME
from mailer.errors import ConfigError
from mailer.i18n import _
from mailer.scheduling.calendar import WorkingCalendar


class MonthDay(StrEnum):
    """Which day of the month a rule means."""

    LAST_WORKING_DAY = "last working day"
    FIRST_WORKING_DAY = "first working day"
    NUMBER = "day"  # a fixed date, working day or not


@dataclass(frozen=True, slots=True)
class Rule:
    """One date in every month. number counts from 1 and is 0 unless `day` is NUMBER.

    A number past the month's end means its last day: "day 31" is 30 April and 28 or 29 February.
    """

    day: MonthDay
    number: int = 0


KNOWN_FORMS = ("last working day", "first working day", "day 15", "最后一个工作日", "第一个工作日", "每月15日")

_WORDS = {
    "last working day": MonthDay.LAST_WORKING_DAY,
    "最后一个工作日": MonthDay.LAST_WORKING_DAY,
    "first working day": MonthDay.FIRST_WORKING_DAY,
    "第一个工作日": MonthDay.FIRST_WORKING_DAY,
}
_NUMBER = re.compile(r"day ([0-9]{1,2})|([0-9]{1,2}) ?[日号]")


def parse_rule(text: str, field: str = "when") -> Rule:
    """Return the rule meant by `text`, one of KNOWN_FORMS with any number from 1 to 31.

    Case, width and spaces do not matter, and the Chinese forms may begin with 每月. Raises ConfigError naming `field`
    and the known forms for anything else.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split()).removeprefix("每月").strip()
    if plain in _WORDS:
        return Rule(_WORDS[plain])
    if match := _NUMBER.fullmatch(plain):
        number = int(match[1] or match[2])
        if 1 <= number <= 31:
            return Rule(MonthDay.NUMBER, number)
    raise ConfigError(
        _("“{text}” is not understood as a date of the month").format(text=text[:60]),
        file=FILE_NAME,
        field=field,
        cure=_("write one of: {forms}").format(forms=", ".join(KNOWN_FORMS)),
    )


def date_in_month(rule: Rule, days: WorkingCalendar, year: int, month: int) -> date:
    """Return the rule's date in one month."""
    match rule.day:
        case MonthDay.LAST_WORKING_DAY:
            return days.last_working_day(year, month)
        case MonthDay.FIRST_WORKING_DAY:
            return days.first_working_day(year, month)
        case MonthDay.NUMBER:
            return date(year, month, min(rule.number, calendar.monthrange(year, month)[1]))


def next_dates(rule: Rule, days: WorkingCalendar, after: date) -> Iterator[date]:
    """Yield the rule's dates later than `after`, in order, one a month, until the calendar's last year (9999)."""
    for month in range(after.year * 12 + after.month - 1, 10_000 * 12):
        day = date_in_month(rule, days, month // 12, month % 12 + 1)
        if day > after:
            yield day
