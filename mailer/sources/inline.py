"""Reads the inline Markdown of a paragraph: text, strong, emphasis, links, line breaks; anything else is an error."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import Emphasis, Inline, LineBreak, Link, Note, Strong, Text, plain_text
from mailer.sources.grammar import gap_between, is_cjk
from mailer.sources.links import parse_target

_TAG = re.compile(r"<(?P<close>/?)(?P<name>strong|b|em|i|br)\s*/?>", re.IGNORECASE)
MAX_DEPTH = 12  # strong in emphasis in a link; more is a mistake, and would be slow to walk
_KINDS = {"strong": "strong", "b": "strong", "em": "em", "i": "em"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece of Markdown stands, for errors."""

    file: Path
    line: int


class Notes:
    """The footnotes defined in one article: label → content and line. Each must be used, each mark defined."""

    def __init__(self, contents: dict[str, tuple[tuple[Inline, ...], Place]]) -> None:
        self._contents = contents
        self._used: set[str] = set()

    def take(self, label: str, place: Place) -> Note:
        """Return the footnote a mark stands for."""
        if label not in self._contents:
            raise IssueError(
                _("the footnote [^{label}] is not defined").format(label=label[:40]),
                file=place.file,
                line=place.line,
                cure=_("write a line `[^{label}]: …` at the end of the same article").format(label=label[:40]),
            )
        self._used.add(label)
        return Note(self._contents[label][0])

    def check_used(self) -> None:
        """Raise IssueError for a definition that no mark stands for."""
        for label, (_content, place) in self._contents.items():
            if label not in self._used:
                raise IssueError(
                    _("the footnote [^{label}] is not used").format(label=label[:40]),
                    file=place.file,
                    line=place.line,
                    cure=_("write [^{label}] into the text of the same article, or take the footnote out").format(
                        label=label[:40]
                    ),
                )


def unsupported(what: str, place: Place, cure: str) -> IssueError:
    """Return the error that an element of Markdown is not one an issue may hold."""
    return IssueError(_("{what} is not supported").format(what=what), file=place.file, line=place.line, cure=cure)


def check_text(text: str, place: Place) -> str:
    """Return the text; raise IssueError when it holds a line end or control character, written or as &#…;."""
    if any(char != "\t" and unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in text):
        raise IssueError(
            _("the text holds a control character"), file=place.file, line=place.line, cure=_("take it out")
        )
    return text


def scan_emphasis(state: StateInline, silent: bool) -> bool:
    """Scan a run of * or _ as CommonMark §6.2 does, but let * open and close beside Chinese characters too.

    By the letter of CommonMark **“双软”**评估 is not bold: its second ** follows punctuation and precedes a letter.
    """
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    scanned = state.scanDelims(state.pos, marker == "*")
    can_open, can_close = scanned.can_open, scanned.can_close
    before = state.src[state.pos - 1] if state.pos else " "
    end = state.pos + scanned.length
    after = state.src[end] if end < state.posMax else " "
    if marker == "*" and (is_cjk(before) or is_cjk(after)):
        can_open = can_open or not after.isspace()
        can_close = can_close or not before.isspace()
    for _number in range(scanned.length):
        token = state.push("text", "", 0)
        token.content = marker
        state.delimiters.append(
            Delimiter(
                marker=ord(marker),
                length=scanned.length,
                token=len(state.tokens) - 1,
                end=-1,
                open=can_open,
                close=can_close,
            )
        )
    state.pos += scanned.length
    return True


def read_inline(tokens: list[Token], place: Place, notes: Notes | None = None) -> tuple[Inline, ...]:
    """Return the content of one paragraph. Lines within it are joined, between Chinese characters without a gap.

    Raises IssueError naming file and line for pictures, code, HTML but strong, em and br, unsafe links, and footnotes
    where `notes` is None.
    """
    stack: list[tuple[str, str, list[Inline]]] = [("", "", [])]
    at = place
    for index, token in enumerate(tokens):
        nodes = stack[-1][2]
        match token.type:
            case "text" | "text_special":
                nodes.append(Text(check_text(token.content, at)))
            case "softbreak":
                nodes.append(Text(_gap_at(tokens, index)))
                at = Place(at.file, at.line + 1)
            case "hardbreak":
                nodes.append(LineBreak())
                at = Place(at.file, at.line + 1)
            case "strong_open" | "em_open" | "link_open":
                stack.append((token.type.removesuffix("_open"), str(token.attrGet("href") or ""), []))
            case "strong_close" | "em_close" | "link_close":
                _close(stack, token.type.removesuffix("_close"), at)
            case "footnote_ref" if notes:
                nodes.append(notes.take(str(token.meta["label"]), at))
            case "html_inline":
                _read_tag(token.content, stack, at)
            case _:
                raise _refuse(token, at)
        if len(stack) > MAX_DEPTH:
            raise unsupported(_("nesting this deep"), at, _("write it flatter"))
    if len(stack) > 1:
        raise _unbalanced(stack[-1][0], at)
    return merge_texts(tuple(stack[0][2]))


