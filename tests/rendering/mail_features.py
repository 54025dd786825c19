"""Which features of HTML and CSS a page uses, by the names caniemail gives them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import tinycss2  # type: ignore[import-untyped]

from mailer.rendering.markup import Kind, read_attributes, scan_markup

_UNITS = {"em", "ch", "cm", "ex", "in", "mm", "pc", "pt", "px", "rem", "vh", "vmax", "vmin", "vw"}
_PROPERTIES = {
    "left": "left-right-top-bottom", "right": "left-right-top-bottom", "top": "left-right-top-bottom",
    "bottom": "left-right-top-bottom", "column-gap": "gap", "row-gap": "gap",
}  # fmt: skip
_SEMANTIC = {"article", "aside", "details", "figcaption", "figure", "footer", "header", "main", "mark", "nav"} | {
    "section", "summary", "time",
}  # fmt: skip
_ELEMENTS = dict.fromkeys(_SEMANTIC, "semantics") | dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "h1-h6")
_ELEMENTS |= dict.fromkeys(("ul", "ol", "dl"), "lists")
_SELECTORS = (
    ("class", r"\.[\w-]"), ("id", r"#[\w-]"), ("attribute", r"\["), ("child", r">"), ("adjacent-sibling", r"\+"),
    ("general-sibling", r"~"), ("universal", r"\*"), ("grouping", r","), ("chaining", r"\w\.[\w-]|\]\.|\w\["),
    ("descendant", r"[\w\])]\s+[\w.#\[*]"), ("type", r"(?:^|[\s>+~,])[a-z]"),
)  # fmt: skip


def page_features(html: str) -> set[str]:
    """Return the caniemail slugs of what a page uses, such as css-text-indent and html-role; comments aside."""
    found = {"html-doctype"} if html.lower().startswith("<!doctype html>") else set()
    for piece in scan_markup(html):
        text = html[piece.start : piece.end]
        if piece.kind is Kind.RAW and piece.name == "style":
            found |= {"html-style", *_sheet_features(tinycss2.parse_stylesheet(text, True, True))}
        elif piece.kind is Kind.COMMENT and text.startswith("<!--"):
            found.add("html-comments")
        elif piece.kind is Kind.OPEN:
            found.add(f"html-{_ELEMENTS.get(piece.name, piece.name)}")
            for each in read_attributes(html, piece):
                found |= set(_attribute_features(piece.name, each.name.lower(), each.value))
    return found


def _attribute_features(element: str, name: str, value: str) -> Iterator[str]:
    if name != "style":  # html-style is the element
        yield f"html-{name}"
    else:
        yield from _declaration_features(tinycss2.parse_blocks_contents(value.replace("&#34;", '"'), True, True))
    if element == "a" and (name == "name" or (name == "href" and value.startswith("#"))):
        yield "html-anchor-links"
    if element == "a" and name == "href" and value.startswith("mailto:"):
        yield "html-mailto-links"
    if element == "meta" and value == "color-scheme":
        yield "html-meta-color-scheme"


def _sheet_features(rules: Iterable[Any]) -> Iterator[str]:
    for rule in rules:
        if rule.type == "at-rule":
            yield f"css-at-{rule.lower_at_keyword}"
            for feature in re.findall(r"\(\s*([a-z-]+)", tinycss2.serialize(rule.prelude)):
                yield f"css-at-media-{feature}"
            if rule.content:
                yield from _sheet_features(tinycss2.parse_blocks_contents(rule.content, True, True))
        elif rule.type == "qualified-rule":
            selector = tinycss2.serialize(rule.prelude).strip()
            yield from (f"css-selector-{name}" for name, pattern in _SELECTORS if re.search(pattern, selector))
            yield from (f"css-pseudo-element-{name}" for name in re.findall(r"::([a-z-]+)", selector))
            yield from (f"css-pseudo-class-{name}" for name in re.findall(r"(?<!:):([a-z-]+)", selector))
            yield from _declaration_features(tinycss2.parse_blocks_contents(rule.content, True, True))


def _declaration_features(nodes: Iterable[Any]) -> Iterator[str]:
    for node in nodes:
        if node.type == "error":
            raise AssertionError(f"CSS that cannot be read: {node.message}")
        name = node.lower_name
        if name.startswith("--"):
            yield "css-variables"
        yield f"css-{_PROPERTIES.get(name, name)}"
        if node.important:
            yield "css-important"
        value = tinycss2.serialize(node.value).strip()
        if name in ("display", "flex-direction", "flex-wrap"):
            yield f"css-{name}-{value}"
        for token in node.value:
            if token.type == "dimension" and token.lower_unit in _UNITS:
                yield f"css-unit-{token.lower_unit}"
            elif token.type == "percentage":
                yield "css-unit-percent"
            elif token.type == "function":
                function = {"calc": "unit-calc", "rgb": "rgb", "rgba": "rgba", "var": "variables"}
                yield f"css-{function.get(token.lower_name, 'function-' + token.lower_name)}"
            elif token.type == "ident" and token.lower_value == "initial":
                yield "css-unit-initial"
