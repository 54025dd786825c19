"""The one home of mjml-python: rewrites what its engine (MRML) gets wrong, converts, and names the line of a fault.

Each rewriting answers a fault seen in mjml-python 1.4.2 (MRML 6.0.1); tests/rendering/test_mjml.py has one test each.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

from mjml import mjml2html

from mailer.errors import TemplateError
from mailer.i18n import _
from mailer.rendering.markup import Kind, Piece, line_at, read_attributes, scan_markup
from mailer.rendering.mjml_check import check_mjml
from mailer.rendering.mjml_grammar import HTML_INLINE
from mailer.rendering.sentinels import Place
from mailer.rendering.tag_check import MjmlFault

_POSITION = re.compile(r"position (\d+)(?::\d+)?")
_PREHEADER = re.compile(r'(<div style="display:none;font-size:1px;color:)#ffffff')
_AUTO_HEIGHT = re.compile(r'(<img\b[^>]*?) height="auto"')
_ZERO = re.compile(r"(?<![\w.#])0(?![\w.%])")
_BREAK = re.compile(r"[ \t]*\n\s*")
# white on white is what hides text in spam; the preheader is hidden by its size (SpamAssassin HTML_FONT_LOW_CONTRAST)
_PREHEADER_COLOUR = "#333333"

Locate = Callable[[str, int], Place]


def convert_mjml(source: str, file: Path, locate: Locate | None = None) -> str:
    """Return the HTML of an MJML document.

    No network, no include, no web font. Raises TemplateError with the template and line that `locate(source, offset)`
    names for the place of the fault; without it, `file` and the line of `source`.
    """
    pieces = list(scan_markup(source))
    try:
        check_mjml(source, pieces)
        safe, starts = rewrite_mjml(source, pieces)
        html = _convert(safe, starts, pieces)
    except MjmlFault as fault:
        raise _explain(fault, source, file, locate) from None
    html = _AUTO_HEIGHT.sub(r"\1", html)  # no HTML: height takes a number
    return _PREHEADER.sub(rf"\g<1>{_PREHEADER_COLOUR}", html, count=1)


def _convert(safe: str, starts: list[int], pieces: list[Piece]) -> str:
    try:
        return str(mjml2html(safe, fonts={}))
    except ValueError as error:
        at = _POSITION.search(str(error))
        offset = None
        if at:
            octets = safe.encode()[: int(at[1])]  # the position counts UTF-8 octets of the rewritten document
            offset = pieces[max(0, bisect_right(starts, len(octets.decode("utf-8", "ignore"))) - 1)].start
        raise MjmlFault(
            _("the MJML is not well formed: {why}").format(why=error), offset,
            _("close every tag, and write a bare < as &lt;"),
        ) from None  # fmt: skip


def _explain(fault: MjmlFault, source: str, file: Path, locate: Locate | None) -> TemplateError:
    if fault.offset is None:
        return TemplateError(fault.message, file=file, cure=fault.cure)
    if locate is None:
        return TemplateError(fault.message, file=file, line=line_at(source, fault.offset), cure=fault.cure)
    place = locate(source, fault.offset)
    if place.line is None:
        quoted = source[source.rfind("\n", 0, fault.offset) + 1 :].split("\n", 1)[0].strip()[:100]
        cure = _("{cure}; look for this line: {text}").format(cure=fault.cure, text=quoted)
        return TemplateError(fault.message, file=file, cure=cure)
    return TemplateError(fault.message, file=place.file, line=place.line, cure=fault.cure)


def rewrite_mjml(source: str, pieces: list[Piece]) -> tuple[str, list[int]]:
    """Return the MJML rewritten so that MRML's faults do not show, and where in it each piece of markup begins.

    A document without what triggers them keeps every byte.
    """
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    for index, piece in enumerate(pieces):
        text = source[piece.start : piece.end]
        if piece.kind is Kind.OPEN:
            text = _rewrite_tag(source, piece)
        elif piece.kind is Kind.TEXT:
            text = _rewrite_text(text, pieces, index)
        parts.append(text)
        starts.append(length)
        length += len(text)
    return "".join(parts), starts


def _rewrite_text(text: str, pieces: list[Piece], index: int) -> str:
    previous = pieces[index - 1] if index else Piece(Kind.TEXT, 0, 0)
    if previous.kind is Kind.OPEN and previous.name == "mj-title":
        return _protect(text)  # MRML prints it as an attribute too (aria-label)
    text = text.replace("]]>", "]]&gt;")
    if "\n" not in text:
        return text
    if text.isspace():
        after = pieces[index + 1].name if index + 1 < len(pieces) else ""
        # MRML drops white space that holds a newline, and glues two links together
        return " " if previous.name in HTML_INLINE and after in HTML_INLINE else text
    # a newline between two Chinese characters shows as a gap
    return _BREAK.sub(lambda match: "" if _between_wide(text, match) else " ", text)


def _between_wide(text: str, match: re.Match[str]) -> bool:
    before, after = text[: match.start()][-1:], text[match.end() :][:1]
    return (not before or _is_wide(before)) and (not after or _is_wide(after))


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF" or char in "“”‘’…—"


def _protect(value: str) -> str:
    """Write what Rust's {:?} would escape as numeric references: it prints attributes with it."""
    collapsed = re.sub(r"[ \t\r\n\f\v]+", " ", value)
    return "".join(
        f"&#{ord(char)};" if char in '"\\' or not char.isascii() or not char.isprintable() else char
        for char in collapsed
    )


def _rewrite_tag(source: str, piece: Piece) -> str:
    parts: list[str] = []
    position = piece.start
    for attribute in read_attributes(source, piece):
        value = _protect(attribute.value)
        if piece.name.startswith("mj-") and "padding" in attribute.name:
            value = _ZERO.sub("0px", value)  # MRML takes a bare 0 for no padding at all when it computes widths
        parts += [source[position : attribute.start], value]
        position = attribute.end
    parts.append(source[position : piece.end])
    return "".join(parts)