def _refuse(token: Token, place: Place) -> IssueError:
    if token.type == "image":
        cure = _("give it a paragraph of its own: a blank line before and after it, and nothing beside it")
        return unsupported(_("a picture inside running text"), place, cure)
    if token.type == "footnote_ref":
        return unsupported(_("a footnote here"), place, _("write footnotes in paragraphs, and none inside another"))
    if token.type == "code_inline":
        return unsupported(_("code between ` `"), place, _("write \\` for the character itself"))
    return unsupported(token.type, place, _("write it as plain text"))


def _read_tag(tag: str, stack: list[tuple[str, str, list[Inline]]], place: Place) -> None:
    match = _TAG.fullmatch(tag)
    if match is None:
        raise unsupported(_("the HTML {tag}").format(tag=tag[:40]), place, _("write \\< for the character itself"))
    name = match["name"].lower()
    if name == "br":
        stack[-1][2].append(LineBreak())
    elif match["close"]:
        _close(stack, _KINDS[name], place)
    else:
        stack.append((_KINDS[name], "", []))


def _unbalanced(kind: str, place: Place) -> IssueError:
    return IssueError(
        _("<{tag}> is opened and closed crosswise or not at all").format(tag=kind),
        file=place.file,
        line=place.line,
        cure=_("close what was opened last first"),
    )


def _close(stack: list[tuple[str, str, list[Inline]]], kind: str, place: Place) -> None:
    if stack[-1][0] != kind:
        raise _unbalanced(stack[-1][0] or kind, place)
    _kind, href, nodes = stack.pop()
    content = merge_texts(tuple(nodes))
    match kind:
        case "strong":
            stack[-1][2].append(Strong(content))
        case "em":
            stack[-1][2].append(Emphasis(content))
        case _:
            stack[-1][2].append(_make_link(content, href, place))


def _make_link(content: tuple[Inline, ...], href: str, place: Place) -> Link:
    if not plain_text(content).strip():
        raise IssueError(_("a link has no words"), file=place.file, line=place.line, cure=_("write [words](https://…)"))
    try:
        return Link(content, parse_target(href))
    except ValueError as error:
        raise IssueError(
            str(error), file=place.file, line=place.line, cure=_("write a whole address such as https://…")
        ) from None


def merge_texts(content: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """Return the content with neighbouring texts as one, empty pieces gone, and footnotes out of links, after them."""
    merged: list[Inline] = []
    for node in content:
        match node:
            case Text(text):
                if merged and isinstance(merged[-1], Text):
                    merged[-1] = Text(merged[-1].text + text)
                elif text:
                    merged.append(node)
            case Strong(inner):
                merged += [Strong(kept)] if (kept := merge_texts(inner)) else []
            case Emphasis(inner):
                merged += [Emphasis(kept)] if (kept := merge_texts(inner)) else []
            case Link(inner, target):
                bare, notes = _part_notes(merge_texts(inner))
                merged += [Link(kept, target)] if (kept := merge_texts(bare)) else []
                merged += notes
            case Note(inner):
                merged += [Note(kept)] if (kept := merge_texts(inner)) else []
            case LineBreak():
                merged.append(node)
    return tuple(merged)


def _part_notes(content: tuple[Inline, ...]) -> tuple[tuple[Inline, ...], list[Note]]:
    """Return the content without its notes, and the notes: a mark inside a link would be a link inside a link."""
    bare: list[Inline] = []
    notes: list[Note] = []
    for node in content:
        match node:
            case Note():
                notes.append(node)
            case Strong(inner) | Emphasis(inner):
                kept, found = _part_notes(inner)
                bare.append(type(node)(kept))
                notes += found
            case _:
                bare.append(node)
    return tuple(bare), notes


def _gap_at(tokens: list[Token], at: int) -> str:
    """Return what a line end within a paragraph becomes, by the characters shown on its two sides."""
    before = next((tokens[i].content for i in range(at - 1, -1, -1) if _shows(tokens[i])), "")
    after = next((tokens[i].content for i in range(at + 1, len(tokens)) if _shows(tokens[i])), "")
    return gap_between(before, after)


def _shows(token: Token) -> bool:
    return token.type in ("text", "text_special") and bool(token.content)
