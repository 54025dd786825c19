"""Finds the sections and articles of a text by its contents (目录): every title listed there stands again below."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from mailer.model.issue import ImportRemark
from mailer.sources.grammar import ends_sentence, is_page_number, join_all, title_key
from mailer.sources.outline import Entry, clean_title, is_title_like, number_rank, section_name, strip_number
from mailer.sources.pieces import Piece
from mailer.sources.remarks import differs_remark, not_found_remark, only_listed_remark, page_number_remark
from mailer.sources.title_index import (
    KEY_LENGTH,
    TitleIndex,
    contents_key,
    is_contents_heading,
    is_text_heading,
    listed_title,
)

SEARCH_PIECES = 40  # an announcement of contents further down is a word of the text
SKIPPED = 4  # pieces before contents that are not announced


@dataclass(frozen=True, slots=True)
class Contents:
    """What the contents of a document tell: the titles in its text, and where the text begins.

    `lead` is how many pieces stand before the contents; Entry.index counts all pieces.
    """

    lead: int
    start: int
    entries: list[Entry]
    remarks: list[ImportRemark] = field(default_factory=list)


def match_contents(pieces: Sequence[Piece], begin: int = 0) -> Contents | None:
    """Return the titles of the text as its contents list them, and a remark for each line that is not found again.

    The contents are announced (目录) or are the first lines from `begin` on, when these stand again below. A section's
    name may share its line with its first article's title; titles are compared without blanks, numbers and brackets.
    None when the document lists no contents.
    """
    index = TitleIndex(pieces)
    places = range(begin, min(len(pieces), SEARCH_PIECES))
    heading = next((at for at in places if is_contents_heading(pieces[at])), None)
    announced = None if heading is None else _read_contents(pieces, index, heading, heading + 1)
    if announced is not None:
        return announced
    # a notice may stand before them
    tries = (_read_contents(pieces, index, at, at) for at in range(begin, min(begin + SKIPPED, len(pieces))))
    return next((found for found in tries if found is not None), None)


def _read_contents(pieces: Sequence[Piece], index: TitleIndex, lead: int, first: int) -> Contents | None:
    start = _find_text(pieces, index, first, announced=lead < first)
    if start is None:
        return None
    remarks: list[ImportRemark] = []
    found: list[tuple[Piece, tuple[int, int | None] | None]] = []
    position, at = start, first
    while at < start:
        piece = pieces[at]
        at += 1
        if is_page_number(piece.plain):
            remarks.append(page_number_remark(piece))
            continue
        if is_contents_heading(piece) or is_text_heading(piece):
            continue
        place = index.find(piece, position)
        if place is None and at < start and index.find(pieces[at], position) is None:
            whole = replace(piece, text=join_all((piece.text, pieces[at].text)))  # a title wrapped in the contents
            if (place := index.find(whole, position)) is not None:
                piece, at = whole, at + 1
        found.append((piece, place))
        if place:
            position = (place[1] or place[0]) + 1 + (place[0] in index.wrapped)
    matched = sum(place is not None for _piece, place in found)
    if not matched or (lead == first and matched * 2 < len(found)):
        return None
    entries, told = _make_entries(found, pieces, index)
    return Contents(lead, start, _with_unlisted(entries, pieces, start), remarks + told)


def _with_unlisted(entries: list[Entry], pieces: Sequence[Piece], start: int) -> list[Entry]:
    """Add titles that the contents leave out, where heading styles tell sections from articles."""
    sections, articles = (
        {pieces[entry.index].heading for entry in entries if entry.is_section is kind} for kind in (True, False)
    )
    if 0 in sections | articles or not sections or not articles or sections & articles:
        return entries
    known = {entry.index for entry in entries}
    for at in range(start, len(pieces)):
        piece = pieces[at]
        if at not in known and piece.heading in sections | articles:
            entries.append(Entry(piece.heading in sections, clean_title(piece.plain), at, 1, piece.line))
    return sorted(entries, key=lambda entry: entry.index)


def _find_text(pieces: Sequence[Piece], index: TitleIndex, first: int, *, announced: bool) -> int | None:
    """Return where the text begins: with the heading that says so, or with the first listed title standing again."""
    if first >= len(pieces):
        return None
    if not announced:
        place = index.find(pieces[first], first + 1)
        if place is None or any(_is_text(piece) or piece.plain.endswith("。") for piece in pieces[first : place[0]]):
            return None
        return place[0]
    seen: set[str] = set()
    for at in range(first, len(pieces)):
        if is_text_heading(pieces[at]):
            return at + 1 if at + 1 < len(pieces) else None
        key = index.keys[at]
        pair = key + index.keys[at + 1] if at + 1 < len(pieces) else ""
        bare = title_key(strip_number(pieces[at].plain)) if key else ""
        if at > first and key and {key, pair, bare} & seen:
            return at
        if _is_text(pieces[at]):
            return None
        seen |= _listed_keys(pieces[at], first=at == first)
    return None


def _is_text(piece: Piece) -> bool:
    return (
        piece.block is not None or len(piece.text) > KEY_LENGTH or (len(piece.text) > 60 and ends_sentence(piece.plain))
    )


def _listed_keys(piece: Piece, *, first: bool) -> set[str]:
    """Return the keys by which a listed title is known again; a very short one may stand twice in the contents."""
    title = listed_title(piece)
    words = title.split()
    keys = {title_key(title), title_key(strip_number(title))}
    if len(words) > 1:
        keys.add(title_key(words[0]))
    return {key for key in keys if len(key) > (0 if first else 1)}


def _make_entries(
    found: list[tuple[Piece, tuple[int, int | None] | None]], pieces: Sequence[Piece], index: TitleIndex
) -> tuple[list[Entry], list[ImportRemark]]:
    shared = any(place and place[1] is not None for _piece, place in found)
    places = [place for _piece, place in found if place is not None]
    after = {place[0]: following[0] for place, following in pairwise(places)}
    levels = {pieces[place[0]].heading for place in places if pieces[place[0]].heading}
    brackets = {place for place in places if section_name(pieces[place[0]].plain)}
    entries: list[Entry] = []
    lacking: list[list[Piece]] = []  # after each entry, the listed titles that the text does not have
    remarks: list[ImportRemark] = []
    for piece, place in found:
        if place is None:
            if lacking:
                lacking[-1].append(piece)
            else:
                remarks.append(not_found_remark(piece))
            continue
        at, second = place
        if second is not None and contents_key(piece) != index.keys[at] + index.keys[second]:
            remarks.append(differs_remark(piece, pieces[second]))
        elif second is None and _differs_in_case(piece, _title_at(pieces, at, index)):
            remarks.append(differs_remark(piece, pieces[at]))
        if second is not None:
            is_section = True
        elif len(levels) > 1 and pieces[at].heading:
            is_section = pieces[at].heading == min(levels)
        elif 0 < len(brackets) < len(places) or (
            brackets and len(brackets) == len(places) and len(found) > len(places)
        ):
            is_section = place in brackets
        else:
            # where sections have contents lines of their own, one is known by its title standing right above another
            is_section = not shared and after.get(at) == at + 1
        for one, section in [(at, is_section), *([(second, False)] if second is not None else [])]:
            entries.append(_entry(pieces, one, index, is_section=section))
            lacking.append([])
    entries, lacking = _drop_subheadings(entries, lacking)
    return _givelisted_titles(entries, lacking, pieces, remarks), remarks


def _differs_in_case(listed: Piece, title: str) -> bool:
    """True where a listed title has a letter in a case that the text has not, whose spelling is kept."""
    wanted, text = (unicodedata.normalize("NFKC", one) for one in (listed_title(listed), title))
    return any(char not in text for char in wanted if char.lower() != char.upper())


def _entry(pieces: Sequence[Piece], at: int, index: TitleIndex, *, is_section: bool) -> Entry:
    lines = 2 if at in index.wrapped else 1
    return Entry(is_section, clean_title(_title_at(pieces, at, index)), at, lines, pieces[at].line)


def _title_at(pieces: Sequence[Piece], at: int, index: TitleIndex) -> str:
    return join_all(piece.plain for piece in pieces[at : at + (2 if at in index.wrapped else 1)])


def _drop_subheadings(entries: list[Entry], lacking: list[list[Piece]]) -> tuple[list[Entry], list[list[Piece]]]:
    """Leave out （一） where it stands under an article 一、 or one without a number: it is a heading in that one."""
    kept: list[Entry] = []
    missing: list[list[Piece]] = []
    for entry, titles in zip(entries, lacking, strict=True):
        if number_rank(entry.title) == 2 and kept and not kept[-1].is_section and number_rank(kept[-1].title) != 2:
            missing[-1] += titles
        else:
            kept.append(entry)
            missing.append(list(titles))
    return kept, missing


def _givelisted_titles(
    entries: list[Entry], lacking: list[list[Piece]], pieces: Sequence[Piece], remarks: list[ImportRemark]
) -> list[Entry]:
    """Let a title that only the contents have head its section's text, when it is the section's only one."""
    given: list[Entry] = []
    ends = [entry.index for entry in entries[1:]] + [len(pieces)] * bool(entries)
    for entry, titles, end in zip(entries, lacking, ends, strict=True):
        given.append(entry)
        alone = entry.is_section and len(titles) == 1 and end > entry.index + 1
        if alone and is_title_like(title := listed_title(titles[0])):
            given.append(Entry(False, clean_title(title), entry.index + 1, 0, titles[0].line))
            remarks.append(only_listed_remark(titles[0]))
        else:
            remarks += [not_found_remark(piece) for piece in titles]
    return given
