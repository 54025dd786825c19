"""Automatic numbering is read as Word draws it: as a list of ours, or as text where a list would change it."""

from io import BytesIO
from pathlib import Path

import docx
import pytest

from mailer.sources.pieces import ListPlace
from mailer.sources.word import read_word_bytes
from tests.sources.documents import NAMES, paragraph, relations
from tests.sources.word_parts import (
    item,
    level,
    numbering,
    read,
    style,
    styled,
    texts,
)


def test_chinese_numbering_and_that_of_headings_becomes_text() -> None:
    levels = (
        level(0, "chineseCounting", "%1、"),
        level(1, "chineseCountingThousand", "（%2）"),
        level(2, "decimal", "%3."),
    )
    body = (
        item("甲")
        + item("乙", at=1)
        + item("丙", at=1)
        + item("丁")
        + item("戊", at=1)
        + item("己", at=2, run="<w:b/>")
    )
    assert texts(styled(body, "", numbering(*levels))) == [
        "一、甲",
        "（一）乙",
        "（二）丙",
        "二、丁",
        "（一）戊",
        "1. 己",
    ]


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("japaneseCounting", "第%1条", "第三条"),
        ("lowerLetter", "%1)", "c)"),
        ("upperRoman", "%1.", "III."),
        ("decimalEnclosedCircleChinese", "%1", "③"),
        ("chineseLegalSimplified", "%1、", "叁、"),
        ("ideographTraditional", "%1、", "丙、"),
        ("decimalFullWidth", "%1．", "３．"),
        ("decimalZero", "%1.", "03."),
    ],
)
def test_numbering_of_each_kind_is_written_as_word_draws_it(kind: str, text: str, shown: str) -> None:
    document = styled(item("x") * 3, "", numbering(level(0, kind, text)))
    assert texts(document)[2].startswith(shown)
    assert document.pieces[2].place is None


def test_a_style_brings_its_numbering_and_a_paragraph_may_refuse_it() -> None:
    styles = style("h", "heading 1", "<w:numPr><w:numId w:val='1'/></w:numPr>")
    levels = numbering(level(0, "decimal", "%1."), level(1, "chineseCounting", "第%2章", "<w:pStyle w:val='h'/>"))
    body = paragraph("甲", style="h") + paragraph("乙", style="h", properties="<w:numPr><w:numId w:val='0'/></w:numPr>")
    assert texts(styled(body + paragraph("丙", style="h"), styles, levels)) == ["第一章甲", "乙", "第二章丙"]


def test_bullets_and_plain_figures_are_lists_with_their_depth() -> None:
    levels = level(0, "bullet", "·"), level(1, "decimal", "%2.")
    document = styled(item("甲") + item("乙", at=1) + item("丙", at=1) + item("丁"), "", numbering(*levels))
    assert [piece.place for piece in document.pieces] == [
        ListPlace(False, 1, 1), ListPlace(True, 2, 1), ListPlace(True, 2, 1), ListPlace(False, 1, 1),
    ]  # fmt: skip


def test_a_list_that_goes_on_after_a_paragraph_keeps_its_numbers_as_text() -> None:
    document = styled(item("甲") + item("乙") + paragraph("间") + item("丙"), "", numbering(level(0, "decimal", "%1.")))
    assert texts(document) == ["甲", "乙", "间", "3. 丙"]
    assert [piece.place is None for piece in document.pieces] == [False, False, True, True]


def test_a_numbering_that_starts_anew_counts_anew() -> None:
    override = "<w:lvlOverride w:ilvl='0'><w:startOverride w:val='1'/></w:lvlOverride>"
    levels = numbering(level(0, "chineseCounting", "%1、"), overrides=override)
    body = item("甲") + item("乙") + item("丙", num=2) + item("丁", num=2)
    assert texts(styled(body, "", levels)) == ["一、甲", "二、乙", "一、丙", "二、丁"]


def test_headers_and_footers_are_said_once_and_page_numbers_not() -> None:
    header = f"<w:hdr {NAMES}>{paragraph('内部刊物')}{paragraph('— 3 —')}</w:hdr>"
    rels = relations(("rId1", "header", "header1.xml"), ("rId2", "header", "header2.xml"))
    document = read(paragraph("文"), {"word/header1.xml": header, "word/header2.xml": header}, rels=rels)
    assert [remark.text for remark in document.remarks] == [
        "“内部刊物” stands in the document's header or footer and was left out"
    ]


def test_words_own_styles_for_sublists_make_sublists() -> None:
    document = docx.Document()
    for text, name in (("甲", "List Bullet"), ("乙", "List Bullet 2"), ("丙", "List Number"), ("丁", "List Number")):
        document.add_paragraph(text, style=name)
    stream = BytesIO()
    document.save(stream)
    assert [piece.place for piece in read_word_bytes(stream.getvalue(), file=Path("a.docx")).pieces] == [
        ListPlace(False, 1, 1), ListPlace(False, 2, 1), ListPlace(True, 1, 2), ListPlace(True, 1, 2),
    ]  # fmt: skip
