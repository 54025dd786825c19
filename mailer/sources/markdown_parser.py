"""The Markdown of issue.md, as markdown-it reads it: CommonMark, tables, footnotes, notice boxes, no other HTML."""

import re
from collections.abc import Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.footnote import footnote_plugin

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.sources.cell_grid import too_large
from mailer.sources.inline import scan_emphasis
from mailer.sources.tables import uneven_row

MAX_DEPTH = 8  # lists in quotes in lists: deeper than any bulletin, shallow enough for every mail program
MAX_LENGTH = 500_000  # characters; a full bulletin has 20,000
MAX_BRACKETS = 300  # in one paragraph
MAX_ROWS = 3_000  # of a table
MAX_LEVEL = 40  # of bold in italic in bold
# > [!按语] opens a notice box; [!a](b), [!a][b] and [!a]: are what they are without it
_LABEL = re.compile(r"\[!((?:\\.|[^\[\]\\\n])+)\](?![(\[:])[ \t]*\n?")


class KnottyTextError(Exception):
    """The text would take too long or go too deep to be read; `line` counts from 0."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


def parse_markdown(text: str) -> SyntaxTreeNode:
    """Return the tree of a Markdown text. Raises KnottyTextError for what only a mistake or malice writes."""
    if len(text) > MAX_LENGTH:
        raise KnottyTextError(0)
    tokens = _PARSER.parse(text)
    for token in tokens:
        if any(child.level > MAX_LEVEL for child in token.children or ()):
            raise KnottyTextError(token.map[0] if token.map else 0)
    return SyntaxTreeNode(tokens)


def too_tangled(file: Path, line: int) -> IssueError:
    """Return the error for what KnottyTextError says; the line counts from 1."""
    return IssueError(
        _("the text is too long or too tangled here"),
        file=file,
        line=line,
        cure=_("take out brackets and asterisks in a row; divide what is very long"),
    )


def refuse_long_tables(lines: Sequence[str], file: Path) -> None:
    """Raise IssueError where more lines in a row have bars than a bulletin's table has rows: parsing takes seconds."""
    start = 0
    for at, line in enumerate(lines):
        if "|" not in line:
            start = at + 1
        elif at - start >= MAX_ROWS:
            raise too_large(at - start + 1, line.strip(" |").count("|") + 1, file=file, line=start + 1)


def check_widths(root: SyntaxTreeNode, lines: Sequence[str], *, file: Path, offset: int = 0) -> None:
    """Raise IssueError for a row of bars with more cells than the table's head: Markdown drops them (GFM, Tables)."""
    for table in root.children:
        parts = table.children if table.type == "table" else []
        for number, row in enumerate((row for part in parts for row in part.children), 1):
            cells = re.split(r"(?<!\\)\|", lines[row.map[0]].strip()) if row.map else []
            cells = cells[not cells[0] : len(cells) - (not cells[-1])] if cells else []
            if len(cells) > len(row.children):
                raise uneven_row(
                    number, cells[0].strip(), len(cells), len(row.children), file=file, line=offset + _line_of(row)
                )


def _line_of(node: SyntaxTreeNode) -> int:
    return node.map[0] + 1 if node.map else 0


def refuse_knots(state: StateCore) -> None:
    """Refuse a paragraph with many brackets: each may open a link, and is followed to the paragraph's end."""
    for token in state.tokens:
        if token.type == "inline" and token.content.count("[") > MAX_BRACKETS:
            raise KnottyTextError(token.map[0] if token.map else 0)


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


def _find_notices(state: StateCore) -> None:
    """Mark the quotations that are notice boxes, and take their label out of the text."""
    tokens = state.tokens
    at = 0
    while at < len(tokens) - 2:
        opening, paragraph, content = tokens[at : at + 3]
        at += 1
        if (opening.type, paragraph.type) != ("blockquote_open", "paragraph_open"):
            continue
        match = _LABEL.match(content.content)
        if match is None:
            continue
        opening.meta = {"label": match[1].strip(" \t")}
        content.content = content.content[match.end() :]
        if not content.content:
            del tokens[at : at + 3]
        elif paragraph.map and match[0].endswith("\n"):
            paragraph.map = [paragraph.map[0] + 1, paragraph.map[1]]


def keep_links(parser: MarkdownIt) -> None:
    """Have a parser hand over links as they are written.

    sources.links checks them, and refuses where markdown-it would fall back to plain text.
    """
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    parser.normalizeLinkText = lambda link: link  # type: ignore[method-assign]


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 2 * MAX_DEPTH + 6}).enable("table")
    footnote_plugin(parser, inline=False, move_to_end=False, always_match_refs=True)
    parser.core.ruler.after("block", "notices", _find_notices)
    parser.core.ruler.after("notices", "knots", refuse_knots)
    parser.block.ruler.before("html_block", "html_table", _scan_table, {"alt": ["paragraph", "blockquote"]})
    # any other HTML is read within its paragraph, where each tag is accepted or refused by name; a line over a rule
    # is no heading
    parser.disable(["html_block", "lheading"])
    parser.inline.ruler.at("emphasis", scan_emphasis)
    keep_links(parser)
    return parser


_PARSER = _make_parser()
