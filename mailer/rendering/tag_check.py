"""How a tag is written: refuses what the engine cannot read, for most of which it would name no line."""

import difflib
import re
from collections.abc import Iterable

from mailer.i18n import _
from mailer.rendering.markup import Attribute, Piece

_TAG = re.compile(
    r"<[A-Za-z][\w:.-]*+(?:\s++[A-Za-z_:][\w:.-]*+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'))?+)*+\s*+/?>", re.ASCII
)


class MjmlFault(Exception):  # noqa: N818 - never leaves the room; the converter makes it a TemplateError with its line
    """What is wrong, at which character, and the cure."""

    def __init__(self, message: str, offset: int | None, cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.cure = cure


def check_tag(source: str, piece: Piece, attributes: tuple[Attribute, ...]) -> None:
    """Refuse tags the engine cannot read or reads otherwise: for most of them it knows no line."""
    if not _TAG.fullmatch(source, piece.start, piece.end):
        raise _badly_written(source, piece, attributes)
    names: set[str] = set()
    for each in attributes:
        if each.name in names:
            message = _("{name} has the attribute {attribute} twice").format(name=piece.name, attribute=each.name)
            raise MjmlFault(message, attribute_offset(piece, each), _("keep one of them"))
        names.add(each.name)
        if each.name == "href" and each.value.startswith("#") and not each.value.isascii():
            message = _("an anchor of other letters than a-z is not found: {target}").format(target=each.value)
            raise MjmlFault(
                message, attribute_offset(piece, each), _("use letters a-z and digits in id, name and href")
            )


def attribute_offset(piece: Piece, attribute: Attribute) -> int:
    """Return where in the source an attribute is best looked for."""
    return max(piece.start, attribute.start - 1)


def _badly_written(source: str, piece: Piece, attributes: tuple[Attribute, ...]) -> MjmlFault:
    for each in attributes:
        if each.end > each.start and not each.quoted:
            message = _("the value of {attribute} is not quoted").format(attribute=each.name)
            return MjmlFault(
                message, attribute_offset(piece, each), _('write {attribute}="…"').format(attribute=each.name)
            )
        if each.quoted and source[each.end + 1] not in " \t\r\n\f/>":
            message = _("a blank is missing after the attribute {attribute}").format(attribute=each.name)
            return MjmlFault(message, each.end, _("put a blank between two attributes"))
    message = _("the tag <{name}> is not well written").format(name=piece.name)
    return MjmlFault(message, piece.start, _('write it as <{name} attribute="value">').format(name=piece.name))


def suggest_name(name: str, known: Iterable[str]) -> str:
    """Return the cure for an unknown name: the known one that is near to it, else all of them."""
    names = sorted(known)
    bare = {each.removeprefix("mj-"): each for each in names}  # the prefix would make all of them alike
    near = difflib.get_close_matches(name.removeprefix("mj-").lower(), bare, 1, 0.6)
    if near:
        return _("did you mean {near}?").format(near=bare[near[0]])
    return _("known here: {keys}").format(keys=", ".join(names))
