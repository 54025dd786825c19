"""Whatever text comes, nothing of it is lost: each line's characters are in the issue or in a remark."""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.model.issue import (
    Block,
    Cell,
    Heading,
    ImportRemark,
    Issue,
    ListBlock,
    Notice,
    Paragraph,
    Picture,
    Quote,
    Row,
    Strong,
    Table,
    Text,
    issue_tables,
    plain_text,
)
from mailer.sources.assembly import assemble_issue
from mailer.sources.grammar import is_page_number, is_rule
from mailer.sources.issue_folder import format_issue
from mailer.sources.lines import clean_text, split_lines
from mailer.sources.markdown_document import read_markdown
from mailer.sources.pieces import ListPlace, Piece
from mailer.sources.plain_text import read_text
from mailer.sources.title_index import is_contents_heading, is_text_heading
from tests.sources.bulletins import HEAD, LISTED, QUARTERLY
from tests.sources.refusals import refusal

FILE = Path("bulletin.txt")
WORDS = [
    "简报", "第7期", "（总第31期）", "2026年第7期增刊", "2026年7月31日", "某办公室 2026年6月30日印发", "报：甲、", "送：乙", "抄　送：丙",
    "目录", "本期要目", "≡本期详情≡", "【要闻】", "【要闻】标题", "要闻", "标题", "要闻 标题", "标题……3", "· 标题", "★标题", "一、标题", "（一）小标题",
    "1. 项", "编者按", "编者按：话。", "按语：话", "（来源：某网）", "正文一句，还有半句", "又一句。", "秘密★1年", "内部资料", "— 3 —", "64", "────",
    "======（红线）", "联系人：某某 电话：1", "（共印16份）", "地址：某路", "E-mail: a@b.example", "第 %d 期", "{标题}", "甲\t乙\t丙", "1\t2", "合计\t1",
    "\t\t丁", "https://a.example/x", "<https://a.example/y>", "No.7", "期数：2648 第十四期", "长" * 70, "长句，" * 20, "- 项", "# 题", "**粗**", "> 引",
]  # fmt: skip
LINES = st.one_of(st.sampled_from(WORDS), st.text(max_size=12))
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(LINES, max_size=30).map("\n".join),
    st.lists(LINES, max_size=30).map(lambda lines: HEAD + "\n".join(lines)),
    st.lists(
        st.sampled_from([*QUARTERLY.splitlines(), *LISTED.splitlines(), *WORDS]), min_size=5, max_size=60
    ).map("\n".join),
)  # fmt: skip
FEW = settings(max_examples=150)


def shown(blocks: Iterable[Block]) -> Iterable[str]:
    for block in blocks:
        match block:
            case Paragraph(content):
                yield plain_text(content)
            case Heading(_level, text):
                yield text
            case ListBlock(_ordered, items):
                for item in items:
                    yield from shown(item)
            case Quote(inner):
                yield from shown(inner)
            case Notice(label, inner):
                yield label
                yield from shown(inner)
            case Table(caption, head, body):
                yield caption
                yield from (cell.text for row in (*head, *body) for cell in row.cells)
            case Picture(_file, alt, caption):
                yield alt + caption


def everything(issue: Issue, remarks: Iterable[ImportRemark]) -> str:
    """All text of an issue and its remarks, without blanks, in one width."""
    head, foot = issue.masthead, issue.imprint
    texts = [head.organisation, head.title, head.publisher, head.supplement, head.secrecy]
    for section in issue.sections:
        texts += [section.title, *shown(section.blocks)]
        for article in section.articles:
            texts += [article.title, *shown(article.blocks)]
    texts += [body for line in issue.circulation for body in line.bodies]
    texts += [foot.address, foot.postcode, foot.phone, foot.email, foot.contact, foot.printed_by, foot.note]
    texts += [remark.text for remark in remarks]
    return bare("\n".join(texts))


def bare(text: str) -> str:
    """A text without blanks, in one width."""
    return "".join(char for char in unicodedata.normalize("NFKC", text) if not char.isspace())


def lost(text: str, issue: Issue, remarks: Iterable[ImportRemark]) -> list[str]:
    """The words of a text that are neither in the issue nor in a remark.

    Punctuation, digits, bullets and the labels of fixed lines are what the grammar understands: the words must be there.
    """
    kept = everything(issue, remarks)
    missing = []
    for piece in split_lines(text)[0]:
        line = piece.plain
        if is_rule(line) or is_page_number(line) or is_contents_heading(piece) or is_text_heading(piece):
            continue
        missing += [word for word in words_of(piece) if word not in kept]
    return missing


