"""Issues made by hypothesis, with every character a text may hold, for the round trip through issue.md."""

import string
from datetime import date

from hypothesis import strategies as st

from mailer.model.issue import (
    Archive,
    Article,
    Block,
    Cell,
    CirculationLine,
    Emphasis,
    Heading,
    Imprint,
    Inline,
    Issue,
    LineBreak,
    Link,
    ListBlock,
    Masthead,
    Note,
    Notice,
    Paragraph,
    Picture,
    Quote,
    Role,
    Row,
    Section,
    Strong,
    Table,
    Text,
    issue_pictures,
)
from mailer.sources.issue_files import UnfitFileError, check_attachment_name

CHARACTERS = st.one_of(
    st.sampled_from("\\`*_[]<>&|~#+-=.:!(){}^$\"'1290 \u3000\u00a0，。“”（）《》—…中文简报ab\ufeff\u200b\U0001f600"),
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")),
)
TOKENS = st.sampled_from(
    ["**", "__", "<br>", "<!-- -->", "&amp;", "&#42;", "1. ", "- ", "> ", "# ", "    ", "```", "---", "===", "<table>",
     "</td>", "[a](b)", "![a](b)", "[^1]", "[^1]: ", "[!按语]", "### ", "^", "(", ":", "<http://a.example>", "http://a.example", "| a |", "| --- |", "[x]: y", "~~~",
     "“双软”", "!"]
)  # fmt: skip
LINES = st.lists(st.one_of(CHARACTERS, TOKENS), min_size=1, max_size=8).map("".join)
TARGETS = st.sampled_from(
    [
        "http://a.example/",
        "https://a.example/b_c*d(e)?f=1&copy;=2#g",
        "mailto:a@b.example",
        "tel:+86-571-0",
        "https://中.example/一",
    ]
).map(lambda target: target.encode("ascii", "ignore").decode().replace("//.", "//x."))


def inlines(depth: int = 2, notes: bool = True) -> st.SearchStrategy[tuple[Inline, ...]]:
    """Inline content, links never inside links, notes never inside notes."""
    leaf = st.one_of(LINES.map(Text), st.builds(LineBreak))
    if depth == 0:
        return st.lists(leaf, min_size=1, max_size=3).map(tuple)
    inner = inlines(depth - 1, notes)
    if notes:
        leaf = st.one_of(leaf, st.builds(Note, inlines(1, notes=False)))
    words = st.lists(LINES.filter(lambda text: bool(text.strip())).map(Text), min_size=1, max_size=2).map(tuple)
    noted = words.map(lambda content: (*content, *([Note((Text("注"),))] if notes else [])))
    link = st.builds(Link, st.one_of(words, words.map(lambda content: (Strong(content),)), noted), TARGETS)
    node = st.one_of(leaf, st.builds(Strong, inner), st.builds(Emphasis, inner), *([link] if depth == 2 else []))
    return st.lists(node, min_size=1, max_size=4).map(tuple)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A table whose rows are equally wide; some head cells span."""
    width = draw(st.integers(1, 4))
    texts = st.one_of(st.just(""), LINES)

    def row(header: bool) -> Row:
        cells: list[Cell] = []
        left = width
        while left:
            span = draw(st.integers(1, left)) if draw(st.booleans()) else 1
            cells.append(Cell(draw(texts), 1, span, header))
            left -= span
        return Row(tuple(cells), total=not header and draw(st.booleans()))

    head = tuple(row(True) for _number in range(draw(st.integers(0, 2))))
    body = tuple(row(False) for _number in range(draw(st.integers(0 if head else 1, 3))))
    if draw(st.booleans()) and body:
        span = Row((Cell(draw(texts), rowspan=len(body)), *body[0].cells))
        body = (span, *body[1:])
        head = tuple(Row((Cell("", header=True), *part.cells)) for part in head)
    return Table(draw(st.one_of(st.just(""), LINES)), head, body)


def is_fit(name: str) -> bool:
    """True when an issue may name a file so."""
    try:
        check_attachment_name(name)
    except UnfitFileError:
        return False
    return len(name.encode()) <= 200


TITLES = LINES.filter(lambda text: bool(text.strip()))
VALUES = st.one_of(st.just(""), LINES)
NAMES = st.one_of(
    st.sampled_from(["pictures/1.png", "图 片/一 (1).jpg", "a%20b.gif", "a<b>.png"]),
    LINES.map(lambda line: f"pictures/{line}.png"),
).filter(is_fit)


def blocks(depth: int = 2) -> st.SearchStrategy[tuple[Block, ...]]:
    """Blocks, lists and quotes nested to `depth`."""
    kinds: list[st.SearchStrategy[Block]] = [
        st.builds(Paragraph, inlines()),
        tables(),
        st.builds(Heading, st.sampled_from((3, 4)), TITLES),
        st.builds(Picture, NAMES, VALUES, VALUES),
    ]
    if depth:
        inner = blocks(depth - 1)
        items = st.lists(inner, min_size=1, max_size=3).map(tuple)
        kinds += [
            st.builds(Quote, inner),
            st.builds(Notice, TITLES, inner),
            st.builds(ListBlock, st.booleans(), items),
        ]
    return st.lists(st.one_of(kinds), max_size=3).map(tuple)


ARTICLES = st.builds(Article, TITLES, blocks())
SECTIONS = st.builds(Section, TITLES, st.lists(ARTICLES, max_size=2).map(tuple), blocks())
UNNAMED = st.builds(Section, st.just(""), st.lists(ARTICLES, max_size=2).map(tuple), blocks())
BODIES = st.lists(LINES, min_size=1, max_size=3).map(tuple)
DIGITS = st.text(string.digits, min_size=1, max_size=6)
DATES = st.dates(date(1949, 1, 1), date(2999, 12, 31))

ISSUES = st.builds(
    Issue,
    slug=st.just("2020-07"),
    masthead=st.builds(
        Masthead,
        organisation=VALUES,
        title=TITLES,
        publisher=VALUES,
        year=st.integers(1949, 2999),
        number=st.one_of(st.none(), st.integers(1, 9999)),
        total=st.one_of(st.none(), st.integers(1, 99999)),
        date=DATES,
        supplement=VALUES,
        secrecy=VALUES,
    ),
    sections=st.tuples(st.lists(UNNAMED, max_size=1), st.lists(SECTIONS, max_size=2)).map(
        lambda two: (*two[0], *two[1])
    ),
    circulation=st.lists(
        st.builds(CirculationLine, st.sampled_from(Role), BODIES), max_size=3, unique_by=lambda line: line.role
    ).map(tuple),
    imprint=st.builds(
        Imprint,
        address=VALUES,
        postcode=DIGITS,
        phone=VALUES,
        email=VALUES,
        contact=VALUES,
        printed_by=VALUES,
        printed_on=st.one_of(st.none(), DATES),
        copies=st.one_of(st.none(), st.integers(1, 99999)),
        note=VALUES,
        qr=st.sampled_from(["", "https://a.example/b?c=d&e=%E4%B8%AD", "http://x.example"]),
    ),
    subject=VALUES,
    preheader=VALUES,
    archive=st.sampled_from(Archive),
    attachments=st.lists(NAMES.map(lambda name: f"files/{name}"), max_size=2, unique=True).map(tuple),
    shorten=st.integers(0, 9999),
    advertisement=st.booleans(),
)


def files_of(issue: Issue) -> dict[str, bytes]:
    """Bytes for every file the issue names, no two the same."""
    names = (*issue_pictures(issue), *issue.attachments)
    return {name: b"\x89PNG\r\n\x1a\n" + name.encode() for name in names}
