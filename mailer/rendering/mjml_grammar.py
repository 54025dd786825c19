"""The elements of MJML 4 as a table: where each may stand, what stands in it, and which attributes it takes.

From the component sources of mjml 4.18 (allowedAttributes, and the dependencies of its preset), less what the engine
we use (MRML 6) ignores or refuses: mj-include, mj-html-attributes, mj-selector, mj-raw in mj-social, mj-navbar and
mj-accordion, and two dozen attributes such as the gap of mj-wrapper (tests/rendering/test_mjml_grammar.py). mj-font is
left out as well: it fetches from the web.
"""

from dataclasses import dataclass
from enum import StrEnum


class Content(StrEnum):
    """What may stand inside an element."""

    ELEMENTS = "elements"  # other MJML elements only
    HTML = "html"  # text and HTML
    TEXT = "text"  # text without tags
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Element:
    """One MJML element."""

    parents: frozenset[str]
    content: Content
    attributes: frozenset[str]
    required: tuple[str, ...] = ()


_PADDING = "padding padding-top padding-right padding-bottom padding-left"
_BORDER = "border border-top border-right border-bottom border-left border-radius"
_FONT = "color font-family font-size font-style font-weight letter-spacing line-height text-decoration text-transform"
_LINK = "href name rel target title"
_BOX = f"container-background-color {_PADDING}"
_ICONS = (
    "border font-family icon-align icon-width icon-height icon-wrapped-url icon-wrapped-alt icon-unwrapped-url "
    "icon-unwrapped-alt icon-position"
)
_SECTION = (
    f"background-color background-url background-repeat background-size background-position background-position-x "
    f"background-position-y direction full-width text-align {_BORDER} {_PADDING}"
)
_THUMBS = "border-radius tb-border tb-border-radius"

EVERYWHERE = frozenset({"css-class", "mj-class"})  # what every element of the body takes
_COLUMN = "mj-column mj-hero"


def _element(parents: str, content: Content, attributes: str = "", required: str = "", *, body: bool = True) -> Element:
    names = frozenset(attributes.split())
    return Element(
        frozenset(parents.split()), content, names | EVERYWHERE if body else names, tuple(required.split())
    )  # fmt: skip


