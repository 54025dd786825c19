"""Tells a document's titles from its text: by heading style, look, mark, numbering, or how the lines stand."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mailer.sources.grammar import HEADING_LENGTH, ends_sentence, is_page_number, is_rule, title_key
from mailer.sources.lines import is_fixed_line
from mailer.sources.pieces import Piece

TITLE_LENGTH = 60
_SUBTITLE = re.compile(r"[—–―-]{2}")  # ——记某某: goes on the title above, and is text
_SHORT_TITLE = 12  # a section's name is seldom longer

_RANKS = (
    re.compile(r"第[一二三四五六七八九十百]+(?:章|节|部分|篇)"),
    re.compile(r"[一二三四五六七八九十]{1,3}[、．.]"),
    re.compile(r"[（(][一二三四五六七八九十]{1,3}[）)]"),
)
_ARABIC = re.compile(r"[（(]?\d{1,2}[）)、．.](?!\d)|[①-⑳]")
_BRACKETED = re.compile(r"【(?P<name>[^【】：:]{1,20})】(?P<rest>.*)")
_MARK = re.compile(r"(?P<mark>[★☆■□◆◇▲△●▶►※])\s*(?=\S)")
_SOURCE = re.compile(
    r"[（(【\[]?\s*(?:(?:信息|资料|数据|稿件|图片)?来源|供稿|撰稿|作者|通讯员|(?:本报|本刊)?记者|(?:责任)?编辑|审[核稿]|摘自|摘编|转自|"
    r"文[/／]|图[/／]|图为|图\d|表\d|注[:：]|备注|附件?\s*[\d:：]|单位[:：])"
)

Rank = tuple[int, float]  # of a heading: a smaller one stands above
Place = tuple[str, float]  # a kind of title, told apart from others


@dataclass(frozen=True, slots=True)
class Entry:
    """A section's or article's title where it stands; index counts the pieces handed in.

    `taken` is how many pieces the title takes: 0 when its line belongs to what follows, 2 when it stands on two lines.
    """

    is_section: bool
    title: str
    index: int
    taken: int = 1
    line: int = 0


def is_source_line(line: str) -> bool:
    """True for a line that says where a text or picture is from, or notes something to it: never a title."""
    return _SOURCE.match(line) is not None


def number_rank(line: str) -> int | None:
    """Return how deep a Chinese number at a line's beginning stands: 0 第一章, 1 一、, 2 （一）; None without one."""
    return next((rank for rank, pattern in enumerate(_RANKS) if pattern.match(line)), None)


def strip_number(line: str) -> str:
    """Return a title without brackets, mark and number: by what contents and text may differ."""
    if bracketed := _BRACKETED.fullmatch(line):
        line = bracketed["name"] + bracketed["rest"]
    line = _MARK.sub("", line, count=1) if _MARK.match(line) else line
    rank = number_rank(line)
    number = _ARABIC if rank is None else _RANKS[rank]
    return number.sub("", line, count=1).strip() if number.match(line) else line


def section_name(line: str) -> tuple[str, str] | None:
    """Return the name in 【】 at a line's beginning and what follows it; None without one."""
    found = _BRACKETED.fullmatch(line) if len(line) <= TITLE_LENGTH + 20 else None
    return (found["name"].strip(), found["rest"].strip()) if found and found["name"].strip() else None


def clean_title(line: str) -> str:
    """Return a title without the brackets or the mark that only say that it is one."""
    named = section_name(line)
    if named and not named[1]:
        return named[0]
    return _MARK.sub("", line, count=1) if _MARK.match(line) else line


def heading_rank(piece: Piece) -> Rank | None:
    """Return the rank of a heading within an article; None for text."""
    line = piece.plain
    if piece.block is not None or piece.place is not None or "\t" in piece.text.strip() or not line:
        return None
    if piece.heading:
        return 0, piece.heading
    if len(line) > HEADING_LENGTH or ends_sentence(line) or is_source_line(line):
        return None
    rank = number_rank(line)
    if rank is not None:
        return 2, rank
    named = section_name(line)
    if (named and not named[1]) or (piece.bold and not is_fixed_line(line)):
        return 1, 0
    return None


def find_titles(pieces: Sequence[Piece]) -> list[Entry]:
    """Return the titles of a text that lists no contents, in order.

    Sections and articles are the two highest kinds of title there are: heading styles, 【…】, a look of their own
    (large, centred, bold), a mark (★ ■). Numbered headings (一、) are articles only where nothing else is a title.
    """
    kinds = _find_kinds(pieces)
    seen = list(dict.fromkeys(kind for kind in kinds if kind is not None))
    # styles say their order themselves; of other kinds the one that comes first stands above
    order = sorted(kind for kind in seen if kind[0] == "0 style") + [kind for kind in seen if kind[0] != "0 style"]
    if not order:
        return _find_plain(pieces, 0, len(pieces), alone=True)
    top, second = order[0], order[1] if len(order) > 1 else None
    if second is None and top[0] == "1 bracket":
        return _inside_sections(pieces, kinds, top)
    with_sections = second is not None and _is_over(pieces, kinds, top, second)
    entries: list[Entry] = []
    for at, kind in enumerate(kinds):
        if kind is None or kind not in (top, second):
            continue
        if kind == top:
            entries += _title_entries(pieces[at], at, is_section=with_sections)
        elif with_sections:
            entries += _title_entries(pieces[at], at, is_section=False)
    return entries


