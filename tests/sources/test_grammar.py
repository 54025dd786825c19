"""The grammar of masthead and foot, form by form."""

from datetime import date
from pathlib import Path

import pytest

from mailer.model.issue import Imprint, Role
from mailer.sources.grammar import (
    DatedLine,
    IssueLine,
    find_date,
    is_page_number,
    join_lines,
    join_paragraphs,
    merge_imprint,
    parse_circulation_label,
    parse_date,
    parse_imprint_line,
    parse_issue_line,
    parse_number,
    split_bodies,
    title_key,
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("2020 年第【07】期（总第 113 期）", (2020, 7, 113)),
        ("第7期", (None, 7, None)),
        ("（总第31期）", (None, None, 31)),
        ("〔2026〕第7期（总第31期）\t2026年8月5日", (2026, 7, 31)),
        ("（2026年第8期，总第12期）", (2026, 8, 12)),
        ("2026年第488期（总第3766期）", (2026, 488, 3766)),
        ("总第3766期", (None, None, 3766)),
        ("2025年 第42期（总第1268期）", (2025, 42, 1268)),
        ("第１期（总第５７７期）", (None, 1, 577)),
        ("2003年第43期（总第359期）", (2003, 43, 359)),
        ("2011 年第 53 期（总第 690 期）", (2011, 53, 690)),
        ("2025年第二期（总第62期 试刊）", (2025, 2, 62)),
        ("2025年第一期网络安全专刊（总61期）", (2025, 1, 61)),
        ("第4期（总第64期 国家重点研发计划增刊）", (None, 4, 64)),
        ("期数：2648 第十四期", (None, 14, 2648)),
    ],
)
def test_an_issue_line_says_year_number_and_total(
    line: str, expected: tuple[int | None, int | None, int | None]
) -> None:
    assert parse_issue_line(line) == IssueLine(*expected)


@pytest.mark.parametrize(
    "line", ["", "行业要闻", "我们在第7期里说过，数据要开放。", "共7期", "第 %d 期", "第一届理事会"]
)
def test_a_line_that_is_no_issue_line_gives_none(line: str) -> None:
    assert parse_issue_line(line) is None


def test_every_issue_line_of_the_collected_layouts_is_read(samples: Path) -> None:
    forms = (samples / "bulletin-layouts" / "08_issue_line_variants.txt").read_text("utf-8").splitlines()
    lines = [form.split("\t")[0] for form in forms if form and not form.startswith("#") and "%d" not in form]
    unread = [line for part in lines for line in part.split("<newline>") if parse_issue_line(line) is None]
    assert len(lines) >= 13
    assert unread == []


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
    ],
)
def test_a_circulation_line_names_its_role(line: str, role: Role, rest: str) -> None:
    assert parse_circulation_label(line) == (role, rest)


@pytest.mark.parametrize("line", ["报道：某事", "送审稿", "省科技厅、省商务厅", "发展：要务"])
def test_a_line_that_only_begins_like_a_label_is_none(line: str) -> None:
    assert parse_circulation_label(line) is None


def test_bodies_are_split_outside_brackets_only() -> None:
    assert split_bodies("各县（市、区）局、 市政府；会员单位。") == ("各县（市、区）局", "市政府", "会员单位")


def test_an_imprint_line_may_hold_several_fields() -> None:
    assert parse_imprint_line("邮编：310012 电话：0571-1、2  E-mail: a@b.example") == {
        "postcode": "310012",
        "phone": "0571-1、2",
        "email": "a@b.example",
    }
    assert parse_imprint_line("更多内容，敬请关注") is None
    assert parse_imprint_line("请致电 电话：123") is None


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


def test_a_paragraph_broken_by_a_page_is_joined_and_a_finished_one_is_not() -> None:
    assert join_paragraphs(["技术（近场通信）", "突破极限。", "他说：“好。”", "下一段", "完。"]) == [
        "技术（近场通信）突破极限。",
        "他说：“好。”",
        "下一段完。",
    ]


def test_a_numbered_heading_stays_a_paragraph_of_its_own() -> None:
    lines = ["一、总体情况", "收入增长。", "（一）车道收入", "其中某路", "增长。"]
    assert join_paragraphs(lines) == ["一、总体情况", "收入增长。", "（一）车道收入", "其中某路增长。"]
