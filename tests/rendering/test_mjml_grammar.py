"""The table of MJML is what its engine does: every element stands where it may, every attribute changes the mail."""

import pytest
from mjml import mjml2html

from mailer.rendering.mjml_grammar import ELEMENTS, Content

# values that an attribute's default is not; anything else gets a length, a colour, a border or a name
VALUES = {
    "direction": "rtl", "full-width": "full-width", "hamburger": "hamburger",
    "mode": "vertical", "name": "web", "fluid-on-mobile": "true", "align": "right", "text-align": "right", "vertical-align": "bottom",
    "table-layout": "fixed", "thumbnails": "hidden", "text-decoration": "underline", "font-style": "italic",
    "text-transform": "uppercase", "ico-align": "right", "ico-text-decoration": "underline", "icon-position": "left",
    "ico-text-transform": "lowercase", "icon-align": "top", "background-repeat": "no-repeat", "background-size": "cover",
    "border-style": "dotted", "rel": "nofollow", "target": "_top", "font-weight": "700",
}  # fmt: skip
NAMES = ("href", "src", "name", "title", "alt", "srcset", "sizes", "usemap", "css-class", "left-icon", "right-icon")
# what an attribute needs beside it to show at all
BESIDE = {
    "mj-hero": 'height="100px" background-url="u"', "mj-column": 'padding="5px"', "mj-image": 'href="h" srcset="s"',
    "mj-navbar": 'hamburger="hamburger"', "mj-carousel-image": 'href="h"', "mj-social-element": 'href="h"',
    "mj-section": 'background-url="u"', "mj-wrapper": 'background-url="u"',
}  # fmt: skip
INSIDE = {
    "mj-carousel": '<mj-carousel-image src="s" alt="a" /><mj-carousel-image src="t" alt="b" />',
    "mj-navbar": '<mj-navbar-link href="x">y</mj-navbar-link>',
    "mj-accordion": "<mj-accordion-element><mj-accordion-title>t</mj-accordion-title></mj-accordion-element>",
    "mj-accordion-element": "<mj-accordion-title>t</mj-accordion-title><mj-accordion-text>u</mj-accordion-text>",
    "mj-social": '<mj-social-element name="web" href="h">z</mj-social-element>',
    "mj-body": "<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>",
    "mj-wrapper": "<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>",
    "mj-section": "<mj-column><mj-text>x</mj-text></mj-column>",
    "mj-group": "<mj-column><mj-text>x</mj-text></mj-column>",
    "mj-column": "<mj-text>x</mj-text>",
    "mj-hero": "<mj-text>x</mj-text>",
}


def chain(name: str) -> list[str]:
    """The elements around one, outermost first, and itself."""
    parents = ELEMENTS[name].parents
    if not parents:
        return [name]
    around = next((one for one in ("mj-section", "mj-column", "mj-body") if one in parents), min(parents))
    return [*chain(around), name]


def convert(name: str, attribute: str, value: str | None) -> str:
    given = dict.fromkeys(ELEMENTS[name].required, "x") | ({"name": "web"} if name == "mj-social-element" else {})
    for pair in BESIDE.get(name, "").split():
        key, _equals, text = pair.partition("=")
        given[key] = text.strip('"')
    if value is not None:
        given[attribute] = value
    elif attribute not in ELEMENTS[name].required:
        given.pop(attribute, None)
    *around, _name = chain(name)
    opening = "".join('<mjml lang="zh">' if one == "mjml" else f"<{one}>" for one in around)
    written = " ".join(f'{key}="{text}"' for key, text in given.items())
    content = INSIDE.get(name, "x" if ELEMENTS[name].content is Content.HTML else "")
    closing = "".join(f"</{one}>" for one in reversed(around))
    return mjml2html(f"{opening}<{name} {written}>{content}</{name}>{closing}", fonts={})


def value_of(attribute: str) -> str:
    if attribute in VALUES:
        return VALUES[attribute]
    if "color" in attribute:
        return "#123456"
    if "border" in attribute and not attribute.endswith(("radius", "width")):
        return "3px solid #123456"
    return "u7" if attribute in NAMES or "url" in attribute else "7px"


@pytest.mark.parametrize("name", [name for name in ELEMENTS if "mj-body" in chain(name) and name != "mj-raw"])
def test_every_attribute_of_the_table_changes_the_mail(name: str) -> None:
    ignored = [
        attribute
        for attribute in sorted(ELEMENTS[name].attributes - {"mj-class"})
        if convert(name, attribute, value_of(attribute)) == convert(name, attribute, None)
    ]
    assert ignored == []
