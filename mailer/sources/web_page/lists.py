"""The lists of a web page, and the numbered paragraphs of pages that Word saved: what stands before each item."""

import re
from dataclasses import dataclass

from mailer.sources.numerals import format_numeral
from mailer.sources.pieces import ListPlace
from mailer.sources.web_page.markup import Element

_KINDS = {
    "1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman",
    "lower-alpha": "lowerLetter", "lower-latin": "lowerLetter", "upper-alpha": "upperLetter",
    "upper-latin": "upperLetter", "lower-roman": "lowerRoman", "upper-roman": "upperRoman",
    "decimal-leading-zero": "decimalZero", "cjk-ideographic": "chineseCounting",
    "simp-chinese-informal": "chineseCounting", "trad-chinese-informal": "chineseCounting",
    "cjk-decimal": "ideographDigital", "simp-chinese-formal": "chineseLegalSimplified",
    "cjk-heavenly-stem": "ideographTraditional", "cjk-earthly-branch": "ideographZodiac",
}  # fmt: skip
_BULLETS = {"disc", "circle", "square"}
_BULLET_SIGNS = set("·•●○■□◆◇▪▫–-*§►➢✓")
_SIGN_FONT = re.compile("[A-Za-z\u00a1-\u00ff\uf000-\uf0ff]")  # Wingdings and Symbol: l is ●
_COUNT = re.compile(r"(\d{1,4})[.)．）、]?")


@dataclass(slots=True)
class Item:
    """An item's place, None where it is no item of a list; the number before it, and what it counts."""

    place: ListPlace | None
    label: str = ""
    value: int = 0


@dataclass(slots=True)
class OpenList:
    """A <ul> or <ol> being read."""

    ordered: bool
    depth: int
    number: int
    kind: str = "decimal"
    count: int = 0

    def next_item(self, element: Element) -> Item:
        """Return the place of the list's next <li>. Numbers that are no plain figures become its label, as text."""
        value = _read_number(element.get("value"))
        self.count = self.count + 1 if value is None else value
        if not self.ordered:
            return Item(ListPlace(False, self.depth, self.number) if self.kind != "none" else None)
        if self.kind == "none":
            return Item(None)
        place = ListPlace(True, self.depth, self.number)
        if self.kind == "decimal":
            return Item(place, f"{self.count}.", self.count)
        chinese = not self.kind.startswith(("lower", "upper", "decimal"))
        return Item(None, format_numeral(self.count, self.kind) + ("、" if chinese else "."))


def open_list(element: Element, tag: str, style: dict[str, str], *, depth: int, number: int) -> OpenList:
    """Return a list that begins with this <ul> or <ol>, `depth` lists deep; `number` tells lists apart."""
    written = style.get("list-style-type") or style.get("list-style") or element.get("type") or ""
    words = written.split()
    ordered = tag == "ol" and not any(word in _BULLETS for word in words)
    kind = "none" if "none" in words else next((_KINDS[word] for word in words if word in _KINDS), "decimal")
    start = _read_number(element.get("start"))
    return OpenList(ordered, depth, number, kind, 0 if start is None else start - 1)


def word_item(style: dict[str, str], label: str) -> Item:
    """Return the place of a paragraph that Word saved with mso-list and this label before it."""
    match = re.match(r"l(\d{1,6})\s+level(\d)", style.get("mso-list", ""))
    number, depth = (int(match[1]), int(match[2])) if match else (0, 1)
    sign = label.strip()
    if len(sign) <= 1 and (not sign or sign in _BULLET_SIGNS or _SIGN_FONT.match(sign)):
        return Item(ListPlace(False, depth, number))
    if count := _COUNT.fullmatch(sign):
        return Item(ListPlace(True, depth, number), sign, int(count[1]))
    return Item(None, sign)


def _read_number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"-?\d{1,6}", text.strip()) else None
