"""Times of day as a zone's clocks show them, also where clocks are set forward or back."""

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
