"""How many copies went out in the last minute or so, by domain: what a rate reply is measured against."""

from collections import Counter
from collections.abc import Collection

SPAN_S = 60.0


class Tally:
    """Counts in two spans of a minute, the present and the one before. Times are the event loop's seconds."""

    def __init__(self) -> None:
        self._began = 0.0
        self._now: Counter[str] = Counter()
        self._before: Counter[str] = Counter()

    def _turn(self, at: float) -> None:
        if at - self._began >= 2 * SPAN_S:
            self._began, self._now, self._before = at, Counter(), Counter()
        elif at - self._began >= SPAN_S:
            self._began, self._now, self._before = self._began + SPAN_S, Counter(), self._now

    def count(self, domain: str, at: float) -> None:
        """Count one copy."""
        self._turn(at)
        self._now[domain] += 1

    def of(self, domains: Collection[str], at: float) -> float:
        """Return copies to these domains in the last minute, about."""
        self._turn(at)
        rest = max(1 - (at - self._began) / SPAN_S, 0.0)
        return sum(self._now[one] for one in domains) + rest * sum(self._before[one] for one in domains)

    def total(self, at: float) -> float:
        """Return all copies of the last minute, about."""
        self._turn(at)
        return self._now.total() + max(1 - (at - self._began) / SPAN_S, 0.0) * self._before.total()
