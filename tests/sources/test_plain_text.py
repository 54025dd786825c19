"""A bulletin saved as plain text becomes an issue, with a remark for whatever a person must look at."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.errors import IssueError
from mailer.i18n import use_language
from mailer.model.issue import (
    Heading,
    ImportRemark,
    Imprint,
    Issue,
    Link,
    ListBlock,
    Masthead,
    Notice,
    Paragraph,
    Role,
    Text,
    issue_tables,
    plain_text,
)
from mailer.sources.assembly import assemble_issue
from mailer.sources.import_file import import_document
from mailer.sources.paragraphs import find_links
from mailer.sources.plain_text import read_text
from tests.sources.bulletins import HEAD, LISTED, QUARTERLY
from tests.sources.refusals import refusal

FILE = Path("bulletin.txt")


def read(text: str, slug: str | None = None) -> tuple[Issue, tuple[ImportRemark, ...]]:
    document = read_text(text, file=FILE)
    issue, remarks = assemble_issue(document.pieces, file=FILE, slug=slug)
    return issue, (*document.remarks, *remarks)


def paragraphs(issue: Issue, article: int) -> list[str]:
    return [plain_text(block.content) for block in issue.articles[article].blocks if isinstance(block, Paragraph)]


@pytest.fixture(scope="module")
def real(samples: Path) -> tuple[Issue, tuple[ImportRemark, ...]]:
    use_language("en")
    document = import_document(samples / "bulletin-2020-07.txt", None)
    return document.issue, document.remarks


Real = tuple[Issue, tuple[ImportRemark, ...]]


def test_the_real_bulletins_masthead_is_read(real: Real) -> None:
    assert real[0].slug == "2020-07"
    assert real[0].masthead == Masthead(
        "浙江省软件和信息服务业", "简报", "浙江省软件行业协会", 2020, 7, 113, date(2020, 7, 31)
    )


def test_the_real_bulletin_has_7_sections_and_15_articles_in_order(real: Real) -> None:
    sections = real[0].sections
    assert [section.title for section in sections] == [
        "行业要闻", "产业动态", "企业天地", "政策资讯", "热点追踪", "工作动态", "双软评估",
    ]  # fmt: skip
    assert [len(section.articles) for section in sections] == [2, 2, 3, 2, 3, 2, 1]
    assert all(not section.blocks for section in sections)
    assert sections[0].articles[1].title == "2020年先进制造业集群竞赛浙江5个入选 居全国第一"
    assert sections[0].articles[1].line == 51


def test_the_real_bulletins_paragraphs_are_whole_again(real: Real) -> None:
    assert [len(article.blocks) for article in real[0].articles] == [3, 4, 1, 3, 2, 1, 2, 1, 2, 1, 1, 1, 2, 1, 2]
    joined = "\n".join(text for number in range(15) for text in paragraphs(real[0], number))
    for seam in (
        "电气产业集群则占据全国",
        "平阳县经信局、温州联通",
        "（近场通信）突破通信极限",
        "企业上云等行动",
        "技术应用备案工作",
    ):
        assert seam in joined


def test_the_real_bulletins_table_has_its_merged_cells(real: Real) -> None:
    (table,) = issue_tables(real[0])
    assert [[(c.text, c.rowspan, c.colspan) for c in row.cells] for row in table.head] == [
        [("项目", 2, 1), ("所属地区", 2, 1), ("软件企业", 1, 2), ("软件产品", 1, 2)],
        [("7月当月数", 1, 1), ("当年累计数", 1, 1), ("7月当月数", 1, 1), ("当年累计数", 1, 1)],
    ]
    assert len(table.body) == 12
    assert table.body[0].cells[0].rowspan == 12
    assert [cell.text for cell in table.body[10].cells] == ["宁波", "0", "0", "0", "4"]
    assert [row.total for row in table.body] == [False] * 11 + [True]


def test_the_real_bulletins_shifted_total_is_aligned_and_its_gap_is_not_filled(real: Real) -> None:
    (table,) = issue_tables(real[0])
    assert [cell.text for cell in table.body[-1].cells] == ["合计", "32", "187", "127", ""]
    (remark,) = real[1]
    assert remark.line == 160
    assert "shifted" in remark.text
    assert "软件产品当年累计数" in remark.text
    assert "717" in remark.cure


def test_the_real_bulletins_foot_is_read(real: Real) -> None:
    up, sideways = real[0].circulation
    assert (up.role, len(up.bodies), up.bodies[4:]) == (Role.UPWARD, 6, ("省科技厅", "省商务厅"))
    assert (sideways.role, sideways.bodies) == (Role.SIDEWAYS, ("各市信息主管部门", "省软件行业协会会员单位"))
    imprint = real[0].imprint
    assert imprint.address.startswith("杭州市")
    assert (imprint.postcode, imprint.phone[:5], imprint.note) == ("310012", "0571-", "更多内容，敬请关注")
    assert "@" in imprint.email


def test_the_real_bulletins_address_becomes_a_link(real: Real) -> None:
    (paragraph,) = real[0].articles[13].blocks
    assert isinstance(paragraph, Paragraph)
    link = paragraph.content[-1]
    assert isinstance(link, Link)
    assert link.target.startswith("http://")
    assert "<" not in plain_text(paragraph.content)


def test_the_real_bulletin_in_gbk_or_with_a_mark_is_the_same_issue(real: Real, samples: Path, tmp_path: Path) -> None:
    text = (samples / "bulletin-2020-07.txt").read_text("utf-8")
    for encoding in ("gb18030", "utf-8-sig", "utf-16"):
        file = tmp_path / "b.txt"
        file.write_bytes(text.encode(encoding))
        document = import_document(file, None)
        assert (document.issue, document.remarks) == real


def test_another_bulletin_is_read_by_the_same_rules() -> None:
    issue, _remarks = read(QUARTERLY)
    assert issue.slug == "2026-03"
    assert issue.masthead == Masthead(
        "某省软件测试协会", "通讯", "某省软件测试协会秘书处", 2026, 3, 21, date(2026, 6, 30)
    )
    assert [(s.title, [a.title for a in s.articles]) for s in issue.sections] == [
        ("要闻", ["协会召开2026年第二次理事会", "新版测试规范发布"]),
        ("工作动态", ["夏季培训班开班"]),
    ]
    assert paragraphs(issue, 0) == [
        (
            "理事会审议了上半年工作报告，决定下半年重点做好三件事，"
            "其中第一件是完善会员服务 platform and tools，第二件是培训。"
        ),
        "会议还通过了财务报告。",
    ]
    assert issue.articles[1].blocks[1:] == (Heading(3, "（一）适用范围"), Paragraph((Text("凡会员单位均适用。"),)))
    assert [(line.role, line.bodies) for line in issue.circulation] == [
        (Role.UPWARD, ("省经信厅", "省科技厅")),
        (Role.SIDEWAYS, ("各市协会", "会员单位")),
    ]
    assert issue.imprint == Imprint(
        "某市示例路1号", "010000", "0571-00000000", "news@test.example", contact="秘书处", copies=16
    )


def test_page_numbers_are_left_out_with_a_remark_each() -> None:
    remarks = read(QUARTERLY)[1]
    assert [(remark.line, "page number" in remark.text) for remark in remarks] == [(1, True), (24, True)]


def test_a_total_row_that_agrees_gets_no_remark() -> None:
    (table,) = issue_tables(read(QUARTERLY)[0])
    assert table.body[-1].total
    assert [cell.text for cell in table.body[-1].cells] == ["合计", "30", "3"]


@pytest.mark.parametrize(
    ("row", "cells", "said"),
    [
        ("合计\t31\t3", ["合计", "31", "3"], "30, 3"),
        ("合计\t30\t", ["合计", "30", ""], "add up to 3"),
        ("合计\t\t30", ["合计", "30", ""], "add up to 3"),
        ("合计\t3", ["合计", "", "3"], "add up to 30"),
    ],
)
def test_a_damaged_total_row_is_told_and_never_invented(row: str, cells: list[str], said: str) -> None:
    issue, remarks = read(QUARTERLY.replace("合计\t30\t3", row))
    (table,) = issue_tables(issue)
    assert [cell.text for cell in table.body[-1].cells] == cells
    assert said in next(remark for remark in remarks if "合计" in remark.text).cure


def test_sections_may_have_contents_lines_of_their_own() -> None:
    issue, remarks = read(LISTED)
    assert remarks == ()
    assert [(s.title, [a.title for a in s.articles]) for s in issue.sections] == [
        ("要闻", ["数据平台上线"]),
        ("经验", ["三个区的做法"]),
    ]
    assert (issue.masthead.number, issue.masthead.total, issue.masthead.year) == (5, 41, 2026)


def test_a_title_that_the_text_lacks_is_told() -> None:
    issue, remarks = read(QUARTERLY.replace("\n新版测试规范发布\n新版规范", "\n新规范\n新版规范"))
    assert len(issue.articles) == 2
    assert any(remark.line == 11 and "not in the text" in remark.text for remark in remarks)


def test_a_sections_first_title_that_reads_otherwise_is_told() -> None:
    issue, remarks = read(QUARTERLY.replace("\n夏季培训班开班\n城", "\n暑期培训班开班\n城"))
    assert issue.sections[1].articles[0].title == "暑期培训班开班"
    assert any("夏季培训班开班" in remark.text for remark in remarks)


def test_text_between_a_section_and_its_first_article_stays_with_the_section() -> None:
    issue, remarks = read(QUARTERLY.replace("要闻\n\n协会", "要闻\n本栏由秘书处供稿。\n\n协会"))
    assert issue.sections[0].blocks == (Paragraph((Text("本栏由秘书处供稿。"),)),)
    assert len(issue.articles) == 3
    assert not any("contents" in remark.text for remark in remarks)


def test_control_characters_are_left_out_with_a_remark() -> None:
    issue, remarks = read(LISTED.replace("平台于五月", "平台\x07于五月"))
    assert paragraphs(issue, 0) == ["平台于五月上线。"]
    assert any("control" in remark.text for remark in remarks)


def test_a_classified_document_keeps_its_mark_and_is_pointed_out() -> None:
    issue, remarks = read("秘 密\n" + LISTED)
    assert issue.masthead.secrecy == "秘密"
    assert any("秘 密" in remark.text for remark in remarks)


def test_a_foot_without_circulation_is_pointed_out() -> None:
    issue, remarks = read(LISTED.split("报：")[0] + "电话：1\n")
    assert issue.circulation == ()
    assert issue.imprint.phone == "1"
    assert any("circulation" in remark.cure for remark in remarks)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", None),
        ("数据简报\n没有日期\n", "date"),
        (LISTED.replace("2026.5.29", ""), "date"),
        (LISTED.replace("2026.5.29", "2026.2.30"), "date"),
        ("简报\n第7期\n20XX年X月X日\n甲\n", "date"),
    ],
)
def test_a_text_that_names_no_day_is_one_error_with_its_cure(text: str, field: str | None) -> None:
    with pytest.raises(IssueError) as caught:
        read(text)
    assert (caught.value.file, caught.value.field) == (FILE, field)
    assert caught.value.cure


def told(text: str, words: str) -> list[int]:
    """The lines of the remarks that hold these words."""
    return [remark.line for remark in read(text)[1] if words in remark.text]


def titles(issue: Issue) -> list[tuple[str, list[str]]]:
    return [(section.title, [article.title for article in section.articles]) for section in issue.sections]


def test_a_masthead_without_a_name_shows_the_publisher_and_says_so() -> None:
    text = LISTED.replace("某市数据中心\n数据简报\n", "")
    masthead = read(text)[0].masthead
    assert (masthead.organisation, masthead.title) == ("", "某市数据中心")
    assert told(text, "name was not found") == [1]


def test_an_issue_without_a_number_is_named_by_its_day() -> None:
    issue, remarks = read(LISTED.replace("第 5 期\n", ""))
    assert (issue.slug, issue.masthead.number, issue.masthead.total) == ("2026-05-29", None, 41)
    assert not any("no issue line" in remark.text for remark in remarks)
    assert read("数据简报\n2026年5月29日\n甲\n乙。\n")[0].slug == "2026-05-29"


def test_a_special_issue_has_a_folder_of_its_own() -> None:
    issue, _remarks = read(LISTED.replace("第 5 期", "2026年增刊第5期"))
    assert (issue.slug, issue.masthead.supplement, issue.masthead.number) == ("2026-05-supplement", "增刊", 5)


def test_a_name_and_its_issue_line_may_share_a_line() -> None:
    issue, _remarks = read("数据简报（2026年第5期）\n某市数据中心 2026.5.29\n甲\n乙。\n")
    assert (issue.masthead.title, issue.masthead.number, issue.masthead.publisher) == ("数据简报", 5, "某市数据中心")


def test_a_name_and_its_issue_line_may_share_the_last_line_there_is() -> None:
    assert read("2026年5月29日\n数据简报 第5期")[0].masthead.title == "数据简报"


def test_number_publisher_and_day_may_share_a_line() -> None:
    text = LISTED.replace(
        "第 5 期\n（总第 41 期）\n某市数据中心 2026.5.29", "第5期    某市数据中心编印    2026年5月29日"
    )
    masthead = read(text)[0].masthead
    assert (masthead.number, masthead.publisher, masthead.date) == (5, "某市数据中心", date(2026, 5, 29))
    assert read(text)[1] == ()


def test_what_stands_between_number_and_day_goes_where_it_belongs() -> None:
    text = LISTED.replace("某市数据中心 2026.5.29", "（内部刊物）\n────\n某市数据中心\n2026.5.29")
    masthead = read(text)[0].masthead
    assert (masthead.secrecy, masthead.publisher) == ("（内部刊物）", "某市数据中心")


def test_a_placeholder_for_the_number_stays_as_text() -> None:
    issue, remarks = read(LISTED.replace("第 5 期\n（总第 41 期）", "第 %d 期\n（总第 %d 期）"))
    assert (issue.masthead.title, issue.masthead.number, issue.masthead.publisher) == ("数据简报", None, "某市数据中心")
    assert [plain_text(b.content) for b in issue.sections[0].blocks if isinstance(b, Paragraph)] == [
        "第 %d 期",
        "（总第 %d 期）",
    ]
    assert sum("stands at the head" in remark.text for remark in remarks) == 2


def test_what_an_issue_line_says_besides_stays_with_a_remark() -> None:
    text = LISTED.replace("第 5 期", "第 5 期  签发人：某某")
    assert plain_text(read(text)[0].sections[0].blocks[0].content) == "第 5 期  签发人：某某"  # type: ignore[union-attr]
    assert told(text, "签发人") == [3]


def test_lines_above_the_names_stay_with_a_remark_each() -> None:
    text = "主管：某厅\n主编：某某\n" + LISTED
    issue, _remarks = read(text)
    assert (issue.masthead.organisation, issue.masthead.title) == ("某市数据中心", "数据简报")
    assert titles(issue)[0] == ("", [])
    assert told(text, "主") == [1, 2]


def test_a_date_that_stands_elsewhere_is_taken_and_pointed_out() -> None:
    text = LISTED.replace("2026.5.29", "") + "某市数据中心 2026年5月30日印发\n"
    issue, _remarks = read(text)
    assert issue.masthead.date == issue.imprint.printed_on == date(2026, 5, 30)
    assert told(text, "2026-05-30") == [1]


PROSE = "平台于五月上线运行，全市各区、各部门的数据从此可以在一处查到，办事不必再跑多个窗口。\n"


def test_a_text_without_contents_is_told_by_how_its_lines_look() -> None:
    text = f"{HEAD}要闻\n数据平台上线\n{PROSE}{PROSE}各区数据员培训\n{PROSE}经验\n三个区的做法\n{PROSE}"
    assert titles(read(text)[0]) == [("要闻", ["数据平台上线", "各区数据员培训"]), ("经验", ["三个区的做法"])]
    assert told(text, "no contents were found") == [6]


def test_sections_may_stand_in_brackets_and_share_the_line_of_their_first_article() -> None:
    text = f"{HEAD}【要闻】数据平台上线\n{PROSE}【经验】\n三个区的做法\n{PROSE}【图片新闻】\n{PROSE}"
    issue, _remarks = read(text)
    assert titles(issue) == [("要闻", ["数据平台上线"]), ("经验", ["三个区的做法"]), ("图片新闻", [])]
    assert len(issue.sections[2].blocks) == 1


@pytest.mark.parametrize("mark", "★■◆")
def test_articles_may_stand_behind_a_mark(mark: str) -> None:
    issue, _remarks = read(f"{HEAD}{mark}数据平台上线\n{PROSE}{mark} 三个区的做法\n{PROSE}")
    assert titles(issue) == [("", ["数据平台上线", "三个区的做法"])]


def test_numbered_headings_are_articles_only_where_there_is_no_title() -> None:
    body = f"一、总体情况\n{PROSE}（一）上线\n{PROSE}二、下一步\n{PROSE}"
    assert titles(read(HEAD + body)[0]) == [("", ["一、总体情况", "二、下一步"])]
    issue, _remarks = read(f"{HEAD}数据平台上线的报告\n{body}")
    assert titles(issue) == [("", ["数据平台上线的报告"])]
    assert [block for block in issue.articles[0].blocks if isinstance(block, Heading)] == [
        Heading(3, "一、总体情况"),
        Heading(4, "（一）上线"),
        Heading(3, "二、下一步"),
    ]


def test_a_text_without_any_title_stands_under_no_section() -> None:
    issue, _remarks = read(HEAD + PROSE + PROSE)
    assert titles(issue) == [("", [])]
    assert len(issue.sections[0].blocks) == 2
    assert told(HEAD + PROSE, "no titles") == [6]


@pytest.mark.parametrize(
    "line",
    [
        "（来源：某市数据中心）",
        "信息来源：某网",
        "（记者 某某）",
        "注：数据截至五月底",
        "供稿：某区数据局",
        "附件：1.名单",
    ],
)
def test_a_source_line_stays_a_paragraph(line: str) -> None:
    issue, _remarks = read(LISTED.replace("平台于五月上线。", f"平台于五月上线。\n{line}"))
    assert paragraphs(issue, 0) == ["平台于五月上线。", line]


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("按语：各区可以借鉴。", ("按语", "各区可以借鉴。")),
        ("【编者按】各区可以借鉴。", ("编者按", "各区可以借鉴。")),
        ("编者按\n各区可以借鉴。", ("编者按", "各区可以借鉴。")),
        ("按  语：各区可以借鉴。", ("按语", "各区可以借鉴。")),
    ],
)
def test_an_editors_note_is_a_notice(text: str, notice: tuple[str, str]) -> None:
    label, words = notice
    expected = Notice(label, (Paragraph((Text(words),)),))
    assert read(LISTED.replace("平台于五月上线。", f"{text}\n平台于五月上线。"))[0].articles[0].blocks[0] == expected
    above = read(LISTED.replace("本期要目", f"{text}\n\n本期要目"))[0]
    assert above.sections[0].blocks == (expected,)
    assert titles(above)[1:] == [("要闻", ["数据平台上线"]), ("经验", ["三个区的做法"])]


@pytest.mark.parametrize("bullet", ["· ", "•", "● ", "★", "- ", "* "])
def test_lines_with_one_bullet_are_a_list(bullet: str) -> None:
    listed = "".join(f"\n{bullet}{word}" for word in ("查询", "下载", "订阅"))
    issue, _remarks = read(LISTED.replace("平台于五月上线。", f"平台于五月上线：{listed}"))
    assert issue.articles[0].blocks[1] == ListBlock(
        False, tuple((Paragraph((Text(word),)),) for word in ("查询", "下载", "订阅"))
    )


@pytest.mark.parametrize(
    "contents",
    [
        "目  录\n要闻\n数据平台上线……………1\n经验\n三个区的做法…… 2\n",
        "≡本期要目≡\n要闻\n数据平台上线\t1\n经验\n三个区的做法\t12\n≡本期详情≡\n",
        "本期要目\n要闻\n· 数据平台上线（1）\n经验\n· 三个区的做法.....(2)\n",
        "要闻\n一、数据平台上线\n经验\n二、三个区的做法\n",
        "【要闻】\n数据平台上线\n【经验】\n三个区的做法\n",
        "要闻 数据平台上线\n经验 三个区的做法\n",
    ],
)
def test_contents_have_many_forms(contents: str) -> None:
    listed = "本期要目\n要闻\n数据平台上线\n经验\n三个区的做法\n"
    assert listed in LISTED
    text = LISTED.replace(listed, contents)
    assert titles(read(text)[0]) == titles(read(LISTED)[0])
    assert read(text)[1] == ()


LONG = "各区各部门合力推进数据平台建设，办事"


@pytest.mark.parametrize(
    ("contents", "title"),
    [
        (f"{LONG}不再多跑……1\n", f"{LONG}\n不再多跑\n"),
        (f"{LONG}\n不再多跑……1\n", f"{LONG}不再多跑\n"),
        (f"{LONG}不再多跑\n", f"{LONG}\n不再多跑\n"),
    ],
)
def test_a_title_may_stand_on_two_lines(contents: str, title: str) -> None:
    text = LISTED.replace("要目\n要闻\n数据平台上线\n", f"要目\n要闻\n{contents}")
    text = text.replace("\n要闻\n数据平台上线\n平台", f"\n要闻\n{title}平台")
    assert titles(read(text)[0]) == [("要闻", [LONG + "不再多跑"]), ("经验", ["三个区的做法"])]
    assert read(text)[1] == ()
    assert paragraphs(read(text)[0], 0) == ["平台于五月上线。"]


def test_an_announcement_of_contents_that_nothing_repeats_stays_text() -> None:
    issue, remarks = read(f"{HEAD}目录\n甲\n乙\n{PROSE}")
    words = [issue.sections[0].title, *(article.title for article in issue.articles)]
    assert "目录" in words or "目录" in [plain_text(b.content) for b in issue.sections[0].blocks]  # type: ignore[union-attr]
    assert any("no contents" in remark.text or "no titles" in remark.text for remark in remarks)


def test_a_note_of_the_foot_that_is_not_the_last_line_is_pointed_out() -> None:
    issue, remarks = read(LISTED + "本刊内部交流\n欢迎投稿\n")
    assert issue.imprint.note == "本刊内部交流；欢迎投稿"
    assert [remark.text[:8] for remark in remarks if "note" in remark.text] == ["“本刊内部交流”"]


def test_the_words_of_an_article_that_look_like_circulation_stay_in_it() -> None:
    text = LISTED.replace("平台于五月上线。", "报：各区每月报数。\n" + PROSE.strip())
    issue, _remarks = read(text)
    assert len(issue.articles) == 2
    assert paragraphs(issue, 0)[0] == "报：各区每月报数。"
    assert [line.bodies for line in issue.circulation] == [("市政府办公室",), ("各区数据部门",)]


def test_a_file_of_countless_lines_is_refused() -> None:
    with pytest.raises(IssueError, match="lines"):
        read(LISTED + "字\n" * 60_000)


def test_the_slug_can_be_chosen_and_must_be_a_safe_name() -> None:
    assert read(LISTED, "special-5")[0].slug == "special-5"
    for bad in ("", "../x", "a/b", ".hidden", "a" * 65, "第五期", "a\n", "-x"):
        with pytest.raises(IssueError):
            read(LISTED, bad)


def test_addresses_in_text_become_links_and_the_rest_stays() -> None:
    assert find_links("见<http://a.example/x>和https://b.example/?q=1。完") == (
        Text("见"),
        Link((Text("http://a.example/x"),), "http://a.example/x"),
        Text("和"),
        Link((Text("https://b.example/?q=1"),), "https://b.example/?q=1"),
        Text("。完"),
    )
    assert find_links("a < b > c <javascript:x>") == (Text("a < b > c <javascript:x>"),)


PIECES = st.sampled_from(
    [*QUARTERLY.splitlines(keepends=True), *LISTED.splitlines(keepends=True), "\t", "\x0c", "1\t2\t3\n"]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join), st.text().map(lambda text: LISTED + text)))
@example("第7期\n")
@example("简报\n第7期\n2020年7月1日\n甲\n甲\n")
def test_no_text_whatever_breaks_the_importer(text: str) -> None:
    error = refusal(read, text, "x")
    assert error is None or (error.cure and error.file == FILE)
    if error is None:
        issue, _remarks = read(text, "x")
        assert issue.sections
        assert all(table.head for table in issue_tables(issue))


def test_a_field_of_the_imprint_is_found_behind_one_blank() -> None:
    issue, _remarks = read(LISTED + "编辑：秘书处 电话：0571-1\n")
    assert (issue.imprint.phone, issue.imprint.note) == ("0571-1", "编辑：秘书处")


def test_copies_at_the_end_of_a_circulation_line_are_no_body() -> None:
    issue, remarks = read(LISTED + "报：市委常委。（共印16份）\n")
    (upward,) = (line for line in issue.circulation if line.role is Role.UPWARD)
    assert upward.bodies[-1] == "市委常委"
    assert issue.imprint.copies == 16
    assert remarks == ()
