"""Stands in for what is filled per reader while a template is rendered, then splits the result into segments.

`{{ recipient.name | fallback("读者") }}` puts out an alphanumeric token, `{{ links.unsubscribe }}` a whole URL. Nothing
else works on them, so no template can decide by a value it does not have yet, and no value is ever template source.
"""

import hashlib
import re
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from markupsafe import Markup

from mailer.errors import TemplateError
from mailer.i18n import _
from mailer.model.edition import (
    CLICK_SLOTS,
    LINK_FIELDS,
    OPEN_SLOTS,
    RECIPIENT_FIELDS,
    Segment,
    Slot,
    SlotContext,
)
from mailer.rendering.markup import Attribute, Kind, read_attributes, scan_markup

URL_PREFIX = "https://tk.invalid/"  # RFC 2606: .invalid never resolves
URL_ATTRIBUTES = frozenset(
    {"href", "src", "background", "action", "formaction", "cite", "poster", "data", "srcset", "xlink:href", "longdesc"}
)
NONCE_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a template."""

    file: Path | str | None
    line: int | None


class SentinelMisuse(Exception):  # noqa: N818 - caught in this room only, and turned into a TemplateError with its line
    """A template did with a sentinel what only a known value allows."""


class Sentinel:
    """A value of a reader, not known yet. Only output and `fallback` work; everything else raises SentinelMisuse."""

    __slots__ = ("_fallback", "_manifest", "_name")

    def __init__(self, name: str, manifest: "Manifest", fallback: str = "") -> None:
        self._name = name
        self._manifest = manifest
        self._fallback = fallback

    def with_fallback(self, text: object) -> "Sentinel":
        """Return the sentinel that gives `text` where the reader has no such value."""
        if self._name.startswith("links."):
            raise SentinelMisuse(_("{name} always has a value and takes no fallback").format(name=self._name))
        if not isinstance(text, str) or not text.isprintable():
            raise SentinelMisuse(_("a fallback is fixed text on one line"))
        return Sentinel(self._name, self._manifest, text)

    def put_out(self, place: Place) -> Markup:
        """Return the token that stands in the rendered text; the manifest notes which template line asked for it."""
        return Markup(self._manifest.issue_token(self._name, self._fallback, place))  # noqa: S704 - letters and digits

    def _refuse(self, *operands: object) -> NoReturn:
        raise SentinelMisuse(
            _("{name} is only known when a copy is sent: it can be put out and take a fallback, nothing else").format(
                name=self._name
            )
        )

    __bool__ = __str__ = __repr__ = __html__ = __format__ = __hash__ = __len__ = __iter__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __getitem__ = __call__ = _refuse
    __int__ = __float__ = __index__ = __neg__ = __pos__ = __abs__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __mod__ = __rmod__ = _refuse
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __pow__ = __rpow__ = _refuse


class SlotGroup:
    """`recipient` or `links` in a template: gives sentinels for its known names, and nothing else."""

    __slots__ = ("_manifest", "_name")

    def __init__(self, name: str, manifest: "Manifest") -> None:
        self._name = name
        self._manifest = manifest

    def pick(self, name: object) -> Sentinel:
        """Return the sentinel of this name; SentinelMisuse names the known ones."""
        known = RECIPIENT_FIELDS if self._name == "recipient" else LINK_FIELDS
        if name not in known:
            raise SentinelMisuse(
                _("there is no {group}.{name}; known: {known}").format(
                    group=self._name, name=name, known=", ".join(known)
                )
            )
        return Sentinel(f"{self._name}.{name}", self._manifest)

    def _refuse(self, *operands: object) -> NoReturn:
        raise SentinelMisuse(_("{name} is not a value; name one of its fields").format(name=self._name))

    __bool__ = __str__ = __repr__ = __html__ = __format__ = __hash__ = __len__ = __iter__ = _refuse
    __eq__ = __ne__ = __contains__ = __call__ = _refuse


@dataclass(frozen=True, slots=True)
class Mark:
    """What one token stands for, and the template line that put it out."""

    name: str
    fallback: str
    place: Place


@dataclass(slots=True)
class Manifest:
    """The tokens of one rendered part, each put out once by a template."""

    nonce: str
    marks: dict[str, Mark] = field(default_factory=dict)

    def issue_token(self, name: str, fallback: str, place: Place) -> str:
        """Return a new token for this slot."""
        core = f"zz{self.nonce}x{len(self.marks)}zz"
        token = URL_PREFIX + core if name.startswith("links.") else core
        self.marks[token] = Mark(name, fallback, place)
        return token

    @property
    def pattern(self) -> re.Pattern[str]:
        """Matches any whole token of this edition."""
        return re.compile(rf"(?:{re.escape(URL_PREFIX)})?zz{self.nonce}x\d+zz")

    def count(self, text: str) -> Counter[str]:
        """Return how often each token stands in `text`. Raises TemplateError when one is lost, broken or unknown."""
        found = Counter(self.pattern.findall(text))
        # a token that was cut short or upper-cased still holds the head of its nonce
        pieces = len(re.findall(self.nonce[: NONCE_LENGTH // 2], text, re.IGNORECASE))
        for token, mark in self.marks.items():
            if token not in found:
                raise misplaced(mark, _("{name} did not come through whole").format(name=mark.name))
        if pieces != found.total() or len(found) != len(self.marks):
            file = next((mark.place.file for mark in self.marks.values()), None)
            raise TemplateError(_("a value of the reader was cut or changed on its way"), file=file, cure=_cure())
        return found


def _cure() -> str:
    return _("put it out in text, in a quoted attribute, or (a link) as a whole href; change nothing about it")


def misplaced(mark: Mark, message: str) -> TemplateError:
    """Return the error that names the template line which put the mark out."""
    return TemplateError(message, file=mark.place.file, line=mark.place.line, cure=_cure())


def make_nonce(*inputs: str) -> str:
    """Return the nonce of an edition: letters and digits that no input holds, as they are the hash of all inputs."""
    digest = hashlib.sha256("\0".join(inputs).encode("utf-8", "surrogatepass")).hexdigest()
    return digest[:NONCE_LENGTH]


def split_html(html: str, manifest: Manifest) -> tuple[Segment, ...]:
    """Return the HTML as segments, each slot with the context it stands in.

    Raises TemplateError where a slot stands in a style, script, comment or unquoted attribute, or in a part of a URL.
    """
    manifest.count(html)
    contexts: dict[int, SlotContext] = {}
    tokens = deque(manifest.pattern.finditer(html))
    for piece in scan_markup(html) if tokens else ():
        while tokens and tokens[0].start() < piece.end:
            token = tokens.popleft()
            mark = manifest.marks[token[0]]
            if piece.kind is Kind.TEXT:
                contexts[token.start()] = SlotContext.TEXT
            elif piece.kind is Kind.OPEN:
                contexts[token.start()] = _attribute_context(html, token.span(), mark, read_attributes(html, piece))
            else:
                where = f"<{piece.name}>" if piece.name else _("a comment, Outlook's conditional ones too,")
                raise misplaced(mark, _("{name} cannot stand in {where}").format(name=mark.name, where=where))
    return _cut(html, manifest, contexts)


def split_plain(text: str, manifest: Manifest, context: SlotContext) -> tuple[Segment, ...]:
    """Return plain text as segments; every slot has the one context."""
    manifest.count(text)
    return _cut(text, manifest, {token.start(): context for token in manifest.pattern.finditer(text)})


def _attribute_context(html: str, span: tuple[int, int], mark: Mark, attributes: tuple[Attribute, ...]) -> SlotContext:
    for attribute in attributes:
        if not (attribute.start <= span[0] and span[1] <= attribute.end):
            continue
        name = attribute.name.lower()
        whole = (attribute.start, attribute.end) == span
        if mark.name.startswith("links.") and whole and name == "href" and attribute.quoted:
            return SlotContext.URL
        if mark.name in (*CLICK_SLOTS, *OPEN_SLOTS) and attribute.start == span[0]:  # put there by tracked.py
            return SlotContext.URL
        if name not in URL_ATTRIBUTES and name != "style" and not name.startswith("on") and attribute.quoted:
            return SlotContext.ATTRIBUTE
        raise misplaced(mark, _("{name} cannot stand in {where}").format(name=mark.name, where=f"{attribute.name}="))
    raise misplaced(mark, _("{name} cannot stand in {where}").format(name=mark.name, where=_("the name of a tag")))


def _cut(text: str, manifest: Manifest, contexts: dict[int, SlotContext]) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    position = 0
    for token in manifest.pattern.finditer(text):
        mark = manifest.marks[token[0]]
        context = contexts[token.start()]
        if token.start() > position:
            segments.append(text[position : token.start()])
        segments.append(Slot(mark.name, context, mark.fallback))
        position = token.end()
    if position < len(text):
        segments.append(text[position:])
    return tuple(segments)
