"""Pages that Word saved and WeChat articles: footnotes, bullets of sign fonts, text and pictures a script shows."""

from mailer.model.issue import Link, ListBlock, Note, Paragraph, Strong, Text
from mailer.sources.blocks import make_blocks
from tests.sources.test_web_page import read, said, texts

NOTES = (
    "<div style='mso-element:footnote-list'><hr><div style='mso-element:footnote' id=ftn1><p class=MsoFootnoteText>"
    "<a href='#_ftnref1' name='_ftn1'><span>[1]</span></a> 另附<b>意见</b>。</p></div>{more}</div>"
)


def test_a_footnote_of_word_stands_where_its_link_stood() -> None:
    document = read("<p>话<a href='#_ftn1' name='_ftnref1'><sup>[1]</sup></a>。</p>" + NOTES.format(more=""))
    (piece,) = document.pieces
    assert piece.content == (Text("话"), Note((Text("另附"), Strong((Text("意见"),)), Text("。"))), Text("。"))
    assert not document.remarks


def test_a_footnote_without_a_link_and_a_link_without_a_footnote_stay_text() -> None:
    lone = "<div style='mso-element:footnote' id=ftn2><p><a href='#_ftnref2'>[2]</a>无主。</p></div>"
    document = read("<p>甲<a href='#_ftn1'>[1]</a>乙<a href='#_ftn9'>[9]</a></p>" + NOTES.format(more=lone))
    assert texts(document) == ["甲乙[9]", "[2]无主。"]


def test_a_footnote_that_holds_a_table_stays_where_it_stands() -> None:
    table = "<div style='mso-element:footnote' id=ftn1><table><tr><td>a<td>b<tr><td>c<td>d</table></div>"
    document = read(f"<p>甲<a href='#_ftn1'>[1]</a></p>{table}")
    assert [piece.text or type(piece.block).__name__ for piece in document.pieces] == ["甲[1]", "Table"]


def test_a_letter_of_a_sign_font_is_a_bullet_and_a_chinese_number_is_none() -> None:
    item = "<p style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>{sign}&nbsp; </span>{text}</p>"
    bulleted = read(item.format(sign="l", text="甲") + item.format(sign="l", text="乙"))
    assert [type(block) for block in make_blocks(bulleted.pieces)[0]] == [ListBlock]
    assert texts(read(item.format(sign="一", text="甲"))) == ["一甲"]


def test_an_article_of_wechat_is_read_though_only_a_script_shows_it() -> None:
    document = read(
        "<div id=js_content style='visibility: hidden; opacity: 0'><p>正文。</p>"
        "<img data-src='https://a.example/1'><p style='visibility:hidden'>隐</p></div>"
    )
    blocks = make_blocks(document.pieces)[0]
    assert blocks[0] == Paragraph((Text("正文。"),))
    assert isinstance(blocks[1], Paragraph)
    assert isinstance(blocks[1].content[0], Link)
    assert "隐" in said(document)
