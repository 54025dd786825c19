"""Finds tags, attributes, comments and text in MJML and HTML without changing a byte of them.

A scanner and not a parser: what is rewritten or checked here must keep every other byte, which no tree does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

RAW_TEXT = frozenset({"style", "script", "mj-style", "xmp", "iframe", "noembed", "noframes", "noscript", "textarea"})
# possessive quantifiers: an unclosed quote must not cost more than one pass
_MARK = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<[!?][^>]*+>|</?[A-Za-z](?:[^\"'>]|\"[^\"]*+\"|'[^']*+')*+>", re.DOTALL
)
_NAME = re.compile(r"</?([A-Za-z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*+)"|'([^']*+)'|([^\s"'<>]+)))?""")


class Kind(StrEnum):
    """What a piece of markup is."""

    TEXT = "text"
    RAW = "raw"  # the inside of style, script and their like
    COMMENT = "comment"  # comments, doctypes, processing instructions
    OPEN = "open"  # an opening or empty tag
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute; `start` and `end` bound its value (without quotes) in the source."""

    name: str
    value: str
    start: int
    end: int
    quoted: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the source from `start` to `end`; `name` is the lower-case tag, or the tag raw text stands in."""

    kind: Kind
    start: int
    end: int
    name: str = ""


def scan_markup(source: str) -> Iterator[Piece]:
    """Yield pieces that cover the source from its first to its last character, in order."""
    position = 0
    while mark := _MARK.search(source, position):
        start, end = mark.span()
        if start > position:
            yield Piece(Kind.TEXT, position, start)
        position = end
        named = _NAME.match(source, start)
        if named is None:
            yield Piece(Kind.COMMENT, start, end)
            continue
        name = named[1].lower()
        if source[start + 1] == "/":
            yield Piece(Kind.CLOSE, start, end, name)
            continue
        yield Piece(Kind.OPEN, start, end, name)
        if name in RAW_TEXT and source[end - 2] != "/":
            closing = re.compile(rf"</{re.escape(name)}\s*>", re.IGNORECASE).search(source, end)
            stop = closing.start() if closing else len(source)
            if stop > end:
                yield Piece(Kind.RAW, end, stop, name)
            position = stop
    if position < len(source):
        yield Piece(Kind.TEXT, position, len(source))


def read_attributes(source: str, tag: Piece) -> tuple[Attribute, ...]:
    """Return the attributes of an opening tag, as written: entities are not resolved."""
    named = _NAME.match(source, tag.start)
    found: list[Attribute] = []
    if named is None:
        return ()
    for match in _ATTRIBUTE.finditer(source, named.end(), tag.end - 1):
        group = match.lastindex or 0
        if group < 2:
            found.append(Attribute(match[1], "", match.end(), match.end(), False))
        else:
            found.append(Attribute(match[1], match[group], match.start(group), match.end(group), group < 4))
    return tuple(found)


def line_at(source: str, position: int) -> int:
    """Return the line, from 1, on which a character stands."""
    return source.count("\n", 0, position) + 1
