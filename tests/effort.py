"""How much work something is, counted in rounds of a fixed piece of work: seconds say as much of the machine."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def weigh(act: Callable[[], Result]) -> tuple[Result, float]:
    """Return what an act gives and how many rounds would take the processor as long; one is run before it, one after.

    A round is some 0.2 ms where this was written.
    """
    _number, before = _time(_round)
    result, took = _time(act)
    return result, took / max(before, _time(_round)[1])


def _round() -> int:
    return sum(number % 7 for number in range(6_000))


def _time(act: Callable[[], Result]) -> tuple[Result, float]:
    begun = time.process_time()
    result = act()
    return result, time.process_time() - begun
