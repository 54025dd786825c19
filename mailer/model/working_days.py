"""Working days as staff write them down: a table of their own that lies over the country's calendar."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from mailer.i18n import N_, _

_WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
_DAY = re.compile(
    r"([0-9]{4})(?:-([0-9]{1,2})-([0-9]{1,2})|/([0-9]{1,2})/([0-9]{1,2})|\.([0-9]{1,2})\.([0-9]{1,2})"
    r"|年([0-9]{1,2})月([0-9]{1,2})[日号]?|([0-9]{2})([0-9]{2}))"
)


@dataclass(frozen=True, slots=True)
class StaffDay:
    """One day as staff say it is: worked, or free; the note is theirs (which notice, which feast)."""

    day: date
    works: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class StaffCalendar:
    """Every day that staff decided themselves, each once, in the order of their table."""

    days: tuple[StaffDay, ...] = ()


def parse_day(text: str) -> date:
    """Return the day written as 2026-02-14, 2026/2/14, 2026.2.14, 20260214 or 2026年2月14日, in any width.

    Raises ValueError for anything else, and for a day no month has.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    match = _DAY.fullmatch(plain)
    if match is None:
        raise ValueError(f"no day: {text[:40]!r}")
    year, month, day = (int(part) for part in match.groups() if part is not None)
    return date(year, month, day)


def show_weekday(day: date) -> str:
    """Return the weekday of a date in the user's language, short."""
    return _(_WEEKDAYS[day.weekday()])
