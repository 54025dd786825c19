"""The grammar of masthead and foot, form by form."""

from datetime import date

import pytest

from mailer.model.issue import Imprint, Role
from mailer.sources.grammar import (
    DatedLine,
    PrintingLine,
    find_date,
    is_described_rule,
    is_page_number,
    is_rule,
    join_lines,
    merge_imprint,
    parse_circulation_label,
    parse_date,
    parse_imprint_line,
    parse_number,
    parse_printing_line,
    parse_secrecy_mark,
    split_bodies,
    split_circulation,
    title_key,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("二○○九年七月六日", date(2009, 7, 6)),
        ("二〇二六年十二月三十一日", date(2026, 12, 31)),
        ("2009年7月6日", date(2009, 7, 6)),
        ("2026 年 12 月 31 日", date(2026, 12, 31)),
        ("2026.7.31", date(2026, 7, 31)),
        ("2026/7/31", date(2026, 7, 31)),
        ("2026-12-31", date(2026, 12, 31)),
        ("２０２６年７月３１日", date(2026, 7, 31)),
        ("二〇二六年十月二十日", date(2026, 10, 20)),
        ("二O二六年十一月三十日", date(2026, 11, 30)),
        ("二0二六年十二月一日", date(2026, 12, 1)),
        ("2026年2月30日", None),
        ("2026-13-01", None),
        ("2026年7月", None),
        ("1.2.3", None),
        ("", None),
    ],
)
def test_a_date_is_read_in_every_form_and_never_guessed(text: str, expected: date | None) -> None:
    assert parse_date(text) == expected


def test_a_dated_line_keeps_what_stands_around_the_date() -> None:
    assert find_date("某某办公室2026年6月30日 印发") == DatedLine("某某办公室", date(2026, 6, 30), "印发")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("七", 7),
        ("十", 10),
        ("十四", 14),
        ("三十", 30),
        ("三十一", 31),
        ("一百一十三", 113),
        ("二〇二六", 2026),
        ("七x", None),
    ],
)
def test_a_chinese_number_is_read(text: str, number: int | None) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize(
    ("line", "role", "rest"),
    [
        ("报：中国软件行业协会、省政府办公厅、", Role.UPWARD, "中国软件行业协会、省政府办公厅、"),
        ("抄  报：省厅", Role.UPWARD, "省厅"),
        ("抄送:各区人民政府", Role.SIDEWAYS, "各区人民政府"),
        ("抄　送：省政府办公厅", Role.SIDEWAYS, "省政府办公厅"),
        ("　　抄送：市政府各委办局", Role.SIDEWAYS, "市政府各委办局"),
        ("发：各县（市、区）局", Role.DOWNWARD, "各县（市、区）局"),
        ("呈报：省政府", Role.UPWARD, "省政府"),
        ("本期发送：各市协会", Role.SIDEWAYS, "各市协会"),
    ],
)
def test_a_circulation_line_names_its_role(line: str, role: Role, rest: str) -> None:
    assert parse_circulation_label(line) == (role, rest)


@pytest.mark.parametrize("line", ["报道：某事", "送审稿", "省科技厅、省商务厅", "发展：要务"])
def test_a_line_that_only_begins_like_a_label_is_none(line: str) -> None:
    assert parse_circulation_label(line) is None


def test_two_circulation_lines_on_one_line_are_two() -> None:
    assert split_circulation("报：省厅、市局    送：各协会") == ["报：省厅、市局", "送：各协会"]
    assert split_circulation("抄　送：甲　抄 报：乙") == ["抄　送：甲", "抄 报：乙"]
    assert split_circulation("报：省厅、市局；送：各协会。") == ["报：省厅、市局；", "送：各协会。"]


def test_bodies_are_split_outside_brackets_only() -> None:
    assert split_bodies("各县（市、区）局、 市政府；会员单位。") == ("各县（市、区）局", "市政府", "会员单位")


def test_an_imprint_line_may_hold_several_fields() -> None:
    assert parse_imprint_line("邮编：310012 电话：0571-1、2  E-mail: a@b.example") == {
        "postcode": "310012",
        "phone": "0571-1、2",
        "email": "a@b.example",
    }
    assert parse_imprint_line("联系人：秘书处 电话：1") == {"contact": "秘书处", "phone": "1"}
    assert parse_imprint_line("更多内容，敬请关注") is None
    assert parse_imprint_line("请致电 电话：123") is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("某办公室 2026年6月30日印发 共印300份", ("某办公室", date(2026, 6, 30), 300)),
        ("二○○九年七月六日印发", ("", date(2009, 7, 6), None)),
        ("印数：50", ("", None, 50)),
    ],
)
def test_a_printing_line_says_by_whom_when_and_how_many(
    line: str, expected: tuple[str, date | None, int | None]
) -> None:
    assert parse_printing_line(line) == PrintingLine(*expected)


@pytest.mark.parametrize(
    "line", ["印发", "关于印发规划的通知", "某办公室2026年6月30日发布", "本期共印300份，请查收", ""]
)
def test_a_line_that_prints_nothing_is_none(line: str) -> None:
    assert parse_printing_line(line) is None


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ("秘 密", "秘密"),
        ("绝密★启用前", "绝密★启用前"),
        ("机密★3年", "机密★3年"),
        ("内部资料", "内部资料"),
        ("（内部刊物）", "（内部刊物）"),
        ("密级：秘密", "密级：秘密"),
        ("内部资料 注意保存", "内部资料注意保存"),
    ],
)
def test_a_secrecy_mark_is_kept_as_it_is_printed(line: str, mark: str) -> None:
    assert parse_secrecy_mark(line) == mark


@pytest.mark.parametrize("line", ["秘密花园", "在企业内部共享", "内部资料汇编", "保密工作", ""])
def test_words_that_only_speak_of_secrets_are_no_mark(line: str) -> None:
    assert parse_secrecy_mark(line) is None


@pytest.mark.parametrize("line", ["──────", "====", "----------（红线）", "==========（蓝色粗线 6px）"])
def test_a_rule_is_known_with_or_without_a_note(line: str) -> None:
    assert is_rule(line) or is_described_rule(line)


@pytest.mark.parametrize("line", ["--（注）", "甲----------（红线）", "（红线）"])
def test_what_is_no_rule_is_known(line: str) -> None:
    assert not is_rule(line)
    assert not is_described_rule(line)


def test_a_field_that_is_said_twice_keeps_both_values() -> None:
    imprint = merge_imprint(Imprint(phone="1", note="n"), {"phone": "2", "address": "某路"})
    assert imprint == Imprint(address="某路", phone="1、2", note="n")


def test_titles_are_the_same_whatever_their_blanks_and_width() -> None:
    assert title_key("2020 “开放”  ＡＩ 发布，第（1）名") == title_key("2020“开放”AI发布,第(1)名")
    assert title_key("甲") != title_key("乙")


@pytest.mark.parametrize("line", ["64", "— 3 —", "第 3 页", "3 / 8", "－12－"])
def test_a_page_number_is_known(line: str) -> None:
    assert is_page_number(line)


@pytest.mark.parametrize("line", ["2020年", "12345", "3.5", "——", "第3期"])
def test_what_is_no_page_number_is_known(line: str) -> None:
    assert not is_page_number(line)


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("企业上", "云等", "企业上云等"),
        ("第一、", "第二", "第一、第二"),
        ("use", "tools", "use tools"),
        ("用", "AI", "用 AI"),
    ],
)
def test_lines_join_without_a_gap_between_chinese_characters_only(before: str, after: str, joined: str) -> None:
    assert join_lines(before, after) == joined
