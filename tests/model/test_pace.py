"""Limits hold over every window, whatever is taken when; what rate replies taught is kept, and forgotten in time."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.model.pace import (
    FIRST_REST,
    LONGEST_REST,
    MINUTE_S,
    NO_PACE,
    Limit,
    Pace,
    Use,
    free_at,
    learnt_limit,
    let_rest,
    parse_limit,
    room_left,
    slow_down,
    works_again,
)

NOW = datetime(2020, 7, 31, 2, 0, tzinfo=UTC)
LIMITS = st.builds(Limit, st.integers(1, 12), st.sampled_from([1, 2, 7, 20, 60, 61, 900, 86400]))


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "limit", "again"),
    [
        ("8/15m", Limit(8, 900), "8/15m"),
        (" 40 / 1 D ", Limit(40, 86400), "40/1d"),
        ("5000/180s", Limit(5000, 180), "5000/3m"),
        ("100/h", Limit(100, 3600), "100/1h"),
        ("8/1s", Limit(8, 1), "8/1s"),
    ],
)
def test_a_limit_is_read_and_written(text: str, limit: Limit, again: str) -> None:
    assert parse_limit(text) == limit
    assert str(limit) == again


@pytest.mark.parametrize("text", ["5/500ms", "0/1s", "5/0s", "5", "/1s", "-1/1s", "5/1w", "5/1.5s", " ", "5/1s 3/1m"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text) or "^$"):
        parse_limit(text)


@given(LIMITS, st.lists(st.tuples(st.floats(0, 0.7), st.integers(1, 5)), max_size=40), st.floats(0, 1))
def test_no_window_ever_holds_more_than_its_count(limit: Limit, asks: list[tuple[float, int]], delay: float) -> None:
    """Permits are taken at once or when free_at says, and each is used at some time while it is good."""
    at, uses, begun = NOW, dict[int, int](), list[datetime]()
    for pause, wanted in asks:
        at += timedelta(seconds=pause * limit.window_s)
        current = [Use(number, used) for number, used in uses.items()]
        if room_left(limit, current, at) == 0:
            at = max(free_at(limit, current, at), at)
        much = min(room_left(limit, current, at), wanted)
        counted_in = limit.slice_at(at) + 1  # as Gauge.uses_of counts, so that a permit is good for a while
        uses[counted_in] = uses.get(counted_in, 0) + much
        good_for = (counted_in + 1) * limit.slice_s - at.timestamp()
        begun += [at + timedelta(seconds=delay * max(good_for - 1e-3, 0.0))] * much
    begun.sort()
    window = timedelta(seconds=limit.window_s)
    for first in begun:
        assert sum(first <= one < first + window for one in begun) <= limit.count


@given(LIMITS, st.lists(st.builds(Use, st.integers(0, 90), st.integers(0, 8)), max_size=20), st.floats(0, 86400))
def test_at_the_moment_that_free_at_tells_there_is_room_and_not_a_slice_before(
    limit: Limit, relative: list[Use], offset: float
) -> None:
    now = later(offset)
    uses = [Use(limit.slice_at(now) + 1 - one.slice, one.used) for one in relative]
    moment = free_at(limit, uses, now)
    assert moment >= now
    assert (moment == now) == (room_left(limit, uses, now) > 0)
    assert room_left(limit, uses, moment) > 0
    if moment > now:
        assert room_left(limit, uses, max(moment - timedelta(seconds=limit.slice_s), now)) == 0


@given(LIMITS, st.floats(0, 10**6))
def test_a_permit_comes_back_at_most_two_slices_late(limit: Limit, offset: float) -> None:
    now = later(offset)
    uses = [Use(limit.slice_at(now) + 1, limit.count)]
    back = (free_at(limit, uses, now) - now).total_seconds()
    assert limit.window_s <= back <= limit.window_s + 2 * limit.slice_s + 1e-3


def test_a_rate_reply_halves_what_was_met_and_it_grows_back_and_is_forgotten() -> None:
    wait = timedelta(seconds=60)
    slowed = slow_down(NO_PACE, NOW, wait, 120, "450 4.7.28 too fast")
    assert slowed.is_held(later(59))
    assert not slowed.is_held(later(60))
    assert slowed.cap(later(60), 1) == 60
    assert learnt_limit(slowed, later(60), 1) == Limit(60, MINUTE_S)
    assert slowed.cap(later(60 + 600), 1) == pytest.approx(90), "half as much again in ten minutes"
    grown = slowed.cap(later(60 + 3 * 600), 1)
    assert grown is not None
    assert grown > 120
    assert slowed.cap(later(60 + 4 * 600), 1) is None, "twice of what was met: forgotten"
    assert learnt_limit(slowed, later(60 + 4 * 600), 1) is None


def test_a_second_rate_reply_after_the_rest_halves_again_and_one_during_it_only_lengthens() -> None:
    wait = timedelta(seconds=60)
    slowed = slow_down(NO_PACE, NOW, wait, 120, "one")
    during = slow_down(slowed, later(30), wait, 120, "two")
    assert (during.cap_per_minute, during.held_until, during.reason) == (60, later(90), "two")
    shorter = slow_down(slowed, later(30), timedelta(seconds=1), 120, "three")
    assert shorter.held_until == later(60)
    again = slow_down(slowed, later(70), wait, 50, "four")
    assert again.cap_per_minute == 30
    assert again.peak_per_minute == 120


def test_a_cap_is_never_under_one_a_minute() -> None:
    slowed = slow_down(NO_PACE, NOW, timedelta(), 1, "slow")
    for number in range(20):
        slowed = slow_down(slowed, later(number), timedelta(), 1, "slow")
    assert learnt_limit(slowed, later(20), 1) == Limit(1, MINUTE_S)


def test_without_a_count_nothing_is_learnt_but_the_wait() -> None:
    slowed = slow_down(NO_PACE, NOW, timedelta(seconds=60), 0, "slow")
    assert slowed.is_held(later(59))
    assert slowed.cap(later(60), 1) is None


def test_each_failure_in_a_row_doubles_the_rest_up_to_the_longest() -> None:
    pace, at, rests = NO_PACE, NOW, []
    for _number in range(10):
        pace = let_rest(pace, at, 0, 1, "down")
        assert pace.held_until is not None
        rests.append(pace.held_until - at)
        assert let_rest(pace, at, 0, 1, "down") is pace, "several connections, one failure"
        at = pace.held_until
    assert rests[:3] == [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST]
    assert rests[-1] == LONGEST_REST
    assert works_again(pace) == NO_PACE
    fresh = let_rest(works_again(pace), at, 0, 1, "down")
    assert fresh.held_until == at + FIRST_REST


def test_a_rest_is_never_shorter_than_asked_and_shrinks_with_the_scale() -> None:
    assert let_rest(NO_PACE, NOW, 3600, 1, "down").held_until == later(3600)
    assert let_rest(NO_PACE, NOW, 0, 0.1, "down").held_until == NOW + FIRST_REST * 0.1


def test_what_works_again_keeps_what_was_learnt_of_its_speed() -> None:
    slowed = let_rest(slow_down(NO_PACE, NOW, timedelta(), 120, "fast"), later(1), 0, 1, "down")
    back = works_again(slowed)
    assert (back.failures, back.reason, back.cap_per_minute) == (0, "", 60)


@pytest.mark.parametrize("hours", [1, 24])
def test_f43_a_clock_that_was_set_back_holds_nothing_for_that_long(hours: int) -> None:
    back = NOW - timedelta(hours=hours)
    resting = let_rest(NO_PACE, NOW, 0, 1, "down")
    slowed = slow_down(NO_PACE, NOW, timedelta(seconds=60), 100, "fast")
    for held in (resting, slowed):
        assert held.is_held(NOW)
        assert not held.is_held(back)
    again = let_rest(resting, back, 0, 1, "down")
    assert again.is_held(back), "a failure now counts by the clock as it is now"
    assert again.held_until is not None
    assert again.held_until <= back + LONGEST_REST
    slower = slow_down(slowed, back, timedelta(seconds=60), 100, "fast")
    assert slower.held_until == back + timedelta(seconds=60)


def test_f43_clocks_of_two_machines_that_differ_a_little_keep_each_others_rests() -> None:
    assert let_rest(NO_PACE, NOW, 0, 1, "down").is_held(NOW - timedelta(seconds=5))


def test_a_stop_holds_until_a_person_lifts_it() -> None:
    assert Pace(stopped=True).is_held(later(10**8))
