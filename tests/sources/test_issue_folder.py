"""An issue's folder: what is wrong in it is one error with file, line, field and cure; writing is all or nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.errors import IssueError, MailerError, NotFoundError, StateError
from mailer.model.issue import (
    Archive,
    Article,
    CirculationLine,
    Emphasis,
    Heading,
    Imprint,
    Issue,
    LineBreak,
    Link,
    ListBlock,
    Masthead,
    Note,
    Notice,
    Paragraph,
    Picture,
    Quote,
    Role,
    Section,
    Strong,
    Table,
    Text,
    issue_tables,
)
from mailer.sources.front_matter import read_front_matter
from mailer.sources.issue_files import (
    MAX_ATTACHMENT_OCTETS,
    MAX_PICTURE_OCTETS,
    check_attachment_name,
    load_files,
)
from mailer.sources.issue_folder import issue_digest, load_issue, parse_issue, without_lines, write_issue
from tests.conftest import REPOSITORY
from tests.sources.refusals import refusal

FRONT = "---\ntitle: 简报\nyear: 2020\nnumber: 07\ndate: 2020-07-31\n---\n"
FILE = Path("issue.md")
DATED = "---\ntitle: 简报\ndate: 2020-07-31\n"
PNG = b"\x89PNG\r\n\x1a\n"


def body(markdown: str) -> Issue:
    return parse_issue(f"{FRONT}{markdown}", file=FILE, slug="2020-07")


def first(markdown: str) -> object:
    return body(f"# 甲\n\n{markdown}").sections[0].blocks[0]


def test_the_projects_own_issue_tells_the_real_ones_figures() -> None:
    issue = load_issue(REPOSITORY / "issues" / "2020-07")
    assert (issue.slug, issue.masthead.number, issue.masthead.total) == ("2020-07", 7, 113)
    assert (len(issue.sections), len(issue.articles)) == (7, 15)
    (table,) = issue_tables(issue)
    assert table.body[-1].total
    assert [cell.text for cell in table.body[-1].cells] == ["合计", "32", "187", "127", "717"]
    columns = zip(*([int(cell.text) for cell in row.cells[-4:]] for row in table.body[:-1]), strict=True)
    assert [sum(column) for column in columns] == [32, 187, 127, 717]
    assert [len(line.bodies) for line in issue.circulation] == [6, 2]
    assert issue.imprint.email.endswith(".example")


def test_the_projects_own_issue_copies_no_long_run_of_the_real_one(samples: Path) -> None:
    real = "".join((samples / "bulletin-2020-07.txt").read_text("utf-8").split())
    own = "".join((REPOSITORY / "issues" / "2020-07" / "issue.md").read_text("utf-8").split())
    copied = [own[at : at + 24] for at in range(len(own) - 24) if own[at : at + 24] in real]
    assert copied == []


def test_front_matter_is_read_as_text_and_typed_here() -> None:
    source = (
        "---\norganisation: 某协会\ntitle: '简报'\npublisher: 某部\nyear: 2020\nnumber: 07\ntotal: １１３\n"
        'date: 2020年7月31日\nsubject: "七月: 要闻"\npreheader: yes\n'
        "circulation:\n  报: [省厅, '市局、分局']\n  抄送: 各县（市、区）、会员\n"
        "imprint:\n  postcode: 010000\n  phone: 0571-1\n  note: null\n---\n"
    )
    issue = parse_issue(source, file=FILE, slug=None)
    assert issue.slug == "2020-07"
    assert issue.masthead == Masthead("某协会", "简报", "某部", 2020, 7, 113, date(2020, 7, 31))
    assert (issue.subject, issue.preheader) == ("七月: 要闻", "yes")
    assert issue.circulation == (
        CirculationLine(Role.UPWARD, ("省厅", "市局、分局")),
        CirculationLine(Role.SIDEWAYS, ("各县（市、区）", "会员")),
    )
    assert issue.imprint == Imprint(postcode="010000", phone="0571-1", note="null")


def test_what_becomes_of_an_issue_stands_in_its_front_matter() -> None:
    issue = parse_issue(
        f"{DATED}supplement: 增刊\nsecrecy: 秘密★1年\narchive: off\nattachments: 附件 一、二.pdf\nshorten: 300\n"
        "advertisement: yes\nimprint:\n  contact: 某人\n  printed_by: 某办\n  printed_on: 2020年8月1日\n  copies: 50\n"
        "  qr: https://a.example/中\n---\n",
        file=FILE,
        slug="x",
    )
    assert (issue.masthead.supplement, issue.masthead.secrecy) == ("增刊", "秘密★1年")
    assert (issue.archive, issue.attachments) == (Archive.OFF, ("附件 一、二.pdf",))
    assert (issue.shorten, issue.advertisement) == (300, True)
    assert issue.imprint == Imprint(
        contact="某人", printed_by="某办", printed_on=date(2020, 8, 1), copies=50, qr="https://a.example/%E4%B8%AD"
    )
    assert parse_issue(f"{DATED}archive: public\n---\n", file=FILE, slug="x").archive is Archive.PUBLIC


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        ("# 甲\n", 1, None, "front matter"),
        ("---\ntitle: 简报\n", 1, None, "does not end"),
        ("---\ntitle: 简报\nnumber: 7\n---\n# 甲\n", 1, "date", "no date"),
        ("---\ntitle: 简报\ndate:\n---\n", 3, "date", "no date"),
        ("---\ntitle: 简报\ndate: 2020-02-30\n---\n", 3, "date", "not a date"),
        ("---\ndate: 2020-07-31\n---\n", 1, "title", "no title"),
        ("---\ntitle: 简报\ndate: 2020-07-31\ntitel: x\n---\n", 4, "titel", "unknown key"),
        ("---\ntitle: 简报\ntitle: 简报\n---\n", 3, "title", "twice"),
        ("---\ntitle: [a]\ndate: 2020-07-31\n---\n", 2, "title", "not a text"),
        ("---\ntitle: 简报\ndate: 2020-07-31\nnumber: 七\n---\n", 4, "number", "七"),
        ("---\ntitle: 简报\ndate: 2020-07-31\nnumber: 0\n---\n", 4, "number", "from 1"),
        ("---\ntitle: 简报\ndate: 2020-07-31\nyear: 20\n---\n", 4, "year", "1900"),
        ("---\ntitle: 简报\ndate: 2020-07-31\nimprint: 某路\n---\n", 4, "imprint", "mapping"),
        ("---\ntitle: 简报\ndate: 2020-07-31\nimprint:\n  fax: 1\n---\n", 5, "imprint.fax", "unknown key"),
        (
            "---\ntitle: 简报\ndate: 2020-07-31\ncirculation:\n  报:\n    - 省厅\n    - {a: b}\n---\n",
            7,
            "circulation.报",
            "not a text",
        ),
        ('---\ntitle: 简报\ndate: 2020-07-31\nsubject: "a\\nBcc: b"\n---\n', 4, "subject", "line end"),
        ("---\ntitle: a: b: c\n---\n", 2, None, "holds a colon"),
        ("---\ndate: 2020-07-31\ntitle：简报\nnumber: 7\n---\n", 3, None, "no colon"),
        ("---\ndate: 2020-07-31\ntitle:简报\nnumber: 7\n---\n", 3, None, "no colon"),
        (f"{DATED}subject: 简报 #7\n---\n", 4, "subject", "not read"),
        ("---\n- a\n---\n", 2, None, "mapping"),
        ('---\ntitle: "\x07"\n---\n', 1, None, "YAML"),
        ("---\n" + "[" * 1200 + "\n---\n", 2, None, "YAML"),
        ("---\na: 1\n" + "[\n" * 20_000 + "\n---\n", 23, None, "YAML"),
        ("---\n" + "- " * 20_000 + "\n---\n", 1, None, "YAML"),
        ("---\n" + "? " * 20_000 + "\n---\n", 2, None, "YAML"),
        ("---\n" + "x" * 60_000 + "\n---\n", 1, None, "longer than"),
        (f"{DATED}archive: member\n---\n", 4, "archive", "member"),
        (f"{DATED}advertisement: perhaps\n---\n", 4, "advertisement", "perhaps"),
        (f"{DATED}shorten: -1\n---\n", 4, "shorten", "-1"),
        (f"{DATED}secrecy: [a]\n---\n", 4, "secrecy", "not a text"),
        (f"{DATED}imprint:\n  copies: many\n---\n", 5, "imprint.copies", "many"),
        (f"{DATED}imprint:\n  printed_on: 7月\n---\n", 5, "imprint.printed_on", "not a date"),
        (f"{DATED}imprint:\n  qr: mailto:a@b.example\n---\n", 5, "imprint.qr", "web address"),
        (f"{DATED}imprint:\n  qr: www.a.example\n---\n", 5, "imprint.qr", "www.a.example"),
        (f"{DATED}attachments: ../a.pdf\n---\n", 4, "attachments", "../a.pdf"),
        (f"{DATED}attachments:\n  - a.pdf\n  - b.exe\n---\n", 6, "attachments", "b.exe"),
        (f"{DATED}attachments:\n  - a.pdf\n  - a.pdf\n---\n", 6, "attachments", "twice"),
        (f"{DATED}attachments:\n  a: b\n---\n", 5, "attachments", "not a text"),
        (f"{DATED}attachments: [{', '.join(map(str, range(11)))}]\n---\n", 4, "attachments", "more than 10"),
    ],
)
def test_wrong_front_matter_is_one_error_with_line_field_and_cure(
    text: str, line: int, field: str | None, said: str
) -> None:
    with pytest.raises(IssueError) as caught:
        parse_issue(text, file=FILE, slug="x")
    assert (caught.value.file, caught.value.line, caught.value.field) == (FILE, line, field)
    assert said in caught.value.message
    assert caught.value.cure


def test_a_comment_behind_a_value_is_one() -> None:
    assert (
        parse_issue("---\ntitle: 简报  # 刊名\ndate: 2020-07-31\n---\n", file=FILE, slug="x").masthead.title == "简报"
    )


def test_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(IssueError) as caught:
        parse_issue("---\nprehaeder: x\n---\n", file=FILE, slug="x")
    assert "preheader" in caught.value.cure


@settings(max_examples=150)
@given(st.one_of(st.text(), st.text("abd:-[]{}#&*!|>'\"%@`\n 简报date2020", max_size=50)))
@example("a: &a [*a]")
@example("? [a]\n: b")
@example("title: !!python/object:os.system x")
def test_no_front_matter_whatever_breaks_the_reader(source: str) -> None:
    for text in (source, f"title: t\ndate: 2020-07-31\n{source}"):
        error = refusal(read_front_matter, text, FILE, check_attachment_name)
        assert error is None or (error.cure and error.line is not None)


def test_sections_and_articles_know_their_lines() -> None:
    issue = body("# 甲\n\n栏目的话。\n\n## 子\n\n正文。\n\n# 乙\n")
    assert issue.sections == (
        Section(
            "甲",
            (Article("子", (Paragraph((Text("正文。"),)),), 11),),
            (Paragraph((Text("栏目的话。"),)),),
            7,
        ),
        Section("乙", (), (), 15),
    )


@pytest.mark.parametrize(
    ("markdown", "block"),
    [
        ("中文\n换行\nand\nEnglish", Paragraph((Text("中文换行 and English"),))),
        ("**“双软”**评估", Paragraph((Strong((Text("“双软”"),)), Text("评估")))),
        (
            "a*b*c _d_ e_f_g",
            Paragraph((Text("a"), Emphasis((Text("b"),)), Text("c "), Emphasis((Text("d"),)), Text(" e_f_g"))),
        ),
        ("甲<br>乙\\\n丙", Paragraph((Text("甲"), LineBreak(), Text("乙"), LineBreak(), Text("丙")))),
        ("[网](https://a.example/中?a=1)", Paragraph((Link((Text("网"),), "https://a.example/%E4%B8%AD?a=1"),))),
        ("<a@b.example>", Paragraph((Link((Text("a@b.example"),), "mailto:a@b.example"),))),
        ("> 引\n> 文", Quote((Paragraph((Text("引文"),)),))),
        ('![图](pictures/1.png "说明")', Picture("pictures/1.png", "图", "说明")),
        ("![](<a b.png>)", Picture("a b.png", "")),
        ("![](a%20b.png)", Picture("a b.png", "")),
        ("### 小题", Heading(3, "小题")),
        ("#### 小题 ####", Heading(4, "小题")),
        ("> [!按语]\n> 编者的话。", Notice("按语", (Paragraph((Text("编者的话。"),)),))),
        ("> [!编者按] 编者的话。", Notice("编者按", (Paragraph((Text("编者的话。"),)),))),
        (
            "> [!按语]\n>\n> - 一\n>\n> ### 二",
            Notice("按语", (ListBlock(False, ((Paragraph((Text("一"),)),),)), Heading(3, "二"))),
        ),
        ("> [!按语](https://a.example)", Quote((Paragraph((Link((Text("!按语"),), "https://a.example"),)),))),
        ("> \\[!按语]", Quote((Paragraph((Text("[!按语]"),)),))),
        (
            "一[^注]。\n\n[^注]: 见*某*\n    报",
            Paragraph((Text("一"), Note((Text("见"), Emphasis((Text("某"),)), Text("报"))), Text("。"))),
        ),
        ("1. 一\n2. 二", ListBlock(True, ((Paragraph((Text("一"),)),), (Paragraph((Text("二"),)),)))),
        (
            "- 一\n\n  续\n- 二",
            ListBlock(False, ((Paragraph((Text("一"),)), Paragraph((Text("续"),))), (Paragraph((Text("二"),)),))),
        ),
    ],
)
def test_each_kind_of_block_is_read(markdown: str, block: object) -> None:
    assert first(markdown) == block


def test_a_pipe_table_is_read() -> None:
    table = first("| 城市 | 数 |\n| --- | ---: |\n| 杭州 | 1\\|2 |\n")
    assert isinstance(table, Table)
    assert [cell.text for cell in table.head[0].cells] == ["城市", "数"]
    assert [cell.text for cell in table.body[0].cells] == ["杭州", "1|2"]


def test_a_row_of_a_pipe_table_that_is_bold_all_over_is_a_row_of_sums() -> None:
    table = first("| 城市 | 数 | 注 |\n| --- | ---: | --- |\n| 杭州 | 1 | |\n| **合计** | **1** | |\n")
    assert isinstance(table, Table)
    assert [row.total for row in table.body] == [False, True]
    assert [cell.text for cell in table.body[1].cells] == ["合计", "1", ""]
    with pytest.raises(IssueError, match="a table cell") as caught:
        first("| 城市 | 数 |\n| --- | --- |\n| 杭州 | 1 |\n| **合计** | 1 |\n")
    assert caught.value.line == 12
    assert "row of sums" in caught.value.cure


def test_what_stands_before_the_first_heading_is_a_section_without_a_title() -> None:
    issue = body("卷首。\n\n## 子\n\n正文。\n\n# 乙\n")
    assert issue.sections == (
        Section("", (Article("子", (Paragraph((Text("正文。"),)),), 9),), (Paragraph((Text("卷首。"),)),), 7),
        Section("乙", (), (), 13),
    )
    assert body("## 子\n").sections == (Section("", (Article("子", (), 7),), (), 7),)


def test_footnotes_are_each_articles_own() -> None:
    issue = body("# 甲\n\n一[^1]\n\n[^1]: 甲注\n\n## 子\n\n二[^1]三[^1]\n\n[^1]: 子注\n")
    assert issue.sections[0].blocks == (Paragraph((Text("一"), Note((Text("甲注"),)))),)
    note = Note((Text("子注"),))
    assert issue.articles[0].blocks == (Paragraph((Text("二"), note, Text("三"), note)),)


def test_an_html_table_is_read_with_spans_total_caption_and_blank_lines() -> None:
    table = first(
        '<table>\n<caption>表一</caption>\n<tr><th rowspan="2">市</th><th colspan="2">数</th></tr>\n'
        "<tr><th>甲</th><th>乙</th></tr>\n\n<tr><td>杭州</td><td>1</td><td>&lt;2</td></tr>\n"
        '<tr class="total"><td>合\n计</td><td>1</td><td>2</td></tr>\n</table>'
    )
    assert isinstance(table, Table)
    assert table.caption == "表一"
    assert [len(row.cells) for row in table.head] == [2, 2]
    assert (table.head[0].cells[0].rowspan, table.head[0].cells[1].colspan) == (2, 2)
    assert [[cell.text for cell in row.cells] for row in table.body] == [["杭州", "1", "<2"], ["合计", "1", "2"]]
    assert [row.total for row in table.body] == [False, True]


@pytest.mark.parametrize(
    ("markdown", "line", "said"),
    [
        ("# ", 7, "empty"),
        ("# **甲**", 7, "bold"),
        ("# 甲\n##### 丙", 8, "heading"),
        ("# 甲\n### ", 8, "empty"),
        ("# 甲\n### **丙**", 8, "bold"),
        ("# 甲\n\n- # 乙", 9, "inside a list"),
        ("# 甲\n\n见图![图](a.png)", 9, "picture inside"),
        ("# 甲\n\n![一](a.png)\n![二](b.png)", 9, "picture inside"),
        ("# 甲\n\n![图](my file.png)", 9, "not written as"),
        ("# 甲\n\n![图](../a.png)", 9, "../a.png"),
        ("# 甲\n\n![图](/etc/passwd)", 9, "/etc/passwd"),
        ("# 甲\n\n![图](https://a.example/a.png)", 9, "https:"),
        ("# 甲\n\n![图](C:\\a.png)", 9, "C:"),
        ("# 甲\n\n![图](a\\b.png)", 9, "inside the folder"),
        ("# 甲\n\n![图](a/%2e%2e/b.png)", 9, "inside the folder"),
        ("# 甲\n\n![图](.hidden/a.png)", 9, ".hidden"),
        ("# 甲\n\n![图](%ff.png)", 9, "file name"),
        ("# 甲\n\n![图](issue.md)", 9, "issue.md"),
        ("# 甲\n\n![**图**](a.png)", 9, "bold"),
        ("# 甲\n\n一[^1]", 9, "not defined"),
        ("# 甲\n\n一\n\n[^1]: 注", 11, "not used"),
        ("# 甲\n\n一[^1]\n\n[^1]: 注\n[^1]: 又", 12, "twice"),
        ("# 甲\n\n一[^1]\n\n[^1]: - 注", 11, "one paragraph"),
        ("# 甲\n\n一[^1]\n\n[^1]:", 11, "one paragraph"),
        ("# 甲\n\n一[^1]\n\n[^1]: 注[^2]\n\n[^2]: 又", 11, "a footnote here"),
        ("# 甲\n\n见[一[^1]](https://a.example)\n\n[^1]: 注", 9, "inside a link"),
        ("# 甲[^1]\n\n[^1]: 注", 7, "a footnote here"),
        ("# 甲\n\n一[^1]\n\n## 子\n\n[^1]: 注", 9, "not defined"),
        ("# 甲\n\n> 一\n>\n> [^1]: 注", 11, "text of a footnote inside"),
        ("# 甲\n\n> [!&nbsp;]\n> 一", 9, "no label"),
        ("# 甲\n\n一\n二`x`", 10, "code"),
        ("# 甲\n\n    缩进", 9, "indented"),
        ("# 甲\n\n```\nx\n```", 9, "```"),
        ("# 甲\n\n***", 9, "rule"),
        ("# 甲\n\n报：省厅\n---", 10, "rule"),
        ("# 甲\n\n##子", 9, "blank after"),
        ("# 甲\n\n<div>x</div>", 9, "<div>"),
        ("# 甲\n\n<!-- 注 -->", 9, "<!-- 注 -->"),
        ("# 甲\n\n一<strong>二", 9, "<strong>"),
        ("# 甲\n\n3. 三", 9, "begin at 1"),
        ("# 甲\n\n[x](javascript:alert(1))", 9, "javascript"),
        ("# 甲\n\n[x](ftp://a.example)", 9, "ftp"),
        ("# 甲\n\n[x](/a)", 9, "/a"),
        ("# 甲\n\n[x](http://)", 9, "whole address"),
        ("# 甲\n\n[](http://a.example)", 9, "no words"),
        ("# 甲\n\n一\x07二", 9, "control"),
        ("# 甲\n\n| a |\n| --- |\n| **b** c |", 11, "bold"),
        ("# 甲\n\n| a |\n| --- |\n| b \\| c |\n| d | e |", 12, "2 columns"),
        ("# 甲\n\n<table>\n<tr><td>1</td></tr>\n<tr><td>1</td><td>2</td></tr>\n</table>", 9, "2 columns"),
        ('# 甲\n\n<table>\n<tr><td rowspan="9">1</td></tr>\n</table>', 9, "below the last row"),
        ('# 甲\n\n<table>\n<tr><td colspan="x">1</td></tr>\n</table>', 10, "colspan"),
        ('# 甲\n\n<table>\n<tr><td style="a">1</td></tr>\n</table>', 10, "style"),
        ("# 甲\n\n<table>\n<tr>\n<td><img src=x></td></tr>\n</table>", 11, "<img>"),
        ("# 甲\n\n<table>\n<tr>散<td>1</td></tr>\n</table>", 10, "散"),
        ("# 甲\n\n<table>\n<tr><td>1</td></tr>", 9, "table"),
        ("# 甲\n\n<table><tr><td>1</td></tr></table>尾", 9, "table"),
        ("# 甲\n\n" + "> " * 12 + "深", 9, "nesting"),
        ("# 甲\n\n" + "<em>" * 3000, 9, "nesting"),
        ("# 甲\n\n" + "[" * 20_000, 9, "tangled"),
        ("# 甲\n\n一\n\n" + "[a" * 20_000, 11, "tangled"),
        ("# 甲\n\n" + "![" * 20_000, 9, "tangled"),
        ("# 甲\n\n" + "*" * 9000 + "a" + "*" * 9000, 9, "tangled"),
        ("# 甲\n\n" + "长" * 600_000, 7, "too long"),
    ],
)
def test_what_an_issue_cannot_hold_is_one_error_and_never_dropped(markdown: str, line: int, said: str) -> None:
    with pytest.raises(IssueError) as caught:
        body(markdown)
    assert said in caught.value.message
    assert (caught.value.file, caught.value.line) == (FILE, line)
    assert caught.value.cure


def simple(slug: str = "2020-07", text: str = "正文。") -> Issue:
    return Issue(
        slug,
        Masthead("", "简报", "", 2020, 7, None, date(2020, 7, 31)),
        (Section("甲", (Article("子", (Paragraph((Text(text),)),)),)),),
        (),
        Imprint(),
    )


def contents(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_issue_folder_is_never_overwritten_unasked(tmp_path: Path) -> None:
    folder = tmp_path / "issues" / "2020-07"
    write_issue(simple(), folder)
    before = issue_digest(folder)
    with pytest.raises(StateError) as caught:
        write_issue(simple(text="新"), folder)
    assert "--slug" in caught.value.cure
    assert "--replace" in caught.value.cure
    assert issue_digest(folder) == before
    assert contents(folder.parent) == ["2020-07"]


def test_a_replaced_folder_holds_the_new_issue_only(tmp_path: Path) -> None:
    folder = tmp_path / "2020-07"
    write_issue(simple(), folder)
    (folder / "old.png").write_bytes(b"x")
    write_issue(simple(text="新"), folder, replace=True)
    assert without_lines(load_issue(folder)) == simple(text="新")
    assert contents(folder) == ["issue.md"]
    assert contents(tmp_path) == ["2020-07"]


def test_an_issue_that_cannot_be_written_leaves_the_old_folder_alone(tmp_path: Path) -> None:
    folder = tmp_path / "2020-07"
    write_issue(simple(), folder)
    before = issue_digest(folder)
    for bad in (simple(text="a\x00b"), simple(text="a\nb"), simple(text="\ud800")):
        with pytest.raises(IssueError):
            write_issue(bad, folder, replace=True)
    assert issue_digest(folder) == before
    assert contents(tmp_path) == ["2020-07"]


def test_a_folder_that_cannot_be_made_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "issues").write_text("a file")
    with pytest.raises(IssueError, match="cannot be written"):
        write_issue(simple(), tmp_path / "issues" / "2020-07")


def test_a_folder_is_named_by_its_slug(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="slug"):
        write_issue(simple(), tmp_path / "other")
    with pytest.raises(IssueError):
        write_issue(simple("../up"), tmp_path / "up")


def change_text(folder: Path) -> None:
    file = folder / "issue.md"
    file.write_text(file.read_text("utf-8") + " ", "utf-8")


def add_picture(folder: Path) -> None:
    (folder / "pictures").mkdir()
    (folder / "pictures" / "a.png").write_bytes(b"")


def rename(folder: Path) -> None:
    (folder / "issue.md").rename(folder / "issue.txt")


@pytest.mark.parametrize("change", [change_text, add_picture, rename])
def test_the_digest_changes_with_every_byte_name_and_file(tmp_path: Path, change: Callable[[Path], None]) -> None:
    folder = tmp_path / "2020-07"
    write_issue(simple(), folder)
    before = issue_digest(folder)
    assert before == issue_digest(folder)
    change(folder)
    assert issue_digest(folder) != before


def test_the_digest_does_not_count_what_a_file_browser_hides(tmp_path: Path) -> None:
    folder = tmp_path / "2020-07"
    write_issue(simple(), folder)
    before = issue_digest(folder)
    (folder / ".DS_Store").write_bytes(b"x")
    assert issue_digest(folder) == before


def test_a_missing_folder_or_file_is_said(tmp_path: Path) -> None:
    for step in (load_issue, issue_digest):
        with pytest.raises(NotFoundError):
            step(tmp_path / "2020-08")
    (tmp_path / "2020-08").mkdir()
    with pytest.raises(MailerError) as caught:
        load_issue(tmp_path / "2020-08")
    assert caught.value.file == tmp_path / "2020-08" / "issue.md"


def test_a_folder_with_an_unfit_name_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "第七期"
    folder.mkdir()
    with pytest.raises(IssueError, match="cannot name an issue"):
        load_issue(folder)


def make_folder(
    parent: Path, text: str = f"{DATED}attachments: [说明.pdf]\n---\n# 甲\n\n![图](pictures/1.png)\n"
) -> Path:
    folder = parent / "2020-07"
    (folder / "pictures").mkdir(parents=True)
    (folder / "issue.md").write_text(text, "utf-8")
    (folder / "pictures" / "1.png").write_bytes(PNG + b"1")
    (folder / "说明.pdf").write_bytes(b"%PDF")
    return folder


def test_the_files_of_an_issue_are_loaded_with_it(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    issue = load_issue(folder)
    assert issue.attachments == ("说明.pdf",)
    assert load_files(folder, issue) == {"pictures/1.png": PNG + b"1", "说明.pdf": b"%PDF"}


def lose_picture(folder: Path) -> None:
    (folder / "pictures" / "1.png").unlink()


def change_picture_to_text(folder: Path) -> None:
    (folder / "pictures" / "1.png").write_bytes(b"<svg>")


def enlarge_picture(folder: Path) -> None:
    (folder / "pictures" / "1.png").write_bytes(PNG + bytes(MAX_PICTURE_OCTETS))


def link_picture(folder: Path) -> None:
    (folder.parent / "secret.png").write_bytes(PNG)
    lose_picture(folder)
    (folder / "pictures" / "1.png").symlink_to(folder.parent / "secret.png")


def link_folder(folder: Path) -> None:
    (folder / "pictures").rename(folder.parent / "elsewhere")
    (folder / "pictures").symlink_to(folder.parent / "elsewhere")


def put_folder_for_picture(folder: Path) -> None:
    lose_picture(folder)
    (folder / "pictures" / "1.png").mkdir()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lose_picture, "no file"),
        (change_picture_to_text, "not a PNG"),
        (enlarge_picture, "larger than 20 MB"),
        (link_picture, "link to another place"),
        (link_folder, "link to another place"),
        (put_folder_for_picture, "cannot be read"),
    ],
)
def test_a_picture_that_cannot_be_used_is_said_with_its_line(
    tmp_path: Path, harm: Callable[[Path], None], said: str
) -> None:
    folder = make_folder(tmp_path)
    harm(folder)
    with pytest.raises(IssueError, match=said) as caught:
        load_issue(folder)
    assert (caught.value.file, caught.value.line) == (folder / "issue.md", 8)
    assert caught.value.cure


def test_tables_and_pictures_know_their_line_and_are_the_same_on_another() -> None:
    simple = "| 地区 | 件数 |\n|---|---|\n| 甲市 | 1 |\n"
    merged = "<table>\n<tr><th>地区</th></tr>\n<tr><td>甲市</td></tr>\n</table>\n"
    text = f"# 甲\n\n{simple}\n{merged}\n![说明](a.png)\n"
    blocks = body(text).sections[0].blocks
    lines = [block.line for block in blocks if isinstance(block, Table | Picture)]
    assert lines == [9, 13, 18]
    assert body(f"\n\n{text}").sections[0].blocks == blocks


def lose_attachment(folder: Path) -> None:
    (folder / "说明.pdf").unlink()


def empty_attachment(folder: Path) -> None:
    (folder / "说明.pdf").write_bytes(b"")


def enlarge_attachment(folder: Path) -> None:
    (folder / "说明.pdf").write_bytes(bytes(MAX_ATTACHMENT_OCTETS + 1))


@pytest.mark.parametrize(
    ("harm", "said"),
    [(lose_attachment, "no file"), (empty_attachment, "is empty"), (enlarge_attachment, "larger than 10 MB")],
)
def test_an_attachment_that_cannot_be_used_is_said_with_its_line(
    tmp_path: Path, harm: Callable[[Path], None], said: str
) -> None:
    folder = make_folder(tmp_path)
    harm(folder)
    with pytest.raises(IssueError, match=said) as caught:
        load_issue(folder)
    assert (caught.value.file, caught.value.line, caught.value.field) == (folder / "issue.md", 4, "attachments")


def with_picture(name: str = "pictures/1.png") -> Issue:
    issue = simple()
    return replace(issue, sections=(Section("甲", (), (Picture(name, "图"),)),))


def test_an_issue_is_written_with_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "2020-07"
    files = {"pictures/1.png": PNG, "files/a.txt": b"not named by the issue"}
    write_issue(with_picture(), folder, files=files)
    assert load_files(folder, load_issue(folder)) == {"pictures/1.png": PNG}
    assert (folder / "files" / "a.txt").read_bytes() == b"not named by the issue"


@pytest.mark.parametrize(
    ("issue", "files"),
    [
        (with_picture(), {}),
        (with_picture(), {"pictures/1.png": b"text"}),
        (with_picture("../1.png"), {"../1.png": PNG}),
        (simple(), {"../up.png": PNG}),
        (simple(), {"/tmp/up.png": PNG}),
        (simple(), {"issue.md": b""}),
        (simple(), {"a": b"x", "a/b": b"y"}),
        (replace(simple(), attachments=("a.exe",)), {"a.exe": b"MZ"}),
    ],
)
def test_files_that_cannot_be_written_leave_nothing_behind(
    tmp_path: Path, issue: Issue, files: dict[str, bytes]
) -> None:
    folder = tmp_path / "2020-07"
    with pytest.raises(IssueError):
        write_issue(issue, folder, files=files)
    assert contents(tmp_path) == []


@pytest.mark.parametrize("name", ["pictures/1.png", "说明.pdf"])
def test_the_digest_covers_every_file_the_issue_names(tmp_path: Path, name: str) -> None:
    folder = make_folder(tmp_path)
    before = issue_digest(folder)
    (folder / name).write_bytes((folder / name).read_bytes() + b"2")
    assert issue_digest(folder) != before


@pytest.mark.parametrize(
    ("head", "line", "said"),
    [
        ("organisation: a\ntitle: 简报: 第七期\nyear: 2020", 3, "holds a colon"),
        ("year: 2020\n title: x", 3, "indented"),
        ("title： a\nyear: 2020", 2, "no colon"),
        ("organisation: a\nyear:2020\ntitle: x", 3, "no colon"),
        ('title: "abc\nyear: 2020', 2, "quotation mark is opened"),
        ("title: [a, b\nyear: 2020", 2, "bracket is opened"),
        ("title: a\n\tyear: 2020", 3, "a tab"),
        ("title: @x", 2, "may not begin with @"),
        ('title: "a" b', 2, "behind the closing quotation mark"),
        ("title: - a", 2, "cannot be read"),
    ],
)
def test_a_fault_of_the_head_is_told_in_plain_words_at_its_own_line(
    tmp_path: Path, head: str, line: int, said: str
) -> None:
    folder = tmp_path / "2020-07"
    folder.mkdir()
    (folder / "issue.md").write_text(f"---\n{head}\n---\n\n# 要闻\n\n## 一件事\n\n正文。\n", "utf-8")
    with pytest.raises(IssueError, match=said) as caught:
        load_issue(folder)
    assert (caught.value.line, "YAML" in str(caught.value)) == (line, False)
