"""A web page is imported as a browser shows it, also one that Word saved; pictures come from the page and its folder."""

import base64
from pathlib import Path

import pytest

from mailer.errors import IssueError
from mailer.model.issue import (
    Emphasis,
    LineBreak,
    Link,
    Paragraph,
    Picture,
    Quote,
    Strong,
    Table,
    Text,
)  # fmt: skip
from mailer.sources.import_file import import_document
from mailer.sources.issue_folder import without_lines
from mailer.sources.pieces import ListPlace, ReadDocument
from mailer.sources.web_page import read_web_page, read_web_page_bytes
from tests.sources.documents import html_bulletin

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def read(body: str) -> ReadDocument:
    return read_web_page_bytes(f"<!doctype html><meta charset=utf-8><body>{body}".encode(), file=Path("a.html"))


def texts(document: ReadDocument) -> list[str]:
    return [piece.text for piece in document.pieces]


def said(document: ReadDocument) -> str:
    return "\n".join(remark.text for remark in document.remarks)


@pytest.mark.parametrize("by_tag", [True, False])
def test_the_real_bulletin_as_a_page_is_the_issue_its_text_is(samples: Path, tmp_path: Path, by_tag: bool) -> None:
    text = samples / "bulletin-2020-07.txt"
    file = tmp_path / "bulletin.html"
    file.write_text(html_bulletin(text.read_text("utf-8"), styled=by_tag), "utf-8")
    from_text, from_page = import_document(text, None), import_document(file, None)
    assert without_lines(from_page.issue) == without_lines(from_text.issue)
    assert [remark.text for remark in from_page.remarks] == [remark.text for remark in from_text.remarks]


def test_paragraphs_have_their_look_and_line_ends_between_chinese_leave_no_gap() -> None:
    document = read(
        "\n<h2>标题</h2>\n<p>第一\n行 and\n<b>粗\n体 </b><em>斜</em>，<a href='https://a.example/'>链接</a><br>二</p>"
        "<p align=center style='font-size:18pt'><b>要闻</b></p>"
    )
    heading, text, centred = document.pieces
    assert (heading.text, heading.heading, heading.line) == ("标题", 2, 2)
    assert text.content == (
        Text("第一行 and "), Strong((Text("粗体"),)), Text(" "), Emphasis((Text("斜"),)), Text("，"),
        Link((Text("链接"),), "https://a.example/"), LineBreak(), Text("二"),
    )  # fmt: skip
    assert (centred.bold, centred.centred, centred.size) == (True, True, 18.0)


def test_lines_that_only_breaks_tell_apart_are_paragraphs_outside_of_p() -> None:
    assert texts(read("<div>一<br>二<br><br>三</div>四<p>五<br>六<br><br>七</p><pre>八\n  九</pre>")) == [
        "一", "二", "三", "四", "五\n六", "七", "八", "九",
    ]  # fmt: skip


def test_lists_have_their_depth_and_numbers_that_are_no_plain_count_are_text() -> None:
    document = read(
        "<ul><li>甲<li><p>乙<p>续<ol><li>一<li>二</ol><li>丙</ul><p>间<ol start=3><li>丁</ol>"
        "<ol type=a><li>戊</ol><ol style='list-style-type:cjk-ideographic'><li>己</ol><ul style='list-style:none'><li>庚</ul>"
    )
    assert [(piece.text, piece.place) for piece in document.pieces] == [
        ("甲", ListPlace(False, 1, 1)), ("乙", ListPlace(False, 1, 1)), ("续", ListPlace(False, 1, 1, opens=False)),
        ("一", ListPlace(True, 2, 1)), ("二", ListPlace(True, 2, 1)), ("丙", ListPlace(False, 1, 1)),
        ("间", None), ("3. 丁", None), ("a. 戊", None), ("一、己", None), ("庚", None),
    ]  # fmt: skip


def test_numbered_paragraphs_of_a_page_that_word_saved_keep_their_numbers() -> None:
    def item(label: str, text: str, at: int = 1) -> str:
        return (
            f"<p class=MsoListParagraph style='text-indent:-21.0pt;mso-list:l0 level{at} lfo1'><![if !supportLists]><span"
            f" style='mso-list:Ignore'>{label}<span style='font:7.0pt \"Times New Roman\"'>&nbsp;&nbsp; </span></span>"
            f"<![endif]>{text}<o:p></o:p></p>"
        )

    document = read(
        "<p class=MsoTitle>简报</p>"
        + item("一、", "甲")
        + item("·", "乙")
        + item("o", "丙", 2)
        + item("1.", "丁")
        + "<p>完</p>"
    )
    assert [(piece.text, piece.place, piece.heading) for piece in document.pieces] == [
        ("简报", None, 1), ("一、甲", None, 0), ("乙", ListPlace(False, 1, 1), 0), ("丙", ListPlace(False, 2, 1), 0),
        ("丁", ListPlace(True, 1, 2), 0), ("完", None, 0),
    ]  # fmt: skip