LABELS = (
    "报送抄主呈分发印共份年月日期总第增刊特专联系人及方式电话地址编邮箱政码Email编者按语No数"
    "零一二三四五六七八九十百千两秘密机绝内部资料按%d星期"
)


def words_of(piece: Piece) -> list[str]:
    """The words of a line: stretches of letters without those that labels and numbers are made of."""
    line = bare(clean_text(piece.text)[0])
    return "".join(char if char.isalpha() and char not in LABELS else " " for char in line).split()


@FEW
@given(TEXTS)
@example("第7期\n")
@example("简报\n第7期\n2020年7月1日\n甲\n甲\n")
@example(HEAD + "目录\n甲\n目录\n甲\n话。\n")
@example("报：\n2020年1月1日")
@example("2000/1/1\n0nA0\n【0N】A0")
def test_no_line_of_a_text_is_lost(text: str) -> None:
    document = read_text(text, file=FILE)
    error = refusal(lambda: assemble_issue(document.pieces, file=FILE, slug="x"))
    assert error is None or (error.cure and error.file == FILE)
    if error is None:
        issue, remarks = assemble_issue(document.pieces, file=FILE, slug="x")
        assert lost(text, issue, remarks) == []
        assert issue.sections
        assert all(section.title for section in issue.sections[1:])
        assert all(article.title for article in issue.articles)
        assert all(table.head for table in issue_tables(issue))
        assert all(remark.text and remark.cure for remark in remarks)
        format_issue(issue, FILE)  # raises when issue.md would not hold it


@FEW
@given(TEXTS)
def test_no_line_of_a_markdown_document_is_lost(text: str) -> None:
    error = refusal(lambda: read_markdown(text, file=FILE))
    if error is not None:
        assert error.cure
        return
    document = read_markdown(text, file=FILE)
    if refusal(lambda: assemble_issue(document.pieces, file=FILE, slug="x")) is None:
        issue, remarks = assemble_issue(document.pieces, file=FILE, slug="x")
        assert [
            word for word in lost(text, issue, [*document.remarks, *remarks]) if word not in ("amp", "lt", "gt")
        ] == []


CELLS = st.one_of(st.sampled_from(["", "合计", "3", "1,5", *WORDS]), st.text(max_size=5))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A table of equal rows, its head declared or not; its first row may have a cell that reaches over the others."""
    width, height = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    rows = [Row(tuple(Cell(draw(CELLS)) for _column in range(width))) for _row in range(height)]
    if draw(st.booleans()):
        rows[0] = Row((Cell(draw(CELLS), colspan=width),))
    elif height > 1 and width > 1:
        span = draw(st.integers(1, height))
        rows = [Row((Cell(draw(CELLS), rowspan=span), *rows[0].cells[1:])), *rows[1:]]
        rows = [row if not 0 < at < span else Row(row.cells[1:]) for at, row in enumerate(rows)]
        return Table("", (), tuple(rows))
    head = draw(st.integers(0, height - 1))
    return Table("", tuple(rows[:head]), tuple(rows[head:]))


@st.composite
def looks(draw: st.DrawFn) -> Piece:
    """A piece with whatever a document's reader may say of it."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return Piece(1, block=draw(tables()))
    if kind == 1:
        return Piece(1, block=Picture("pictures/1.png", "图"))
    if kind == 2:
        return Piece(1, block=Quote((Paragraph((Text(draw(st.sampled_from(WORDS))),)),)))
    text = draw(LINES)
    place = ListPlace(draw(st.booleans()), draw(st.integers(1, 9)), draw(st.integers(0, 2)), draw(st.booleans()))
    return Piece(
        1,
        text,
        (Strong((Text(text),)),) if text.strip() and draw(st.booleans()) else (),
        draw(st.integers(0, 4)),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.sampled_from([None, 12.0, 16.0, 22.0])),
        place if kind == 3 else None,
        draw(st.booleans()),
    )


@FEW
@given(pieces=st.lists(looks(), max_size=20), headed=st.booleans())
def test_whatever_a_document_holds_becomes_an_issue_that_can_be_written(pieces: list[Piece], *, headed: bool) -> None:
    head = split_lines(HEAD)[0] if headed else []
    whole = (*head, *pieces)
    if refusal(lambda: assemble_issue(whole, file=FILE, slug="x")) is None:
        issue, remarks = assemble_issue(whole, file=FILE, slug="x")
        format_issue(issue, FILE)
        kept = everything(issue, remarks)
        texts = [piece for piece in pieces if not (is_contents_heading(piece) or is_text_heading(piece))]
        assert [word for piece in texts for word in words_of(piece) if word not in kept] == []
