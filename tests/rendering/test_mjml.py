"""One test for each fault of MRML that the room works around, and for each error of MJML that it names."""

from pathlib import Path

import pytest

from mailer.errors import TemplateError
from mailer.rendering.inlining import inline_styles
from mailer.rendering.markup import scan_markup
from mailer.rendering.mjml import convert_mjml, rewrite_mjml

FILE = Path("bulletin.mjml.j2")


def body(content: str, head: str = "") -> str:
    return (
        f'<mjml lang="zh-CN" dir="ltr"><mj-head>{head}</mj-head><mj-body width="640px"><mj-section padding="0px">'
        f"<mj-column>{content}</mj-column></mj-section></mj-body></mjml>"
    )


def convert(content: str, head: str = "") -> str:
    return convert_mjml(body(content, head), FILE)


def test_a_style_over_several_lines_keeps_all_its_declarations() -> None:
    html = convert('<mj-text><p style="color:red;\n\tmargin:0;\n  padding:1px">x</p></mj-text>')
    assert 'style="color:red; margin:0; padding:1px"' in html


def test_a_backslash_and_quotes_in_an_attribute_stay_single() -> None:
    html = convert("""<mj-text><p title='a\\b "c"'>x</p></mj-text>""")
    assert 'title="a&#92;b &#34;c&#34;"' in html


@pytest.mark.parametrize(
    "char",
    ["\u3000", "\u00a0", "\u200b", "\u200d", "\ufe0f", "\u0301", "\u00ad", "\ue000", "\uff9e", "😀", "\U00020bb7"],
)
def test_a_character_rust_would_escape_survives_in_an_attribute(char: str) -> None:
    html = convert(f'<mj-text><img src="x.png" alt="全{char}角" /></mj-text>')
    assert "\\u{" not in html
    assert f"&#{ord(char)};" in html


def rewritten(source: str) -> str:
    return rewrite_mjml(source, list(scan_markup(source)))[0]


def test_a_full_width_blank_in_the_title_survives_as_the_label_of_the_page() -> None:
    html = convert("<mj-text>x</mj-text>", "<mj-title>简\u3000报 \\ &#34;七月&#34;</mj-title>")
    assert "\\" not in html
    assert html.count("&#12288;") == 2  # <title> and aria-label


def test_a_bare_nought_in_a_padding_counts_as_pixels() -> None:
    html = convert('<mj-divider padding="0 32px" />')
    assert 'width="576px"' in html  # Outlook's copy of the line; 640 without the cure
    assert rewritten('<mj-text padding="0 10px 0 0.5px" padding-left="0">') == (
        '<mj-text padding="0px 10px 0px 0.5px" padding-left="0px">'
    )


def test_a_newline_between_two_links_leaves_a_blank() -> None:
    html = convert('<mj-text>\n<a href="#a">甲</a>\n<a href="#b">乙</a>\n</mj-text>')
    assert '甲</a> <a href="#b">' in html


def test_a_newline_between_chinese_characters_leaves_no_gap() -> None:
    html = convert("<mj-text>\n  <p>一段\n    文字，two\n    words</p>\n</mj-text>")
    assert "<p>一段文字，two words</p>" in html


def test_a_picture_has_no_height_that_html_does_not_know() -> None:
    html = convert('<mj-image src="x.png" alt="plan" /><mj-image src="y.png" alt="" height="90px" />')
    assert 'height="auto"' not in html
    assert 'height="90"' in html
    assert html.count('alt="plan"') == 1


def test_language_and_direction_reach_the_page() -> None:
    html = convert("<mj-text>x</mj-text>")
    assert '<html lang="zh-CN" dir="ltr"' in html


def test_no_web_font_is_asked_for() -> None:
    html = convert("<mj-text>x</mj-text>")
    assert "fonts.googleapis" not in html
    assert "<link" not in html


def test_the_preheader_is_not_white_on_white() -> None:
    html = convert("<mj-text>x</mj-text>", "<mj-preview>要目</mj-preview>")
    assert "color:#ffffff" not in html
    assert "color:#333333" in html


def test_styles_wait_for_the_inliner_whether_inline_is_asked_for_or_not() -> None:
    head = '<mj-style inline="inline">.a { color: red }</mj-style><mj-style>.b { margin: 0 }</mj-style>'
    html = inline_styles(convert('<mj-text><p class="a">x</p><p class="b">y</p></mj-text>', head))
    assert '<p class="a" style="color:red">' in html
    assert '<p class="b" style="margin:0">' in html


def test_a_fault_only_the_engine_sees_names_the_line_of_the_source_however_much_was_rewritten() -> None:
    # the engine counts octets of a document whose attributes grew and whose lines became fewer
    content = f"<mj-text><p title='{'全' * 50}\n'>汉\n字\n</p></mj-text>\n<mj-divider>\n<!-- 汉 -->\n</mj-divider>"
    with pytest.raises(TemplateError, match="not well formed") as caught:
        convert(content)
    assert caught.value.line == 6


def test_the_end_of_a_cdata_section_is_text() -> None:
    assert "a]]&gt;b" in convert("<mj-text>a]]>b</mj-text>")


def test_the_rewritten_document_keeps_every_byte_that_needs_no_cure() -> None:
    source = body(
        '<mj-text css-class="a"><p class="para">正文 &amp; &nbsp;<b>x</b></p><!--[if mso]><i>y</i><![endif]-->'
    )
    assert rewritten(source) == source
