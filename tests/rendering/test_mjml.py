"""One test for each fault of MRML that the room works around, and for each error of MJML that it names."""

from pathlib import Path

import pytest

from mailer.errors import TemplateError
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


def test_a_full_width_blank_in_the_title_survives_as_the_label_of_the_page() -> None:
    html = convert("<mj-text>x</mj-text>", "<mj-title>简\u3000报 \\ &#34;七月&#34;</mj-title>")
    assert "\\" not in html
    assert html.count("&#12288;") == 2  # <title> and aria-label


def test_a_bare_nought_in_a_padding_counts_as_pixels() -> None:
    html = convert('<mj-divider padding="0 32px" />')
    assert 'width="576px"' in html  # Outlook's copy of the line; 640 without the cure
    assert rewrite_mjml('<mj-text padding="0 10px 0 0.5px" padding-left="0">') == (
        '<mj-text padding="0px 10px 0px 0.5px" padding-left="0px">'
    )


def test_a_newline_between_two_links_leaves_a_blank() -> None:
    html = convert('<mj-text>\n<a href="#a">甲</a>\n<a href="#b">乙</a>\n</mj-text>')
    assert '甲</a> <a href="#b">' in html


def test_a_newline_between_chinese_characters_leaves_no_gap() -> None:
    html = convert("<mj-text>\n  <p>一段\n    文字，two\n    words</p>\n</mj-text>")
    assert "<p>一段文字，two words</p>" in html


def test_an_image_without_alt_gets_an_empty_one() -> None:
    assert 'alt=""' in convert('<mj-image src="x.png" />')
    assert 'alt=""' in convert('<mj-text><img src="x.png"/></mj-text>')
    assert convert('<mj-image src="x.png" alt="图" />').count("alt=") == 1


def test_no_web_font_is_asked_for() -> None:
    html = convert("<mj-text>x</mj-text>")
    assert "fonts.googleapis" not in html
    assert "<link" not in html


def test_the_preheader_is_not_white_on_white() -> None:
    html = convert("<mj-text>x</mj-text>", "<mj-preview>要目</mj-preview>")
    assert "color:#ffffff" not in html
    assert "color:#333333" in html


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("<mj-text>一\n二\n<p>三</mj-text>", 3, "<p> is not closed"),
        ("<mj-text>一</mj-text>\n二</mj-text>", 2, "</mj-text> closes nothing"),
        ("<mj-text>一</mj-text>\n<mj-text>1 < 2</mj-text>", 2, "bare <"),
        ("\n<mj-text><p class=a>x</p></mj-text>", 2, "not well formed"),
        ("\n\n<mj-txt>x</mj-txt>", 3, "mj-txt"),
        ("\n<mj-section></mj-section>", 2, "mj-section"),
        ('\n<mj-include path="/etc/passwd" />', 2, "mj-include"),
        ('\n<mj-text mj-class="a b">x</mj-text>', 2, "mj-class"),
    ],
)
def test_an_error_names_file_and_line(content: str, line: int, said: str) -> None:
    with pytest.raises(TemplateError) as caught:
        convert(content)
    assert caught.value.file == FILE
    assert caught.value.line == line
    assert said in str(caught.value)
    assert caught.value.cure


def test_an_error_far_into_chinese_text_names_the_right_line() -> None:
    # MRML counts octets, and this line has three to a character
    with pytest.raises(TemplateError) as caught:
        convert("<mj-text>x</mj-text>", "<mj-title>" + "汉" * 50 + "</mj-title>\n\n<p>x</p>\n\n")
    assert caught.value.line == 3


def test_an_attribute_over_several_lines_does_not_shift_later_lines() -> None:
    source = '<mj-text\n><p style="a:b;\nc:d">一\n二</p>\n</mj-text>\n<mj-text>x</mj-text>'
    convert(source)
    rewritten = rewrite_mjml(source)
    assert rewritten.count("\n") == source.count("\n")
    assert rewritten.splitlines()[5] == "<mj-text>x</mj-text>"


def test_an_element_outside_its_place_is_refused() -> None:
    with pytest.raises(TemplateError, match="belongs in"):
        convert_mjml("<mjml><mj-body><mj-text>x</mj-text></mj-body></mjml>", FILE)
