"""What is written to issue.md is read back as the same issue, whatever characters it holds."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.model.issue import Block, Cell, Emphasis, Inline, Issue, Link, Paragraph, Row, Section, Strong, Table, Text
from mailer.sources.import_file import import_document
from mailer.sources.inline import merge_texts
from mailer.sources.issue_files import load_files
from mailer.sources.issue_folder import (
    format_issue,
    load_issue,
    parse_issue,
    tidy_blocks,
    tidy_issue,
    without_lines,
    write_issue,
)
from mailer.sources.markdown import read_body
from mailer.sources.markdown_writer import format_body
from tests.sources.issues_at_random import ISSUES, blocks, files_of, inlines
from tests.sources.refusals import refusal

FILE = Path("issue.md")
SLOW = settings(max_examples=40)


@SLOW
@given(ISSUES)
def test_an_issue_that_is_written_is_loaded_the_same(issue: Issue) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / issue.slug
        write_issue(issue, folder, files=files_of(issue))
        again = load_issue(folder)
        assert without_lines(again) == without_lines(tidy_issue(issue))
        assert load_files(folder, again) == files_of(issue)


def same(*content: Inline) -> None:
    sections = (Section("甲", (), (Paragraph(content),)),)
    assert read_body(format_body(sections), file=FILE, offset=0)[0].blocks == sections[0].blocks


@settings(max_examples=120)
@given(inlines())
def test_every_paragraph_is_read_back_the_same(content: tuple[Inline, ...]) -> None:
    expected = (Paragraph(merge_texts(content)), Paragraph((Text("后"),)))
    written = format_body((Section("甲", (), expected),))
    assert read_body(written, file=FILE, offset=0)[0].blocks == expected


@settings(max_examples=50)
@given(blocks())
def test_every_sequence_of_blocks_is_read_back_the_same(content: tuple[Block, ...]) -> None:
    once = tidy_blocks(content)
    assert tidy_blocks(read_body(format_body((Section("甲", (), once),)), file=FILE, offset=0)[0].blocks) == once


def test_bold_beside_chinese_punctuation_stays_bold_in_its_usual_signs() -> None:
    content = (Text("七月"), Strong((Text("“双软”"),)), Text("评估，见"), Emphasis((Text("《指南》"),)), Text("。"))
    assert "七月**“双软”**评估" in format_body((Section("甲", (), (Paragraph(content),)),))
    same(*content)


def test_characters_that_mean_something_to_markdown_are_only_themselves() -> None:
    for text in (
        "1. 一",
        "- 一",
        "# 一",
        "> 一",
        "+ 一",
        "<table>",
        "a_b_c*d*",
        "\\",
        "`x`",
        "[a](b)",
        "&amp;",
        "| a |",
        "===",
    ):
        same(Text(text))
    same(Text("看!"), Link((Text("图"),), "https://a.example/"))
    same(Link((Text("a]b"),), "https://a.example/(x)_y_"), Text("！"))


@pytest.mark.parametrize(
    "text", ["1.会长单位", "10~20家", "R&D", "p < 0.05 | n = 3", "https://a.example/?a=1&b=2 见", "—— 分割"]
)
def test_what_only_looks_like_markdown_is_written_as_a_person_would(text: str) -> None:
    assert format_body((Section("", (), (Paragraph((Text(text),)),)),)) == f"{text}\n"


def test_an_address_is_written_so_that_it_can_be_copied() -> None:
    link = Link((Text("原文"),), "https://a.example/?a=1&b=2")
    same(link)
    assert "(https://a.example/?a=1&b=2)" in format_body((Section("", (), (Paragraph((link,)),)),))


def test_a_simple_table_with_sums_is_written_with_bars() -> None:
    def row(*texts: str, header: bool = False, total: bool = False) -> Row:
        return Row(tuple(Cell(text, header=header) for text in texts), total)

    sums = Table(
        "", (row("地区", "件数", "备注", header=True),), (row("甲", "1", ""), row("合计", "1", "", total=True))
    )
    body = format_body((Section("", (), (sums,)),))
    assert body.splitlines()[-1] == "| **合计** | **1** |  |"
    assert read_body(body, file=Path("issue.md"), offset=0)[0].blocks == (sums,)


def test_the_real_bulletin_is_written_and_loaded_the_same(samples: Path, tmp_path: Path) -> None:
    issue = import_document(samples / "bulletin-2020-07.txt", None).issue
    folder = tmp_path / "issues" / "2020-07"
    write_issue(issue, folder)
    assert without_lines(load_issue(folder)) == without_lines(issue)


@settings(max_examples=120)
@given(st.one_of(st.text(), st.text("#*_[]()<>&|-`~\\\n !.1a中“”", max_size=60)))
@example("[^1]\n\n[^1]:")
@example("一[^1]\n\n- [^1]: a")
@example("[^1]: [^1]")
@example("> [!]")
@example("> [!a]\n[!b]")
@example("![](%ff)")
@example("![[^1]](a.png)")
@example("[](http://a.example)")
@example("<strong>")
@example(">")
@example("-")
@example("<table><tr><td>&#0;</td></tr></table>")
def test_no_markdown_whatever_breaks_the_reader(body: str) -> None:
    text = f"---\ntitle: 简报\nnumber: 1\ndate: 2020-07-31\n---\n# 甲\n\n{body}"
    error = refusal(lambda: parse_issue(text, file=FILE, slug=None))
    assert error is None or (error.cure and error.line is not None)
    if error is None:
        issue = parse_issue(text, file=FILE, slug=None)
        again = format_issue(issue, FILE)
        assert without_lines(parse_issue(again, file=FILE, slug=None)) == without_lines(issue)
