"""The automatic numbering of a Word document (ECMA-376 part 1, 17.9): what stands before a paragraph."""

import re
from dataclasses import dataclass, field

from mailer.sources.numerals import format_numeral
from mailer.sources.word.markup import Element, child, name_of, number, value

MAX_LEVEL = 9
_BULLET = "bullet"
# a list whose items a reader counts by figures; all other numbering is part of the text
_PLAIN = re.compile(r"%\d[.)．）、]?")


@dataclass(frozen=True, slots=True)
class Label:
    """What the numbering puts before a paragraph. `text` is empty for a bullet, which is drawn.

    `plain` says that it is no more than a count (1. 2. 3.), `value` which.
    """

    text: str
    bullet: bool
    plain: bool
    level: int  # from 1
    value: int
    list_id: int


@dataclass(frozen=True, slots=True)
class _Level:
    kind: str = "decimal"
    text: str = ""
    start: int = 1
    restart: int | None = None  # the level whose numbers restart this one; 0 for never
    style: str = ""
    legal: bool = False


@dataclass(slots=True)
class _Count:
    values: dict[int, int] = field(default_factory=dict)
    overridden: set[tuple[int, int]] = field(default_factory=set)


class Numbering:
    """Counts the numbered paragraphs of a document, which must be asked for in order."""

    def __init__(self, root: Element | None) -> None:
        elements = list(root) if root is not None else []
        self._abstract = {
            number(element, "abstractNumId"): element for element in elements if name_of(element) == "abstractNum"
        }
        self._nums = {number(element, "numId"): element for element in elements if name_of(element) == "num"}
        self._by_style = {
            value(child(element, "styleLink")): key
            for key, element in self._abstract.items()
            if child(element, "styleLink") is not None
        }
        self._levels: dict[int, dict[int, _Level]] = {}
        self._counts: dict[int, _Count] = {}

    def label(self, num_id: int | None, level: int | None, style: str = "") -> Label | None:
        """Return what stands before the next paragraph with this numbering; None where it has none.

        level counts from 0; None means the level that belongs to the style, else the first.
        """
        if not num_id or num_id not in self._nums:
            return None
        abstract, levels = self._definition(num_id)
        if level is None:
            level = next((at for at, one in levels.items() if style and one.style == style), 0)
        found = levels.get(level)
        if found is None or not 0 <= level < MAX_LEVEL:
            return None
        count = self._counts.setdefault(abstract, _Count())
        reached = self._count(count, num_id, level, levels)
        if found.kind == "none" or (not found.text and found.kind != _BULLET):
            return None
        bullet = found.kind == _BULLET
        text = "" if bullet else _fill(found, levels, count.values)
        plain = found.kind == "decimal" and _PLAIN.fullmatch(found.text) is not None
        return Label(text, bullet, plain, level + 1, reached, num_id)

    def _count(self, count: _Count, num_id: int, level: int, levels: dict[int, _Level]) -> int:
        for above in range(level):
            if above in levels:
                count.values.setdefault(above, levels[above].start)
        override = self._override(num_id, level)
        if override is not None and (num_id, level) not in count.overridden:
            count.overridden.add((num_id, level))
            count.values[level] = override
        elif level in count.values:
            count.values[level] += 1
        else:
            count.values[level] = levels[level].start
        for below in [at for at in count.values if at > level]:
            restart = levels[below].restart if below in levels else None
            if restart is None or 0 < level + 1 <= restart:
                del count.values[below]
        return count.values[level]

    def _override(self, num_id: int, level: int) -> int | None:
        for element in self._nums[num_id]:
            if name_of(element) == "lvlOverride" and number(element, "ilvl") == level:
                return number(child(element, "startOverride"))
        return None

    def _definition(self, num_id: int) -> tuple[int, dict[int, _Level]]:
        abstract = number(child(self._nums[num_id], "abstractNumId"))
        linked = value(child(self._abstract.get(abstract), "numStyleLink"))
        if linked is not None:  # a numbering that only points to the one a style holds
            abstract = self._by_style.get(linked, abstract)
        if num_id not in self._levels:
            levels = _read_levels(self._abstract.get(abstract))
            for element in self._nums[num_id]:
                if name_of(element) == "lvlOverride":
                    levels.update(_read_levels(element))
            self._levels[num_id] = levels
        return abstract if abstract is not None else -1, self._levels[num_id]


def _read_levels(parent: Element | None) -> dict[int, _Level]:
    levels = {}
    for element in parent if parent is not None else ():
        at = number(element, "ilvl")
        if name_of(element) == "lvl" and at is not None:
            start = number(child(element, "start"))
            levels[at] = _Level(
                kind=_kind(element),
                text=value(child(element, "lvlText")) or "",
                start=1 if start is None else start,
                restart=number(child(element, "lvlRestart")),
                style=value(child(element, "pStyle")) or "",
                legal=child(element, "isLgl") is not None,
            )
    return levels


def _kind(level: Element) -> str:
    found = child(level, "numFmt")
    if found is None:  # newer formats stand in mc:AlternateContent, with a fallback
        found = next((below for below in level.iter() if name_of(below) == "numFmt"), None)
    return value(found) or "decimal"


def _fill(found: _Level, levels: dict[int, _Level], values: dict[int, int]) -> str:
    def replace(match: re.Match[str]) -> str:
        at = int(match[1]) - 1
        kind = "decimal" if found.legal or at not in levels else levels[at].kind
        return format_numeral(values.get(at, 1), kind)

    return re.sub(r"%([1-9])", replace, found.text).strip()
