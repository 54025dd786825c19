"""What the cells of a document's table become: plain text of a table, or lines where the table only lays text out."""

from collections.abc import Sequence
from dataclasses import replace

from mailer.i18n import _
from mailer.model.issue import Block, Inline, Link, Note, Paragraph, Picture, Quote, Strong, Table, Text, plain_text
from mailer.sources.drafts import Draft, Say, prefix
from mailer.sources.grammar import join_all, parse_circulation_label
from mailer.sources.issue_line import parse_issue_line
from mailer.sources.pieces import Piece


def is_layout(cells: Sequence[Sequence[Draft]], *, rows: int, columns: int) -> bool:
    """True for a table that only lays text out: one row or column, a masthead or foot, pictures with their captions."""
    if rows <= 1 or columns <= 1:
        return True
    pieces = [draft.piece for drafts in cells for draft in drafts]
    if any(_is_fixed(piece.plain) for piece in pieces if piece.text):
        return True
    pictures = sum(any(isinstance(draft.piece.block, Picture) for draft in drafts) for drafts in cells)
    worded = sum(any(draft.piece.text for draft in drafts) for drafts in cells)
    return pictures > 0 and worded <= pictures


def _is_fixed(text: str) -> bool:
    return parse_issue_line(text) is not None or parse_circulation_label(text) is not None


def lines_of_row(cells: Sequence[Sequence[Draft]]) -> list[Draft]:
    """Return a layout row's drafts: one line with tabs where its cells hold a line each, else cell after cell."""
    filled = [list(drafts) for drafts in cells if drafts]
    alone = all(len(drafts) == 1 and drafts[0].piece.text and not drafts[0].piece.place for drafts in filled)
    if len(filled) < 2 or not alone:
        return [draft for drafts in filled for draft in drafts]
    pieces = [drafts[0].piece for drafts in filled]
    content: tuple[Inline, ...] = ()
    for number, piece in enumerate(pieces):
        content += (Text("\t"),) if number else ()
        content += piece.content or (Text(piece.text),)
    return [
        Draft(
            replace(
                pieces[0],
                text="\t".join(piece.text for piece in pieces),
                content=content if any(piece.content for piece in pieces) else (),
                bold=all(piece.bold for piece in pieces),
            )
        )
    ]


def cell_text(drafts: Sequence[Draft], say: Say) -> tuple[str, list[Draft]]:
    """Return a cell's paragraphs as one text, and its pictures, which a cell cannot hold.

    Links, notes and tables inside become text, which is said.
    """
    texts: list[str] = []
    pictures: list[Draft] = []
    for draft in drafts:
        piece = prefix(draft.piece, draft.label) if draft.label else draft.piece
        match piece.block:
            case Picture():
                pictures.append(draft)
            case Table() as table:
                texts.append(_flatten(table))
                say(
                    _("a table stood inside a cell of a table; it was flattened to text"),
                    _("compare it with the document; give it a place of its own if it needs one"),
                )
            case Quote(blocks):
                texts += [plain_text(block.content) for block in blocks if isinstance(block, Paragraph)]
            case None:
                texts.append(piece.plain)
                texts += _beside(piece, say)
    return join_all(texts), pictures


def _flatten(table: Table) -> str:
    return "；".join(
        "，".join(cell.text for cell in row.cells if cell.text)
        for row in (*table.head, *table.body)
        if any(cell.text for cell in row.cells)
    )


def _beside(piece: Piece, say: Say) -> list[str]:
    """Return what a cell's text cannot hold in place: addresses that it does not show, and notes."""
    found: list[str] = []
    for node in piece.content:
        match node:
            case Link(content, target) if plain_text(content).strip() not in target:
                found.append(f"（{target}）")
            case Note(content):
                found.append(f"（{plain_text(content)}）")
    if found:
        say(
            _("a cell of a table holds a link or note; it was put behind the text: {text}").format(text=found[0][:80]),
            _("move it out of the table if it should work as a link"),
        )
    return found


def quote_blocks(drafts: Sequence[Draft]) -> tuple[Block, ...]:
    """Return the blocks of a quotation; its headings and list items become paragraphs, the numbers told."""
    blocks: list[Block] = []
    for draft in drafts:
        place = draft.piece.place
        label = draft.label or ("•" if place and place.opens else "")
        piece = prefix(draft.piece, label) if label else draft.piece
        match piece.block:
            case Quote(inner):
                blocks += inner
            case None:
                content = piece.content or (Text(piece.text),)
                blocks.append(Paragraph(content if not piece.heading else (Strong((Text(piece.plain),)),)))
            case block:
                blocks.append(block)
    return tuple(blocks)
