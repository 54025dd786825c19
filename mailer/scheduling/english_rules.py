"""Reads an English rule of dates, such as “2nd last working day of March and September”."""

import re
from datetime import date

from mailer.model.working_days import parse_day
from mailer.scheduling.rules import (
    EVERY_MONTH,
    EVERY_WEEKDAY,
    DayOfMonth,
    EveryWorkingDay,
    MonthRule,
    NthWorkingDay,
    NumberedDay,
    Rule,
    Shift,
    WeekdayInMonth,
    WeekRule,
)

MOST_WORKING_DAYS = 15  # every month has so many, also that of the Spring Festival
MOST_WEEKS = 52
_WORDS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_COUNTS = {"": 1, "other ": 2, "two ": 2, "three ": 3, "four ": 4}
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORKDAY = r"(?:(?:working|business) ?day|workday)"
_SHIFT = re.compile(
    rf"(.+?),? or (?:on )?(?:the |a )?(?:{_WORKDAY} (before|after)"
    rf"|(?:(last|previous|preceding)|next|following|first) {_WORKDAY}(?: (before|after))?)(?: it| that)?"
)
_SEPARATOR = re.compile(r" ?, ?and | ?, ?| and | ?& ?")
_NTH = re.compile(r"(?:([0-9]{1,2})(?:st|nd|rd|th)|(" + "|".join(_WORDS) + r"))")


def read_english(text: str) -> Rule | None:
    """Return the rule of a text in lower case with single blanks, or None when it is not understood."""
    if re.fullmatch(rf"(?:every|each) {_WORKDAY}|(?:on )?{_WORKDAY}s", text):
        return EveryWorkingDay()
    shift, plain = _take_shift(text)
    if plain is None:
        return None
    return _read_weeks(plain, shift) or _read_months(plain, shift)


def _take_shift(text: str) -> tuple[Shift, str | None]:
    """Take “or the working day before” off the end; None when it contradicts itself."""
    match = _SHIFT.fullmatch(text)
    if match is None:
        return Shift.NONE, text
    plain, way, back, again = match.groups()
    before = way == "before" or back is not None
    if again is not None and (again == "before") != before:
        return Shift.NONE, None
    return (Shift.BEFORE if before else Shift.AFTER), plain


def _read_weeks(text: str, shift: Shift) -> Rule | None:
    if text in ("every day", "each day", "daily"):
        return WeekRule(EVERY_WEEKDAY, shift=shift)
    if match := re.fullmatch(r"(?:every |each |weekly on |every week on )(.+)", text):
        weekdays = [_weekday(one) for one in _SEPARATOR.split(match[1])]
        if None not in weekdays:
            return WeekRule(tuple(sorted({one for one in weekdays if one is not None})), shift=shift)
    match = re.fullmatch(
        r"(?:every|each) ((?:other|two|three|four) |[0-9]{1,2} |)weeks?,? (?:from|since|starting|beginning)"
        r"(?: on| from)? (\S+)",
        text,
    )
    if match is None:
        return None
    every, start = _COUNTS.get(match[1]) or int(match[1]), _day(match[2])
    if start is None or not 1 <= every <= MOST_WEEKS:
        return None
    return WeekRule((start.weekday(),), every, start, shift)


def _read_months(text: str, shift: Shift) -> Rule | None:
    text = re.sub(r"^(?:(?:every|each) month|monthly),?(?= )", "", text).strip()
    text = re.sub(r"^on (?=.)", "", text)
    text = re.sub(r",? (?:of|in) (?:the|every|each) month$", "", text)
    months, quarterly = EVERY_MONTH, False
    if match := re.fullmatch(r"(.+?),? (?:of|in) (?:every|each|the) quarter", text):
        text, quarterly = match[1], True
    elif match := re.fullmatch(r"(.+?),? (?:of|in) (?:every |each )?(.+)", text):
        named = [_month(one) for one in _SEPARATOR.split(match[2])]
        if None in named:
            return None
        text, months = match[1], tuple(sorted({one for one in named if one is not None}))
    days = _read_days(text)
    if not days:
        return None
    if quarterly:
        found = quarter_months(days)
        if found is None:
            return None
        months = found
    # a number on a holiday can move; what is a working day has nowhere to move to
    if shift is not Shift.NONE and any(isinstance(day, NthWorkingDay) for day in days):
        return None
    return MonthRule(days, months, shift)


