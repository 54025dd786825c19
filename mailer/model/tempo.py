"""The tempo of a mailing: when it may send, over how long it is spread, and how long it rests between lists."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailer.model.local_time import local_moment

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SPAN = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*([smhdw])\s*")
_CLOCK = r"([01]?\d|2[0-3])[:：]([0-5]\d)"
_QUIET = re.compile(rf"\s*{_CLOCK}\s*[-–—~～至到]\s*{_CLOCK}\s*(\S+)?\s*")
NONE = timedelta()


def parse_span(text: str) -> timedelta:
    """Return the length of time of a text such as 30s, 10m, 6h, 3d or 2w. Raises ValueError."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return timedelta(seconds=float(match[1]) * _UNITS[match[2]])


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A time of every day in which nothing is sent, from `start` to `end` by the clocks of a zone; may pass midnight.

    Where clocks are set back over its end it lasts until they show that time again; a time that they skip is the first
    that exists after it.
    """

    start: time
    end: time
    zone: str

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone}"

    def _spans_near(self, now: datetime) -> list[tuple[datetime, datetime]]:
        """Return the quiet times of yesterday, today and tomorrow, by where they begin; UTC."""
        zone = ZoneInfo(self.zone)
        today = now.astimezone(zone).date()
        over = timedelta(days=1 if self.end <= self.start else 0)
        days = [today + timedelta(days=number) for number in (-1, 0, 1)]
        return [
            (
                local_moment(day, self.start, zone).astimezone(UTC),
                local_moment(day + over, self.end, zone, last=True).astimezone(UTC),
            )
            for day in days
        ]

    def until(self, now: datetime) -> datetime | None:
        """Return when the quiet time that it is now ends; None where it is none now."""
        return next((end for begin, end in self._spans_near(now) if begin <= now < end), None)

    def quiet_from(self, now: datetime) -> datetime:
        """Return since when it is quiet now, or when it will be next."""
        return next(begin for begin, end in self._spans_near(now) if now < end and begin < end)


def parse_quiet_hours(text: str, zone: str) -> QuietHours:
    """Return the quiet hours of a text such as 22:00-07:00, in this zone unless it names another. Raises ValueError."""
    match = _QUIET.fullmatch(text)
    if match is None:
        raise ValueError(text)
    start, end = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    if start == end:
        raise ValueError(text)
    return QuietHours(start, end, match[5] or zone)


@dataclass(frozen=True, slots=True)
class Tempo:
    """How a mailing keeps time; fixed when it is planned.

    pause: between the last first try of one list's copies and the first of the next list's; copies that a server
    deferred are not waited for. spread: first tries are due evenly over this time, in sending order. Its clock stands
    still while the mailing may not send (quiet hours, a pause between lists, paused or held by a person, no sender).
    quiet: in these hours nothing is claimed and no dot is written.
    """

    pause: timedelta = NONE
    spread: timedelta = NONE
    quiet: QuietHours | None = None

    def quiet_until(self, now: datetime) -> datetime | None:
        """Return until when its quiet hours last, None where it is none now."""
        return self.quiet.until(now) if self.quiet is not None else None


EVEN = Tempo()  # no pause, no spread, no quiet hours
