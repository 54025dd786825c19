"""A skeleton holds what stays from issue to issue, and a place holder wherever something is to be written."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from mailer.model.issue import (
    Archive,
    Article,
    Cell,
    Heading,
    Issue,
    Notice,
    Paragraph,
    Picture,
    Row,
    Section,
    Table,
    Text,
    issue_pictures,
    issue_tables,
)
from mailer.model.placeholder import count_placeholders, placeholder_mark
from mailer.sources.issue_folder import load_issue, write_issue
from mailer.sources.skeleton import make_skeleton
from tests.conftest import REPOSITORY
from tests.world import make_issue

MARK = placeholder_mark("zh_CN")


def after(last: Issue, day: date) -> Issue:
    return make_skeleton(last, "next", replace(last.masthead, year=day.year, date=day), MARK)


def of_text(text: str) -> tuple[Paragraph]:
    return (Paragraph((Text(text),)),)


def table_of(*rows: tuple[str, ...], caption: str = "") -> Table:
    head, *body = (Row(tuple(Cell(text) for text in row)) for row in rows)
    return Table(caption, (head,), tuple(body))


def test_the_skeleton_of_the_real_bulletin(tmp_path: Path) -> None:
    last = load_issue(REPOSITORY / "issues" / "2020-07")
    new = after(last, date(2020, 8, 31))
    assert [one.title for one in new.sections] == [one.title for one in last.sections]
    assert (new.circulation, new.imprint) == (last.circulation, last.imprint)
    assert (issue_pictures(new), new.attachments, new.subject, new.preheader) == ((), (), "", "")
    words = " ".join(one.title for one in new.articles)
    assert all(one.title not in words for one in last.articles), "no article is copied"
    (table,), (before,) = issue_tables(new), issue_tables(last)
    assert [[cell.text for cell in row.cells] for row in table.head] == [
        ["项目", "所属地区", "软件企业", "软件产品"],
        ["8月当月数", "当年累计数", "8月当月数", "当年累计数"],
    ]
    assert new.articles[-1].title == "8月“双软评估”情况统计"
    assert not any(char.isdigit() for row in table.body for cell in row.cells for char in cell.text)
    assert [row.total for row in table.body] == [row.total for row in before.body]
    assert [row.cells[-5].text for row in table.body][1:4] == ["温州", "嘉兴", "湖州"]
    write_issue(new, tmp_path / "next")
    assert load_issue(tmp_path / "next").masthead == new.masthead


@pytest.mark.parametrize(
    ("heading", "old", "new", "wanted"),
    [
        ("7月当月数", (2020, 7), (2020, 8), "8月当月数"),
        ("6月当月数", (2020, 7), (2020, 8), "7月当月数"),  # the month before is reported
        ("1-7月累计", (2020, 7), (2020, 8), "1-8月累计"),
        ("1至7月", (2020, 7), (2020, 9), "1至9月"),
        ("2020年12月", (2020, 12), (2021, 1), "2021年1月"),
        ("12月当月数", (2020, 12), (2021, 1), f"{MARK}月当月数"),
        ("2020 年 7 月", (2020, 7), (2020, 8), "2020 年 8 月"),
        ("3月大会", (2020, 7), (2020, 8), "3月大会"),
        ("当年累计数", (2020, 7), (2020, 8), "当年累计数"),
    ],
)
def test_months_of_headings_count_on(heading: str, old: tuple[int, int], new: tuple[int, int], wanted: str) -> None:
    table = table_of(("地区", heading), ("杭州", "28"), caption=heading)
    last = make_issue()
    last = replace(
        last,
        masthead=replace(last.masthead, date=date(*old, 28)),
        sections=(Section("统计", (Article(heading, (table,)),)),),
    )
    skeleton = after(last, date(*new, 28))
    (found,) = issue_tables(skeleton)
    assert (found.head[0].cells[1].text, found.caption, skeleton.articles[0].title) == (
        wanted,
        wanted,
        wanted if wanted != heading else f"{MARK}{heading}",
    )


def test_a_table_of_words_is_no_statistics_and_one_in_a_box_is() -> None:
    words = table_of(("单位", "地址", "电话"), ("甲", "示例路", "见网站"), ("乙", "示例街", "0571"))
    figures = table_of(
        ("地区", "企业数", "增长", "说明"), ("杭州", "28家", "-3.5%", "领先"), ("湖州", "—", "1,234", "")
    )
    last = replace(
        make_issue(),
        sections=(
            Section("", (), of_text("开头")),
            Section("名录", (Article("名录", (words,)),)),
            Section("统计", (Article("统计", (Notice("数据", (Heading(3, "表"), figures)), Picture("a.png", "图"))),)),
        ),
    )
    new = after(last, date(2020, 8, 31))
    (table,) = issue_tables(new)
    assert [[cell.text for cell in row.cells] for row in table.body] == [
        ["杭州", MARK, MARK, "领先"], ["湖州", MARK, MARK, ""],
    ]  # fmt: skip
    assert [one.title for one in new.sections] == ["", "名录", "统计"]
    assert new.sections[0].articles == ()
    assert all(count_placeholders(one.title) for one in new.sections[1].articles)


def test_a_skeleton_of_a_skeleton_is_the_same() -> None:
    last = load_issue(REPOSITORY / "issues" / "2020-07")
    once = after(last, date(2020, 8, 31))
    twice = after(once, date(2020, 9, 30))
    assert issue_tables(twice)[0].body == issue_tables(once)[0].body
    assert [one.title for one in twice.sections] == [one.title for one in once.sections]


def test_what_is_of_the_issue_itself_is_not_carried_on() -> None:
    last = replace(make_issue(), archive=Archive.PUBLIC, shorten=300, advertisement=True, sections=())
    last = replace(last, imprint=replace(last.imprint, printed_on=date(2020, 8, 2)))
    new = after(last, date(2020, 8, 31))
    assert (new.archive, new.shorten, new.advertisement) == (Archive.PUBLIC, 300, False)
    assert new.imprint.printed_on == date(2020, 9, 2), "two days after, as before"
    assert len(new.articles) == 1
