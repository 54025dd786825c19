"""Reads the Markdown body of issue.md: # sections, ## articles, and their blocks; nothing is dropped."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import Article, Block, Cell, ListBlock, Paragraph, Quote, Row, Section, Table, Text
from mailer.sources.inline import Place, read_inline, scan_emphasis, unsupported
from mailer.sources.tables import check_shape, clean_cell, parse_html_table

MAX_DEPTH = 8  # lists in quotes in lists: deeper than any bulletin, shallow enough for every mail program


def _scan_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take <table> to </table> as one block: CommonMark §4.6 would end it at the first blank line."""
    if not _line(state, start).lower().startswith("<table") or state.is_code_block(start):
        return False
    if silent:
        return True
    last = start
    while last < end and "</table>" not in _line(state, last).lower():
        last += 1
    state.line = min(last + 1, end)
    token = state.push("html_block", "", 0)
    token.map = [start, state.line]
    token.content = state.getLines(start, state.line, state.blkIndent, True)
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 2 * MAX_DEPTH + 6}).enable("table")
    parser.block.ruler.before("html_block", "html_table", _scan_table, {"alt": ["paragraph", "blockquote"]})
    # any other HTML is read within its paragraph, where each tag is accepted or refused by name
    parser.disable("html_block")
    parser.inline.ruler.at("emphasis", scan_emphasis)
    # links are checked by sources.links, which refuses where markdown-it would fall back to plain text
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    parser.normalizeLinkText = lambda link: link  # type: ignore[method-assign]
    return parser


_PARSER = _make_parser()


@dataclass(slots=True)
class _Draft:
    """A section or article while its blocks are being collected."""

    title: str
    line: int
    blocks: list[Block] = field(default_factory=list)
    articles: list["_Draft"] = field(default_factory=list)


def read_body(text: str, *, file: Path, offset: int) -> tuple[Section, ...]:
    """Return the sections of a Markdown body; `offset` is how many lines of the file stand before it.

    Raises IssueError with file, line and cure for whatever an issue cannot hold.
    """
    sections: list[_Draft] = []
    for node in SyntaxTreeNode(_PARSER.parse(text)).children:
        place = _place(node, file, offset)
        if node.type == "heading":
            _open_heading(node, sections, place)
        elif not sections:
            raise IssueError(
                _("text stands before the first section"),
                file=file,
                line=place.line,
                cure=_("begin with a line such as `# 行业要闻`"),
            )
        else:
            draft = (sections[-1].articles or sections)[-1]
            draft.blocks.append(_read_block(node, file, offset, 1))
    return tuple(
        Section(
            section.title,
            tuple(Article(article.title, tuple(article.blocks), article.line) for article in section.articles),
            tuple(section.blocks),
            section.line,
        )
        for section in sections
    )


def _place(node: SyntaxTreeNode, file: Path, offset: int) -> Place:
    return Place(file, offset + (node.map[0] if node.map else 0) + 1)


def _open_heading(node: SyntaxTreeNode, sections: list[_Draft], place: Place) -> None:
    title = _read_plain(node, place, _("a title"))
    if not title:
        raise IssueError(_("a title is empty"), file=place.file, line=place.line, cure=_("write it after the #"))
    if node.tag == "h1":
        sections.append(_Draft(title, place.line))
    elif node.tag != "h2":
        cure = _("use # for sections and ## for articles; write smaller headings as **bold** paragraphs")
        raise unsupported(_("a heading of this level"), place, cure)
    elif sections:
        sections[-1].articles.append(_Draft(title, place.line))
    else:
        raise IssueError(
            _("an article stands before the first section"),
            file=place.file,
            line=place.line,
            cure=_("begin with a line such as `# 行业要闻`"),
        )


def _inline_tokens(node: SyntaxTreeNode) -> list[Token]:
    return [
        token
        for child in node.children
        if child.type == "inline" and child.token
        for token in child.token.children or ()
    ]


def _read_plain(node: SyntaxTreeNode, place: Place, what: str) -> str:
    content = read_inline(_inline_tokens(node), place)
    if not all(isinstance(part, Text) for part in content):
        raise unsupported(
            _("bold, italic, a link or a line break in {what}").format(what=what), place, _("write it as plain text")
        )
    return "".join(part.text for part in content if isinstance(part, Text))


def _read_block(node: SyntaxTreeNode, file: Path, offset: int, depth: int) -> Block:
    place = _place(node, file, offset)
    if depth > MAX_DEPTH:
        raise unsupported(_("nesting this deep"), place, _("write it flatter"))
    match node.type:
        case "paragraph":
            return Paragraph(read_inline(_inline_tokens(node), place))
        case "bullet_list" | "ordered_list":
            _check_start(node, place)
            items = tuple(_read_blocks(item.children, file, offset, depth + 1) for item in node.children)
            return ListBlock(node.type == "ordered_list", items)
        case "blockquote":
            return Quote(_read_blocks(node.children, file, offset, depth + 1))
        case "table":
            return _read_pipe_table(node, place)
        case "html_block":
            return parse_html_table(node.content, file=file, line=place.line)
    raise _refuse(node, place)


def _read_blocks(nodes: Sequence[SyntaxTreeNode], file: Path, offset: int, depth: int) -> tuple[Block, ...]:
    return tuple(_read_block(node, file, offset, depth) for node in nodes)


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
        case "heading":
            return unsupported(_("a heading inside a list or quotation"), place, _("write it as a **bold** paragraph"))
    return unsupported(node.type, place, _("write it as paragraphs"))


def _read_pipe_table(node: SyntaxTreeNode, place: Place) -> Table:
    parts: dict[str, tuple[Row, ...]] = {"thead": (), "tbody": ()}
    for part in node.children:
        parts[part.type] = tuple(
            Row(
                tuple(
                    Cell(clean_cell(_read_plain(cell, place, _("a table cell"))), header=cell.type == "th")
                    for cell in row.children
                )
            )
            for row in part.children
        )
    table = Table("", parts["thead"], parts["tbody"])
    check_shape(table, file=place.file, line=place.line)
    return table
