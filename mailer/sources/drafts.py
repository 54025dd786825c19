"""Pieces as a reader drafts them, and what is settled once all are there: lists, captions, quotations."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from mailer.model.issue import Picture, Quote, Table, Text
from mailer.sources.grammar import gap_between
from mailer.sources.pieces import Piece

Say = Callable[[str, str], None]  # takes a remark's text and cure, for the place being read


@dataclass(frozen=True, slots=True)
class Draft:
    """A piece as it was read. `label` is the number before it in the document, `value` what it counts, both if any.

    Its place holds the document's own level and list; `caption` says that it names the picture above it or the table
    below.
    """

    piece: Piece
    label: str = ""
    value: int = 0
    caption: bool = False


def finish_drafts(drafts: Iterable[Draft]) -> tuple[Piece, ...]:
    """Return the pieces of a document: lists settled, captions at what they name, neighbouring quotations as one."""
    waiting = list(drafts)
    pieces: list[Piece] = []
    for at, draft in enumerate(settle_lists(waiting)):
        piece, before = draft.piece, pieces[-1].block if pieces else None
        if draft.caption and isinstance(before, Picture) and not before.caption:
            pieces[-1] = replace(pieces[-1], block=replace(before, caption=piece.plain))
        elif isinstance(piece.block, Table) and at and waiting[at - 1].caption and pieces[-1].text:
            pieces[-1] = replace(piece, block=replace(piece.block, caption=pieces[-1].plain))
        elif isinstance(piece.block, Quote) and isinstance(before, Quote):
            pieces[-1] = replace(pieces[-1], block=Quote(before.blocks + piece.block.blocks))
        else:
            pieces.append(piece)
    return tuple(pieces)


def settle_lists(drafts: Sequence[Draft]) -> list[Draft]:
    """Return the drafts with depths counted from 1 without gaps, and the items of one list under one number.

    Our lists count from 1 without gaps. A list that goes on after a paragraph, or begins elsewhere, would change its
    numbers: there they become text.
    """
    told: list[Draft] = []
    for items in _stretches(drafts):
        listed = items[0].piece.place is not None
        told += items if not listed or _counts_from_one(items) else [_tell_number(item) for item in items]
    settled: list[Draft] = []
    number = 0
    for listed, group in groupby(told, key=lambda draft: draft.piece.place is not None):
        if not listed:
            settled += group
            continue
        source: tuple[int, bool] | None = None
        for draft, depth in _with_depths(list(group)):
            place = draft.piece.place
            if place is None:
                continue
            if depth == 1 and source != (place.number, place.ordered):
                source = place.number, place.ordered
                number += 1
            settled.append(replace(draft, piece=replace(draft.piece, place=replace(place, depth=depth, number=number))))
    return settled


def _stretches(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Part the drafts where a list ends, or another begins at its own level."""
    stretches: list[list[Draft]] = []
    for draft in drafts:
        place, top = draft.piece.place, stretches[-1][0].piece.place if stretches else None
        other = place is None or top is None or (place.depth <= top.depth and place.number != top.number)
        if not stretches or (other and not (place is None and top is None)):
            stretches.append([])
        stretches[-1].append(draft)
    return stretches


def prefix(piece: Piece, label: str) -> Piece:
    """Return a piece with a label before its text, in text and content."""
    before = label + gap_between(label, piece.text)
    content = (Text(before), *piece.content) if piece.content else ()
    return replace(piece, text=before + piece.text, content=content, place=None)


def _tell_number(draft: Draft) -> Draft:
    place = draft.piece.place
    if place is None or not place.ordered:
        return draft
    return Draft(prefix(draft.piece, draft.label) if place.opens else replace(draft.piece, place=None))


def _with_depths(items: Sequence[Draft]) -> list[tuple[Draft, int]]:
    levels: list[int] = []
    found = []
    for draft in items:
        level = draft.piece.place.depth if draft.piece.place else 1
        while levels and levels[-1] > level:
            levels.pop()
        if not levels or levels[-1] < level:
            levels.append(level)
        found.append((draft, len(levels)))
    return found


def _counts_from_one(items: Sequence[Draft]) -> bool:
    counts: list[tuple[tuple[int, bool], int]] = []  # for each depth its list, and how many items it has had
    for draft, depth in _with_depths(items):
        place = draft.piece.place
        if place is None or not place.opens:
            continue
        del counts[depth:]
        key = place.number, place.ordered
        if len(counts) < depth:
            counts.append((key, 1))
        else:
            counts[-1] = (key, counts[-1][1] + 1 if counts[-1][0] == key else 1)
        if place.ordered and counts[-1][1] != draft.value:
            return False
    return True
