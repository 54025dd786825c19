"""How often somebody may ask: a bucket for each that fills by so many a second, kept in this process."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable

KEPT = 20_000  # buckets; who asked longest ago is forgotten first, and has a full one again


class Gauge:
    """Counts what each caller has left. Safe for threads."""

    def __init__(self, per_second: float, at_once: float) -> None:
        self._per_second, self._at_once = per_second, at_once
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, who: Hashable) -> float:
        """Take one; return for how many seconds the caller must wait, 0 where it may go on."""
        now = time.monotonic()
        with self._lock:
            left, at = self._left.pop(who, (self._at_once, now))
            left = min(self._at_once, left + (now - at) * self._per_second)
            self._left[who] = (left - 1 if left >= 1 else left, now)
            if len(self._left) > KEPT:
                self._left.popitem(last=False)
        return 0.0 if left >= 1 else (1 - left) / self._per_second
