"""What the editors wrote: an issue, its masthead, sections, articles and the blocks they are made of."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Role(StrEnum):
    """How a distribution list stands to the publisher; the value is the word printed before the line."""

    UPWARD = "报"  # superior bodies; their edition wins when an address is on two lists
    SIDEWAYS = "送"  # bodies and members that are not subordinate
    DOWNWARD = "发"  # subordinate bodies


class Archive(StrEnum):
    """Who may read an issue as a web page."""

    OFF = "off"  # nobody
    MEMBERS = "members"  # those who got a copy, by the link in it
    PUBLIC = "public"  # everybody


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


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote, standing where its mark does; its content holds no other note."""

    content: tuple["Inline", ...]


Inline = Text | Strong | Emphasis | Link | LineBreak | Note


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; its text holds no newline."""

    content: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside an article; level is 3 or 4 (section titles are 1, article titles 2)."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture. `file` is its path inside the issue's folder, with `/`; alt is empty only for pure decoration.

    `line` is where it stands in its source file, 0 if it has none; it makes no picture another.
    """

    file: str
    alt: str
    caption: str = ""
    line: int = field(default=0, compare=False, repr=False)


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
class Notice:
    """A notice box such as 编者按: the editors speak, not the article. `label` is its heading, such as 按语."""

    label: str
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
    """A table: head rows, body rows, and a caption (may be empty). `line` is as a picture's."""

    caption: str
    head: tuple[Row, ...]
    body: tuple[Row, ...]
    line: int = field(default=0, compare=False, repr=False)


Block = Paragraph | Heading | ListBlock | Quote | Notice | Table | Picture


@dataclass(frozen=True, slots=True)
class Article:
    """One article of a section. `line` is where it starts in its source file, 0 if it has none."""

    title: str
    blocks: tuple[Block, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """One section (栏目). `blocks` is text that stands before its first article.

    Only the first section of an issue may have an empty title: what stands under no section.
    """

    title: str
    articles: tuple[Article, ...]
    blocks: tuple[Block, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Masthead:
    """报头: whose bulletin, its name, and which issue this is.

    `number` counts within the year, `total` over all years; either is None when the source does not say. `supplement`
    names a special issue (增刊, 网络安全专刊), which is counted apart; `secrecy` is a marking of the masthead as it is
    printed (秘密★1年, 内部资料). Both are mostly empty.
    """

    organisation: str
    title: str
    publisher: str
    year: int
    number: int | None
    total: int | None
    date: date
    supplement: str = ""
    secrecy: str = ""


@dataclass(frozen=True, slots=True)
class CirculationLine:
    """One line of the foot (报尾): a role and the bodies it goes to."""

    role: Role
    bodies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imprint:
    """The editors' office and the printing line (版记); each field may be empty.

    `note` is a closing line such as where to follow us, `qr` the web address behind a QR code beside it. `printed_by`
    and `printed_on` are the 印发 line, `copies` the number printed.
    """

    address: str = ""
    postcode: str = ""
    phone: str = ""
    email: str = ""
    contact: str = ""
    printed_by: str = ""
    printed_on: date | None = None
    copies: int | None = None
    note: str = ""
    qr: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """One whole issue. `slug` names its folder and is its name everywhere; subject and preheader may be empty.

    `attachments` are files of its folder, for the lists that take them. `shorten` is the number of characters after
    which an article goes on on the web page only, 0 for whole articles. `advertisement` declares advertising, which
    the subject must then say. `corrects` is the slug of the issue that this one is a correction (更正) of, empty for
    any other; `correction` tells its readers what was wrong.
    """

    slug: str
    masthead: Masthead
    sections: tuple[Section, ...]
    circulation: tuple[CirculationLine, ...]
    imprint: Imprint
    subject: str = ""
    preheader: str = ""
    archive: Archive = Archive.OFF
    attachments: tuple[str, ...] = ()
    shorten: int = 0
    advertisement: bool = False
    corrects: str = ""
    correction: str = ""

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
        elif isinstance(block, Quote | Notice):
            yield from walk_blocks(block.blocks)


def issue_blocks(issue: Issue) -> Iterator[Block]:
    """Yield every block of the issue in reading order, those inside others too."""
    for section in issue.sections:
        yield from walk_blocks(section.blocks)
        for article in section.articles:
            yield from walk_blocks(article.blocks)


def issue_tables(issue: Issue) -> tuple[Table, ...]:
    """Return every table of the issue in reading order."""
    return tuple(block for block in issue_blocks(issue) if isinstance(block, Table))


def issue_pictures(issue: Issue) -> tuple[str, ...]:
    """Return the files of the issue's pictures, each once, in reading order."""
    return tuple(dict.fromkeys(block.file for block in issue_blocks(issue) if isinstance(block, Picture)))


def plain_text(content: tuple[Inline, ...]) -> str:
    """Return inline content as characters only; a line break becomes a newline, a note is left out."""
    parts: list[str] = []
    for node in content:
        match node:
            case Text(text):
                parts.append(text)
            case LineBreak():
                parts.append("\n")
            case Strong(inner) | Emphasis(inner) | Link(inner, _):
                parts.append(plain_text(inner))
            case Note(_):
                pass
    return "".join(parts)
