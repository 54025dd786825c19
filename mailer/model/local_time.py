"""Times of day as a zone's clocks show them, also where clocks are set forward or back."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def local_moment(day: date, at: time, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """Return the moment a zone's clocks show this date and time; aware, in the zone.

    A time that clocks skip moves to the first that exists after it (02:30 to 03:00 in spring); of one that they show
    twice it is the first, or with `last` the second (PEP 495).
    """
    wanted = datetime.combine(day, at, zone)
    moment = wanted.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wanted.replace(tzinfo=None):
        return wanted.replace(fold=1) if last and is_shown_twice(wanted) else wanted
    # Skipped: the clocks are set forward between the two readings of it. Find that second.
    before, after = wanted.replace(fold=1).astimezone(UTC), moment
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after.astimezone(zone)


def is_shown_twice(local: datetime) -> bool:
    """True for a time of a zone that its clocks show twice, as they are set back over it."""
    first, second = local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    return second > first


class NoTimeOfDayError(ValueError):
    """A date was given without its time of day."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person's words for a time mean. skipped: clocks never show it, so it is the first moment after; twice:
    they show it twice, and the first is meant.
    """

    moment: datetime
    skipped: bool = False
    twice: bool = False


_DAYS = {"today": 0, "今天": 0, "今日": 0, "tomorrow": 1, "明天": 1, "明日": 1, "后天": 2}
_DATE = re.compile(r"(\d{4})\s*(?:[-/.]|年)\s*(\d{1,2})\s*(?:[-/.]|月)\s*(\d{1,2})\s*日?")
_TIME = re.compile(
    r"(\d{1,2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?|\s*点(?:\s*(\d{1,2})\s*分?)?|\s*点(半))"
    r"\s*(Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)


def read_moment(text: str, now: datetime, zone: ZoneInfo) -> Reading:
    """Return the moment meant by a text, in a zone unless it gives its offset.

    2020-07-31 10:00, 2020/7/31T10:00:00+08:00, 2020年7月31日 10点半, tomorrow 10:00, 明天10:00; a time of day alone is
    today's. Raises NoTimeOfDayError for a date alone, ValueError for what is no time.
    """
    words = unicodedata.normalize("NFKC", text).strip()
    here = now.astimezone(zone).date()
    day, rest = here, words
    if match := _DATE.match(words):
        day, rest = date(int(match[1]), int(match[2]), int(match[3])), words[match.end() :]
    else:
        for word, days in _DAYS.items():
            if words.casefold().startswith(word):
                day, rest = here + timedelta(days=days), words[len(word) :]
    if match and rest[:1] in ("T", "t"):
        rest = rest[1:]
    if rest != words and not rest.strip():
        raise NoTimeOfDayError(text)
    found = _TIME.fullmatch(rest.strip())
    if found is None:
        raise ValueError(text)
    at = time(int(found[1]), 30 if found[6] else int(found[2] or found[5] or 0), int(found[3] or 0))
    at = at.replace(microsecond=int((found[4] or "").ljust(6, "0")))
    if found[7]:
        return Reading(datetime.fromisoformat(f"{day.isoformat()}T{at.isoformat()}{found[7].upper()}"))
    moment = local_moment(day, at, zone)
    wanted = datetime.combine(day, at, zone)
    return Reading(moment, moment.replace(tzinfo=None) != wanted.replace(tzinfo=None), is_shown_twice(wanted))
