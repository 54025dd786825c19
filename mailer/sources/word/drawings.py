"""What a Word drawing holds: pictures, text boxes, word art, and what mail cannot show (charts, embedded objects)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailer.i18n import _
from mailer.sources.word.markup import Element, R, name_of

_HOLDS = {"txbxContent", "blip", "imagedata", "textpath", "chart", "relIds"}


@dataclass(frozen=True, slots=True)
class PictureMark:
    """A picture: the relation that leads to its bytes, and what the author says it shows."""

    relation: str
    alt: str


@dataclass(frozen=True, slots=True)
class BoxMark:
    """A text box, with paragraphs and tables of its own."""

    content: Element


@dataclass(frozen=True, slots=True)
class WordArt:
    """Text that is drawn in a shape."""

    text: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something that mail cannot show, named for a reader."""

    what: str


Drawn = PictureMark | BoxMark | WordArt | Unusable


def choose_alternate(element: Element) -> Element | None:
    """Return the one alternative of mc:AlternateContent to read: the first that holds something, else the first."""
    choices = [one for one in element if name_of(one) in ("Choice", "Fallback")]
    for one in choices:
        if any(name_of(below) in _HOLDS or name_of(below) == "t" for below in one.iter()):
            return one
    return choices[0] if choices else None


def read_drawing(element: Element) -> list[Drawn]:
    """Return what a w:drawing, w:pict or w:object holds, in order. Lines and shapes without text are decoration."""
    alt = next((text for below in element.iter() if name_of(below) == "docPr" and (text := _describe(below))), "")
    found = list(_scan(element, alt))
    if name_of(element) == "object" and not any(isinstance(one, PictureMark) for one in found):
        program = next((below.get("ProgID") or "" for below in element.iter() if name_of(below) == "OLEObject"), "")
        return [Unusable(_("an embedded object {program}").format(program=program[:40]).strip())]
    return found


def from_top(drawings: Sequence[Element]) -> list[Element]:
    """Return the drawings of one paragraph as they stand on the page, the uppermost first, where all say where."""
    heights = [_height(drawing) for drawing in drawings]
    if len({origin for origin, _offset in heights}) != 1 or not heights[0][0]:
        return list(drawings)
    return [drawing for _height, drawing in sorted(zip(heights, drawings, strict=True), key=lambda pair: pair[0])]


def _height(drawing: Element) -> tuple[str, int]:
    """Return what a drawing's vertical place is counted from, and how far below that it is; ("", 0) when not said."""
    for below in drawing.iter():
        if name_of(below) == "positionV":
            offset = next((one.text or "" for one in below if name_of(one) == "posOffset"), "")
            known = re.fullmatch(r"-?[0-9]{1,12}", offset) is not None
            return (below.get("relativeFrom") or "", int(offset)) if known else ("", 0)
    return "", 0


def _scan(element: Element, alt: str) -> Iterator[Drawn]:
    for below in element:
        match name_of(below):
            case "txbxContent":
                yield BoxMark(below)
            case "AlternateContent":
                chosen = choose_alternate(below)
                if chosen is not None:
                    yield from _scan(chosen, alt)
            case "blip":
                relation = below.get(R + "embed") or below.get(R + "link")
                if relation:
                    yield PictureMark(relation, alt)
            case "pic":
                own = next((_describe(one) for one in below.iter() if name_of(one) == "cNvPr"), "")
                yield from _scan(below, own or alt)
            case "imagedata":
                relation = below.get(R + "id") or below.get(R + "pict") or below.get(R + "href")
                if relation:
                    yield PictureMark(relation, alt)
            case "shape" | "rect" | "group":
                yield from _scan(below, below.get("alt") or alt)
            case "textpath" if below.get("string"):
                yield WordArt(below.get("string") or "")
            case "chart":
                yield Unusable(_("a chart"))
            case "relIds":
                yield Unusable(_("a SmartArt drawing"))
            case "contentPart":
                yield Unusable(_("a drawing by hand"))
            case _:
                yield from _scan(below, alt)


def _describe(element: Element) -> str:
    return " ".join((element.get("descr") or element.get("title") or "").split())
