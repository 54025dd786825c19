"""Quiet hours by the clocks of a zone, over midnight and where clocks jump; times as people write them."""

import contextlib
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.model.local_time import NoTimeOfDayError, read_moment
from mailer.model.tempo import QuietHours, parse_quiet_hours, parse_span

SHANGHAI, NEW_YORK = "Asia/Shanghai", "America/New_York"
NIGHT = parse_quiet_hours("22:00-07:00", SHANGHAI)


def local(text: str, zone: str = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2020-07-31T21:59:59", None),
        ("2020-07-31T22:00:00", "2020-08-01T07:00:00"),
        ("2020-08-01T03:00:00", "2020-08-01T07:00:00"),
        ("2020-08-01T06:59:59", "2020-08-01T07:00:00"),
        ("2020-08-01T07:00:00", None),
    ],
)
def test_a_night_passes_midnight(now: str, until: str | None) -> None:
    assert NIGHT.until(local(now)) == (local(until) if until else None)


def test_it_is_known_since_when_it_is_quiet_or_when_it_will_be() -> None:
    assert NIGHT.quiet_from(local("2020-08-01T03:00")) == local("2020-07-31T22:00")
    assert NIGHT.quiet_from(local("2020-08-01T12:00")) == local("2020-08-01T22:00")


def test_within_a_day_they_do_not_pass_midnight() -> None:
    noon = parse_quiet_hours("12：00–13：30", SHANGHAI)
    assert noon.until(local("2020-08-01T12:30")) == local("2020-08-01T13:30")
    assert noon.until(local("2020-08-01T13:30")) is None
    assert noon.until(local("2020-08-01T01:00")) is None


def test_where_clocks_go_back_over_the_end_it_is_quiet_until_they_show_it_again() -> None:
    hours = parse_quiet_hours("22:00-01:30", NEW_YORK)
    first, second = local("2020-11-01T01:30", NEW_YORK), local("2020-11-01T01:30", NEW_YORK) + timedelta(hours=1)
    assert hours.until(first + timedelta(minutes=5)) == second
    assert hours.until(second) is None


def test_where_clocks_skip_the_end_it_ends_with_the_first_time_that_exists() -> None:
    hours = parse_quiet_hours("22:00-02:30", NEW_YORK)
    assert hours.until(local("2020-03-08T01:00", NEW_YORK)) == local("2020-03-08T03:00", NEW_YORK)
    within = parse_quiet_hours("02:10-02:50", NEW_YORK)
    assert within.until(local("2020-03-08T03:00", NEW_YORK)) is None, "a quiet time that is skipped is none"
    assert within.quiet_from(local("2020-03-08T03:00", NEW_YORK)) == local("2020-03-09T02:10", NEW_YORK)


DAYS = st.datetimes(datetime(2019, 1, 1), datetime(2021, 12, 31))  # noqa: DTZ001 - naive is what it draws


@given(DAYS, st.times(), st.times())
def test_quiet_or_not_agrees_with_the_clock_on_the_wall(now: datetime, start: time, end: time) -> None:
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    if start == end:
        return
    moment = now.replace(tzinfo=UTC)
    hours = QuietHours(start, end, SHANGHAI)  # no jumps of the clock in these years
    wall = moment.astimezone(ZoneInfo(SHANGHAI)).time()
    quiet = start <= wall < end if start < end else wall >= start or wall < end
    assert (hours.until(moment) is not None) is quiet
    assert (hours.quiet_from(moment) <= moment) is quiet


def test_the_stored_form_is_read_back() -> None:
    assert str(NIGHT) == "22:00-07:00 Asia/Shanghai"
    assert parse_quiet_hours(str(NIGHT), "UTC") == NIGHT


@pytest.mark.parametrize("text", ["", "22:00", "22:00-22:00", "25:00-07:00", "22-7", "22:00-07:60"])
def test_what_are_no_quiet_hours(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_quiet_hours(text, SHANGHAI)


def test_lengths_of_time() -> None:
    assert [parse_span(one).total_seconds() for one in ("30m", "6h", "3d", "1.5h", "2w")] == [
        1800, 21600, 259200, 5400, 1209600,
    ]  # fmt: skip
    for wrong in ("", "6", "6 hours", "-1h"):
        with pytest.raises(ValueError, match=r".*"):
            parse_span(wrong)


NOW = local("2020-07-30T20:00")


@pytest.mark.parametrize(
    "text",
    [
        "2020-07-31 10:00",
        "2020-07-31T10:00",
        "2020/7/31 10:00",
        "2020.07.31 10:00:00",
        "2020年7月31日 10:00",
        "2020年7月31日10点",
        "2020-07-31 10：00",
        "tomorrow 10:00",
        "明天10:00",
        "明天 10点",
        "2020-07-31T04:00+02:00",
        "2020-07-31T02:00Z",
    ],
)
def test_times_as_people_write_them(text: str) -> None:
    read = read_moment(text, NOW, ZoneInfo(SHANGHAI))
    assert read.moment == local("2020-07-31T10:00")
    assert (read.skipped, read.twice) == (False, False)


def test_other_times_as_people_write_them() -> None:
    zone = ZoneInfo(SHANGHAI)
    assert read_moment("后天 9点半", NOW, zone).moment == local("2020-08-01T09:30")
    assert read_moment("21:15", NOW, zone).moment == local("2020-07-30T21:15")
    with pytest.raises(NoTimeOfDayError):
        read_moment("2020-07-31", NOW, zone)
    with pytest.raises(NoTimeOfDayError):
        read_moment("明天", NOW, zone)
    for wrong in ("", "soon", "10", "2020-13-01 10:00", "2020-07-31 25:00", "2020-07-31 10:00 Mars"):
        with pytest.raises(ValueError, match=r".*"):
            read_moment(wrong, NOW, zone)


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_a_clear_no(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert read_moment(text, NOW, ZoneInfo(SHANGHAI)).moment.tzinfo is not None


def test_a_time_that_clocks_skip_or_show_twice_is_said() -> None:
    zone, now = ZoneInfo(NEW_YORK), local("2020-03-07T12:00", NEW_YORK)
    skipped = read_moment("2020-03-08 02:30", now, zone)
    assert skipped.skipped
    assert skipped.moment == local("2020-03-08T03:00", NEW_YORK)
    twice = read_moment("2020-11-01 01:30", now, zone)
    assert twice.twice
    assert twice.moment.isoformat() == "2020-11-01T01:30:00-04:00"
