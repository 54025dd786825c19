"""When a deferred delivery is tried again, and when it is given up: pure, `now` and the dice are arguments."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.model.outcome import FIRST_WAITS_S, OTHER_FIRST_WAIT_S, Meaning

UNCERTAIN_WAIT = timedelta(minutes=10)  # RFC 5321 §4.5.3.2.6: a server may take that long over the final dot
LONGEST_WAIT = timedelta(hours=4)
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The operator's settings; `scale` shrinks every wait, give_up_after too."""

    give_up_after: timedelta
    scale: float = 1.0
    resend_uncertain: bool = True


def retry_wait(meaning: Meaning, attempts: int, policy: RetryPolicy, dice: float) -> timedelta:
    """Return how long to wait after the `attempts`-th attempt (from 1).

    The wait doubles from the class's first one up to four hours, is never under what the reply asked for, and is
    spread by ±10 %: dice in [0, 1).
    """
    first = timedelta(seconds=FIRST_WAITS_S.get(meaning.reply_class, OTHER_FIRST_WAIT_S))
    doubled = min(first * float(2 ** min(attempts - 1, 20)), LONGEST_WAIT)
    wait = max(doubled * (1 + JITTER * (2 * dice - 1)), timedelta(seconds=meaning.retry_after_s))
    return wait * policy.scale


def next_attempt(
    meaning: Meaning, attempts: int, clock_from: datetime, now: datetime, policy: RetryPolicy, dice: float
) -> datetime | None:
    """Return when to try again, or None when that would be after give_up_after: the delivery expires."""
    due = now + retry_wait(meaning, attempts, policy, dice)
    return due if due <= clock_from + policy.give_up_after * policy.scale else None


def resend_uncertain_at(now: datetime, policy: RetryPolicy) -> datetime | None:
    """Return when an uncertain delivery is sent again, or None when a person decides."""
    return now + UNCERTAIN_WAIT * policy.scale if policy.resend_uncertain else None