def quarter_months(days: tuple[DayOfMonth, ...]) -> tuple[int, ...] | None:
    """Return the months of a quarterly rule: the last of each quarter for days counted from the end, else the first.

    None for a numbered day, as one cannot tell which month of the quarter is meant, and where the days disagree.
    """
    counts = [
        day.nth if not isinstance(day, NumberedDay) else day.number
        for day in days
        if not isinstance(day, NumberedDay) or day.number in (1, -1)
    ]
    if len(counts) != len(days):
        return None
    if all(count < 0 for count in counts):
        return (3, 6, 9, 12)
    return (1, 4, 7, 10) if all(count > 0 for count in counts) else None


def _read_days(text: str) -> tuple[DayOfMonth, ...]:
    """Return the days of a list; “1st and 3rd Friday” are two Fridays. Empty when one is not understood."""
    parts = [part.removeprefix("the ") for part in _SEPARATOR.split(text)]
    if (noun := _shared_noun(parts)) is not None:
        parts = [*(f"{part} {noun}" for part in parts[:-1]), parts[-1]]
    elif len(parts) > 1 and re.search(rf" {_WORKDAY}$", parts[-1]) and any(map(_nth, parts[:-1])):
        return ()  # “1st and last working day”: a date, or a working day?
    days = [_read_day(part) for part in parts]
    known = [day for day in days if day is not None]
    return tuple(known) if len(known) == len(days) else ()


def _shared_noun(parts: list[str]) -> str | None:
    """Return what all parts count: a weekday, or working days where they are counted in words (first and last)."""
    if len(parts) < 2 or None in map(_nth, parts[:-1]):
        return None
    if match := re.search(rf" ({_WORKDAY})$", parts[-1]):
        return match[1] if all(part in _WORDS for part in parts[:-1]) else None
    noun = parts[-1].rpartition(" ")[2]
    return noun if _weekday(noun) is not None else None


def _read_day(text: str) -> DayOfMonth | None:
    if match := re.fullmatch(r"(?:days? )?([0-9]{1,2})", text):
        return _numbered(int(match[1]))
    if (number := _nth(text)) is not None:
        return _numbered(number)
    place, _blank, noun = text.rpartition(" ")
    if re.fullmatch(_WORKDAY, noun) is None and (match := re.fullmatch(rf"(.+) ({_WORKDAY})", text)):
        place, noun = match[1], match[2]
    nth = _place(place)
    if nth is None:
        return None
    if re.fullmatch(_WORKDAY, noun):
        return NthWorkingDay(nth) if abs(nth) <= MOST_WORKING_DAYS else None
    if noun == "day":
        return _numbered(nth)
    weekday = _weekday(noun)
    return WeekdayInMonth(nth, weekday) if weekday is not None and -5 <= nth <= 5 else None


def _numbered(number: int) -> NumberedDay | None:
    return NumberedDay(number) if 1 <= abs(number) <= 31 else None


def _place(text: str) -> int | None:
    """Return which one is meant by “3rd”, “last”, “2nd last” or “second to last”; negative from the end."""
    if text == "last":
        return -1
    if match := re.fullmatch(r"(.+?)(?: to | from )?(?:the )?[ -]?last", text):
        nth = _nth(match[1].strip(" -").removesuffix("-to").strip())
        return -nth if nth is not None else None
    return _nth(text)


def _nth(text: str) -> int | None:
    match = _NTH.fullmatch(text)
    if match is None:
        return None
    number = int(match[1]) if match[1] else _WORDS.index(match[2]) + 1
    return number or None


def _weekday(text: str) -> int | None:
    return _named(text.removesuffix("s"), _WEEKDAYS)


def _month(text: str) -> int | None:
    found = _named(text, _MONTHS)
    return None if found is None else found + 1


def _named(text: str, names: tuple[str, ...]) -> int | None:
    """Return the place of a name, whole or by its first letters (tue, tues, sept)."""
    text = text.removesuffix(".")
    found = [number for number, name in enumerate(names) if len(text) >= 3 and name.startswith(text)]
    return found[0] if len(found) == 1 else None


def _day(text: str) -> date | None:
    try:
        return parse_day(text)
    except ValueError:
        return None
