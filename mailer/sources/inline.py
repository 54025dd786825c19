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
from mailer.model.issue import Emphasis, Inline, LineBreak, Link, Strong, Text, plain_text
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


def read_inline(tokens: list[Token], place: Place) -> tuple[Inline, ...]:
    """Return the content of one paragraph. Lines within it are joined, between Chinese characters without a gap.

    Raises IssueError naming file and line for pictures, code, HTML but strong, em and br, and unsafe links.
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
        return unsupported(_("a picture"), place, _("take it out; pictures come with a later version"))
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
    """Return the content with neighbouring texts as one and empty pieces gone."""
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
                merged += [Link(kept, target)] if (kept := merge_texts(inner)) else []
            case LineBreak():
                merged.append(node)
    return tuple(merged)


def _gap_at(tokens: list[Token], at: int) -> str:
    """Return what a line end within a paragraph becomes, by the characters shown on its two sides."""
    before = next((tokens[i].content for i in range(at - 1, -1, -1) if _shows(tokens[i])), "")
    after = next((tokens[i].content for i in range(at + 1, len(tokens)) if _shows(tokens[i])), "")
    return gap_between(before, after)


def _shows(token: Token) -> bool:
    return token.type in ("text", "text_special") and bool(token.content)
