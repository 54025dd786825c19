"""The retry policy is a function of what is known; here is its table."""

from datetime import UTC, datetime, timedelta

import pytest

from mailer.model.outcome import Action, Meaning, ReplyClass
from mailer.sending.retry import RetryPolicy, next_attempt, resend_uncertain_at, retry_wait

NOW = datetime(2020, 7, 31, 2, 0, tzinfo=UTC)
POLICY = RetryPolicy(timedelta(hours=48))
MIDDLE = 0.5  # of the dice: no jitter


def meaning(kind: ReplyClass, retry_after_s: int = 0) -> Meaning:
    return Meaning(kind, Action.RETRY, permanent=False, retry_after_s=retry_after_s)


@pytest.mark.parametrize(
    ("kind", "attempts", "minutes"),
    [
        (ReplyClass.GREYLISTED, 1, 5),
        (ReplyClass.GREYLISTED, 2, 10),
        (ReplyClass.TEMPORARY, 1, 5),
        (ReplyClass.TEMPORARY, 4, 40),
        (ReplyClass.TEMPORARY, 50, 240),
        (ReplyClass.FULL, 1, 60),
        (ReplyClass.FULL, 3, 240),
        (ReplyClass.RATE_DOMAIN, 1, 30),
        (ReplyClass.UNKNOWN, 1, 15),
    ],
)
def test_waits_double_from_the_classes_first_one_up_to_four_hours(
    kind: ReplyClass, attempts: int, minutes: int
) -> None:
    assert retry_wait(meaning(kind), attempts, POLICY, MIDDLE) == timedelta(minutes=minutes)


def test_a_wait_is_never_under_what_the_reply_asks_for() -> None:
    assert retry_wait(meaning(ReplyClass.GREYLISTED, 3600), 1, POLICY, MIDDLE) == timedelta(hours=1)


def test_the_dice_spread_waits_by_a_tenth_either_way() -> None:
    waits = [retry_wait(meaning(ReplyClass.GREYLISTED), 1, POLICY, dice) for dice in (0.0, 0.999999)]
    assert waits[0] == timedelta(seconds=270)
    assert timedelta(seconds=329) < waits[1] < timedelta(seconds=330)


def test_scale_shrinks_every_wait_and_the_giving_up() -> None:
    policy = RetryPolicy(timedelta(hours=1), scale=0.001)
    assert retry_wait(meaning(ReplyClass.FULL), 1, policy, MIDDLE) == timedelta(seconds=3.6)
    assert next_attempt(meaning(ReplyClass.GREYLISTED), 1, NOW, NOW, policy, MIDDLE) == NOW + timedelta(seconds=0.3)
    later = NOW + timedelta(seconds=3.4)
    assert next_attempt(meaning(ReplyClass.GREYLISTED), 1, NOW, later, policy, MIDDLE) is None


def test_a_delivery_expires_when_the_next_try_would_be_after_give_up_after() -> None:
    late = NOW + timedelta(hours=47)
    assert next_attempt(meaning(ReplyClass.FULL), 1, NOW, late, POLICY, MIDDLE) == NOW + timedelta(hours=48)
    assert next_attempt(meaning(ReplyClass.FULL), 2, NOW, late, POLICY, MIDDLE) is None
    held = NOW + timedelta(hours=20)  # the clock was moved on by what we held it ourselves
    assert next_attempt(meaning(ReplyClass.FULL), 2, held, late, POLICY, MIDDLE) is not None


def test_an_uncertain_delivery_is_sent_again_after_ten_minutes_or_never_unasked() -> None:
    assert resend_uncertain_at(NOW, POLICY) == NOW + timedelta(minutes=10)
    assert resend_uncertain_at(NOW, RetryPolicy(timedelta(hours=1), resend_uncertain=False)) is None
