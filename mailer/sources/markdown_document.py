"""Reads a Markdown document that is no issue.md into pieces: whatever its author wrote stays, if only as text."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import lxml.html
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.footnote import footnote_plugin

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import (
    Cell,
    Emphasis,
    ImportRemark,
    Inline,
    LineBreak,
    Link,
    Note,
    Picture,
    Quote,
    Row,
    Strong,
    Table,
    Text,
    plain_text,
)
from mailer.sources.blocks import make_blocks
from mailer.sources.grammar import gap_between
from mailer.sources.inline import scan_emphasis
from mailer.sources.lines import is_fixed_line, split_lines
from mailer.sources.links import parse_target
from mailer.sources.markdown_parser import (
    KnottyTextError,
    check_widths,
    keep_links,
    refuse_knots,
    refuse_long_tables,
    too_tangled,
)
from mailer.sources.pieces import ListPlace, Piece, ReadDocument
from mailer.sources.web_page.pictures import WebPictures

MAX_NESTING = 40
_UNSPACED = re.compile(r"^(#{2,6})(?=[^#\s])")  # ##标题, which many write and CommonMark takes for text
_TAGS = {"strong": "strong", "b": "strong", "em": "em", "i": "em"}


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable("table")
    footnote_plugin(parser, inline=False, move_to_end=False, always_match_refs=True)
    # 报：… over a rule is no heading, an indented paragraph no code, and no line may become an unseen definition
    parser.disable(["lheading", "code", "reference", "html_block"])
    parser.core.ruler.after("block", "knots", refuse_knots)
    parser.inline.ruler.at("emphasis", scan_emphasis)
    keep_links(parser)
    return parser


_PARSER = _make_parser()


def read_markdown(text: str, *, file: Path) -> ReadDocument:
    """Return the pieces of a Markdown document, each with its line, and its pictures from the file's own folder.

    Raises IssueError for nesting that no bulletin has; `file` is only named, but for the pictures beside it.
    """
    lines, remarks = split_lines(text)
    numbered = (
        dict.fromkeys(range(1, lines[-1].line + 1), "") | {line.line: line.text for line in lines} if lines else {}
    )
    written = [_UNSPACED.sub(r"\1 ", line) for line in numbered.values()]
    refuse_long_tables(written, file)
    try:
        root = SyntaxTreeNode(_PARSER.parse("\n".join(written)))
        check_widths(root, written, file=file)
        reader = _Reader(file)
        pieces = reader.read(root.children)
    except KnottyTextError as error:
        raise too_tangled(file, error.line + 1) from None
    except RecursionError:
        raise IssueError(
            _("lists and quotations are nested too deep"), file=file, cure=_("write them flatter")
        ) from None
    return ReadDocument(tuple(pieces), reader.pictures.files, (*remarks, *reader.remarks))


class _Reader:
    def __init__(self, file: Path) -> None:
        self.remarks: list[ImportRemark] = []
        self.pictures = WebPictures(file.parent, (), self._say)
        self._line = 0
        self._lists = 0
        self._notes: dict[str, tuple[Inline, ...]] = {}

    def _say(self, text: str, cure: str) -> None:
        self.remarks.append(ImportRemark(self._line, text, cure))

    def read(self, nodes: Sequence[SyntaxTreeNode]) -> list[Piece]:
        """Return the pieces of a document's nodes; its footnotes are read first."""
        defined = [node for node in nodes if node.type == "footnote_reference"]
        for node in defined:
            content = [piece.content for piece in self._blocks(node.children, None)]
            self._notes[str(node.meta["label"])] = tuple(part for parts in content for part in parts)
        used: set[str] = set()
        pieces = self._blocks([node for node in nodes if node.type != "footnote_reference"], None, used)
        for node in defined:
            label = str(node.meta["label"])
            if label not in used:
                self._line = _line(node)
                self._say(
                    _("the footnote “{label}” is not used").format(label=label), _("it stands at the end of the text")
                )
                pieces += self._paragraphs([Text(f"[^{label}] "), *self._notes[label]], None)
        return pieces

    def _blocks(
        self, nodes: Sequence[SyntaxTreeNode], place: ListPlace | None, used: set[str] | None = None
    ) -> list[Piece]:
        pieces: list[Piece] = []
        for node in nodes:
            self._line = _line(node) or self._line
            if node.type in ("paragraph", "heading"):
                level = int(node.tag[1]) if node.type == "heading" else 0
                found = self._leaf(node, level, place, used)
            else:
                found = self._block(node, place, used)
            pieces += found
            if found and place is not None:
                place = replace(place, opens=False)
        return pieces

    def _block(self, node: SyntaxTreeNode, place: ListPlace | None, used: set[str] | None) -> list[Piece]:
        match node.type:
            case "bullet_list" | "ordered_list":
                return self._list(node, place, used)
            case "blockquote":
                blocks, told = make_blocks(self._blocks(node.children, None, used))
                self.remarks += told
                return [Piece(self._line, place=place, block=Quote(blocks))] if blocks else []
            case "table":
                return [Piece(self._line, place=place, block=self._table(node, used))]
            case "fence" | "code_block":
                self._say(_("code became ordinary text"), _("nothing, if it reads well"))
                lines = node.content.split("\n")
                return [Piece(self._line + at, line, place=place) for at, line in enumerate(lines) if line.strip()]
            case "hr":
                return []
        return self._paragraphs([Text(node.content)] if node.content.strip() else [], place)

    def _list(self, node: SyntaxTreeNode, place: ListPlace | None, used: set[str] | None) -> list[Piece]:
        ordered = node.type == "ordered_list"
        first = int(node.attrGet("start") or 1) if ordered else 1
        self._lists += 1
        inner = ListPlace(ordered, place.depth + 1 if place else 1, self._lists)
        pieces: list[Piece] = []
        for number, item in enumerate(node.children, first):
            found = self._blocks(item.children, inner if first == 1 else place, used)
            if first != 1 and found:  # our lists count from 1
                found[0] = _prefixed(found[0], f"{number}. ")
            pieces += found
        return pieces

    def _leaf(self, node: SyntaxTreeNode, level: int, place: ListPlace | None, used: set[str] | None) -> list[Piece]:
        """Return the pieces of a paragraph: its lines where one is a fixed line, its pictures between its text."""
        tokens = [
            t for child in node.children if child.type == "inline" and child.token for t in child.token.children or ()
        ]
        lines: list[list[Token]] = [[]]
        for token in tokens:
            if token.type in ("softbreak", "hardbreak"):
                lines.append([])
            else:
                lines[-1].append(token)
        if len(lines) > 1 and _balanced(lines) and any(is_fixed_line(_words(line).strip()) for line in lines):
            start = self._line
            pieces = []
            for at, line in enumerate(lines):
                self._line = start + at
                pieces += self._parts(line, level, place, used)
            return pieces
        return self._parts(tokens, level, place, used)

    def _parts(
        self, tokens: Sequence[Token], level: int, place: ListPlace | None, used: set[str] | None
    ) -> list[Piece]:
        pieces: list[Piece] = []
        waiting: list[Token] = []
        for token in [*tokens, None]:
            if token is not None and token.type != "image":
                waiting.append(token)
                continue
            pieces += self._paragraphs(self._inline(waiting, used), place, level)
            waiting = []
            picture = token and self._picture(token)
            if picture:
                pieces.append(replace(picture, place=place))
        return pieces

    def _picture(self, token: Token) -> Piece | None:
        element = lxml.html.Element("img", src=str(token.attrGet("src") or ""), alt=_printable(token.content))
        draft = self.pictures.read(element, self._line)
        if draft and isinstance(draft.piece.block, Picture):
            caption = _printable(str(token.attrGet("title") or ""))
            return replace(draft.piece, block=replace(draft.piece.block, caption=caption))
        return draft.piece if draft else None

    def _paragraphs(self, content: Sequence[Inline], place: ListPlace | None, level: int = 0) -> list[Piece]:
        text = plain_text(tuple(content))
        if not text.strip():
            return []
        words = [node for node in content if not (isinstance(node, Text) and not node.text.strip())]
        bold = all(isinstance(node, Strong) for node in words)
        return [Piece(self._line, text, tuple(content), level if place is None else 0, bold, place=place)]

    def _table(self, node: SyntaxTreeNode, used: set[str] | None) -> Table:
        parts: dict[str, tuple[Row, ...]] = {"thead": (), "tbody": ()}
        for part in node.children:
            parts[part.type] = tuple(
                Row(tuple(Cell(self._cell(cell, used), header=cell.type == "th") for cell in row.children))
                for row in part.children
            )
        return Table("", parts["thead"], parts["tbody"])

    def _cell(self, cell: SyntaxTreeNode, used: set[str] | None) -> str:
        tokens = [
            t for child in cell.children if child.type == "inline" and child.token for t in child.token.children or ()
        ]
        content = self._inline(tokens, used)
        text = "".join(
            plain_text((node,)) if not isinstance(node, Note) else f"（{plain_text(node.content)}）" for node in content
        )
        return " ".join(text.split())

    def _inline(self, tokens: Sequence[Token], used: set[str] | None) -> list[Inline]:
        """Return the content of tokens; what is left open at their end is closed there."""
        stack: list[tuple[str, str, list[Inline]]] = [("", "", [])]
        for at, token in enumerate(tokens):
            nodes = stack[-1][2]
            kind = token.type.removesuffix("_open").removesuffix("_close")
            match token.type:
                case "softbreak":
                    nodes.append(Text(gap_between(_words(tokens[:at][-8:]), _words(tokens[at + 1 : at + 8]))))
                case "hardbreak":
                    nodes.append(LineBreak())
                case "strong_open" | "em_open" | "link_open":
                    stack.append((kind, str(token.attrGet("href") or ""), []))
                case "strong_close" | "em_close" | "link_close":
                    self._close(stack, kind)
                case "footnote_ref":
                    nodes.append(self._note(str(token.meta["label"]), used))
                case "html_inline":
                    self._tag(token.content, stack)
                case _:
                    nodes.append(Text(token.content))
        while len(stack) > 1:
            self._close(stack, stack[-1][0])
        return stack[0][2]

    def _note(self, label: str, used: set[str] | None) -> Inline:
        content = self._notes.get(label)
        if content is None or used is None:
            return Text(f"[^{label}]")
        used.add(label)
        return Note(content)

    def _tag(self, tag: str, stack: list[tuple[str, str, list[Inline]]]) -> None:
        name = tag.strip("</> ").lower()
        if name == "br":
            stack[-1][2].append(LineBreak())
        elif name not in _TAGS:
            stack[-1][2].append(Text(tag))
        elif not tag.startswith("</"):
            stack.append((_TAGS[name], "", []))
        else:
            self._close(stack, _TAGS[name])

    def _close(self, stack: list[tuple[str, str, list[Inline]]], kind: str) -> None:
        if len(stack) == 1 or stack[-1][0] != kind:
            return  # crosswise: what was opened last is closed where the paragraph ends
        _kind, href, nodes = stack.pop()
        if kind == "link":
            stack[-1][2].extend(self._link(nodes, href))
        elif nodes:
            stack[-1][2].append(Strong(tuple(nodes)) if kind == "strong" else Emphasis(tuple(nodes)))

    def _link(self, nodes: list[Inline], href: str) -> list[Inline]:
        if href.startswith("#"):  # a place in the document, as contents link to
            return nodes
        try:
            return [Link(tuple(nodes), parse_target(href))] if plain_text(tuple(nodes)).strip() else [Text(href)]
        except ValueError as error:
            self._say(str(error), _("the words stand without a link; write a whole address such as https://…"))
            return [*nodes, Text(f" ({_printable(href)})")] if href else nodes


def _line(node: SyntaxTreeNode) -> int:
    return node.map[0] + 1 if node.map else 0


def _words(tokens: Sequence[Token]) -> str:
    return "".join(token.content for token in tokens if token.type in ("text", "text_special", "code_inline"))


def _balanced(lines: Sequence[Sequence[Token]]) -> bool:
    """True when no emphasis or link reaches over a line end."""
    return all(sum(token.nesting for token in line) == 0 for line in lines)


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())


def _prefixed(piece: Piece, number: str) -> Piece:
    if piece.block is not None:
        return piece
    return replace(piece, text=number + piece.text, content=(Text(number), *piece.content))
