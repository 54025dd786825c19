"""The one home of mjml-python: rewrites what its engine (MRML) gets wrong, converts, and names the line of an error.

Each rewriting answers a fault seen in mjml-python 1.4.2 (MRML 6.0.1); tests/rendering/test_mjml.py has one test each.
Lines are kept: a line of the rewritten source is the same line of the source.
"""

import re
import unicodedata
from pathlib import Path

from mjml import mjml2html

from mailer.errors import TemplateError
from mailer.i18n import _
from mailer.rendering.markup import Kind, Piece, line_at, read_attributes, scan_markup

INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark", "q"}
    | {"s", "small", "span", "strong", "sub", "sup", "time", "u", "var"}
)
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
# where each element may stand; MRML copies an unknown or misplaced one out without a word
_CONTENT = frozenset({"mj-column", "mj-hero"})
PARENTS: dict[str, frozenset[str]] = {
    "mj-head": frozenset({"mjml"}),
    "mj-body": frozenset({"mjml"}),
    **dict.fromkeys(
        ("mj-title", "mj-preview", "mj-style", "mj-attributes", "mj-font", "mj-breakpoint"), frozenset({"mj-head"})
    ),
    "mj-wrapper": frozenset({"mj-body"}),
    "mj-section": frozenset({"mj-body", "mj-wrapper"}),
    "mj-hero": frozenset({"mj-body", "mj-wrapper"}),
    "mj-group": frozenset({"mj-section"}),
    "mj-column": frozenset({"mj-section", "mj-group"}),
    **dict.fromkeys(("mj-text", "mj-image", "mj-divider", "mj-spacer", "mj-button", "mj-table", "mj-social"), _CONTENT),
    "mj-social-element": frozenset({"mj-social"}),
    "mj-raw": frozenset({"mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-group"}) | _CONTENT,
}
_POSITION = re.compile(r"position (\d+)(?::\d+)?")
_PREHEADER = re.compile(r'(<div style="display:none;font-size:1px;color:)#ffffff')
_ZERO = re.compile(r"(?<![\w.#])0(?![\w.%])")
_BREAK = re.compile(r"[ \t]*\n\s*")
# white on white is what hides text in spam; the preheader is hidden by its size (SpamAssassin HTML_FONT_LOW_CONTRAST)
_PREHEADER_COLOUR = "#333333"


def convert_mjml(source: str, file: Path) -> str:
    """Return the HTML of an MJML document.

    No network, no include, no web font. Raises TemplateError naming `file` (the outermost template) and quoting the
    line of the filled-in document, which a template's own line numbers need not match.
    """
    _check_elements(source, file)
    safe = rewrite_mjml(source)
    try:
        html = str(mjml2html(safe, fonts={}))
    except ValueError as error:
        at = _POSITION.search(str(error))
        # the position counts UTF-8 octets
        line = safe.encode()[: int(at[1])].count(b"\n") + 1 if at else _find_unquoted(safe)
        raise _fault(_("the MJML is not well formed: {why}").format(why=error), file, safe, line) from None
    return _PREHEADER.sub(rf"\g<1>{_PREHEADER_COLOUR}", html, count=1)


def _find_unquoted(source: str) -> int | None:
    """Return the line of the first attribute without quotes, which MRML refuses without saying where."""
    for piece in scan_markup(source):
        if piece.kind is Kind.OPEN and any(
            not each.quoted and each.end > each.start for each in read_attributes(source, piece)
        ):
            return line_at(source, piece.start)
    return None


def _fault(message: str, file: Path, source: str, line: int | None) -> TemplateError:
    if line is None:
        return TemplateError(message, file=file, cure=_("close every tag, and write a bare < as &lt;"))
    quoted = source.splitlines()[line - 1].strip()[:100] if line <= source.count("\n") + 1 else ""
    cure = _("look for this line in the template or its parts: {text}").format(text=quoted)
    return TemplateError(message, file=file, line=line, cure=cure)


