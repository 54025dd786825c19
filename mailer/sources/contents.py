"""Finds the sections and articles of a text by its contents (目录): every title listed there stands again below."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import ImportRemark
from mailer.sources.grammar import title_key
from mailer.sources.lines import Line

_HEADINGS = {"目录", "目次", "本期目录", "本期要目", "要目", "本期导读", "导读", "内容提要", "本期内容", "本期详情"}
_LEADER = re.compile(r"(?:\s*[.．…·]{2,}\s*|\t+)\d{1,4}\s*$")
TITLE_LENGTH = 400  # no title is longer; keeps the index small on any input
_BULLET = re.compile(r"^\s*[·•●◆■□◇*]\s*")


@dataclass(frozen=True, slots=True)
class Entry:
    """A section's or article's title where it stands in the text; index counts the lines handed in."""

    is_section: bool
    title: str
    index: int


class _Index:
    """Where each title stands; a title may be the only one of its line, or a section's with its first article's."""

    def __init__(self, keys: list[str]) -> None:
        self.keys = keys
        self.alone: dict[str, list[int]] = {}
        self.paired: dict[str, list[int]] = {}
        for at, key in enumerate(keys):
            self.alone.setdefault(key, []).append(at)
            if at + 1 < len(keys) and len(key) + len(keys[at + 1]) <= TITLE_LENGTH:
                self.paired.setdefault(key + keys[at + 1], []).append(at)

    def find(self, line: Line, start: int) -> tuple[int, int | None] | None:
        """Return where a contents line stands again from `start` on: its title, or a section and its first article."""
        key = contents_key(line)
        alone, paired = _first_from(self.alone.get(key), start), _first_from(self.paired.get(key), start)
        if alone is not None and (paired is None or alone <= paired):
            return alone, None
        if paired is not None:
            return paired, paired + 1
        return self._find_apart(line, key, start)

    def _find_apart(self, line: Line, key: str, start: int) -> tuple[int, int | None] | None:
        """Find a section whose first title stands further down, after text of its own, or reads otherwise."""
        words = line.text.split()
        section = title_key(words[0]) if len(words) > 1 else ""
        named = _first_from(self.alone.get(section), start)
        if named is None or named + 1 >= len(self.keys):
            return None
        first = _first_from(self.alone.get(key.removeprefix(section)), named + 1)
        return named, first or named + 1


def _first_from(places: list[int] | None, start: int) -> int | None:
    at = bisect_left(places, start) if places else 0
    return places[at] if places and at < len(places) else None


def contents_key(line: Line) -> str:
    """Return the key of a contents line without its bullet and the page number behind its leader."""
    return title_key(_BULLET.sub("", _LEADER.sub("", line.text[:TITLE_LENGTH])))


def is_contents_heading(line: Line) -> bool:
    """True for a line that only announces the contents or the text after them."""
    return title_key(re.sub(r"[≡=【】\[\]—-]", "", line.plain)) in _HEADINGS


def match_contents(lines: list[Line], file: Path) -> tuple[list[Entry], list[ImportRemark]]:
    """Return the titles of the text in order, and a remark for each line of the contents that is not found again.

    `lines` begin with the contents. A section's name may share its contents line with the section's first article;
    titles are compared without blanks. Raises IssueError when no such list stands there.
    """
    index = _Index([title_key(line.plain) for line in lines])
    first = 1 if lines and is_contents_heading(lines[0]) else 0
    place = index.find(lines[first], first + 1) if first < len(lines) else None
    start = place[0] if place else None
    if start is None:
        raise IssueError(
            _("no contents were found under the masthead, so sections and articles cannot be told apart"),
            file=file,
            line=lines[first].number if first < len(lines) else None,
            cure=_("list the sections and titles under the masthead, each as it stands in the text"),
        )
    found: list[tuple[int, int | None]] = []  # where a contents line alone stands, or a section and its first article
    remarks: list[ImportRemark] = []
    position = start
    for line in lines[first:start]:
        if is_contents_heading(line):
            continue
        place = index.find(line, position)
        if place is None:
            remarks.append(_not_found(line))
            continue
        if place[1] is not None and contents_key(line) != index.keys[place[0]] + index.keys[place[1]]:
            remarks.append(_differs(line, lines[place[1]]))
        found.append(place)
        position = (place[1] or place[0]) + 1
    return _make_entries(found, lines), remarks


def _make_entries(found: list[tuple[int, int | None]], lines: list[Line]) -> list[Entry]:
    shared = any(second is not None for _first, second in found)
    entries: list[Entry] = []
    for number, (at, second) in enumerate(found):
        following = found[number + 1][0] if number + 1 < len(found) else None
        # where sections have contents lines of their own, one is known by its title standing right above another
        is_section = second is not None or (not shared and following == at + 1)
        entries.append(Entry(is_section, lines[at].plain, at))
        if second is not None:
            entries.append(Entry(False, lines[second].plain, second))
    return entries


def _not_found(line: Line) -> ImportRemark:
    return ImportRemark(
        line.number,
        _("“{title}” stands in the contents but not in the text").format(title=line.plain),
        _("look where its text went, and give it its title"),
    )


def _differs(line: Line, title: Line) -> ImportRemark:
    return ImportRemark(
        title.number,
        _("the contents say “{listed}”, the text says “{title}”").format(listed=line.plain, title=title.plain),
        _("check which of the two is right; the text's was taken"),
    )
