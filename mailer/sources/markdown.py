"""Reads the Markdown body of issue.md: # sections, ## articles, and their blocks; nothing is dropped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from markdown_it.common.utils import unescapeAll
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import (
    Article,
    Block,
    Cell,
    Heading,
    Inline,
    ListBlock,
    Notice,
    Paragraph,
    Picture,
    Quote,
    Row,
    Section,
    Strong,
    Table,
    Text,
)
from mailer.sources.inline import Notes, Place, check_text, read_inline, unsupported
from mailer.sources.issue_files import CheckFile, UnfitFileError, picture_checker
from mailer.sources.markdown_parser import MAX_DEPTH, KnottyTextError, check_widths, parse_markdown, too_tangled
from mailer.sources.tables import check_shape, clean_cell, parse_html_table

# markdown-it would leave both as plain text
_NOTE_IN_LINK = re.compile(r"(?<!\\)\[[^\]\n\\]*(?<!\\)\[\^[^\]\n]+\][^\[\]\n\\]*\]\(")
_PICTURE_SIGN = re.compile(r"(?<!\\)!\[[^\]\n]*\]\(")


@dataclass(slots=True)
class _Draft:
    """A section or article while its nodes are being collected."""

    title: str
    line: int
    nodes: list[SyntaxTreeNode] = field(default_factory=list)
    articles: list["_Draft"] = field(default_factory=list)


def read_body(text: str, *, file: Path, offset: int, check_picture: CheckFile | None = None) -> tuple[Section, ...]:
    """Return the sections of a Markdown body; `offset` is how many lines of the file stand before it.

    What stands before the first # is a first section without a title. Raises IssueError with file, line and cure for
    whatever an issue cannot hold; `check_picture` may refuse a picture's file, without it the name alone is checked.
    """
    reader = _Reader(file, offset, check_picture or picture_checker(None))
    try:
        tree = parse_markdown(text)
    except KnottyTextError as error:
        raise too_tangled(file, offset + error.line + 1) from None
    check_widths(tree, text.split("\n"), file=file, offset=offset)
    sections: list[Section] = []
    for draft in reader.part_sections(tree.children):
        blocks = reader.read_part(draft.nodes)  # before its articles: the first fault is said
        articles = tuple(Article(part.title, reader.read_part(part.nodes), part.line) for part in draft.articles)
        sections.append(Section(draft.title, articles, blocks, draft.line))
    return tuple(sections)


def _inline_tokens(node: SyntaxTreeNode) -> list[Token]:
    return [
        token
        for child in node.children
        if child.type == "inline" and child.token
        for token in child.token.children or ()
    ]


def _read_plain(tokens: list[Token], place: Place, what: str) -> str:
    content = read_inline(tokens, place)
    if not all(isinstance(part, Text) for part in content):
        raise unsupported(
            _("bold, italic, a link or a line break in {what}").format(what=what), place, _("write it as plain text")
        )
    return "".join(part.text for part in content if isinstance(part, Text))


class _Reader:
    """Reads the nodes of one file; the footnotes are those of the article being read."""

    def __init__(self, file: Path, offset: int, check_picture: CheckFile) -> None:
        self._file = file
        self._offset = offset
        self._check_picture = check_picture
        self._notes = Notes({})

    def part_sections(self, nodes: Sequence[SyntaxTreeNode]) -> list[_Draft]:
        """Return the nodes by the section and article they stand in."""
        sections: list[_Draft] = []
        for node in nodes:
            title = self._read_title(node) if node.type == "heading" else ""
            if node.tag == "h1":
                sections.append(_Draft(title, self._place(node).line))
                continue
            if not sections:
                sections.append(_Draft("", self._place(node).line))
            if node.tag == "h2":
                sections[-1].articles.append(_Draft(title, self._place(node).line))
            else:
                (sections[-1].articles or sections)[-1].nodes.append(node)
        return sections

    def read_part(self, nodes: Sequence[SyntaxTreeNode]) -> tuple[Block, ...]:
        """Return the blocks of one section or article, with its footnotes where their marks stand."""
        defined: dict[str, tuple[tuple[Inline, ...], Place]] = {}
        for node in nodes:
            if node.type == "footnote_reference":
                label = str(node.meta["label"])
                place = self._place(node)
                if label in defined:
                    message = _("the footnote [^{label}] is defined twice").format(label=label[:40])
                    raise IssueError(
                        message, file=self._file, line=place.line, cure=_("give one of the two another name")
                    )
                defined[label] = self._read_definition(node, place), place
        self._notes = Notes(defined)
        blocks = self._read_blocks([node for node in nodes if node.type != "footnote_reference"], 1)
        self._notes.check_used()
        return blocks

    def _read_definition(self, node: SyntaxTreeNode, place: Place) -> tuple[Inline, ...]:
        if len(node.children) != 1 or node.children[0].type != "paragraph":
            raise IssueError(
                _("a footnote is not one paragraph"),
                file=self._file,
                line=place.line,
                cure=_("write it on one line: [^1]: text, without lists, tables or pictures"),
            )
        return read_inline(_inline_tokens(node.children[0]), self._place(node.children[0]))

    def _place(self, node: SyntaxTreeNode) -> Place:
        return Place(self._file, self._offset + (node.map[0] if node.map else 0) + 1)

    def _read_title(self, node: SyntaxTreeNode) -> str:
        place = self._place(node)
        title = _read_plain(_inline_tokens(node), place, _("a title"))
        if not title:
            raise IssueError(_("a title is empty"), file=self._file, line=place.line, cure=_("write it after the #"))
        return title

    def _read_blocks(self, nodes: Sequence[SyntaxTreeNode], depth: int) -> tuple[Block, ...]:
        return tuple(self._read_block(node, depth) for node in nodes)

    def _read_block(self, node: SyntaxTreeNode, depth: int) -> Block:
        place = self._place(node)
        if depth > MAX_DEPTH:
            raise unsupported(_("nesting this deep"), place, _("write it flatter"))
        match node.type:
            case "paragraph":
                return self._read_paragraph(node, place)
            case "heading" if node.tag in ("h3", "h4"):
                return Heading(int(node.tag[1]), self._read_title(node))
            case "bullet_list" | "ordered_list":
                _check_start(node, place)
                items = tuple(self._read_blocks(item.children, depth + 1) for item in node.children)
                return ListBlock(node.type == "ordered_list", items)
            case "blockquote":
                blocks = self._read_blocks(node.children, depth + 1)
                return Notice(_read_label(str(node.meta["label"]), place), blocks) if node.meta else Quote(blocks)
            case "table":
                return _read_pipe_table(node, place)
            case "html_block":
                return parse_html_table(node.content, file=self._file, line=place.line)
        raise _refuse(node, place)

    def _read_paragraph(self, node: SyntaxTreeNode, place: Place) -> Block:
        tokens = _inline_tokens(node)
        if len(tokens) == 1 and tokens[0].type == "image":
            return self._read_picture(tokens[0], place)
        source = "".join(child.content for child in node.children if child.type == "inline")
        if re.match(r"#{1,6}[^#\s]", source):
            raise unsupported(
                _("a heading without a blank after its #"), place, _("write ## title; \\# where no heading is meant")
            )
        pictures = sum(token.type == "image" for token in tokens)
        if len(_PICTURE_SIGN.findall(source)) > pictures:
            raise IssueError(
                _("a picture is not written as ![words](file)"),
                file=self._file,
                line=place.line,
                cure=_("put a name with blanks between < and >, and the caption in double quotes after it"),
            )
        if _NOTE_IN_LINK.search(source):
            raise unsupported(_("a footnote inside a link"), place, _("write it after the link"))
        return Paragraph(read_inline(tokens, place, self._notes))

    def _read_picture(self, token: Token, place: Place) -> Picture:
        alt = _read_plain(token.children or [], place, _("the words of a picture"))
        caption = check_text(str(token.attrGet("title") or ""), place)
        try:
            name = unquote(str(token.attrGet("src") or ""), errors="strict")
            self._check_picture(name)
        except UnfitFileError as error:
            raise IssueError(str(error), file=self._file, line=place.line, cure=error.cure) from None
        except UnicodeDecodeError:
            raise unsupported(_("this file name"), place, _("write %25 for a percent sign")) from None
        return Picture(name, alt, caption, place.line)


def _read_label(written: str, place: Place) -> str:
    label = check_text(unescapeAll(written), place)
    if not label.strip():
        raise IssueError(
            _("a notice box has no label"), file=place.file, line=place.line, cure=_("write one such as > [!按语]")
        )
    return label


def _check_start(node: SyntaxTreeNode, place: Place) -> None:
    if node.type == "ordered_list" and int(node.attrGet("start") or 1) != 1:
        raise unsupported(
            _("a list that does not begin at 1"), place, _("begin at 1, or write 3\\. where no list is meant")
        )


def _refuse(node: SyntaxTreeNode, place: Place) -> IssueError:
    match node.type:
        case "code_block":
            return unsupported(_("a paragraph indented by four blanks"), place, _("take the blanks out"))
        case "fence":
            return unsupported(_("code between ``` lines"), place, _("write it as paragraphs"))
        case "hr":
            return unsupported(_("a rule"), place, _("take it out; sections are set apart by themselves"))
        case "heading" if node.tag in ("h5", "h6"):
            return unsupported(_("a heading of this level"), place, _("use ### or #### within an article"))
        case "heading":
            return unsupported(
                _("a section or article inside a list or quotation"), place, _("use ### or #### for a heading there")
            )
        case "footnote_reference":
            return unsupported(
                _("the text of a footnote inside a list or quotation"), place, _("write it at the end of the article")
            )
    return unsupported(node.type, place, _("write it as paragraphs"))


def _read_pipe_table(node: SyntaxTreeNode, place: Place) -> Table:
    head: list[Row] = []
    body: list[Row] = []
    for part in node.children:
        for number, row in enumerate(part.children):
            if part.type == "thead":
                cells = [_read_plain(_inline_tokens(cell), place, _("a table cell")) for cell in row.children]
                head.append(Row(tuple(Cell(clean_cell(text), header=True) for text in cells)))
            else:
                body.append(_read_pipe_row(row, Place(place.file, place.line + 2 + number)))
    table = Table("", tuple(head), tuple(body), place.line)
    check_shape(table, file=place.file, line=place.line)
    return table


def _read_pipe_row(row: SyntaxTreeNode, place: Place) -> Row:
    """Return a row; one whose cells are all **bold**, the empty ones aside, declares itself a row of sums."""
    contents = [read_inline(_inline_tokens(cell), place) for cell in row.children]
    filled = [content for content in contents if content]
    total = bool(filled) and all(len(content) == 1 and isinstance(content[0], Strong) for content in filled)
    texts: list[str] = []
    for content in contents:
        inner = content[0].content if total and content and isinstance(content[0], Strong) else content
        if not all(isinstance(part, Text) for part in inner):
            raise unsupported(
                _("bold, italic, a link or a line break in {what}").format(what=_("a table cell")),
                place,
                _("write it as plain text; in a row of sums every cell is **bold**"),
            )
        texts.append("".join(part.text for part in inner if isinstance(part, Text)))
    return Row(tuple(Cell(clean_cell(text)) for text in texts), total)
