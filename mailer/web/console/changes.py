"""What has changed between two texts, as people read it: paragraphs, and within them the words that came and went."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

AROUND = 2  # lines that did not change, shown before and after those that did
LIKE = 0.35  # from which likeness on two lines are one that was changed; below, one went and another came
LONGEST = 4000  # characters of a line that is compared by its characters

Kind = Literal["same", "added", "taken"]


@dataclass(frozen=True, slots=True)
class Words:
    """A stretch of a line."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line of the present text with what was taken out of it, or one that is gone.

    gap: lines without a change were left out; number: from 1, of the line in the present text that comes after.
    """

    kind: Kind | Literal["changed"]
    words: tuple[Words, ...] = ()
    gap: bool = False
    number: int = 0


def compare_texts(before: str, now: str) -> list[ChangedLine]:
    """Return the changed lines with their neighbours; nothing where the texts are the same."""
    old, new = before.splitlines(), now.splitlines()
    lines: list[ChangedLine] = []
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(AROUND):
        lines.append(ChangedLine("same", gap=True, number=group[0][3] + 1))
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                lines += [ChangedLine("same", (Words("same", one),)) for one in new[new_from:new_to]]
            else:
                lines += _pair(old[old_from:old_to], new[new_from:new_to])
    return lines


def _pair(old: Sequence[str], new: Sequence[str]) -> Iterator[ChangedLine]:
    """Yield each new line beside the old one that it is most likely made from, in their order."""
    rest = list(old)
    for line in new:
        found = next((number for number, one in enumerate(rest) if _alike(one, line)), None)
        if found is None:
            yield ChangedLine("added", (Words("added", line),))
            continue
        for gone in rest[:found]:
            yield ChangedLine("taken", (Words("taken", gone),))
        yield ChangedLine("changed", tuple(_compare_words(rest[found], line)))
        del rest[: found + 1]
    for gone in rest:
        yield ChangedLine("taken", (Words("taken", gone),))


def _alike(one: str, other: str) -> bool:
    if not one.strip() or not other.strip() or max(len(one), len(other)) > LONGEST:
        return False
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.real_quick_ratio() >= LIKE and matcher.quick_ratio() >= LIKE and matcher.ratio() >= LIKE


def _compare_words(old: str, new: str) -> Iterator[Words]:
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Words("same", new[new_from:new_to])
            continue
        if old_from < old_to:
            yield Words("taken", old[old_from:old_to])
        if new_from < new_to:
            yield Words("added", new[new_from:new_to])