def test_tables_keep_their_spans_head_and_caption() -> None:
    (piece,) = read(
        "<table><caption>表1</caption><tr><th rowspan=2>城市<th colspan=2>数<tr><th>本月<th>累计"
        "<tr><td rowspan=0>杭州<td>1<td>2<tr><td>3<td style='display:none'>x<td>4</table>"
    ).pieces
    assert isinstance(piece.block, Table)
    assert piece.block.caption == "表1"
    assert [[(c.text, c.rowspan, c.colspan) for c in line.cells] for line in piece.block.head] == [
        [("城市", 2, 1), ("数", 1, 2)], [("本月", 1, 1), ("累计", 1, 1)],
    ]  # fmt: skip
    assert [[(c.text, c.rowspan) for c in line.cells] for line in piece.block.body] == [
        [("杭州", 2), ("1", 1), ("2", 1)], [("3", 1), ("4", 1)],
    ]  # fmt: skip


def test_tables_that_lay_a_page_out_are_its_lines() -> None:
    document = read(
        "<table role=presentation><tr><td><h1>要闻</h1><table><tr><td>某会<td>2026年7月31日</table><td><p>甲<p>乙</table>"
    )
    assert texts(document) == ["要闻", "某会\t2026年7月31日", "甲", "乙"]
    assert document.pieces[0].heading == 1


def test_quotations_are_quotations() -> None:
    (piece,) = read("<blockquote><p>引一<ul><li>引二</ul></blockquote>").pieces
    assert piece.block == Quote((Paragraph((Text("引一"),)), Paragraph((Text("• 引二"),))))


def test_pictures_come_from_the_page_and_from_its_own_folder_with_their_captions(tmp_path: Path) -> None:
    (tmp_path / "图 片.files").mkdir()
    (tmp_path / "图 片.files" / "image001.png").write_bytes(PNG + b"2")
    embedded = base64.encodebytes(PNG).decode()
    file = tmp_path / "a.html"
    file.write_text(
        f"<meta charset=utf-8><p>前<img src='data:image/png;base64,{embedded}' alt='一'>后</p>\n<figure>"
        "<img src='%E5%9B%BE%20%E7%89%87.files\\image001.png'><figcaption>会场</figcaption></figure>",
        "utf-8",
    )
    document = read_web_page(file)
    assert [piece.block or piece.text for piece in document.pieces] == [
        "前后", Picture("pictures/1.png", "一"), Picture("pictures/2.png", "", "会场"),
    ]  # fmt: skip
    assert list(document.files.values()) == [PNG, PNG + b"2"]
    assert document.pieces[-1].line == 2 + embedded.count("\n")


def test_pictures_elsewhere_are_links_and_dots_are_left_out() -> None:
    document = read(
        "<img src='//cdn.example/a.png' alt='会场'><img src='http://t.example/1.gif' width=1><img src='cid:x'>"
    )
    (link,) = document.pieces[0].content
    assert isinstance(link, Link)
    assert link.target == "https://cdn.example/a.png"
    assert len(document.pieces) == 2
    assert "one dot" in said(document)


def test_what_a_browser_does_not_show_is_said_and_what_is_no_content_is_not() -> None:
    document = read(
        "<style>p{}</style><script>x()</script><!-- c --><p>文<span style='display:none'>藏</span><del>划</del>"
        "<button>按</button><ruby>汉<rt>han</rt></ruby><svg></svg><p hidden>隐"
    )
    assert texts(document) == ["文划汉", "[here stood an element <svg>]"]
    for part in ("藏", "划", "按", "han", "svg", "隐"):
        assert part in said(document)
    assert "x()" not in said(document)


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("<meta charset=gb2312><p>浙江镕</p>".encode("gb18030"), "浙江镕"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=big5"><p>浙江</p>'.encode("big5"), "浙江"),
        ("<p>浙江</p>".encode(), "浙江"),
        ("<p>浙江</p>".encode("gb18030"), "浙江"),
        ("<p>浙江</p>".encode("utf-16"), "浙江"),
        ("<meta charset=gbk><p>浙江，页面说错了</p>".encode("utf-8-sig"), "浙江，页面说错了"),
        ("<meta charset=unicode_escape><p>浙\\x41</p>".encode(), "浙\\x41"),
    ],
)
def test_a_page_is_decoded_by_its_mark_what_it_declares_or_the_order_of_encodings(content: bytes, kept: str) -> None:
    assert texts(read_web_page_bytes(content, file=Path("a.html"))) == [kept]


def test_bytes_of_no_encoding_are_an_error_with_its_cure() -> None:
    with pytest.raises(IssueError) as caught:
        read_web_page_bytes(b"<p>\x81\xff\xff", file=Path("a.html"))
    assert "UTF-8" in caught.value.cure
