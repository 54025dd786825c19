"""Makes paragraphs of pieces: joins what a page or line break tore apart, and makes links of addresses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from mailer.model.issue import Emphasis, Inline, LineBreak, Link, Note, Strong, Text
from mailer.sources.grammar import HEADING_LENGTH, ends_sentence, gap_between
from mailer.sources.links import MAX_LENGTH, parse_target
from mailer.sources.outline import is_source_line, number_rank
from mailer.sources.pieces import Piece

_ADDRESS = re.compile(r"<(?P<quoted>https?://[^<>\s]+)>|(?P<bare>https?://[A-Za-z0-9\-._~:/?#@!$&'*+,;=%]+)")
_ITEM = re.compile(
    r"(?:[一二三四五六七八九十]+、|第[一二三四五六七八九十]+[章节条]|"
    r"[（(](?:[一二三四五六七八九十]+|\d{1,2})[）)]|\d{1,2}[.．、](?!\d)|[①-⑳★☆■□◆●·•])"
)
_NOTICE = re.compile(
    r"(?P<open>[【（(〔\[])?\s*(?P<label>编者按|编者的话|编辑按|编按|按\s*语|按)\s*(?P<close>[】）)〕\]])?\s*(?P<colon>[:：])?\s*"
)
_OPEN_ENDS = ("、", "，", ",")
_TORN = 20  # a line shorter than this that ends no sentence is whole: a heading, a signature
MAX_LINKS = 1000  # in one paragraph
_WRAPPED = 26  # an official page has 28 characters a line
_COMMAS = re.compile(r"[，、；。,;]")


@dataclass(slots=True)
class Torn:
    """A paragraph while its parts are collected."""

    parts: list[Piece] = field(default_factory=list)
    length: int = 0
    commas: bool = False

    def add(self, piece: Piece, line: str) -> None:
        """Take one more part."""
        self.parts.append(piece)
        self.length += len(line)
        self.commas = self.commas or _COMMAS.search(line) is not None

    def goes_on_with(self, piece: Piece, line: str) -> bool:
        """True when this paragraph is not finished and the line does not begin one: a break tore them apart."""
        if not self.parts:
            return False
        last = self.parts[-1].plain
        first = self.parts[0]
        if ends_sentence(last) or begins_paragraph(line) or first.heading or first.place is not None:
            return False
        if len(self.parts) == 1 and self.length <= HEADING_LENGTH and number_rank(last) is not None:
            return False
        if last.endswith(_OPEN_ENDS):
            return True
        wrapped = len(last) >= _WRAPPED and not piece.gap
        return self.length >= _TORN and (self.commas or wrapped) and not is_source_line(first.plain)


def begins_paragraph(line: str) -> bool:
    """True for a numbered item, a notice or a source line: none goes on a paragraph."""
    return _ITEM.match(line) is not None or is_source_line(line) or notice_label(line) is not None


def notice_label(line: str) -> tuple[str, int] | None:
    """Return the label of a notice (按语：…, 【编者按】…, 编者按 alone) and where its text begins; None for others."""
    found = _NOTICE.match(line[:40])
    if found is None:
        return None
    bracketed = bool(found["open"] and found["close"])
    if not (bracketed or found["colon"] or (found.end() == len(line) and found["label"] != "按" and not found["open"])):
        return None
    return "".join(found["label"].split()), found.end()


def join_content(parts: Sequence[Piece]) -> tuple[Inline, ...]:
    """Return the content of one paragraph: its parts joined, blanks at its ends gone, addresses made links."""
    content: list[Inline] = []
    before = ""
    for piece in parts:
        line = piece.plain
        if before:
            content.append(Text(gap_between(before, line)))
        content += _strip(piece.content) if piece.content else [Text(line)]
        before = line
    return link_addresses(_merge(content))


def cut_start(content: tuple[Inline, ...], count: int) -> tuple[Inline, ...]:
    """Return content without its first `count` characters and the blanks after them."""
    kept, _left = _cut(content, count)
    return _merge(_strip(kept))


def _cut(content: tuple[Inline, ...], count: int) -> tuple[tuple[Inline, ...], int]:
    kept: list[Inline] = []
    for node in content:
        if count <= 0:
            kept.append(node)
            continue
        match node:
            case Text(text):
                kept += [Text(text[count:])] if len(text) > count else []
                count -= len(text)
            case LineBreak():
                count -= 1
            case Strong(inner):
                rest, count = _cut(inner, count)
                kept += [Strong(rest)] if rest else []
            case Emphasis(inner):
                rest, count = _cut(inner, count)
                kept += [Emphasis(rest)] if rest else []
            case Link(inner, target):
                rest, count = _cut(inner, count)
                kept += [Link(rest, target)] if rest else []
            case Note():
                kept.append(node)
    return tuple(kept), count


def _strip(content: Sequence[Inline]) -> list[Inline]:
    """Return content without blanks and breaks at its two ends; tabs inside become blanks."""
    nodes = [Text(node.text.replace("\t", " ")) if isinstance(node, Text) else node for node in content]
    while nodes and (isinstance(nodes[0], LineBreak) or (isinstance(nodes[0], Text) and not nodes[0].text.strip())):
        nodes.pop(0)
    while nodes and (isinstance(nodes[-1], LineBreak) or (isinstance(nodes[-1], Text) and not nodes[-1].text.strip())):
        nodes.pop()
    if nodes and isinstance(nodes[0], Text):
        nodes[0] = Text(nodes[0].text.lstrip())
    if nodes and isinstance(nodes[-1], Text):
        nodes[-1] = Text(nodes[-1].text.rstrip())
    return nodes


def _merge(content: Sequence[Inline]) -> tuple[Inline, ...]:
    merged: list[Inline] = []
    texts: list[str] = []
    for node in content:
        if isinstance(node, Text):
            texts.append(node.text)
            continue
        if joined := "".join(texts):
            merged.append(Text(joined))
        texts.clear()
        merged.append(node)
    if joined := "".join(texts):
        merged.append(Text(joined))
    return tuple(merged)


def link_addresses(content: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """Return content with the web addresses in its texts as links, those in links and notes left alone."""
    linked: list[Inline] = []
    for node in content:
        match node:
            case Text(text):
                linked += find_links(text)
            case Strong(inner):
                linked.append(Strong(link_addresses(inner)))
            case Emphasis(inner):
                linked.append(Emphasis(link_addresses(inner)))
            case _:
                linked.append(node)
    return tuple(linked)


def find_links(text: str) -> tuple[Inline, ...]:
    """Return a text with its http and https addresses as links; <…> around one is not shown."""
    content: list[Inline] = []
    rest = 0
    for match in islice(_ADDRESS.finditer(text), MAX_LINKS):
        shown = match["quoted"] or match["bare"].rstrip(".,;:!?'*")
        try:
            target = parse_target(shown) if len(shown) <= MAX_LENGTH else ""
        except ValueError:
            target = ""
        if not target:
            continue
        if match.start() > rest:
            content.append(Text(text[rest : match.start()]))
        content.append(Link((Text(shown),), target))
        rest = match.end() if match["quoted"] else match.start() + len(shown)
    if rest < len(text):
        content.append(Text(text[rest:]))
    return tuple(content)
