"""The moments a schedule is due, also where clocks are set forward or back."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailer.config import Config, ScheduleConfig
from mailer.errors import ConfigError
from mailer.model.local_time import local_moment
from mailer.scheduling.calendar import WorkingCalendar, working_calendar
from mailer.scheduling.due import due_between as find_moments
from mailer.scheduling.due import list_occurrences, next_due, schedule_rule


def make_config(timezone: str = "Asia/Shanghai", **schedules: dict[str, object]) -> Config:
    return Config.model_validate(
        {
            "timezone": timezone,
            "sender": {"name": "Office", "address": "office@bulletin.example"},
            "lists": {"members": {"title": "Members", "role": "送", "file": "m.csv"}},
            "schedule": schedules,
        }
    )


def schedule(when: str, at: str | None = "10:00", timezone: str = "") -> ScheduleConfig:
    given = {"when": when, "at": at, "timezone": timezone}
    return ScheduleConfig.model_validate({key: value for key, value in given.items() if value})


MONTHLY = schedule("last working day")
CONFIG = make_config()
CHINA = working_calendar("CN")


def due_between(
    one: ScheduleConfig, name: str, config: Config, start: datetime, end: datetime, days: WorkingCalendar
) -> list[datetime]:
    return [moment.due_at for moment in find_moments(one, name, config, start, end, days)]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_last_working_day_is_due_at_its_time_in_the_zone_of_the_newsletter() -> None:
    found = next_due(MONTHLY, "monthly", CONFIG, utc("2020-01-01 00:00"), CHINA)
    assert found.isoformat() == "2020-01-23T10:00:00+08:00"


def test_a_schedule_may_have_its_own_zone() -> None:
    found = next_due(schedule("day 15", timezone="Europe/Berlin"), "x", CONFIG, utc("2024-07-01 00:00"), CHINA)
    assert found.isoformat() == "2024-07-15T10:00:00+02:00"


def test_the_moment_itself_is_not_later_than_itself() -> None:
    due = next_due(MONTHLY, "monthly", CONFIG, utc("2020-01-01 00:00"), CHINA)
    assert next_due(MONTHLY, "monthly", CONFIG, due - timedelta(seconds=1), CHINA) == due
    assert next_due(MONTHLY, "monthly", CONFIG, due, CHINA).isoformat() == "2020-02-28T10:00:00+08:00"


def test_spans_that_meet_find_every_moment_of_three_years_once() -> None:
    start, end = utc("2024-01-01 00:00"), utc("2027-01-01 00:00")
    whole = due_between(MONTHLY, "monthly", CONFIG, start, end, CHINA)
    pieces: list[datetime] = []
    step = timedelta(hours=14)  # meets 02:00 UTC, the due time, exactly now and then
    while start < end:
        pieces += due_between(MONTHLY, "monthly", CONFIG, start, min(start + step, end), CHINA)
        start += step
    assert pieces == whole
    assert len(whole) == 36
    assert datetime(2026, 2, 28, 2, tzinfo=UTC) in whole


def test_a_span_ends_with_its_end_and_begins_after_its_start() -> None:
    due = utc("2020-01-23 02:00")
    assert due_between(MONTHLY, "monthly", CONFIG, due - timedelta(days=1), due, CHINA) == [due]
    assert due_between(MONTHLY, "monthly", CONFIG, due, due + timedelta(days=1), CHINA) == []


BERLIN, NEW_YORK, SAMOA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Pacific/Apia")
LORD_HOWE, BEIRUT, SHANGHAI = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Beirut"), ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("zone", "day", "at", "moment"),
    [
        (BERLIN, "2024-03-31", "02:30", "2024-03-31T03:00:00+02:00"),  # does not exist
        (BERLIN, "2024-03-31", "02:00", "2024-03-31T03:00:00+02:00"),
        (BERLIN, "2024-03-31", "03:00", "2024-03-31T03:00:00+02:00"),
        (BERLIN, "2024-03-31", "01:59", "2024-03-31T01:59:00+01:00"),
        (BERLIN, "2024-10-27", "02:30", "2024-10-27T02:30:00+02:00"),  # shown twice: the first
        (NEW_YORK, "2024-03-10", "02:15", "2024-03-10T03:00:00-04:00"),
        (NEW_YORK, "2024-11-03", "01:30", "2024-11-03T01:30:00-04:00"),
        (BEIRUT, "2022-03-27", "00:30", "2022-03-27T01:00:00+03:00"),  # midnight itself is skipped
        (LORD_HOWE, "2024-10-06", "02:10", "2024-10-06T02:30:00+11:00"),  # half an hour
        (SAMOA, "2011-12-30", "10:00", "2011-12-31T00:00:00+14:00"),  # a whole day is skipped
        (SHANGHAI, "1988-04-17", "02:30", "1988-04-17T03:00:00+09:00"),  # China had summer time once
    ],
)
def test_a_skipped_time_moves_to_the_next_and_a_double_one_is_the_first(
    zone: ZoneInfo, day: str, at: str, moment: str
) -> None:
    assert local_moment(date.fromisoformat(day), time.fromisoformat(at), zone).isoformat() == moment


@pytest.mark.parametrize(("zone", "at"), [("Europe/Berlin", "02:30"), ("America/New_York", "01:30")])
def test_a_time_that_is_shown_twice_is_due_once(zone: str, at: str) -> None:
    config = make_config(zone)
    for day in range(1, 32):
        daily = schedule(f"day {day}", at)
        found = due_between(daily, "x", config, utc("2024-01-01 00:00"), utc("2024-12-31 00:00"), CHINA)
        assert len({moment.astimezone(ZoneInfo(zone)).date() for moment in found}) == len(found)
        assert len(found) in (11, 12)


def test_the_second_showing_of_a_time_does_not_bring_it_back() -> None:
    """Times of one zone are compared by the clock's face in Python, which is wrong in the hour that repeats."""
    config, twice = make_config("Europe/Berlin"), schedule("day 27", "02:30")
    first = next_due(twice, "x", config, utc("2024-10-20 00:00"), CHINA)
    second_face = datetime(2024, 10, 27, 2, 10, fold=1, tzinfo=BERLIN)  # after `first`, though it reads earlier
    assert next_due(twice, "x", config, second_face, CHINA).date() == date(2024, 11, 27)
    assert due_between(twice, "x", config, first, second_face, CHINA) == []


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        next_due(MONTHLY, "monthly", CONFIG, datetime(2024, 1, 1), CHINA)  # noqa: DTZ001
    with pytest.raises(ValueError, match="zone"):
        due_between(MONTHLY, "monthly", CONFIG, utc("2024-01-01 00:00"), datetime(2024, 2, 1), CHINA)  # noqa: DTZ001


