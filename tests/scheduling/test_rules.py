"""What people may write in `when`, and the dates it means."""

from datetime import date, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import ConfigError
from mailer.scheduling.calendar import working_calendar
from mailer.scheduling.rules import KNOWN_FORMS, MonthDay, Rule, next_dates, parse_rule

LAST, FIRST = Rule(MonthDay.LAST_WORKING_DAY), Rule(MonthDay.FIRST_WORKING_DAY)
FIFTEENTH = Rule(MonthDay.NUMBER, 15)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("last working day", LAST), ("Last  Working Day ", LAST), ("最后一个工作日", LAST),
        ("每月最后一个工作日", LAST),
        ("first working day", FIRST), ("第一个工作日", FIRST), ("每月 第一个工作日", FIRST),
        ("day 15", FIFTEENTH), ("DAY 15", FIFTEENTH), ("15日", FIFTEENTH), ("每月15日", FIFTEENTH),
        ("每月１５号", FIFTEENTH), ("每月 15 日", FIFTEENTH), ("day 1", Rule(MonthDay.NUMBER, 1)),
        ("31日", Rule(MonthDay.NUMBER, 31)),
    ],
)  # fmt: skip
def test_a_known_form_is_understood(text: str, rule: Rule) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize(
    "text", ["", "day 0", "day 32", "32日", "day", "day 1 5", "day ⅷ", "day 一", "monday", "最后一个工作", "day 15\n日"]
)
def test_an_unknown_form_is_an_error_naming_the_field_and_the_known_forms(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_rule(text, "schedule.monthly.when")
    assert caught.value.field == "schedule.monthly.when"
    assert all(form in caught.value.cure for form in KNOWN_FORMS)


def test_every_form_named_in_the_cure_is_understood() -> None:
    for form in KNOWN_FORMS:
        parse_rule(form)


@given(st.text(max_size=40))
def test_any_text_is_a_rule_or_a_config_error(text: str) -> None:
    try:
        rule = parse_rule(text)
    except ConfigError:
        return
    assert (rule.day is MonthDay.NUMBER) == (1 <= rule.number <= 31)


def test_a_number_past_the_end_of_the_month_means_its_last_day() -> None:
    dates = next_dates(Rule(MonthDay.NUMBER, 31), working_calendar("CN"), date(2023, 12, 31))
    assert [str(day) for day in islice(dates, 4)] == ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]


def test_a_fixed_date_is_kept_on_a_holiday() -> None:
    dates = next_dates(Rule(MonthDay.NUMBER, 1), working_calendar("CN"), date(2020, 9, 30))
    assert next(dates) == date(2020, 10, 1)


def test_the_year_2020_in_last_working_days() -> None:
    dates = next_dates(LAST, working_calendar("CN"), date(2019, 12, 31))
    assert [f"{day:%m-%d}" for day in islice(dates, 12)] == [
        "01-23", "02-28", "03-31", "04-30", "05-29", "06-30", "07-31", "08-31", "09-30", "10-30", "11-30", "12-31",
    ]  # fmt: skip


@given(
    st.sampled_from([LAST, FIRST, FIFTEENTH, Rule(MonthDay.NUMBER, 31)]),
    st.dates(date(2004, 1, 1), date(2030, 1, 1)),
)
def test_dates_are_later_than_asked_and_come_once_a_month(rule: Rule, after: date) -> None:
    found = list(islice(next_dates(rule, working_calendar("CN"), after), 14))
    assert after < found[0] < after + timedelta(days=63)
    months = [day.year * 12 + day.month for day in found]
    assert months == list(range(months[0], months[0] + 14))
    # nothing between was left out: asking from the day before finds the same
    assert next(next_dates(rule, working_calendar("CN"), found[0] - timedelta(days=1))) == found[0]
