"""Joins two changes of one text, line by line: what two people did in different places stands together.

The three-way merge of diff3 (Khanna, Kunal and Pierce, "A Formal Investigation of Diff3", 2007): lines that both kept
divide the text into stretches; one that one side changed is theirs, one that both changed otherwise is a conflict.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MARKS = ("<<<<<<<", "=======", ">>>>>>>")  # begin lines of their own, as everywhere where texts are merged


@dataclass(frozen=True, slots=True)
class Merge:
    """Two texts joined. conflicts: places where both stand, one after the other, between MARKS."""

    text: str
    conflicts: int


def join_changes(base: str | None, mine: str, theirs: str, my_name: str, their_name: str) -> Merge:
    """Return both changes of `base` in one text; no line of either is lost. The names say whose a marked stretch is.

    base: None where it is not known; then every difference is a conflict.
    """
    lines: list[str] = []
    conflicts = 0
    for old, one, other in _stretches(_lines(mine if base is None else base), _lines(mine), _lines(theirs)):
        if one == other or (base is not None and one == old):
            lines += other
        elif base is not None and other == old:
            lines += one
        else:
            conflicts += 1
            lines += [f"{MARKS[0]} {my_name}", *one, MARKS[1], *other, f"{MARKS[2]} {their_name}"]
    return Merge("\n".join(lines), conflicts)


def find_marks(text: str) -> list[int]:
    """Return the lines (from 1) at which marked stretches begin that nobody has settled yet."""
    return [number for number, line in enumerate(text.split("\n"), 1) if line.startswith((MARKS[0], MARKS[2]))]


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _stretches(
    base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]
) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """Yield base, mine and theirs, cut at the same places: stretches that all have, and those between them."""
    at_base = at_mine = at_theirs = 0
    for start, end, in_mine, in_theirs in _kept_by_both(base, mine, theirs):
        length = end - start
        yield list(base[at_base:start]), list(mine[at_mine:in_mine]), list(theirs[at_theirs:in_theirs])
        same = list(base[start:end])
        yield same, same, same
        at_base, at_mine, at_theirs = end, in_mine + length, in_theirs + length
    yield list(base[at_base:]), list(mine[at_mine:]), list(theirs[at_theirs:])


def _kept_by_both(
    base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]
) -> Iterator[tuple[int, int, int, int]]:
    """Yield the lines of base that both kept: from, to, and where they begin in mine and in theirs."""
    ours = SequenceMatcher(None, base, mine).get_matching_blocks()
    others = SequenceMatcher(None, base, theirs).get_matching_blocks()
    i = j = 0
    while i < len(ours) and j < len(others):
        one, other = ours[i], others[j]
        start, end = max(one.a, other.a), min(one.a + one.size, other.a + other.size)
        if start < end:
            yield start, end, one.b + start - one.a, other.b + start - other.a
        if one.a + one.size < other.a + other.size:
            i += 1
        else:
            j += 1
