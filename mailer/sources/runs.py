"""Stretches of text in one look, as Word documents and web pages give them, made into a paragraph's content."""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from mailer.model.issue import Emphasis, Inline, LineBreak, Link, Note, Strong, Text

_BLANKS = " \t\n　 "
_SPACES = dict.fromkeys((0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x1F, 0x85, 0x2028, 0x2029), " ") | {0xFEFF: None, 0x200B: None}


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one look; a newline in it is a break the editor asked for. A note has no text; size is in points."""

    text: str
    bold: bool = False
    italic: bool = False
    target: str = ""
    size: float | None = None
    note: tuple[Inline, ...] = ()

    def with_text(self, text: str) -> "Run":
        """Return a run of the same look with another text."""
        return self if text == self.text else Run(text, self.bold, self.italic, self.target, self.size, self.note)


def clean_text(text: str) -> str:
    """Return text without characters that are no text; separators of old word processors become blanks."""
    if text.isprintable():
        return text
    spaced = text.translate(_SPACES).replace("\r", "")
    return "".join(char for char in spaced if char in "\t\n" or unicodedata.category(char) not in ("Cc", "Cs"))


def tidy_runs(runs: Iterable[Run]) -> list[Run]:
    """Return the runs cleaned, with no blanks at the paragraph's ends and neighbours of one look joined.

    A blank between two runs of one look takes their look, so that bold words stay one stretch.
    """
    joined: list[Run] = []
    for run in runs:
        text = clean_text(run.text)
        if run.note:
            joined.append(run.with_text(""))
        elif text and joined and not joined[-1].note and _look(joined[-1]) == _look(run):
            joined[-1] = joined[-1].with_text(joined[-1].text + text)
        elif text:
            joined.append(run.with_text(text))
    _strip_end(joined, 0, str.lstrip)
    _strip_end(joined, -1, str.rstrip)
    return joined


def _look(run: Run) -> tuple[bool, bool, str, float | None]:
    return run.bold, run.italic, run.target, run.size


def _strip_end(runs: list[Run], end: int, strip: Callable[[str, str], str]) -> None:
    while runs and not runs[end].note:
        runs[end] = runs[end].with_text(strip(runs[end].text, _BLANKS))
        if runs[end].text:
            return
        runs.pop(end)


def runs_text(runs: Iterable[Run]) -> str:
    """Return what the runs read, with tabs and newlines; notes are left out."""
    return "".join(run.text for run in runs)


def all_bold(runs: Iterable[Run]) -> bool:
    """True when there is text and all of it is bold."""
    words = [run for run in runs if run.text.strip()]
    return bool(words) and all(run.bold for run in words)


def main_size(runs: Iterable[Run]) -> float | None:
    """Return the font size that most characters have, in points; None when none is said."""
    counts: dict[float, int] = {}
    for run in runs:
        if run.size is not None:
            counts[run.size] = counts.get(run.size, 0) + len(run.text.strip())
    return max(counts, key=lambda size: counts[size], default=None)


def to_content(runs: Iterable[Run]) -> tuple[Inline, ...]:
    """Return the runs as inline content: links outside, then strong, then emphasis; blanks at their edges outside."""
    stretch = list(runs)
    if len(stretch) == 1 and _look(stretch[0])[:3] == (False, False, ""):
        return _leaves(stretch)
    return _nest(stretch, 0)


def is_plain(content: tuple[Inline, ...]) -> bool:
    """True when content is nothing but one text, which a piece need not repeat."""
    return not content or (len(content) == 1 and isinstance(content[0], Text))


def _nest(runs: list[Run], level: int) -> tuple[Inline, ...]:
    if level == len(_LEVELS):
        return _leaves(runs)
    key, wrap = _LEVELS[level]
    content: list[Inline] = []
    for found, group in groupby(_spread(runs, key), key=key):
        stretch = list(group)
        if not found:
            content += _nest(stretch, level + 1)
            continue
        before, inner, after = _trim(stretch)
        content += _nest(before, level + 1)
        if inner:
            content.append(wrap(_nest(inner, level + 1), inner[0]))
        content += _nest(after, level + 1)
    return _merge(content)


def _spread(runs: list[Run], key: Callable[[Run], object]) -> list[Run]:
    """Give a blank between two runs of one look that look."""
    spread = list(runs)
    for at in range(1, len(spread) - 1):
        before, run, after = spread[at - 1], spread[at], spread[at + 1]
        if run.text and not run.text.strip() and key(before) and key(before) == key(after):
            spread[at] = replace(run, bold=before.bold, italic=before.italic, target=before.target)
    return spread


def _trim(runs: list[Run]) -> tuple[list[Run], list[Run], list[Run]]:
    """Split runs into blanks and notes before, what begins and ends with a character, and blanks and notes after."""
    inner = list(runs)
    before: list[Run] = []
    after: list[Run] = []
    while inner and not inner[0].text.lstrip(_BLANKS):
        before.append(_plain(inner.pop(0)))
    while inner and not inner[-1].text.rstrip(_BLANKS):
        after.insert(0, _plain(inner.pop()))
    if inner:
        first = inner[0].text.lstrip(_BLANKS)
        if first != inner[0].text:
            before.append(Run(inner[0].text[: -len(first)]))
            inner[0] = inner[0].with_text(first)
        last = inner[-1].text.rstrip(_BLANKS)
        if last != inner[-1].text:
            after.insert(0, Run(inner[-1].text[len(last) :]))
            inner[-1] = inner[-1].with_text(last)
    return before, inner, after


def _plain(run: Run) -> Run:
    return replace(run, bold=False, italic=False, target="")


def _leaves(runs: list[Run]) -> tuple[Inline, ...]:
    content: list[Inline] = []
    for run in runs:
        if run.note:
            content.append(Note(run.note))
            continue
        for number, line in enumerate(run.text.split("\n")):
            content += [LineBreak()] if number else []
            content += [Text(line)] if line else []
    return _merge(content)


def _merge(content: list[Inline]) -> tuple[Inline, ...]:
    merged: list[Inline] = []
    for node in content:
        if isinstance(node, Text) and merged and isinstance(merged[-1], Text):
            merged[-1] = Text(merged[-1].text + node.text)
        else:
            merged.append(node)
    return tuple(merged)


_Wrap = Callable[[tuple[Inline, ...], Run], Inline]
_LEVELS: tuple[tuple[Callable[[Run], object], _Wrap], ...] = (
    (lambda run: run.target, lambda content, run: Link(content, run.target)),
    (lambda run: run.bold, lambda content, _run: Strong(content)),
    (lambda run: run.italic, lambda content, _run: Emphasis(content)),
)
