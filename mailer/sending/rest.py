"""When a relay must rest, and for how long: shared by all mailings that go through it."""

from datetime import datetime, timedelta

FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)


class RelayRest:
    """The rest of one relay. Each further failure in a row doubles the wait; a copy that got through ends the row."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._failures = 0
        self._until: datetime | None = None

    def remaining(self, now: datetime) -> timedelta:
        """How long the relay still rests; zero when it does not."""
        return max(self._until - now, timedelta(0)) if self._until is not None else timedelta(0)

    def begin(self, now: datetime, asked_s: int) -> timedelta:
        """Let the relay rest, at least as long as its reply asked; return how long, zero when it rests already."""
        if self.remaining(now):
            return timedelta(0)
        doubled = min(FIRST_WAIT * float(2 ** min(self._failures, 10)), LONGEST_WAIT)
        wait = max(doubled, timedelta(seconds=asked_s)) * self._scale
        self._failures += 1
        self._until = now + wait
        return wait

    def works(self) -> bool:
        """A copy got through to an answer about itself: the relay works. True when it had failed before."""
        had_failed, self._failures = self._failures > 0, 0
        return had_failed
