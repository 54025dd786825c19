"""The MJML is checked before its engine, which drops what it does not know, gets to see it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import TemplateError
from mailer.rendering.markup import scan_markup
from mailer.rendering.mjml import convert_mjml
from mailer.rendering.mjml_check import check_mjml
from mailer.rendering.mjml_grammar import ELEMENTS, Content
from mailer.rendering.tag_check import MjmlFault

FILE = Path("bulletin.mjml.j2")
COLUMN = '<mjml lang="zh-CN"><mj-body><mj-section><mj-column>\n{}\n</mj-column></mj-section></mj-body></mjml>'
TEXT = COLUMN.format("<mj-text>{}</mj-text>")
SECTION = '<mjml lang="zh-CN"><mj-body><mj-section>\n{}\n</mj-section></mj-body></mjml>'
BODY = '<mjml lang="zh-CN"><mj-body>\n{}\n</mj-body></mjml>'
HEAD = '<mjml lang="zh-CN"><mj-head>\n{}\n</mj-head><mj-body></mj-body></mjml>'


def fault_of(source: str) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        convert_mjml(source, FILE)
    return caught.value


@pytest.mark.parametrize(
    ("source", "said", "cure"),
    [
        # elements
        (COLUMN.format("<mj-txt>x</mj-txt>"), "no MJML element mj-txt", "did you mean mj-text?"),
        (COLUMN.format("<mj-zebra>x</mj-zebra>"), "mj-zebra", "known here"),
        (COLUMN.format("<mj-Text>x</mj-Text>"), "mj-Text", "did you mean mj-text?"),
        (COLUMN.format('<mj-include path="/etc/passwd" />'), "mj-include", "{% include"),
        (HEAD.format('<mj-font name="X" href="https://fonts.example/x.css" />'), "font from the web", "theme.toml"),
        (HEAD.format("<mj-html-attributes></mj-html-attributes>"), "mj-html-attributes", "mj-attributes"),
        (TEXT.format("<spam>x</spam>"), "no element <spam>", "did you mean span?"),
        (TEXT.format("<script>x</script>"), "<script>", ""),
        (TEXT.format('<iframe src="x"></iframe>'), "<iframe>", ""),
        # places
        (SECTION.format("<mj-text>x</mj-text>"), "mj-text stands in mj-section, but belongs in mj-column", "put it"),
        (BODY.format("<mj-text>x</mj-text>"), "mj-text stands in mj-body", "put it"),
        (BODY.format("<mj-column></mj-column>"), "mj-column stands in mj-body, but belongs in mj-group", "put it"),
        (COLUMN.format("<mj-section></mj-section>"), "mj-section stands in mj-column", "put it"),
        (TEXT.format('<mj-image src="x" alt="" />'), "mj-image stands in mj-text", "put it"),
        (TEXT.format('<p><mj-image src="x" alt="" /></p>'), "mj-image stands in mj-text", "put it"),
        (HEAD.format("<mj-text>x</mj-text>"), "mj-text stands in mj-head", "put it"),
        (COLUMN.format('<mj-social-element name="web">x</mj-social-element>'), "belongs in mj-social", "put it"),
        (COLUMN.format("<p>x</p>"), "<p> stands in mj-column", "mj-text"),
        (HEAD.format('<meta name="a">'), "<meta> stands in mj-head", "mj-raw"),
        (HEAD.format("<mj-title>a<br>b</mj-title>"), "<br> stands in mj-title", ""),
        (COLUMN.format("text"), "text stands in mj-column", "mj-text"),
        ("x" + BODY.format(""), "text stands in -", "mj-text"),
        ("<p>x</p>", "outside of <mjml>", "inside"),
        ("<mj-body></mj-body>", "mj-body stands in -", ""),
        ("<mjml lang='zh'></mjml>", "no <mj-body>", "new newsletter"),
        ("", "no <mjml>", "new newsletter"),
        (
            HEAD.format("<mj-attributes><mj-body width='600px' /></mj-attributes>"),
            "mj-body takes no settings",
            "itself",
        ),
        (HEAD.format("<mj-attributes><mj-title /></mj-attributes>"), "mj-title takes no settings", ""),
        (HEAD.format("<mj-attributes><mj-txt /></mj-attributes>"), "mj-txt", "mj-text"),
        # attributes
        (COLUMN.format('<mj-text colour="red">x</mj-text>'), "mj-text has no attribute colour", "did you mean color?"),
        (COLUMN.format('<mj-text class="a">x</mj-text>'), "no attribute class", "did you mean"),
        (COLUMN.format('<mj-divider href="x" />'), "no attribute href", ""),
        (BODY.format('<mj-wrapper gap="10px"></mj-wrapper>'), "no attribute gap", ""),
        (HEAD.format('<mj-attributes><mj-text colr="x" /></mj-attributes>'), "no attribute colr", "color"),
        (HEAD.format('<mj-attributes><mj-all zebra="x" /></mj-attributes>'), "no attribute zebra", ""),
        (HEAD.format('<mj-attributes><mj-class color="x" /></mj-attributes>'), "lacks the attribute name", "name="),
        (COLUMN.format('<mj-image src="x.png" />'), "mj-image lacks the attribute alt", "what the picture shows"),
        (COLUMN.format('<mj-image alt="x" />'), "lacks the attribute src", "src="),
        (COLUMN.format("<mj-button>x</mj-button>"), "lacks the attribute href", "href="),
        (TEXT.format('<img src="x.png">'), "img lacks the attribute alt", "what the picture shows"),
        (TEXT.format('<img alt="x">'), "img lacks the attribute src", "src="),
        ("<mjml><mj-body></mj-body></mjml>", "lacks the attribute lang", "{{ lang }}"),
        (COLUMN.format('<mj-text color="a" color="b">x</mj-text>'), "attribute color twice", "keep one"),
        (TEXT.format('<p class="a" class="b">x</p>'), "attribute class twice", "keep one"),
        (TEXT.format("<p class=a>x</p>"), "class is not quoted", 'class="…"'),
        (COLUMN.format('<mj-text align="right"css-class="a">x</mj-text>'), "blank is missing after", "between"),
        (TEXT.format('<p 1="x">x</p>'), "not well written", "<p attribute"),
        (TEXT.format('<p / class="x">x</p>'), "not well written", "<p attribute"),
        (COLUMN.format('<mj-text mj-class="a b">x</mj-text>'), "one mj-class only", "one class"),
        (COLUMN.format('<mj-text mj-class="a">x</mj-text>'), "no mj-class a", "known here"),
        (COLUMN.format('<mj-text padding="0 32">x</mj-text>'), "padding has no unit", "32px"),
        (COLUMN.format('<mj-raw position="file-start">x</mj-raw>'), "position does not work", ""),
        (TEXT.format('<a href="#第一节">x</a>'), "anchor", "a-z"),
        # two of what carries the same ids each time
        (COLUMN.format("<mj-navbar></mj-navbar><mj-navbar></mj-navbar>"), "second mj-navbar", "keep one"),
        (COLUMN.format("<mj-carousel></mj-carousel>" * 2), "second mj-carousel", "keep one"),
        (COLUMN.format("<mj-accordion></mj-accordion>" * 2), "second mj-accordion", "keep one"),
        (HEAD.format("").replace("<mj-body>", "<mj-head></mj-head><mj-body>"), "second mj-head", "keep one"),
        # pairs
        (TEXT.format("<p>x"), "<p> is not closed", "</p>"),
        (TEXT.format("<ul><li>x</ul>"), "<li> is not closed", "</li>"),
        (TEXT.format("x</b>"), "</b> closes nothing", "take it out"),
        (COLUMN.format("<mj-text>x"), "<mj-text> is not closed", "</mj-text>"),
        (COLUMN.format("x</mj-text>"), "text stands", ""),
        (COLUMN.format("<mj-text>x</mj-text></mj-text>"), "</mj-text> closes nothing", ""),
        (TEXT.format("1 < 2"), "bare <", "&lt;"),
        (TEXT.format("<!--[if mso]><td><![endif]-->x"), "<td> is not closed in a comment for Outlook", "close it"),
        (TEXT.format("<!--[if mso]></td><![endif]-->x"), "</td> closes nothing in a comment", "pair"),
        # what has no place at all
        ("<!DOCTYPE html>" + BODY.format(""), "<!DOCTYPE html>", "take it out"),
        ('<?xml version="1.0"?>' + BODY.format(""), "<?xml", "take it out"),
        (TEXT.format("<![CDATA[x]]>"), "<![CDATA[", "take it out"),
        (TEXT.format("<![if !mso]>x<![endif]>"), "Outlook's comments", "<!--[if !mso]><!-->"),
        (TEXT.format("<!-- a -- b -->"), "two hyphens", ""),
        (TEXT.format("a\x01b"), "control character", "take it out"),
        # styles
        (HEAD.format("<mj-style>\n@import url(x.css);</mj-style>"), "@import is lost", "data-premailer"),
        (HEAD.format("<mj-style>@font-face { src: url(x) }</mj-style>"), "@font-face is lost", "data-premailer"),
        (HEAD.format("<mj-raw><style>@supports (a:b) { p { c:d } }</style></mj-raw>"), "@supports", "data-premailer"),
        (HEAD.format("<mj-style>@media a { @media b { p { c:d } } }</mj-style>"), "inside another", "data-premailer"),
        (HEAD.format('<mj-style>a::before { content: "<" }</mj-style>'), "< stands in a style", ""),
        (HEAD.format("<mj-style>\np { a:b;\n.x { c:d }</mj-style>"), "{ is not closed", "write }"),
        (HEAD.format("<mj-style>\n@media a { p { a:b }\n</mj-style>"), "{ is not closed", "write }"),
        (HEAD.format("<mj-style>p { a:b } }</mj-style>"), "} closes nothing", "take it out"),
        (HEAD.format("<mj-style>p { a：b }</mj-style>"), "full-width sign stands in a style: ：", "write :"),
        (HEAD.format('<mj-raw><style data-premailer="ignore">p { a:b；}</style></mj-raw>'), "；", "write ;"),
        (HEAD.format('<mj-raw><style data-premailer="ignore">p { a:b</style></mj-raw>'), "{ is not closed", "write }"),
    ],
)
def test_a_fault_is_named_with_its_cure(source: str, said: str, cure: str) -> None:
    fault = fault_of(source)
    assert said in fault.message
    assert cure in fault.cure
    assert fault.file == FILE
    assert fault.line is not None


@pytest.mark.parametrize(
    "source",
    [
        TEXT.format("一<br>二<img src='x.png' alt=''/>&nbsp;a & b 😀"),
        TEXT.format("<!--[if mso]><table><tr><td><![endif]-->x<!--[if mso]></td></tr></table><![endif]-->"),
        TEXT.format("<!--[if !mso]><!--><b>x</b><!--<![endif]-->"),
        TEXT.format('<a name="a1" id="a1"></a><a href="#a1">x</a><p hidden title = \'a "b"\'>x</p>'),
        TEXT.format("<v:rect>x</v:rect>"),
        HEAD.format('<mj-raw><style data-premailer="ignore">@media a { @media b { p { c:d } } }</style></mj-raw>'),
        HEAD.format("<mj-style>/* { ： */ p::before { content: '}；'; } a { font-family: 微软雅黑 }</mj-style>"),
        HEAD.format("<mj-style>/* @import { @media */ @media a { p { c:d } } @media b { p { c:d } }</mj-style>"),
        HEAD.format(
            '<mj-attributes><mj-all color="red" /><mj-text css-class="a" /><mj-class name="b" /></mj-attributes>'
        ),
        HEAD.format('<mj-attributes><mj-class name="b" color="red" /></mj-attributes>').replace(
            "<mj-body>", '<mj-body><mj-section mj-class="b"></mj-section>'
        ),
        COLUMN.format('<mj-text padding="0 1px 0px 2%" padding-left="0">x</mj-text>'),
    ],
)
def test_what_the_engine_takes_rightly_is_no_fault(source: str) -> None:
    convert_mjml(source, FILE)


def documents() -> list[tuple[str, str, str]]:
    """Every element of the table, in every place the table allows it."""
    found = []
    for name, element in ELEMENTS.items():
        required = " ".join(f'{each}="x"' for each in element.required)
        for parent in sorted(element.parents):
            found.append((parent, name, _open_all(parent) + f"<{name} {required}></{name}>" + _close_all(parent)))
    return found


def _chain(name: str) -> list[str]:
    parents = sorted(ELEMENTS[name].parents)
    return [*_chain("mj-section" if "mj-section" in parents else parents[0]), name] if parents else [name]


def _open_all(name: str) -> str:
    return "".join('<mjml lang="zh">' if one == "mjml" else f"<{one}>" for one in _chain(name))


def _close_all(name: str) -> str:
    body = "" if "mj-body" in _chain(name) else "<mj-body></mj-body>"
    closing = "".join(f"</{one}>" for one in reversed(_chain(name)))
    return closing.replace("</mjml>", f"{body}</mjml>")


@pytest.mark.parametrize(("parent", "name", "source"), documents())
def test_the_engine_takes_every_element_where_the_table_lets_it_stand(parent: str, name: str, source: str) -> None:
    if name == "mj-body" or (parent, name) == ("mjml", "mj-head"):
        source = source.replace("<mj-body></mj-body>", "", 1) if source.count("<mj-body") > 1 else source
    convert_mjml(source, FILE)


def test_every_element_of_the_body_takes_a_class() -> None:
    for name, element in ELEMENTS.items():
        if element.content is not Content.TEXT and "mj-body" in _chain(name) and name != "mj-raw":
            assert "css-class" in element.attributes


@given(st.text(alphabet=st.sampled_from("<>/!-[]=\"' \nabpmj:&;{}@"), max_size=60))
def test_whatever_the_text_the_check_ends_in_a_fault_with_a_place_or_in_none(text: str) -> None:
    source = TEXT.format(text.replace("{", "{{").replace("}", "}}"))
    try:
        check_mjml(source, scan_markup(source))
    except MjmlFault as fault:
        assert fault.offset is not None
        assert 0 <= fault.offset <= len(source)
        assert fault.message
