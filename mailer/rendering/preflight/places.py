"""Says where in issue.md something stands, in words its editor understands, and walks an issue with these places."""

from collections.abc import Iterator

from mailer.i18n import _
from mailer.model.issue import (
    Article,
    Block,
    Emphasis,
    Heading,
    Inline,
    Issue,
    Link,
    Note,
    Notice,
    Paragraph,
    Picture,
    Section,
    Strong,
    Table,
    Text,
    walk_blocks,
)


def issue_place(issue: Issue, field: str = "") -> str:
    """Return the issue's file, with a field of its front matter."""
    file = f"issues/{issue.slug}/issue.md"
    return _("{what}: {text}").format(what=file, text=field) if field else file


def part_place(issue: Issue, part: Section | Article, line_within: int = 0) -> str:
    """Return the line a section or article begins at, or one within it, and its title."""
    number = line_within or part.line
    line = f":{number}" if number else ""
    place = f"{issue_place(issue)}{line}"
    return _("{what}: {text}").format(what=place, text=part.title) if part.title else place


def list_place(part: str, list_name: str) -> str:
    """Return a part of the edition for one list, such as its HTML."""
    return _("{part} for {list}").format(part=part, list=list_name)


def placed_blocks(issue: Issue) -> Iterator[tuple[str, Block]]:
    """Yield every block with its place, those inside others too, in reading order."""
    for section in issue.sections:
        parts: tuple[Section | Article, ...] = (section, *section.articles)
        for part in parts:
            for block in walk_blocks(part.blocks):
                yield part_place(issue, part, block.line if isinstance(block, Table | Picture) else 0), block


def placed_inlines(issue: Issue) -> Iterator[tuple[str, Inline]]:
    """Yield every inline node with its place, those inside others too."""
    for place, block in placed_blocks(issue):
        if isinstance(block, Paragraph):
            for node in walk_inlines(block.content):
                yield place, node


def walk_inlines(content: tuple[Inline, ...]) -> Iterator[Inline]:
    """Yield every node, those inside emphasis, links and notes too."""
    for node in content:
        yield node
        if isinstance(node, Strong | Emphasis | Link | Note):
            yield from walk_inlines(node.content)


def placed_texts(issue: Issue) -> Iterator[tuple[str, str]]:
    """Yield every stretch of text a reader should find in each part of the mail, with its place."""
    for section in issue.sections:
        parts: tuple[Section | Article, ...] = (section, *section.articles)
        for part in parts:
            if part.title:
                yield part_place(issue, part), part.title
    for place, block in placed_blocks(issue):
        match block:
            case Paragraph(content):
                for node in walk_inlines(content):
                    if isinstance(node, Text):
                        yield place, node.text
            case Heading(_level, text):
                yield place, text
            case Notice(label, _blocks):
                yield place, label
            case Picture(_file, _alt, caption):
                yield place, caption
            case Table(caption, head, body):
                yield place, caption
                for row in (*head, *body):
                    for cell in row.cells:
                        yield place, cell.text
            case _:
                pass
    for line in issue.circulation:
        for body_name in line.bodies:
            yield issue_place(issue, "circulation"), body_name
