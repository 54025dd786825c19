"""The look that HTML elements give their text: by their name and their style attribute, as far as a bulletin needs."""

import re
from dataclasses import dataclass, replace

import lxml.etree

BLOCKS = frozenset(
    (
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dir", "div", "dl",
        "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
        "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table",
        "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    )
)  # fmt: skip
_BOLD = {"b", "strong", "th", "dt"}
_ITALIC = {"i", "em", "cite", "dfn", "var"}
_NEUTRAL = {"p", "div", "span", "td", "tr", "li", "br", "body", "html", "tbody"}
_FONT_SIZES = {"1": 7.5, "2": 10.0, "3": 12.0, "4": 13.5, "5": 18.0, "6": 24.0, "7": 36.0}
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(pt|px)")
_POINTS = {"pt": 1.0, "px": 0.75}


@dataclass(frozen=True, slots=True)
class WebLook:
    """How text at a place looks."""

    bold: bool = False
    italic: bool = False
    centred: bool = False
    raised: str | None = None
    size: float | None = None  # points
    target: str = ""
    kept_blanks: bool = False  # pre


def read_style(element: lxml.etree._Element) -> dict[str, str]:
    """Return the declarations of an element's style attribute, names and values in lower case."""
    declarations = {}
    for part in (element.get("style") or "").split(";"):
        name, colon, text = part.partition(":")
        if colon:
            declarations[name.strip().lower()] = text.replace("!important", "").strip().lower()
    return declarations


def is_hidden(element: lxml.etree._Element, style: dict[str, str]) -> bool:
    """True when a browser does not show the element."""
    if element.get("id") == "js_content":
        return False  # the text of a WeChat article, which its script shows
    return (
        "hidden" in element.attrib
        or style.get("display") == "none"
        or style.get("visibility") == "hidden"
        or style.get("mso-hide") == "all"
        or re.fullmatch(r"0(?:px|pt|em|%)?", style.get("font-size", "")) is not None
    )


def look_inside(element: lxml.etree._Element, tag: str, style: dict[str, str], look: WebLook) -> WebLook:
    """Return the look of text inside an element, from the look around it."""
    if not style and tag in _NEUTRAL and "align" not in element.attrib:
        return look
    weight, slant = style.get("font-weight", ""), style.get("font-style", "")
    aligned = style.get("text-align") or (element.get("align") or "").lower()
    size = _LENGTH.match(style.get("font-size", ""))
    font = _FONT_SIZES.get(element.get("size") or "") if tag == "font" else None
    bold = look.bold or tag in _BOLD
    if weight:
        bold = weight in ("bold", "bolder") or (weight.isdecimal() and len(weight) < 5 and int(weight) >= 600)
    return replace(
        look,
        bold=bold,
        italic=slant in ("italic", "oblique") if slant else look.italic or tag in _ITALIC,
        centred=aligned == "center" if aligned else look.centred or tag == "center",
        raised={"sup": "superscript", "sub": "subscript"}.get(tag, look.raised),
        size=float(size[1]) * _POINTS[size[2]] if size and len(size[1]) < 6 else font or look.size,
        kept_blanks=look.kept_blanks or tag == "pre",
    )
