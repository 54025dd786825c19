"""Makes the blocks of an article of its pieces: paragraphs, headings, lists, notices, tables, pictures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mailer.model.issue import (
    Block,
    Heading,
    ImportRemark,
    ListBlock,
    Notice,
    Paragraph,
    Picture,
    Quote,
    Table,
    plain_text,
)
from mailer.sources.grammar import is_page_number, is_rule
from mailer.sources.outline import Rank, heading_rank, section_name
from mailer.sources.paragraphs import Torn, cut_start, join_content, notice_label
from mailer.sources.pieces import ListPlace, Piece
from mailer.sources.remarks import page_number_remark, wide_table_remark
from mailer.sources.tab_table import finish_table, fits_table, read_tab_table

MAX_DEPTH = 6  # lists in lists; deeper ones are flattened, as mail programs cannot show them
_DASHES = ("- ", "* ", "– ", "— ")
_CAPTION = re.compile(r"[（(]?图\s*(?:\d{1,3}|[一二三四五六七八九十]{1,3})(?![\d年月个幅])[^。；]{0,60}")  # 图1 会场
_BULLETS = "·•●○▪◦■◆★►▶➢✓"


@dataclass(slots=True)
class _Blocks:
    """The blocks of one article while they are made."""

    ranks: list[Rank]
    blocks: list[Block] = field(default_factory=list)
    remarks: list[ImportRemark] = field(default_factory=list)
    torn: Torn = field(default_factory=Torn)
    label: str = ""  # of a notice whose text is still to come
    label_piece: Piece | None = None

    def close(self) -> None:
        """End the paragraph that is being collected."""
        parts, self.torn = self.torn.parts, Torn()
        if not parts:
            return
        content = join_content(parts)
        found = notice_label(parts[0].plain)
        if found is None:
            self._add_text(Paragraph(content))
            return
        self.close_label()
        label, end = found
        rest = cut_start(content, end)
        if rest:
            self.blocks.append(Notice(label, (Paragraph(rest),)))
        else:
            self.label, self.label_piece = label, parts[0]

    def _add_text(self, paragraph: Paragraph) -> None:
        if self.label:
            self.blocks.append(Notice(self.label, (paragraph,)))
            self.label, self.label_piece = "", None
        else:
            self.blocks.append(paragraph)

    def close_label(self) -> None:
        """Let the label of a notice without text stand as the paragraph it is."""
        if self.label_piece is not None:
            self.blocks.append(Paragraph(join_content([self.label_piece])))
            self.label, self.label_piece = "", None

    def take_caption(self, line: str) -> bool:
        """Give the picture right above a line such as 图1 会场 this line as its caption; False for any other line."""
        last = self.blocks[-1] if self.blocks and not self.torn.parts and not self.label else None
        if not isinstance(last, Picture) or last.caption or not _CAPTION.fullmatch(line):
            return False
        self.blocks[-1] = replace(last, caption=line)
        return True

    def add(self, block: Block) -> None:
        """End what is being collected, and add a block."""
        self.close()
        self.close_label()
        self.blocks.append(block)


def make_blocks(pieces: Sequence[Piece]) -> tuple[tuple[Block, ...], list[ImportRemark]]:
    """Return the blocks that the pieces of one article make, and what a person should look at.

    A paragraph that a page or line break tore apart is joined. Only rules and page numbers are left out, the latter
    with a remark. The article's headings become levels 3 and 4.
    """
    pieces = _mark_bullets(pieces)
    made = _Blocks(sorted({rank for piece in pieces if (rank := _rank(piece)) is not None}))
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        end = at + 1
        if piece.place is not None:
            end = _run_of_items(pieces, at)
            made.add(_make_list(pieces[at:end], 1))
        elif "\t" in piece.text and piece.block is None:
            end = _tabbed_run(pieces, at)
            _add_tabbed(made, pieces[at:end])
        else:
            _add_piece(made, piece)
        at = end
    made.close()
    made.close_label()
    return tuple(made.blocks), made.remarks


def _add_piece(made: _Blocks, piece: Piece) -> None:
    line = piece.plain
    if isinstance(piece.block, Table):
        table, found = finish_table(piece.block, piece.line)
        made.add(table)
        made.remarks += found
    elif isinstance(piece.block, Quote):
        for block in _without_quote_marks(piece.block):
            made.add(block)
    elif piece.block is not None:
        made.add(piece.block)
    elif not line or is_rule(line) or made.take_caption(line):
        return
    elif is_page_number(line):
        made.remarks.append(page_number_remark(piece))
    elif (rank := _rank(piece)) is not None:
        named = section_name(line)
        made.add(Heading(3 if rank == made.ranks[0] else 4, named[0] if named and not named[1] else line))
    else:
        if not made.torn.goes_on_with(piece, line):
            made.close()
        made.torn.add(piece, line)


def _without_quote_marks(quote: Quote) -> tuple[Block, ...]:
    """Return a notice that was set as a quotation as the notice it is; else the quotation."""
    first = quote.blocks[0] if quote.blocks else None
    if quote.blocks and all(isinstance(block, Notice) for block in quote.blocks):
        return quote.blocks
    found = notice_label(plain_text(first.content)) if isinstance(first, Paragraph) else None
    if found is None or not isinstance(first, Paragraph):
        return (quote,)
    rest = cut_start(first.content, found[1])
    blocks = (*((Paragraph(rest),) if rest else ()), *quote.blocks[1:])
    return (Notice(found[0], blocks),) if blocks else (quote,)


def _rank(piece: Piece) -> Rank | None:
    return None if notice_label(piece.plain) else heading_rank(piece)


def _tabbed_run(pieces: Sequence[Piece], start: int) -> int:
    """Return the end of the neighbouring lines with tabs from `start` on."""
    end = start
    while (
        end < len(pieces)
        and pieces[end].block is None
        and pieces[end].place is None
        and "\t" in pieces[end].text
        and pieces[end].line - pieces[start].line == end - start
    ):
        end += 1
    return max(end, start + 1)


def _add_tabbed(made: _Blocks, run: Sequence[Piece]) -> None:
    """Add lines with tabs: a table where two have one between words, else text."""
    if sum("\t" in piece.text.strip() for piece in run) >= 2:
        if fits_table([piece.text for piece in run]):
            table, found = read_tab_table([(piece.line, piece.text) for piece in run])
            made.add(table)
            made.remarks += found
            return
        made.remarks.append(wide_table_remark(run[0].line))
    for piece in run:
        _add_piece(made, piece)


def _mark_bullets(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with neighbouring lines that begin with the same bullet as items of one list."""
    marked = list(pieces)
    at = 0
    while at < len(marked):
        mark = _bullet(marked[at])
        end = at + 1
        while mark and end < len(marked) and _bullet(marked[end]) == mark:
            end += 1
        if mark and end - at > 1:
            for item in range(at, end):
                marked[item] = _as_item(marked[item], ListPlace(False, 1, -at - 1))
        at = end
    return marked


