"""Cron lines as Vixie's cron reads them, against a walk over every minute."""

from datetime import date, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailer.errors import ConfigError
from mailer.scheduling.calendar import working_calendar
from mailer.scheduling.cron import CronRule
from mailer.scheduling.rule_text import parse_rule

CHINA = working_calendar("CN")


def moments(text: str, start: datetime, count: int) -> list[str]:
    rule = parse_rule(text)
    found = (
        datetime.combine(one.day, at)
        for one in rule.dates_after(CHINA, start.date() - timedelta(days=1))
        for at in rule.times
    )
    return [f"{moment:%Y-%m-%d %H:%M}" for moment in islice((one for one in found if one > start), count)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 9 * * 1-5", ["2026-01-05 09:30", "2026-01-06 09:30"]),  # 1 is Monday; 2026-01-03 is a Saturday
        ("0 9 * * 0", ["2026-01-04 09:00", "2026-01-11 09:00"]),
        ("0 9 * * 7", ["2026-01-04 09:00", "2026-01-11 09:00"]),
        ("0 9 * * sun", ["2026-01-04 09:00"]),
        ("0 9 * * SAT-SUN", ["2026-01-03 09:00", "2026-01-04 09:00", "2026-01-10 09:00"]),
        ("0 9 * * 6-7", ["2026-01-03 09:00", "2026-01-04 09:00", "2026-01-10 09:00"]),
        ("0 9 13 * 5", ["2026-01-09 09:00", "2026-01-13 09:00", "2026-01-16 09:00"]),  # a Friday, or the 13th
        ("0 9 13 * *", ["2026-01-13 09:00", "2026-02-13 09:00"]),
        ("0 9 */2 * 1", ["2026-01-05 09:00", "2026-01-19 09:00"]),  # begins with *: both must fit
        ("0 0,12 1 */3 *", ["2026-04-01 00:00", "2026-04-01 12:00", "2026-07-01 00:00"]),
        ("*/20 8-9 * * *", ["2026-01-03 08:00", "2026-01-03 08:20", "2026-01-03 08:40", "2026-01-03 09:00"]),
        ("0 10 29 2 *", ["2028-02-29 10:00", "2032-02-29 10:00"]),
        ("0 10 1 jan,JUL *", ["2026-07-01 10:00", "2027-01-01 10:00"]),
        ("０ 9 １ * *", ["2026-02-01 09:00"]),
        ("@monthly", ["2026-02-01 00:00"]),
        ("@weekly", ["2026-01-04 00:00"]),
    ],
)
def test_a_line_fires_when_vixies_cron_would(text: str, expected: list[str]) -> None:
    assert moments(text, datetime(2026, 1, 3, 7), len(expected)) == expected  # noqa: DTZ001 - local times


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("30 9 * *", "five fields"),
        ("30 9 * * 1 2020", "five fields"),
        ("60 9 * * *", "“60” is no minute of cron (0 to 59)"),
        ("0 24 * * *", "“24” is no hour"),
        ("0 9 0 * *", "“0” is no day of the month"),
        ("0 9 * 13 *", "“13” is no month"),
        ("0 9 * * 8", "“8” is no day of the week"),
        ("0 9 * * fri-mon", "“fri-mon” is no day of the week"),
        ("0 9 * * foo", "“foo”"),
        ("5/10 9 * * *", "“5/10”"),  # crontab(5): a step follows a range or *
        ("*/0 9 * * *", "“*/0”"),
        ("1,,2 9 * * *", "“”"),
        ("0 9 30 2 *", "never fire"),
        ("0 9 31 4,6,9,11 *", "never fire"),
        ("@reboot", "five fields"),
    ],
)
def test_a_wrong_line_says_which_part_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_rule(text, "schedule.x.when")
    assert says in str(caught.value)
    assert caught.value.field == "schedule.x.when"


def field(low: int, high: int) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    """A field of cron, and the numbers it means, made independently of the parser."""

    def spell(part: tuple[int, int, int, int]) -> tuple[str, set[int]]:
        kind, one, other, step = part
        first, last = min(one, other), max(one, other)
        match kind:
            case 0:
                return str(one), {one}
            case 1:
                return f"{first}-{last}", {n for n in range(low, high + 1) if first <= n <= last}
            case 2:
                return f"{first}-{last}/{step}", {n for n in range(first, last + 1) if (n - first) % step == 0}
            case _:
                return f"*/{step}", {n for n in range(low, high + 1) if (n - low) % step == 0}

    number = st.integers(low, high)
    part = st.tuples(st.integers(0, 3), number, number, st.integers(1, 9)).map(spell)
    listed = st.lists(part, min_size=1, max_size=3).map(
        lambda parts: (",".join(text for text, _ in parts), frozenset(set[int]().union(*(found for _, found in parts))))
    )
    return st.one_of(st.just(("*", frozenset(range(low, high + 1)))), listed)


@settings(max_examples=60)
@given(
    field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7),
    st.datetimes(datetime(2023, 12, 1), datetime(2026, 2, 1)),  # noqa: DTZ001 - local times
)  # fmt: skip
def test_next_times_are_those_of_a_walk_over_every_minute(
    minute: tuple[str, frozenset[int]],
    hour: tuple[str, frozenset[int]],
    day: tuple[str, frozenset[int]],
    month: tuple[str, frozenset[int]],
    weekday: tuple[str, frozenset[int]],
    start: datetime,
) -> None:
    longest = max(29 if number == 2 else 31 - (number in (4, 6, 9, 11)) for number in month[1])
    either = not day[0].startswith("*") and not weekday[0].startswith("*")
    assume(either or min(day[1]) <= longest)
    sundays = {number % 7 for number in weekday[1]}

    def fits(moment: datetime) -> bool:
        by_day, by_weekday = moment.day in day[1], moment.isoweekday() % 7 in sundays
        return moment.month in month[1] and ((by_day or by_weekday) if either else (by_day and by_weekday))

    start = start.replace(second=0, microsecond=0)
    midnight = start.replace(hour=0, minute=0)
    expected: list[str] = []
    for today in filter(fits, (midnight + timedelta(days=n) for n in range(400))):
        for moment in (today + timedelta(minutes=n) for n in range(24 * 60)):
            if moment > start and moment.minute in minute[1] and moment.hour in hour[1]:
                expected.append(f"{moment:%Y-%m-%d %H:%M}")
        if len(expected) > 20:
            break
    line = " ".join(text for text, _ in (minute, hour, day, month, weekday))
    assert moments(line, start, len(expected)) == expected


def test_cron_knows_no_holidays() -> None:
    rule = parse_rule("0 9 * * 1-5")
    assert isinstance(rule, CronRule)
    assert rule.fits(date(2020, 10, 1))
    assert all(one.hangs_on == () for one in islice(rule.dates_after(CHINA, date(2020, 9, 1)), 30))