def test_a_rule_that_is_not_understood_names_the_schedule() -> None:
    with pytest.raises(ConfigError) as caught:
        next_due(schedule("someday"), "monthly", CONFIG, utc("2024-01-01 00:00"), CHINA)
    assert caught.value.field == "schedule.monthly.when"


def test_the_next_occurrences_of_all_schedules_come_in_order_and_say_which_may_move() -> None:
    config = make_config(
        monthly={"when": "last working day", "at": "10:00"},
        middle={"when": "day 15", "at": "09:00", "timezone": "UTC"},
    )
    found = list_occurrences(config, utc("2089-11-20 00:00"), CHINA, count=4)
    assert [(item.schedule, item.due_at.date().isoformat(), item.provisional) for item in found] == [
        ("monthly", "2089-11-30", True),
        ("middle", "2089-12-15", False),
        ("monthly", "2089-12-30", True),
        ("middle", "2090-01-15", False),
    ]


def local_times(when: str, day: str, zone: str = "Europe/Berlin") -> list[str]:
    """Every moment of one local day at which a cron schedule is due."""
    config = make_config(zone)
    start = local_moment(date.fromisoformat(day), time(0), ZoneInfo(zone)) - timedelta(seconds=1)
    found = due_between(schedule(when, None), "x", config, start, start + timedelta(hours=26), CHINA)
    return [one.isoformat() for one in found if one.date().isoformat() == day]


