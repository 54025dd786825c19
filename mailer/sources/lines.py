"""Makes pieces of a text's lines, and of the lines that a document packed into one paragraph."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace

from mailer.i18n import _
from mailer.model.issue import ImportRemark, Picture, Quote, Row, Table
from mailer.sources.grammar import (
    FIXED_LENGTH,
    find_date,
    is_imprint_note,
    join_all,
    parse_circulation_label,
    parse_imprint_line,
    parse_printing_line,
    parse_secrecy_mark,
    split_circulation,
    split_imprint,
)
from mailer.sources.issue_line import ISSUE_LINE_LENGTH, is_issue_placeholder, parse_issue_line
from mailer.sources.pieces import Piece

_SEPARATORS = dict.fromkeys((0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029), " ")
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]")
_AFTER_DATE = 2  # 编印, 印发
_MAX_FLAT_ROWS = 12  # a table that holds the masthead or the foot is no longer


def split_lines(text: str) -> tuple[list[Piece], list[ImportRemark]]:
    """Return the lines of a text that are not blank, and a remark for each from which control characters were taken."""
    pieces, remarks = [], []
    gap = False
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        kept = raw
        if _ODD.search(raw):
            kept, whole = clean_text(raw)
            if not whole:
                remarks.append(control_remark(number))
        if kept.strip():
            pieces.append(Piece(number, kept, gap=gap))
            gap = False
        else:
            gap = True
    return pieces, remarks


def clean_text(text: str) -> tuple[str, bool]:
    """Return a text without characters that are none, tabs and newlines kept; and whether nothing was lost by it.

    Separators of lines and pages become blanks, and a byte order mark goes, without loss.
    """
    if not _ODD.search(text):
        return text, True
    spaced = text.translate(_SEPARATORS).replace("\ufeff", "")
    kept = "".join(char for char in spaced if char in "\t\n" or unicodedata.category(char) not in ("Cc", "Cs"))
    return kept, kept == spaced


def clean_block(block: Table | Picture | Quote) -> Table | Picture | Quote:
    """Return a table or picture with its texts cleaned as clean_text does, each on one line; a quotation as it is."""
    match block:
        case Table(caption, head, body):
            return Table(_line(caption), tuple(map(_clean_row, head)), tuple(map(_clean_row, body)))
        case Picture(file, alt, caption):
            return Picture(file, _line(alt), _line(caption))
        case Quote():
            return block


def _clean_row(row: Row) -> Row:
    return replace(row, cells=tuple(replace(cell, text=_line(cell.text)) for cell in row.cells))


def _line(text: str) -> str:
    cleaned, _whole = clean_text(text)
    return join_all(cleaned.replace("\t", " ").split("\n")) if "\n" in cleaned or "\t" in cleaned else cleaned


def control_remark(line: int) -> ImportRemark:
    """Return the remark that control characters were taken out of a line."""
    return ImportRemark(
        line, _("the line holds control characters; they were left out"), _("compare the line with the source")
    )


def is_fixed_line(line: str) -> bool:
    """True for a line that is a fixed part by itself: of the masthead, circulation, imprint, printing, a dated line."""
    if parse_circulation_label(line) is not None:
        return True
    if len(line) > FIXED_LENGTH:
        return False
    return (
        parse_imprint_line(line) is not None
        or parse_issue_line(line) is not None
        or is_issue_placeholder(line)
        or parse_printing_line(line) is not None
        or parse_secrecy_mark(line) is not None
        or _is_dated(line)
    )


def _is_dated(line: str) -> bool:
    """True for a line that ends with a date, such as the publisher's; not for a title that begins with one."""
    found = find_date(line) if len(line) <= ISSUE_LINE_LENGTH and "。" not in line else None
    return found is not None and (len(found.after) <= _AFTER_DATE or re.search(r"[:：]", found.after) is not None)


def spread_fixed_lines(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield the pieces, with fixed lines that share a paragraph or stand in a table's rows as pieces of their own."""
    for piece in pieces:
        if isinstance(piece.block, Table) and (rows := _flat_rows(piece.block)):
            yield from (replace(piece, text=row, block=None) for row in rows)
            continue
        parts = [piece.text]
        if "\n" in piece.text:
            lines = [line for line in piece.text.split("\n") if line.strip()]
            parts = lines if any(map(is_fixed_line, lines)) else parts
        parts = [one for part in parts for one in _spread_fields(part)]
        if len(parts) == 1:
            yield piece
        else:
            yield from (replace(piece, text=part, content=()) for part in parts)


def _spread_fields(line: str) -> list[str]:
    if parse_circulation_label(line) is not None:
        return split_circulation(line)
    return split_imprint(line) if parse_imprint_line(line) is not None or is_imprint_note(line) else [line]


def _flat_rows(table: Table) -> list[str]:
    """Return the rows of a table as lines when one of them is a fixed line, as mastheads and feet are laid out."""
    rows = [*table.head, *table.body]
    if len(rows) > _MAX_FLAT_ROWS or table.caption:
        return []
    lines: list[str] = []
    for row in rows:
        columns = [[line for line in cell.text.split("\n") if line.strip()] for cell in row.cells]
        if max(map(len, columns), default=0) <= 1:
            lines.append("\t".join(column[0] for column in columns if column))
        else:
            lines += [line for column in columns for line in column]
    strong = (
        parse_circulation_label(line) is not None
        or parse_issue_line(line) is not None
        or parse_printing_line(line) is not None
        for line in (" ".join(line.split()) for line in lines)
    )
    return [line for line in lines if line] if any(strong) else []
