"""When staff are told of what goes wrong by and by. Pure."""

from datetime import datetime, timedelta

from mailer.model.pace import Pace, rested_at_least

MOST_STEPS = 16


def bounce_step(accepted: int, bounced: int, rate: float, least: int) -> int:
    """Return how often the threshold was reached: 0 below rate, 1 from it on, 2 from twice as much, 3 from four times.

    bounced: copies that came back of those accepted; 0 as well while they are fewer than least.
    """
    if bounced < least or not accepted:
        return 0
    return next((n for n in range(MOST_STEPS) if bounced / accepted < rate * 2**n), MOST_STEPS)


def rests_long(pace: Pace, now: datetime, longest: timedelta) -> bool:
    """Tell whether a relay that rests now has done so, or will, for as long as this without a copy getting through."""
    return pace.rests(now) and not pace.stopped and rested_at_least(pace) >= longest
