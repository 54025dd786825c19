"""What is written on an issue's web page: its title, its headings, its words, and where words stand in it."""

import re
import unicodedata
from dataclasses import dataclass
from html.parser import HTMLParser

from mailer.model.publication import Excerpt

LONGEST_TEXT = 200_000  # characters of a page that are looked through
MOST_HEADINGS = 60
LONGEST_QUERY = 100
MOST_WORDS = 8
_AROUND = (30, 90)  # characters of an excerpt before and behind what was found
_SILENT = frozenset({"script", "style", "title", "nav", "template", "head"})
_INLINE = frozenset(
    {
        "a",
        "abbr",
        "b",
        "bdi",
        "code",
        "em",
        "i",
        "img",
        "ins",
        "mark",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "u",
    }
)


@dataclass(frozen=True, slots=True)
class PageText:
    """headings: of the articles (h3); of the sections (h2) where there are no articles. text: on one line."""

    title: str
    headings: tuple[str, ...]
    text: str


class _Reader(HTMLParser):
    """Gathers the words of a page; those of <main> alone where there is one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self.headings: dict[str, list[list[str]]] = {"h2": [], "h3": []}
        self.words: list[str] = []
        self._silent: list[str] = []
        self._heading: list[str] | None = None
        self._has_main = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self._silent.clear()  # whatever of the head was not closed
        elif tag in _SILENT:
            self._silent.append(tag)
        elif tag == "main" and not self._has_main:
            self._has_main = True
            self.words.clear()
            for found in self.headings.values():
                found.clear()
        if tag in self.headings and not self._silent:
            self._heading = []
            self.headings[tag].append(self._heading)
        if tag not in _INLINE:
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            del self._silent[self._silent.index(tag) :]
        elif tag in self.headings:
            self._heading = None
        elif tag == "main":
            self._silent.append("main")  # nothing behind it counts
        if tag not in _INLINE:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if self._silent:
            if self._silent[-1] == "title":
                self.title.append(data)
            return
        self.words.append(data)
        if self._heading is not None:
            self._heading.append(data)


def read_page(html: str) -> PageText:
    """Return what is written on a page. Any text at all is read as far as it can be; nothing raises."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    chosen = reader.headings["h3"] or reader.headings["h2"]
    headings = tuple(text for parts in chosen[:MOST_HEADINGS] if (text := _one_line(parts)))
    return PageText(_one_line(reader.title), headings, _one_line(reader.words)[:LONGEST_TEXT])


def _one_line(parts: list[str]) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in "".join(parts)).split())


class _Folding(dict[int, str]):
    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = unicodedata.normalize("NFKC", char).casefold()
        self[code] = folded if len(folded) == 1 else char
        return self[code]


_FOLDING = _Folding()


def fold_text(text: str) -> str:
    """Return a text without what nobody means when looking for words: case, and full or half width.

    It is as long as the text, so that a place in the one is that place in the other.
    """
    return text.translate(_FOLDING)


def read_query(text: str) -> tuple[str, ...]:
    """Return the words that a text for the search field means, folded; what is over the limits is left out."""
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text[:LONGEST_QUERY])
    plain = plain.encode("utf-8", "ignore").decode()  # a lone surrogate is no character
    return tuple(dict.fromkeys(fold_text(plain).split()))[:MOST_WORDS]


def find_excerpt(text: str, words: tuple[str, ...]) -> Excerpt | None:
    """Return where a text first holds the first of the words that it holds; None where it holds none."""
    folded = fold_text(text)
    for word in words:
        at = folded.find(word)
        if at >= 0:
            start, end = max(0, at - _AROUND[0]), at + len(word)
            before = ("…" if start else "") + text[start:at]
            after = text[end : end + _AROUND[1]] + ("…" if end + _AROUND[1] < len(text) else "")
            return Excerpt(before, text[at:end], after)
    return None
