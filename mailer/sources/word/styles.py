"""The styles of a Word document: what a paragraph or run inherits, and which styles are headings."""

import re
from dataclasses import dataclass
from functools import cached_property

from mailer.sources.word.markup import Element, W, child, name_of, number, switch, value

_HEADING = re.compile(r"(?:heading|标题|標題|überschrift|titre)\s*([1-9])(?:\s+char)?")
_TITLE = {"title", "标题", "標題", "文档标题"}
MAX_CHAIN = 20


@dataclass(frozen=True, slots=True)
class Look:
    """How text looks; None where nothing is said about it."""

    bold: bool | None = None
    italic: bool | None = None
    hidden: bool | None = None
    struck: bool | None = None
    size: float | None = None  # points
    raised: str | None = None  # superscript or subscript
    font: str | None = None


@dataclass(frozen=True, slots=True)
class Style:
    """A style with all it inherits."""

    name: str = ""
    look: Look = Look()
    heading: int = 0
    centred: bool | None = None
    numbering: tuple[int | None, int | None] = (None, None)  # numId, ilvl
    numbering_style: str = ""  # the style in the chain that brought the numbering


def read_look(properties: Element | None) -> Look:
    """Return what run properties (w:rPr) say."""
    if properties is None or not len(properties):
        return Look()
    half_points = number(child(properties, "sz"))
    fonts = child(properties, "rFonts")
    struck = switch(properties, "strike")
    return Look(
        bold=switch(properties, "b"),
        italic=switch(properties, "i"),
        hidden=switch(properties, "vanish"),
        struck=switch(properties, "dstrike") if struck is None else struck,
        size=half_points / 2 if half_points and half_points > 0 else None,
        raised=value(child(properties, "vertAlign")),
        font=value(fonts, "ascii") or value(fonts, "hAnsi"),
    )


def inherit(look: Look, base: Look) -> Look:
    """Return a look with what it does not say taken from its base."""
    return Look(
        bold=base.bold if look.bold is None else look.bold,
        italic=base.italic if look.italic is None else look.italic,
        hidden=base.hidden if look.hidden is None else look.hidden,
        struck=base.struck if look.struck is None else look.struck,
        size=base.size if look.size is None else look.size,
        raised=base.raised if look.raised is None else look.raised,
        font=base.font if look.font is None else look.font,
    )


def combine(run: Look, character: Look, paragraph: Look) -> Look:
    """Return the look of a run: what it says itself, else its character style, else the paragraph's.

    Bold and italic of the two styles cancel each other (ECMA-376 part 1, 17.7.3: toggle properties).
    """
    both = inherit(run, inherit(character, paragraph))
    return Look(
        bold=_toggle(run.bold, character.bold, paragraph.bold),
        italic=_toggle(run.italic, character.italic, paragraph.italic),
        hidden=both.hidden,
        struck=both.struck,
        size=both.size,
        raised=both.raised,
        font=both.font,
    )


def _toggle(own: bool | None, character: bool | None, paragraph: bool | None) -> bool:
    return bool(character) != bool(paragraph) if own is None else own


def outline_level(properties: Element | None) -> int | None:
    """Return the outline level of paragraph properties: 1 to 9, 0 for body text, None when it is not said."""
    level = number(child(properties, "outlineLvl"))
    return None if level is None else level + 1 if 0 <= level <= 8 else 0


def heading_of_name(name: str) -> int:
    """Return the level that a style's name says (heading 1, 标题 2; Title counts as 1), 0 for none."""
    plain = " ".join(name.lower().split())
    if plain in _TITLE:
        return 1
    match = _HEADING.fullmatch(plain)
    return int(match[1]) if match else 0


class Styles:
    """The styles of a document by id; an unknown id has the look of the document's defaults."""

    def __init__(self, root: Element | None) -> None:
        elements = [] if root is None else [element for element in root if name_of(element) == "style"]
        self._elements = {value(element, "styleId") or "": element for element in elements}
        self._known: dict[str, Style] = {}
        self._root = root
        self._default = next(
            (
                value(element, "styleId") or ""
                for element in elements
                if value(element, "type") == "paragraph" and value(element, "default") in ("1", "true", "on")
            ),
            "",
        )

    @cached_property
    def defaults(self) -> Look:
        """What all text looks like where nothing else is said."""
        return read_look(None if self._root is None else self._root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr"))

    def paragraph(self, style_id: str | None) -> Style:
        """Return a paragraph's style; the default one where it names none or one that is not there."""
        return self._resolve(style_id if style_id in self._elements else self._default)

    def character(self, style_id: str | None) -> Style:
        """Return a run's style; an empty one where it names none or one that is not there."""
        return self._resolve(style_id) if style_id in self._elements else Style()

    def _resolve(self, style_id: str | None) -> Style:
        key = style_id or ""
        if key not in self._known:
            chain: list[str] = []
            at: str | None = key
            while at and at in self._elements and at not in chain and len(chain) < MAX_CHAIN:
                chain.append(at)
                at = value(child(self._elements[at], "basedOn"))
            style = Style()
            for link in reversed(chain):
                style = _derive(style, self._elements[link], link)
            self._known[key] = style
        return self._known[key]


def _derive(base: Style, element: Element, style_id: str) -> Style:
    properties = child(element, "pPr")
    name = value(child(element, "name")) or ""
    named, level = heading_of_name(name), outline_level(properties)
    alignment = value(child(properties, "jc"))
    numbered = child(properties, "numPr")
    num_id, num_level = number(child(numbered, "numId")), number(child(numbered, "ilvl"))
    return Style(
        name=name,
        look=inherit(read_look(child(element, "rPr")), base.look),
        heading=named or (base.heading if level is None else level),
        centred=base.centred if alignment is None else alignment == "center",
        numbering=(
            base.numbering[0] if num_id is None else num_id,
            base.numbering[1] if num_level is None else num_level,
        ),
        numbering_style=base.numbering_style if numbered is None else style_id,
    )
