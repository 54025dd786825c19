"""An issue's folder: what is wrong in it is one error with file, line, field and cure; writing is all or nothing."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.errors import IssueError, MailerError, NotFoundError, StateError
from mailer.model.issue import (
    Article,
    CirculationLine,
    Emphasis,
    Imprint,
    Issue,
    LineBreak,
    Link,
    ListBlock,
    Masthead,
    Paragraph,
    Quote,
    Role,
    Section,
    Strong,
    Table,
    Text,
    issue_tables,
)
from mailer.sources.front_matter import read_front_matter
from mailer.sources.issue_folder import issue_digest, load_issue, parse_issue, without_lines, write_issue
from tests.conftest import REPOSITORY
from tests.sources.refusals import refusal

FRONT = "---\ntitle: 简报\nyear: 2020\nnumber: 07\ndate: 2020-07-31\n---\n"
FILE = Path("issue.md")


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
        ("---\ntitle: a: b: c\n---\n", 2, None, "YAML"),
        ("---\n- a\n---\n", 2, None, "mapping"),
        ('---\ntitle: "\x07"\n---\n', 1, None, "YAML"),
        ("---\n" + "[" * 1200 + "\n---\n", 1, None, "YAML"),
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
        error = refusal(read_front_matter, text, FILE)
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
        ("正文。", 7, "before the first section"),
        ("## 子", 7, "before the first section"),
        ("# ", 7, "empty"),
        ("# **甲**", 7, "bold"),
        ("# 甲\n### 丙", 8, "heading"),
        ("# 甲\n\n![图](a.png)", 9, "picture"),
        ("# 甲\n\n一\n二`x`", 10, "code"),
        ("# 甲\n\n    缩进", 9, "indented"),
        ("# 甲\n\n```\nx\n```", 9, "```"),
        ("# 甲\n\n***", 9, "rule"),
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
        ("# 甲\n\n| a |\n| --- |\n| **b** |", 9, "bold"),
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
