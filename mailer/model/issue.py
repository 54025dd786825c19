"""What the editors wrote: an issue, its masthead, sections, articles and the blocks they are made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Role(StrEnum):
    """How a distribution list stands to the publisher; the value is the word printed before the line."""

    UPWARD = "报"  # superior bodies; their edition wins when an address is on two lists
    SIDEWAYS = "送"  # bodies and members that are not subordinate
    DOWNWARD = "发"  # subordinate bodies


@dataclass(frozen=True, slots=True)
class Text:
    """A run of plain characters."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Strong emphasis."""

    content: tuple["Inline", ...]


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Emphasis."""

    content: tuple["Inline", ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A link; target is an absolute http, https, mailto or tel address."""

    content: tuple["Inline", ...]
    target: str


@dataclass(frozen=True, slots=True)
class LineBreak:
    """A break the editor asked for."""


Inline = Text | Strong | Emphasis | Link | LineBreak


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; its text holds no newline."""

    content: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list, ordered or not; each item is one or more blocks."""

    ordered: bool
    items: tuple[tuple["Block", ...], ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """A block quotation."""

    blocks: tuple["Block", ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell. `header` cells become th; spans count as in HTML, 1 being none."""

    text: str
    rowspan: int = 1
    colspan: int = 1
    header: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A table row; `total` declares that its figures are the sums of the rows above."""

    cells: tuple[Cell, ...]
    total: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table: head rows, body rows, and a caption (may be empty)."""

    caption: str
    head: tuple[Row, ...]
    body: tuple[Row, ...]


Block = Paragraph | ListBlock | Quote | Table


@dataclass(frozen=True, slots=True)
class Article:
    """One article of a section. `line` is where it starts in its source file, 0 if it has none."""

    title: str
    blocks: tuple[Block, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """One section (栏目). `blocks` is text that stands before its first article."""

    title: str
    articles: tuple[Article, ...]
    blocks: tuple[Block, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Masthead:
    """报头: whose bulletin, its name, and which issue this is.

    `number` counts within the year, `total` over all years; either is None when the source does not say.
    """

    organisation: str
    title: str
    publisher: str
    year: int
    number: int | None
    total: int | None
    date: date


@dataclass(frozen=True, slots=True)
class CirculationLine:
    """One line of the foot (报尾): a role and the bodies it goes to."""

    role: Role
    bodies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imprint:
    """The editors' office; each field may be empty. `note` is a closing line such as where to follow us."""

    address: str = ""
    postcode: str = ""
    phone: str = ""
    email: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """One whole issue. `slug` names its folder and is its name everywhere; subject and preheader may be empty."""

    slug: str
    masthead: Masthead
    sections: tuple[Section, ...]
    circulation: tuple[CirculationLine, ...]
    imprint: Imprint
    subject: str = ""
    preheader: str = ""

    @property
    def articles(self) -> tuple[Article, ...]:
        """All articles in order."""
        return tuple(article for section in self.sections for article in section.articles)


@dataclass(frozen=True, slots=True)
class ImportRemark:
    """Something a person should look at after an import: where in the source, what, and what to do."""

    line: int
    text: str
    cure: str


def walk_blocks(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """Yield every block, those inside lists and quotes too, in reading order."""
    for block in blocks:
        yield block
        if isinstance(block, ListBlock):
            for item in block.items:
                yield from walk_blocks(item)
        elif isinstance(block, Quote):
            yield from walk_blocks(block.blocks)


def issue_tables(issue: Issue) -> tuple[Table, ...]:
    """Return every table of the issue in reading order."""
    found: list[Table] = []
    for section in issue.sections:
        for blocks in (section.blocks, *(article.blocks for article in section.articles)):
            found += [block for block in walk_blocks(blocks) if isinstance(block, Table)]
    return tuple(found)


def plain_text(content: tuple[Inline, ...]) -> str:
    """Return inline content as characters only; a line break becomes a newline."""
    parts: list[str] = []
    for node in content:
        match node:
            case Text(text):
                parts.append(text)
            case LineBreak():
                parts.append("\n")
            case Strong(inner) | Emphasis(inner) | Link(inner, _):
                parts.append(plain_text(inner))
    return "".join(parts)