def test_cron_times_that_clocks_skip_run_once_together_at_the_next_that_exists() -> None:
    assert local_times("0,30 1-3 * * *", "2024-03-31") == [
        "2024-03-31T01:00:00+01:00", "2024-03-31T01:30:00+01:00", "2024-03-31T03:00:00+02:00", "2024-03-31T03:30:00+02:00",
    ]  # fmt: skip


def test_cron_times_that_clocks_show_twice_run_at_their_first_showing() -> None:
    assert local_times("0,30 2 * * *", "2024-10-27") == ["2024-10-27T02:00:00+02:00", "2024-10-27T02:30:00+02:00"]
    assert len(local_times("@hourly", "2024-10-27")) == 24


def test_spans_that_meet_find_every_moment_of_cron_once_also_where_clocks_change() -> None:
    config, hourly = make_config("Europe/Berlin"), schedule("*/20 * * * *", None)
    for first in ("2024-03-30 20:00", "2024-10-26 20:00"):
        start, end = utc(first), utc(first) + timedelta(hours=10)
        whole = due_between(hourly, "x", config, start, end, CHINA)
        pieces: list[datetime] = []
        while start < end:
            pieces += due_between(hourly, "x", config, start, start + timedelta(minutes=7), CHINA)
            start += timedelta(minutes=7)
        assert [one for one in pieces if one <= end] == whole
        assert len({f"{one:%Y-%m-%d %H:%M}" for one in whole}) == len(whole)


@pytest.mark.parametrize(
    ("when", "at", "field", "says"),
    [
        ("30 9 * * 1-5", "10:00", "schedule.x.at", "its own times"),
        ("last working day", None, "schedule.x.at", "missing"),
        ("someday", "10:00", "schedule.x.when", "not understood"),
    ],
)
def test_a_time_of_day_stands_beside_every_rule_but_cron(when: str, at: str | None, field: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        schedule_rule(schedule(when, at), "x")
    assert caught.value.field == field


def test_an_occurrence_says_what_its_date_is() -> None:
    config = make_config(
        monthly={"when": "last working day", "at": "10:00"},
        middle={"when": "day 15", "at": "09:00"},
        noon={"when": "0 9,12 31 1 *"},
    )
    found = list_occurrences(config, utc("2026-01-20 00:00"), CHINA, count=99, until=utc("2026-03-01 00:00"))
    assert [(one.schedule, f"{one.due_at:%m-%d %H:%M}", one.key, one.remarks()) for one in found] == [
        ("monthly", "01-30 10:00", "2026-01", []),
        ("noon", "01-31 09:00", "2026-01-31 09:00", ["a day off"]),
        ("noon", "01-31 12:00", "2026-01-31 12:00", ["a day off"]),
        ("middle", "02-15 09:00", "2026-02", ["a day off"]),
        ("monthly", "02-28 10:00", "2026-02", [
            "a weekend worked to make up for a holiday", "without holidays 2026-02-27 Fri",
        ]),
    ]  # fmt: skip


def test_december_is_provisional_for_what_hangs_on_its_end_only() -> None:
    year = next(year for year in range(2026, 2100) if CHINA.is_provisional(year + 1))
    config = make_config(
        last={"when": "2nd last working day", "at": "10:00"},
        third={"when": "3rd working day", "at": "10:00"},
        fixed={"when": "day 30", "at": "10:00"},
        moved={"when": "31日，遇休息日提前", "at": "10:00"},
    )
    found = list_occurrences(config, utc(f"{year}-11-30 16:00"), CHINA, count=4)
    assert {one.schedule: one.provisional for one in found} == {
        "last": True, "third": False, "fixed": False, "moved": True,
    }  # fmt: skip