def _check_elements(source: str, file: Path) -> None:
    """Refuse tags that do not pair, elements MRML would copy out unseen, includes, and two classes at once."""
    inside: list[Piece] = []
    for piece in scan_markup(source):
        if piece.kind is Kind.CLOSE:
            if not inside or inside[-1].name != piece.name:
                raise _unpaired(source, piece, inside, file)
            inside.pop()
        elif piece.kind is Kind.OPEN:
            around = [each.name for each in inside if each.name.startswith("mj")]
            if piece.name.startswith("mj") and "mj-attributes" not in around:
                _check_element(source, piece, around[-1] if around else "", file)
            if source[piece.end - 2] != "/" and piece.name not in VOID:
                inside.append(piece)
        elif piece.kind is Kind.TEXT and "<" in source[piece.start : piece.end]:
            line = line_at(source, source.index("<", piece.start))
            raise _fault(_("a bare < stands in the text, or a tag is not complete"), file, source, line)
    if inside:
        raise _unpaired(source, None, inside, file)


def _unpaired(source: str, closing: Piece | None, inside: list[Piece], file: Path) -> TemplateError:
    if closing is not None and all(piece.name != closing.name for piece in inside):
        message = _("</{name}> closes nothing").format(name=closing.name)
        return _fault(message, file, source, line_at(source, closing.start))
    message = _("<{name}> is not closed").format(name=inside[-1].name)
    return _fault(message, file, source, line_at(source, inside[-1].start))


def _check_element(source: str, piece: Piece, parent: str, file: Path) -> None:
    line = line_at(source, piece.start)
    if piece.name == "mj-include":
        raise _fault(_("mj-include is not used here; use an include of Jinja2"), file, source, line)
    if piece.name == "mjml":
        return
    if piece.name not in PARENTS:
        raise _fault(_("there is no MJML element {name}").format(name=piece.name), file, source, line)
    if parent not in PARENTS[piece.name]:
        wanted = ", ".join(sorted(PARENTS[piece.name]))
        message = _("{name} stands in {parent}, but belongs in {wanted}")
        raise _fault(message.format(name=piece.name, parent=parent or "-", wanted=wanted), file, source, line)
    for attribute in read_attributes(source, piece):
        if attribute.name == "mj-class" and len(attribute.value.split()) > 1:
            raise _fault(_("give an element one mj-class only"), file, source, line)


def rewrite_mjml(source: str) -> str:
    """Return the MJML rewritten so that MRML's faults do not show; a document without them keeps its meaning."""
    parts: list[str] = []
    owed = 0  # newlines taken out of text or attributes, put back inside the next tag, so that lines stay
    pieces = list(scan_markup(source))
    for index, piece in enumerate(pieces):
        text = source[piece.start : piece.end]
        if piece.kind is Kind.OPEN:
            text, taken = _rewrite_tag(source, piece)
            owed += taken
            cut = len(text) - (2 if text.endswith("/>") else 1)
            parts.append(text[:cut] + "\n" * owed + text[cut:])
            owed = 0
        elif piece.kind is Kind.CLOSE:
            parts.append(text[:-1] + "\n" * owed + ">")
            owed = 0
        elif piece.kind is Kind.TEXT:
            rewritten = _rewrite_text(text, pieces, index)
            owed += text.count("\n") - rewritten.count("\n")
            parts.append(rewritten)
        else:
            parts.append(text)
    return "".join(parts)


def _rewrite_text(text: str, pieces: list[Piece], index: int) -> str:
    previous = pieces[index - 1] if index else Piece(Kind.TEXT, 0, 0)
    if previous.kind is Kind.OPEN and previous.name == "mj-title":
        return _protect(text)  # MRML prints it as an attribute too (aria-label)
    if "\n" not in text:
        return text
    if text.isspace():
        after = pieces[index + 1].name if index + 1 < len(pieces) else ""
        # MRML drops white space that holds a newline, and glues two links together
        return " " if previous.name in INLINE and after in INLINE else text
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


def _rewrite_tag(source: str, piece: Piece) -> tuple[str, int]:
    parts: list[str] = []
    position = piece.start
    taken = 0
    attributes = read_attributes(source, piece)
    for attribute in attributes:
        value = _protect(attribute.value)
        taken += attribute.value.count("\n")
        if piece.name.startswith("mj-") and "padding" in attribute.name:
            value = _ZERO.sub("0px", value)  # MRML takes a bare 0 for no padding at all when it computes widths
        parts += [source[position : attribute.start], value]
        position = attribute.end
    tail = source[position : piece.end]
    if piece.name in ("mj-image", "img") and not any(attribute.name == "alt" for attribute in attributes):
        cut = len(tail) - (2 if tail.endswith("/>") else 1)
        tail = f'{tail[:cut]} alt=""{tail[cut:]}'
    return "".join([*parts, tail]), taken
