"""The common form of a document before the grammar says what is what: every reader makes it, the assembler takes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailer.model.issue import ImportRemark, Inline, Picture, Quote, Table
from mailer.sources.grammar import join_all


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Where an item stands in the document's lists: depth counts from 1; items of one list share its number.

    Only bullets and plain decimal numbering make a list. Automatic numbering in Chinese (一、 （一） 第一条), or of a
    heading, is text a reader of the document sees: the document's reader writes it into the piece. `opens` is False
    for a further paragraph of the item before.
    """

    ordered: bool
    depth: int = 1
    number: int = 0
    opens: bool = True


@dataclass(frozen=True, slots=True)
class Piece:
    """One paragraph, table or picture of a document, in reading order. Blank paragraphs are no pieces.

    `line` counts from 1: the line of a text file, the paragraph of a Word document (its tables and pictures too).
    `text` is what the paragraph reads, with tabs; a line break inside it is a newline. `content` is the same with its
    emphasis, links, notes and breaks, and may be empty where it would be nothing but Text(text).
    `heading` is the level of the document's own heading style, 1 the highest (Title counts as 1), 0 for none; `bold`
    says that all of a paragraph is bold, which may be a heading by hand; `size` is its font size in points.
    `gap` says that something stands between this piece and the one before it (a blank line of a text file).
    `block` is set for what stands for itself; `text` is then empty. A Table without head rows has a head that the
    document does not declare, and gets one; its spans are the document's, total rows are found later. A picture's file
    is a key of ReadDocument.files.
    """

    line: int
    text: str = ""
    content: tuple[Inline, ...] = ()
    heading: int = 0
    bold: bool = False
    centred: bool = False
    size: float | None = None
    place: ListPlace | None = None
    gap: bool = False
    block: Table | Picture | Quote | None = None

    @property
    def plain(self) -> str:
        """The text on one line, without blanks around it; tabs as blanks."""
        line = join_all(self.text.split("\n")) if "\n" in self.text else self.text
        if "\t" not in line:
            return line.strip()
        return " ".join(part for part in (piece.strip() for piece in line.split("\t")) if part)


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """What a reader made of a document: its pieces, its pictures' bytes by path (pictures/1.png), its remarks.

    The paths are the reader's own, never names from the document.
    """

    pieces: tuple[Piece, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    remarks: tuple[ImportRemark, ...] = ()
