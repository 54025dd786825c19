"""The lines of contents (目录) and where the titles they list stand again in the text, in whatever spelling."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from mailer.sources.grammar import title_key
from mailer.sources.outline import section_name, strip_number
from mailer.sources.pieces import Piece

_LIST_HEADINGS = {
    "目录",
    "目次",
    "本期目录",
    "本期要目",
    "要目",
    "本期导读",
    "导读",
    "内容提要",
    "本期内容",
    "contents",
}
_TEXT_HEADINGS = {"本期详情", "详情", "正文", "本期正文"}
KEY_LENGTH = 400  # no title is longer; keeps the index small on any input
_PAGE = re.compile(r"(?:\s+\d{1,4}|\s*[（(]\d{1,4}[）)])$")  # without a leader: a title may end so too
_LEADERS = ".．…·—-　 \t"
_BULLETS = "·•●◆■□◇▪◦○*★☆ \t　"


def contents_key(piece: Piece) -> str:
    """Return the key of the title that a contents line lists."""
    return title_key(listed_title(piece))


def listed_title(piece: Piece) -> str:
    """Return a contents line without its bullet and the page number behind its leader."""
    text = piece.text[:KEY_LENGTH].replace("\n", " ").strip().lstrip(_BULLETS)
    bare = text.rstrip(")） 　")
    number = len(bare) - len(bare.rstrip("0123456789"))
    if 1 <= number <= 4:
        before = bare[:-number].rstrip("(（")
        title = before.rstrip(_LEADERS)
        leader = before[len(title) :]
        if title and ("\t" in leader or sum(char in ".．…·—-" for char in leader) >= 2):
            return title
    return text.replace("\t", " ")


def is_contents_heading(piece: Piece) -> bool:
    """True for a line that only announces the contents."""
    return _heading_key(piece) in _LIST_HEADINGS


def is_text_heading(piece: Piece) -> bool:
    """True for a line that only announces the text after the contents: ≡本期详情≡."""
    return _heading_key(piece) in _TEXT_HEADINGS


def _heading_key(piece: Piece) -> str:
    return title_key(piece.text.strip().strip("≡=【】[]—- *·")) if len(piece.text) <= 40 else ""


class TitleIndex:
    """Where each title stands; a title may be the only one of its line, or a section's with its first article's."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.keys = [
            title_key(piece.plain) if piece.block is None and len(piece.text) <= KEY_LENGTH else "" for piece in pieces
        ]
        self.alone: dict[str, list[int]] = {}
        self.paired: dict[str, list[int]] = {}
        self.loose: dict[str, list[int]] = {}
        self.wrapped: set[int] = set()  # where a title goes on on the next line
        for at, key in enumerate(self.keys):
            if not key:
                continue
            self.alone.setdefault(key, []).append(at)
            self.loose.setdefault(title_key(strip_number(pieces[at].plain)), []).append(at)
            if at + 1 < len(self.keys) and self.keys[at + 1] and len(key) + len(self.keys[at + 1]) <= KEY_LENGTH:
                self.paired.setdefault(key + self.keys[at + 1], []).append(at)

    def find(self, piece: Piece, start: int) -> tuple[int, int | None] | None:
        """Return where a contents line stands again from `start` on: its title, or a section and its first article."""
        title = listed_title(piece)
        key = title_key(title)
        alone, paired = _first_from(self.alone.get(key), start), _first_from(self.paired.get(key), start)
        if alone is not None and (paired is None or alone <= paired):
            return alone, None
        if paired is not None and self._names_section(title, paired):
            return paired, paired + 1
        if paired is not None:
            self.wrapped.add(paired)
            return paired, None
        return self._find_apart(title, key, start) or self._find_loose(title, start)

    def _names_section(self, title: str, at: int) -> bool:
        """True when a contents line has a section's name before its first title, not one title in two lines."""
        words = title.split()
        starts = accumulate(map(title_key, words[:-1]))
        return section_name(title) is not None or any(start == self.keys[at] for start in starts)

    def _find_apart(self, title: str, key: str, start: int) -> tuple[int, int | None] | None:
        """Find a section whose first title stands further down, after text of its own, or reads otherwise."""
        words = title.split()
        section = title_key(words[0]) if len(words) > 1 else ""
        named = _first_from(self.alone.get(section), start)
        if named is None or named + 1 >= len(self.keys):
            return None
        first = _first_from(self.alone.get(key.removeprefix(section)), named + 1)
        return named, first or named + 1

    def _find_loose(self, title: str, start: int) -> tuple[int, int | None] | None:
        """Find a title that is numbered, bracketed or marked here and not there, or has its page behind it."""
        bare = title_key(strip_number(title))
        if bare not in self.loose:
            bare = title_key(strip_number(_PAGE.sub("", title)))
        found = _first_from(self.loose.get(bare), start) if len(bare) > 1 else None
        return None if found is None else (found, None)


def _first_from(places: list[int] | None, start: int) -> int | None:
    at = bisect_left(places, start) if places else 0
    return places[at] if places and at < len(places) else None