def _bullet(piece: Piece) -> str:
    line = piece.text.lstrip()
    bare = piece.block is None and piece.place is None and not piece.heading and "\t" not in line.strip()
    if bare and line[:2] in _DASHES and not is_page_number(piece.plain):
        return line[0] if line[2:].strip() else ""
    return line[0] if bare and len(line) > 1 and line[0] in _BULLETS and line[1:].strip(_BULLETS + " 　\t\n") else ""


def _as_item(piece: Piece, place: ListPlace) -> Piece:
    text = piece.text.strip()[1:].strip()
    skipped = len(piece.plain) - len(piece.plain[1:].strip())
    return replace(piece, text=text, content=cut_start(piece.content, skipped) if piece.content else (), place=place)


def _run_of_items(pieces: Sequence[Piece], start: int, floor: int = 0) -> int:
    """Return the end of the list that begins here: items that follow one another, of one list, or deeper."""
    end = start
    first = pieces[start].place
    while end < len(pieces) and (place := pieces[end].place) is not None and first is not None:
        other = (place.number, place.ordered) != (first.number, first.ordered)
        if place.depth <= floor or (other and place.depth <= first.depth):
            break
        end += 1
    return max(end, start + 1)


def _make_list(items: Sequence[Piece], depth: int) -> ListBlock:
    """Return the list that items make, deeper ones inside the item before them."""
    own = min(piece.place.depth for piece in items if piece.place)
    ordered = next(piece.place.ordered for piece in items if piece.place and piece.place.depth == own)
    made: list[list[Block]] = []
    at = 0
    while at < len(items):
        place = items[at].place
        if place is not None and place.depth > own and depth < MAX_DEPTH:
            end = _run_of_items(items, at, own)
            if not made:
                made.append([])
            made[-1].append(_make_list(items[at:end], depth + 1))
            at = end
            continue
        if not made or place is None or place.opens:
            made.append([])
        made[-1].append(_item_block(items[at]))
        at += 1
    return ListBlock(ordered, tuple(map(tuple, made)))


def _item_block(piece: Piece) -> Block:
    return piece.block if piece.block is not None else Paragraph(join_content([piece]))
