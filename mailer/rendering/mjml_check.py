"""Checks filled-in MJML before it is converted: its engine drops unknown attributes and copies unknown tags out unseen.

The first fault is raised with its offset; who converts knows which template line stands behind it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from mailer.i18n import _
from mailer.rendering.markup import Attribute, Kind, Piece, read_attributes, scan_markup
from mailer.rendering.mjml_grammar import (
    ELEMENTS,
    EVERYWHERE,
    HTML_NAMES,
    HTML_REFUSED,
    HTML_VOID,
    ONCE,
    Content,
    Element,
)
from mailer.rendering.style_check import check_style
from mailer.rendering.tag_check import MjmlFault, attribute_offset, check_tag, suggest_name

_ANY = frozenset({"mj-all", "mj-class"})
_ALL_ATTRIBUTES = frozenset().union(*(element.attributes for element in ELEMENTS.values()))
_RAW_LENGTH = re.compile(r"-?\d+(?:\.\d+)?")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f]")
_OUTLOOK = re.compile(r"<!--\[if [^\]]*\]>(?!<!--)(.*)<!\[endif\]-->", re.DOTALL)


@dataclass(slots=True)
class _Reading:
    source: str
    inside: list[Piece] = field(default_factory=list)  # every open tag
    elements: list[str] = field(default_factory=list)  # those of MJML among them
    seen: set[str] = field(default_factory=set)
    outlook: list[tuple[str, int]] = field(default_factory=list)  # tags open in Outlook's comments, with their offsets
    classes: set[str] = field(default_factory=set)


def check_mjml(source: str, pieces: Iterable[Piece]) -> None:
    """Raise MjmlFault for the first thing that is not MJML as its engine understands it.

    Unknown or misplaced elements, unknown, doubled or missing attributes, tags that do not pair (of HTML too), and what
    the engine or the inliner would lose without a word. `pieces` are those of the source.
    """
    if control := _CONTROLS.search(source):
        message = _("a control character stands here: {code}").format(code=f"U+{ord(control[0]):04X}")
        raise MjmlFault(message, control.start(), _("take it out"))
    reading = _Reading(source)
    for piece in pieces:
        match piece.kind:
            case Kind.OPEN:
                _open(reading, piece)
            case Kind.CLOSE:
                _close(reading, piece)
            case Kind.TEXT:
                _check_text(reading, piece)
            case Kind.RAW if piece.name in ("mj-style", "style"):
                kept = any(each.name == "data-premailer" for each in read_attributes(source, reading.inside[-1]))
                check_style(source, piece, kept=kept)
            case Kind.COMMENT:
                _check_comment(reading, piece)
    if reading.inside:
        raise _unpaired(reading, None)
    for name in ("mjml", "mj-body"):
        if name not in reading.seen:
            message = _("there is no <{name}>").format(name=name)
            raise MjmlFault(message, 0, _("begin from the template of a new newsletter folder"))


def _open(reading: _Reading, piece: Piece) -> None:
    source = reading.source
    within = reading.elements[-1] if reading.elements else ""
    attributes = read_attributes(source, piece)
    check_tag(source, piece, attributes)
    if piece.name.startswith("mj"):
        _check_element(reading, piece, within, attributes)
    else:
        _check_html(piece, within, attributes)
    reading.seen.add(piece.name)
    if source[piece.end - 2] != "/" and piece.name not in HTML_VOID:
        reading.inside.append(piece)
        if piece.name.startswith("mj"):
            reading.elements.append(piece.name)


def _close(reading: _Reading, piece: Piece) -> None:
    if not reading.inside or reading.inside[-1].name != piece.name:
        raise _unpaired(reading, piece)
    reading.inside.pop()
    if piece.name.startswith("mj"):
        reading.elements.pop()
        if reading.outlook:
            name, offset = reading.outlook[-1]
            message = _("<{name}> is not closed in a comment for Outlook").format(name=name)
            raise MjmlFault(message, offset, _("close it in another such comment before </{name}>").format(
                name=piece.name
            ))  # fmt: skip


def _unpaired(reading: _Reading, closing: Piece | None) -> MjmlFault:
    if closing is not None and all(piece.name != closing.name for piece in reading.inside):
        message = _("</{name}> closes nothing").format(name=closing.name)
        return MjmlFault(message, closing.start, _("take it out, or put the opening tag before it"))
    name = reading.inside[-1].name
    message = _("<{name}> is not closed").format(name=name)
    cure = _("write </{name}> where it ends").format(name=name)
    return MjmlFault(message, reading.inside[-1].start, cure)


def _check_element(reading: _Reading, piece: Piece, within: str, attributes: tuple[Attribute, ...]) -> None:
    name = reading.source[piece.start + 1 : piece.start + 1 + len(piece.name)]
    element = ELEMENTS.get(name)
    if element is None:
        raise _unknown_element(piece.start, name)
    if name == "mjml" and within == "" and "mjml" not in reading.seen:
        pass
    elif within == "mj-attributes":
        if name not in _ANY and (name == "mj-body" or not element.attributes >= EVERYWHERE):
            message = _("{name} takes no settings in mj-attributes").format(name=name)
            raise MjmlFault(message, piece.start, _("set the attributes on {name} itself").format(name=name))
    elif within not in element.parents:
        wanted = ", ".join(sorted(element.parents)) or "-"
        message = _("{name} stands in {parent}, but belongs in {wanted}")
        raise MjmlFault(
            message.format(name=name, parent=within or "-", wanted=wanted),
            piece.start,
            _("put it there, or use another element"),
        )
    if within != "mj-attributes" and name in ONCE | {"mjml", "mj-head", "mj-body"} and name in reading.seen:
        message = _("there is a second {name}; the mail would not work").format(name=name)
        raise MjmlFault(message, piece.start, _("keep one of them"))
    _check_attributes(reading, piece, element, attributes, in_settings=within == "mj-attributes")


def _unknown_element(offset: int, name: str) -> MjmlFault:
    if name == "mj-include":
        return MjmlFault(_("mj-include is not used here"), offset, _('write {% include "parts/…" %}'))
    if name == "mj-font":
        cure = _("name fonts of the readers' devices in theme.toml")
        return MjmlFault(_("a font from the web would tell its server who reads"), offset, cure)
    return MjmlFault(_("there is no MJML element {name}").format(name=name), offset, suggest_name(name, ELEMENTS))


def _check_attributes(
    reading: _Reading, piece: Piece, element: Element, attributes: tuple[Attribute, ...], *, in_settings: bool
) -> None:
    known = _ALL_ATTRIBUTES if piece.name in _ANY else element.attributes
    for each in attributes:
        if each.name not in known and not (piece.name == "mj-class" and each.name == "name"):
            message = _("{name} has no attribute {attribute}").format(name=piece.name, attribute=each.name)
            raise MjmlFault(message, attribute_offset(piece, each), suggest_name(each.name, known))
        _check_value(reading, piece, each)
    given = {each.name for each in attributes}
    for wanted in () if in_settings and piece.name != "mj-class" else element.required:
        if wanted not in given:
            message = _("{name} lacks the attribute {attribute}").format(name=piece.name, attribute=wanted)
            raise MjmlFault(message, piece.start, _cure_missing(wanted))
    if piece.name == "mj-class" and in_settings:
        reading.classes.update(each.value for each in attributes if each.name == "name")


def _cure_missing(attribute: str) -> str:
    if attribute == "alt":
        return _('write what the picture shows as alt="…"; alt="" only for pure decoration')
    if attribute == "lang":
        return _('write <mjml lang="{{ lang }}" dir="ltr">: readers’ devices pick voice and glyphs by it')
    return _('add {attribute}="…"').format(attribute=attribute)


def _check_value(reading: _Reading, piece: Piece, each: Attribute) -> None:
    offset = attribute_offset(piece, each)
    if each.name == "mj-class":
        names = each.value.split()
        if len(names) > 1:
            raise MjmlFault(
                _("give an element one mj-class only"), offset, _("put what both say into one class: engines differ")
            )
        for name in names:
            if name not in reading.classes:
                message = _("there is no mj-class {name}").format(name=name)
                raise MjmlFault(message, offset, suggest_name(name, reading.classes))
    if piece.name == "mj-raw" and each.name == "position":
        raise MjmlFault(_("position does not work on mj-raw"), offset, _("what it holds stays where it stands"))
    if "padding" in each.name:
        for part in each.value.split():
            if _RAW_LENGTH.fullmatch(part) and float(part) != 0:
                message = _("{attribute} has no unit: {value}").format(attribute=each.name, value=each.value)
                raise MjmlFault(message, offset, _("write {value}px").format(value=part))


def _check_html(piece: Piece, within: str, attributes: tuple[Attribute, ...]) -> None:
    name = piece.name
    if name in HTML_REFUSED:
        raise MjmlFault(
            _("mail programs do not accept <{name}>").format(name=name), piece.start, _("say it without it")
        )
    if name not in HTML_NAMES and ":" not in name:  # v:rect is Outlook's
        raise MjmlFault(
            _("there is no element <{name}>").format(name=name), piece.start, suggest_name(name, HTML_NAMES)
        )
    if not within:
        raise MjmlFault(_("<{name}> stands outside of <mjml>").format(name=name), piece.start, _("put it inside"))
    if ELEMENTS[within].content is not Content.HTML:
        message = _("<{name}> stands in {parent}, which takes no HTML").format(name=name, parent=within)
        raise MjmlFault(message, piece.start, _("put it into mj-text (in mj-head: mj-raw)"))
    if name == "img":
        given = {each.name for each in attributes}
        for wanted in ("src", "alt"):
            if wanted not in given:
                message = _("{name} lacks the attribute {attribute}").format(name="img", attribute=wanted)
                raise MjmlFault(message, piece.start, _cure_missing(wanted))


def _check_text(reading: _Reading, piece: Piece) -> None:
    text = reading.source[piece.start : piece.end]
    if "<" in text:
        message = _("a bare < stands in the text, or a tag is not complete")
        raise MjmlFault(message, piece.start + text.index("<"), _("write &lt;, or end the tag with >"))
    within = reading.elements[-1] if reading.elements else ""
    if text.isspace() or (within and ELEMENTS[within].content in (Content.HTML, Content.TEXT)):
        return
    offset = piece.start + len(text) - len(text.lstrip())
    message = _("text stands in {parent}, where only elements may").format(parent=within or "-")
    raise MjmlFault(message, offset, _("put it into mj-text"))


def _check_comment(reading: _Reading, piece: Piece) -> None:
    text = reading.source[piece.start : piece.end]
    if conditional := _OUTLOOK.fullmatch(text):
        _check_outlook(reading, conditional[1], piece.start + conditional.start(1))
        return
    if text.startswith("<!--"):
        if "--" in text[4:-3] and not text.startswith("<!--["):
            raise MjmlFault(_("two hyphens stand in a comment"), piece.start, _("write another sign there"))
        return
    if text.lower().startswith(("<![if", "<![endif")):
        message = _("this form of Outlook's comments is lost on its way")
        raise MjmlFault(message, piece.start, _("write <!--[if !mso]><!--> … <!--<![endif]-->"))
    message = _("{text} has no place in MJML").format(text=text[:30])
    raise MjmlFault(message, piece.start, _("take it out"))


def _check_outlook(reading: _Reading, inner: str, start: int) -> None:
    """Pair the tags inside Outlook's comments: the engine reads them, and gives up without a line."""
    for piece in scan_markup(inner):
        if piece.kind is Kind.OPEN and inner[piece.end - 2] != "/" and piece.name not in HTML_VOID:
            reading.outlook.append((piece.name, start + piece.start))
        elif piece.kind is Kind.CLOSE:
            if not reading.outlook or reading.outlook[-1][0] != piece.name:
                message = _("</{name}> closes nothing in a comment for Outlook").format(name=piece.name)
                raise MjmlFault(message, start + piece.start, _("pair the tags of these comments"))
            reading.outlook.pop()