def _title_entries(piece: Piece, at: int, *, is_section: bool) -> list[Entry]:
    named = section_name(piece.plain)
    if is_section and named and named[1]:  # a section that shares its line with its first article
        return [Entry(True, named[0], at, 0, piece.line), Entry(False, named[1], at, 1, piece.line)]
    return [Entry(is_section, clean_title(piece.plain), at, 1, piece.line)]


def _find_kinds(pieces: Sequence[Piece]) -> list[Place | None]:
    sizes: Counter[float] = Counter()
    for piece in pieces:
        if piece.size is not None:
            sizes[piece.size] += len(piece.text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    return [_kind(piece, body) for piece in pieces]


def _kind(piece: Piece, body: float) -> Place | None:
    line = piece.plain
    if piece.block is not None or piece.place is not None or not line or "\t" in piece.text.strip():
        return None
    if piece.heading:
        return "0 style", float(piece.heading)
    if not is_title_like(line) or number_rank(line) is not None:
        return None
    named = section_name(line)
    if named and not ends_sentence(named[1]):
        return "1 bracket", 0.0
    larger = piece.size is not None and piece.size >= body + 1
    if larger or piece.centred or piece.bold:
        return "2 look", -(piece.size or 0.0) * 4 - 2 * piece.centred - piece.bold
    mark = _MARK.match(line)
    return ("3 mark", float(ord(mark["mark"]))) if mark else None


def is_title_like(line: str) -> bool:
    """True for a line that may be a title: short, no whole sentence, nothing that is a fixed part or a note."""
    if (
        not line
        or len(line) > TITLE_LENGTH
        or _SUBTITLE.match(line)
        or is_rule(line)
        or is_page_number(line)
        or is_source_line(line)
    ):
        return False
    if ends_sentence(line) and line[-1] not in "！？!?”》":
        return False
    return line[-1] not in "：:、，,；;" and _ARABIC.match(line) is None and not is_fixed_line(line)


def _is_over(pieces: Sequence[Piece], kinds: Sequence[Place | None], top: Place, second: Place) -> bool:
    """True when titles of the kind `top` are sections over articles of the kind `second`."""
    places = [at for at, kind in enumerate(kinds) if kind == top]
    numbered = all(
        number_rank(piece.plain) is not None for piece, kind in zip(pieces, kinds, strict=True) if kind == second
    )
    if len(places) == 1 and numbered:
        return False
    if top[0] == "1 bracket" or (top[0] == second[0] == "0 style" and not numbered):
        return True
    followed = sum(at + 1 < len(kinds) and kinds[at + 1] == second for at in places)
    return followed * 2 >= len(places)


def _inside_sections(pieces: Sequence[Piece], kinds: Sequence[Place | None], top: Place) -> list[Entry]:
    places = [at for at, kind in enumerate(kinds) if kind == top]
    entries: list[Entry] = []
    for at, end in zip(places, [*places[1:], len(pieces)], strict=True):
        entries += _title_entries(pieces[at], at, is_section=True)
        if len(entries) < 2 or entries[-1].index != entries[-2].index:
            entries += _find_plain(pieces, at + 1, end, alone=False)
    return entries


def _find_plain(pieces: Sequence[Piece], start: int, end: int, *, alone: bool) -> list[Entry]:
    """Return the titles among lines of one look: the first line, else numbered headings, else lines over a text."""
    ranks = {at: rank for at in range(start, end) if (rank := _number_of_heading(pieces[at])) is not None}
    if ranks:
        over = start not in ranks and _run_of_titles(pieces, start, end, stop=min(ranks)) > start
        highest = min(ranks.values())
        places = [start] if over else [at for at, rank in ranks.items() if rank == highest]
        return [Entry(False, clean_title(pieces[at].plain), at, 1, pieces[at].line) for at in places]
    entries: list[Entry] = []
    at = start
    while at < end - 1:
        stop = _run_of_titles(pieces, at, end)
        # a short line over another title names a section; over text, and of several longer ones, the first is a title
        named = alone and stop > at + 1 and len(pieces[at].plain) <= _SHORT_TITLE
        for number, title in enumerate(range(at, min(stop, at + 1 + named))):
            is_section = named and not number
            entries.append(Entry(is_section, clean_title(pieces[title].plain), title, 1, pieces[title].line))
        at = max(stop, at) + 1
        while at < end and not _is_finished(pieces[at - 1]):
            at += 1
    return entries


def _number_of_heading(piece: Piece) -> int | None:
    return number_rank(piece.plain) if heading_rank(piece) else None


def _run_of_titles(pieces: Sequence[Piece], start: int, end: int, stop: int | None = None) -> int:
    """Return the end of the lines from `start` on that may be titles, `start` itself when no text follows them."""
    at = start
    while at < end and at != stop and _may_be_title(pieces[at]):
        at += 1
    return at if at < end else start


def _may_be_title(piece: Piece) -> bool:
    bare = piece.block is None and piece.place is None and "\t" not in piece.text.strip()
    return bare and is_title_like(piece.plain) and len(title_key(piece.plain)) > 1


def _is_finished(piece: Piece) -> bool:
    return piece.block is not None or piece.place is not None or "\t" in piece.text or ends_sentence(piece.plain)
