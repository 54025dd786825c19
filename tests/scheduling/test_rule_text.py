"""What people may write in `when`, in both languages."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import ConfigError
from mailer.scheduling.rule_text import KNOWN_FORMS, parse_rule
from mailer.scheduling.rules import (
    EVERY_MONTH,
    DayOfMonth,
    EveryWorkingDay,
    MonthRule,
    NthWorkingDay,
    NumberedDay,
    Shift,
    WeekdayInMonth,
    WeekRule,
)

QUARTERS = (3, 6, 9, 12)


@pytest.mark.parametrize(
    ("day", "texts"),
    [
        (NthWorkingDay(-1), ("last working day", "Last  Working Day ", "the last business day of the month", "last workday",
                             "最后一个工作日", "每月最后一个工作日", "每个月的最后1个工作日", "最后工作日", "每月 最后 一个 工作日")),
        (NthWorkingDay(1), ("first working day", "1st working day", "第一个工作日", "每月第1个工作日", "首个工作日", "第一工作日")),
        (NthWorkingDay(3), ("3rd working day", "third working day of every month", "第3个工作日", "第三个工作日", "第３个工作日")),
        (NthWorkingDay(-2), ("2nd last working day", "second last working day", "second-to-last working day",
                             "2nd to last working day", "倒数第2个工作日", "每月倒数第二个工作日")),
        (WeekdayInMonth(-1, 4), ("last Friday", "last fri", "every month on the last friday", "最后一个周五", "最后一个星期五")),
        (WeekdayInMonth(2, 1), ("2nd Tuesday", "second tues", "2nd Tuesday of each month", "第二个星期二", "第2个周二",
                                "每月第二个礼拜二", "第二个周2")),
        (WeekdayInMonth(1, 6), ("first Sunday", "第一个周日", "第一个星期天")),
        (NumberedDay(-1), ("last day", "last day of the month", "月末", "每月月底", "最后一天", "每月最后一天")),
        (NumberedDay(15), ("day 15", "DAY 15", "15th", "the 15th of every month", "monthly on the 15th", "15", "15日", "每月15日",
                           "每月１５号", "每月 15 日", "十五日", "每月十五号")),
        (NumberedDay(1), ("1st", "day 1", "first day", "the first", "1日", "第一天")),
        (NumberedDay(31), ("31日", "day 31", "三十一日")),
    ],
)  # fmt: skip
def test_a_day_of_the_month_in_all_its_spellings(day: DayOfMonth, texts: tuple[str, ...]) -> None:
    for text in texts:
        assert parse_rule(text) == MonthRule((day,)), text


@pytest.mark.parametrize(
    ("shift", "texts"),
    [
        (Shift.BEFORE, ("15th or the working day before", "day 15, or the working day before it",
                        "15th or the previous working day", "15th or the last working day before", "15日或之前的工作日",
                        "每月15日或前一个工作日", "15日或其前一工作日", "15日，遇休息日提前", "15日（遇节假日提前）",
                        "每月15日，如遇法定节假日或周末则提前至前一个工作日")),
        (Shift.AFTER, ("15th or the working day after", "15th or the next working day", "15日或之后的工作日", "15日或下一个工作日",
                       "15日,遇节假日顺延", "每月15日逢双休日顺延至下一个工作日")),
    ],
)  # fmt: skip
def test_a_number_may_move_off_a_day_that_is_free(shift: Shift, texts: tuple[str, ...]) -> None:
    for text in texts:
        assert parse_rule(text) == MonthRule((NumberedDay(15),), EVERY_MONTH, shift), text


@pytest.mark.parametrize(
    ("rule", "texts"),
    [
        (MonthRule((NumberedDay(1), NumberedDay(15))), ("1st and 15th", "the 1st and the 15th", "day 1 and 15", "days 1, 15",
                                                        "1日和15日", "1、15日", "每月1日、15日")),
        (MonthRule((WeekdayInMonth(1, 4), WeekdayInMonth(3, 4))), ("1st and 3rd Friday", "first Friday and third Friday",
                                                                   "第一和第三个周五", "第一个和第三个周五", "第1个周五、第3个周五")),
        (MonthRule((NthWorkingDay(1), NthWorkingDay(-1))), ("first working day and last working day", "第一个和最后一个工作日")),
        (MonthRule((NumberedDay(15), NthWorkingDay(-1))), ("day 15 and last working day", "15日和最后一个工作日")),
        (MonthRule((NthWorkingDay(-1),), QUARTERS), ("last working day of March, June, September, December",
                                                     "last working day of mar, jun, sept and dec",
                                                     "last working day of every quarter", "每季度最后一个工作日",
                                                     "每季末月最后一个工作日", "3、6、9、12月最后一个工作日",
                                                     "每年3月、6月、9月和12月的最后一个工作日", "三月、六月、九月、十二月最后一个工作日")),
        (MonthRule((NumberedDay(15),), (3,)), ("15th of March", "3月15日", "每年3月15日")),
        (WeekRule((4,)), ("every Friday", "weekly on friday", "每周五", "每星期五")),
        (WeekRule((0, 3)), ("every Monday and Thursday", "每周一、四", "每周一和周四", "every thursday, monday")),
        (WeekRule((0,), 2, date(2026, 1, 5)), ("every 2 weeks from 2026-01-05", "every other week from 2026/1/5",
                                               "every two weeks starting on 2026-01-05", "自2026-01-05起每两周",
                                               "从2026年1月5日起每2周", "每两周，自2026/1/5起", "自2026-01-05起每2个星期")),
        (WeekRule((0,), 1, date(2026, 1, 5)), ("every week from 2026-01-05", "自2026-01-05起每周")),
        (WeekRule((0, 1, 2, 3, 4, 5, 6)), ("every day", "daily", "每天", "每日")),
        (EveryWorkingDay(), ("every working day", "每个工作日", "每工作日")),
    ],
)  # fmt: skip
def test_lists_months_quarters_and_weeks(rule: MonthRule | WeekRule | EveryWorkingDay, texts: tuple[str, ...]) -> None:
    for text in texts:
        assert parse_rule(text) == rule, text


@pytest.mark.parametrize(
    "text",
    [
        "", "day 0", "day 32", "32日", "0日", "day", "day 1 5", "day ⅷ", "monday", "最后一个工作", "day 15\n日", "every month",
        "6th Monday", "20th working day", "第二十个工作日", "第六个周一", "每隔两周自2026-01-05起", "every 2 weeks", "每两周",
        "every 0 weeks from 2026-01-05", "every 2 weeks from 2026-02-30", "15th of every quarter", "每季度15日",
        "1st and last working day", "15th or the previous working day after", "last working day or the working day before",
        "13月1日", "15th of Jun and Ju", "第一",
    ],
)  # fmt: skip
def test_what_has_no_plain_sense_is_an_error_with_the_known_forms(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_rule(text, "schedule.monthly.when")
    assert caught.value.field == "schedule.monthly.when"
    assert all(form in caught.value.cure for form in KNOWN_FORMS)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("last workng day", "last working day"), ("最后一个工作", "最后一个工作日"), ("every 2 weeks", "every 2 weeks from 2026-01-05"),
        ("2nd Tuseday", "2nd Tuesday"), ("自2026-01-05每两周", "自2026-01-05起每两周"),
    ],
)  # fmt: skip
def test_the_nearest_form_is_named_first(text: str, near: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_rule(text)
    assert f"“{near}”" in caught.value.cure


def test_every_form_named_in_the_cure_is_understood() -> None:
    for form in KNOWN_FORMS:
        parse_rule(form)


WORDS = st.sampled_from(
    ("last", "first", "2nd", "15th", "working", "day", "days", "friday", "of", "and", ",", "or", "the", "before", "after",
     "every", "week", "weeks", "from", "2026-01-05", "month", "quarter", "最后", "一个", "第", "二", "倒数", "工作日", "周", "五",
     "每", "月", "季度", "日", "15", "遇", "休息日", "顺延", "自", "起", "两", "*", "1-5", "*/2", "@", "0")
)  # fmt: skip


@given(
    st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=8).map(" ".join), st.lists(WORDS, max_size=8).map("".join))
)
def test_any_text_is_a_rule_or_a_config_error(text: str) -> None:
    try:
        rule = parse_rule(text)
    except ConfigError:
        return
    if isinstance(rule, MonthRule):
        assert rule.days
        assert set(rule.months) <= set(EVERY_MONTH)