ELEMENTS: dict[str, Element] = {
    "mjml": _element("", Content.ELEMENTS, "lang dir owa", "lang", body=False),
    "mj-head": _element("mjml", Content.ELEMENTS, body=False),
    "mj-title": _element("mj-head", Content.TEXT, body=False),
    "mj-preview": _element("mj-head", Content.TEXT, body=False),
    "mj-style": _element("mj-head", Content.TEXT, "inline", body=False),
    "mj-breakpoint": _element("mj-head", Content.NOTHING, "width", "width", body=False),
    "mj-attributes": _element("mj-head", Content.ELEMENTS, body=False),
    "mj-all": _element("mj-attributes", Content.NOTHING, body=False),
    "mj-class": _element("mj-attributes", Content.NOTHING, "name", "name", body=False),
    "mj-body": _element("mjml", Content.ELEMENTS, "width background-color"),
    "mj-raw": _element(
        "mj-head mj-body mj-wrapper mj-section mj-group mj-column mj-hero", Content.HTML, "position", body=False
    ),
    "mj-wrapper": _element("mj-body", Content.ELEMENTS, _SECTION),
    "mj-section": _element("mj-body mj-wrapper", Content.ELEMENTS, _SECTION),
    "mj-hero": _element(
        "mj-body mj-wrapper", Content.ELEMENTS,
        "height background-url background-width background-height background-position background-color "
        "inner-background-color inner-padding inner-padding-top inner-padding-right inner-padding-bottom "
        f"inner-padding-left vertical-align {_PADDING}",
    ),
    "mj-group": _element("mj-section", Content.ELEMENTS, "background-color direction vertical-align width"),
    "mj-column": _element(
        "mj-section mj-group", Content.ELEMENTS,
        "background-color direction inner-background-color inner-border inner-border-top inner-border-right "
        f"inner-border-bottom inner-border-left inner-border-radius vertical-align width {_BORDER} {_PADDING}",
    ),
    "mj-text": _element(_COLUMN, Content.HTML, f"align height vertical-align {_FONT} {_BOX}"),
    "mj-table": _element(
        _COLUMN, Content.HTML,
        "align border cellpadding cellspacing color font-family font-size line-height table-layout vertical-align "
        f"width {_BOX}",
    ),
    "mj-button": _element(
        _COLUMN, Content.HTML,
        "align background-color height href name rel target inner-padding text-align vertical-align width "
        f"{_BORDER} {_FONT} {_BOX}",
        "href",
    ),
    "mj-image": _element(
        _COLUMN, Content.NOTHING,
        "alt src srcset align fluid-on-mobile width height max-height font-size usemap border border-right border-left "
        f"border-radius {_LINK} {_BOX}",
        "src alt",
    ),
    "mj-divider": _element(_COLUMN, Content.NOTHING, f"border-color border-style border-width width align {_BOX}"),
    "mj-spacer": _element(_COLUMN, Content.NOTHING, f"height {_BOX}"),
    "mj-social": _element(
        _COLUMN, Content.ELEMENTS,
        "align border-radius color font-family font-size font-style font-weight icon-size icon-height icon-padding "
        f"inner-padding line-height mode text-padding text-decoration vertical-align {_BOX}",
    ),
    "mj-social-element": _element(
        "mj-social", Content.HTML,
        "align alt src background-color border-radius color font-family font-size font-style font-weight "
        f"icon-size icon-height icon-padding line-height text-padding text-decoration vertical-align "
        f"{_LINK} {_PADDING}",
    ),
    "mj-navbar": _element(
        _COLUMN, Content.ELEMENTS,
        "align base-url hamburger ico-align ico-open ico-close ico-color ico-font-size ico-font-family "
        "ico-text-transform ico-text-decoration ico-line-height ico-padding ico-padding-top ico-padding-right "
        f"ico-padding-bottom ico-padding-left {_PADDING}",
    ),
    "mj-navbar-link": _element(
        "mj-navbar", Content.HTML,
        "href name rel target color font-family font-size font-style font-weight letter-spacing line-height "
        f"text-decoration {_PADDING}", "href",
    ),
    "mj-accordion": _element(_COLUMN, Content.ELEMENTS, f"{_ICONS} {_BOX}"),
    "mj-accordion-element": _element("mj-accordion", Content.ELEMENTS, f"background-color {_ICONS}"),
    "mj-accordion-title": _element(
        "mj-accordion-element", Content.HTML, f"background-color color font-size font-family {_PADDING}"
    ),
    "mj-accordion-text": _element(
        "mj-accordion-element", Content.HTML,
        f"background-color color font-size font-family font-weight letter-spacing line-height {_PADDING}",
    ),
    "mj-carousel": _element(
        _COLUMN, Content.ELEMENTS,
        f"align icon-width left-icon right-icon thumbnails tb-hover-border-color tb-selected-border-color tb-width "
        f"{_THUMBS} {_BOX}",
    ),
    "mj-carousel-image": _element(
        "mj-carousel", Content.NOTHING, f"alt href rel target title src thumbnails-src {_THUMBS}", "src alt"
    ),
}  # fmt: skip

# MRML gives their parts the same ids every time, so that two of a kind would work one another
ONCE = frozenset({"mj-carousel", "mj-navbar", "mj-accordion"})

HTML_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
HTML_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark", "q"}
    | {"s", "small", "span", "strong", "sub", "sup", "time", "u", "var"}
)
HTML_NAMES = (
    HTML_VOID
    | HTML_INLINE
    | {"address", "article", "aside", "big", "blockquote", "caption", "center", "colgroup", "dd", "details", "dfn"}
    | {"dir", "div", "dl", "dt", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header"}
    | {"hgroup", "label", "li", "main", "map", "menu", "nav", "ol", "p", "picture", "pre", "rb", "rp", "rt", "ruby"}
    | {"samp", "section", "strike", "style", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "title", "tr"}
    | {"tt", "ul", "wbr", "meter", "progress", "data", "output", "fieldset", "legend"}
)
# mail programs take these out, or take the whole mail for an attack
HTML_REFUSED = frozenset(
    {"script", "iframe", "object", "embed", "applet", "frame", "frameset", "form", "input", "button", "select"}
    | {"textarea", "base", "noscript", "audio", "video", "canvas", "svg", "math", "html", "head", "body", "xmp", "link"}
)
