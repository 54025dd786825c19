"""Reads a Chinese rule of dates, such as 每季度最后一个工作日 or 15日，遇休息日顺延."""

import re
from datetime import date

from mailer.model.working_days import parse_day
from mailer.scheduling.english_rules import MOST_WEEKS, MOST_WORKING_DAYS, quarter_months
from mailer.scheduling.rules import (
    EVERY_MONTH,
    EVERY_WEEKDAY,
    DayOfMonth,
    EveryWorkingDay,
    MonthRule,
    NthWorkingDay,
    NumberedDay,
    Rule,
    Shift,
    WeekdayInMonth,
    WeekRule,
)

_DIGITS = "一二三四五六七八九"
_N = r"([0-9]{1,2}|[一二三四五六七八九十两]{1,3})"
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6} | {
    str(number): number - 1 for number in range(1, 8)
}
_WEEK = r"(?:星期|礼拜|周)"
_DATE = r"([0-9]{4}(?:-[0-9]{1,2}-[0-9]{1,2}|/[0-9]{1,2}/[0-9]{1,2}|年[0-9]{1,2}月[0-9]{1,2}日?))"
_REST = r"(?:法定|公共|国家)?(?:节假日|休息日|节日|假日|假期|放假|周末|双休日|公休日|非工作日|休假)"
_OR_WORKING_DAY = re.compile(
    r"(.+?),?(?:或者?)(?:其|它)?(?:(之前|以前|前|上)|之后|以后|后|下)的?(?:最近的?)?(?:第?[一1]?个?)工作日"
)
_WHEN_FREE = re.compile(
    rf"(.+?)[,(]?如?[遇逢](?:到|上)?{_REST}(?:[、或和及与]{_REST})*,?[则就]?(?:(提前|前移)|顺延|推迟|延后|后延|后移)"
    r"(?:[到至](?:[前后上下]?[一1]?个?)工作日)?\)?"
)
_SEPARATOR = re.compile(r"[、,和及与]")


def read_chinese(text: str) -> Rule | None:
    """Return the rule of a text in NFKC without blanks, or None when it is not understood."""
    if re.fullmatch(r"每个?工作日", text):
        return EveryWorkingDay()
    shift = Shift.NONE
    if match := _OR_WORKING_DAY.fullmatch(text) or _WHEN_FREE.fullmatch(text):
        text, shift = match[1], Shift.BEFORE if match[2] else Shift.AFTER
    return _read_weeks(text, shift) or _read_months(text, shift)


def _read_weeks(text: str, shift: Shift) -> Rule | None:
    if text in ("每天", "每日"):
        return WeekRule(EVERY_WEEKDAY, shift=shift)
    if match := re.fullmatch(rf"每个?{_WEEK}(.+)", text):
        named = [_WEEKDAYS.get(re.sub(rf"^{_WEEK}", "", part)) for part in _SEPARATOR.split(match[1])]
        if None not in named:
            return WeekRule(tuple(sorted({one for one in named if one is not None})), shift=shift)
    every_weeks = rf"每(?:隔?)(?:{_N}个?|个)?(?:周|星期|礼拜)(?:一次)?"
    if match := re.fullmatch(rf"[自从]{_DATE}(?:起|开始|以后),?{every_weeks}", text):
        day, count = match[1], match[2]
    elif match := re.fullmatch(rf"{every_weeks},?\(?[自从]{_DATE}(?:起|开始)?\)?", text):
        count, day = match[1], match[2]
    else:
        return None
    every = 1 if count is None else _number(count)
    start = _day(day)
    # 每隔两周 may mean every two weeks or every three: it is not taken
    if start is None or every is None or not 1 <= every <= MOST_WEEKS or "每隔" in text:
        return None
    return WeekRule((start.weekday(),), every, start, shift)


def _read_months(text: str, shift: Shift) -> Rule | None:
    months, quarterly = EVERY_MONTH, False
    if match := re.fullmatch(r"每个?季度?的?(首月|末月)?的?(.+)", text):
        text, quarterly = match[2], match[1] is None
        months = {"首月": (1, 4, 7, 10), "末月": (3, 6, 9, 12)}.get(match[1] or "", EVERY_MONTH)
    elif match := re.fullmatch(rf"(?:每年)?((?:{_N}月?[、,和及与])*{_N}月)的?(?:份的?)?(.+)", text):
        named = [_number(part.removesuffix("月")) for part in _SEPARATOR.split(match[1])]
        if any(one is None or not 1 <= one <= 12 for one in named):
            return None
        text, months = match[4], tuple(sorted({one for one in named if one is not None}))
    else:
        text = re.sub(r"^(?:每个?月|逢)(?:份)?的?(?=.)", "", text)
    parts = _SEPARATOR.split(text)
    if match := re.search(rf"个?(?:{_WEEK}.|工作日)$", parts[-1]):  # 第一和第三个周五 are two Fridays
        parts = [part + match[0].removeprefix("个") if _place(part) is not None else part for part in parts]
    days = [_read_day(part) for part in parts]
    known = tuple(day for day in days if day is not None)
    if len(known) != len(days):
        return None
    if quarterly:
        found = quarter_months(known)
        if found is None:
            return None
        months = found
    if shift is not Shift.NONE and any(isinstance(day, NthWorkingDay) for day in known):
        return None
    return MonthRule(known, months, shift)


def _read_day(text: str) -> DayOfMonth | None:
    if text in ("月末", "月底", "末", "最后一天", "最后一日", "最末一天"):
        return NumberedDay(-1)
    if match := re.fullmatch(rf"{_N}[日号]?|第{_N}[日天]", text):
        number = _number(match[1] or match[2])
        return NumberedDay(number) if number is not None and 1 <= number <= 31 else None
    if match := re.fullmatch(r"(.+?)的?工作日", text):
        nth = _place(match[1])
        return NthWorkingDay(nth) if nth is not None and abs(nth) <= MOST_WORKING_DAYS else None
    if match := re.fullmatch(rf"(.+?)的?{_WEEK}(.)", text):
        nth, weekday = _place(match[1]), _WEEKDAYS.get(match[2])
        if nth is not None and weekday is not None and -5 <= nth <= 5:
            return WeekdayInMonth(nth, weekday)
    return None


def _place(text: str) -> int | None:
    """Return which one is meant by 第3个, 首个, 最后一个 or 倒数第二个; negative from the end."""
    if re.fullmatch(r"(?:最后|最末|末)(?:[一1]?个)?", text):
        return -1
    if re.fullmatch(r"首个?", text):
        return 1
    match = re.fullmatch(rf"(倒数)?第{_N}个?", text)
    number = _number(match[2]) if match else None
    if match is None or not number:
        return None
    return -number if match[1] else number


def _number(text: str) -> int | None:
    """Return a number from 0 to 99 in figures or written out (十五, 二十一, 两), or None."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.replace("两", "二").rpartition("十")
    if not all(part == "" or part in _DIGITS for part in (tens, ones)) or len(tens) > 1 or len(ones) > 1:
        return None
    value = (_DIGITS.index(tens) + 1 if tens else 1) * 10 if ten else 0
    return (value + (_DIGITS.index(ones) + 1 if ones else 0)) or None


def _day(text: str) -> date | None:
    try:
        return parse_day(text)
    except ValueError:
        return None
