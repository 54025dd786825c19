"""The XML of a Word document (ECMA-376): parsed without DTD, entities or network and within limits; its names."""

from collections.abc import Iterator
from pathlib import Path

import lxml.etree

from mailer.errors import IssueError
from mailer.i18n import _

Element = lxml.etree._Element

MAX_PART = 24_000_000  # bytes of one XML part; the text of a thick bulletin takes one
MAX_MARKUP = 500_000  # tags and attributes of one part: each costs some 100 bytes once parsed

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
# ISO/IEC 29500 Strict names the same elements otherwise
_STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", W[1:-1].encode()),
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships", _RELATIONSHIPS.encode()),
)
_OFF = {"0", "false", "off", "none"}


def parse_part(content: bytes, *, file: Path, part: str) -> Element:
    """Return the root of an XML part. Raises IssueError when it is damaged, too large, nested too deeply, or has a DTD.

    Read as UTF-8, or as UTF-16 by its mark, whatever it declares: other encodings could hide a DOCTYPE from the look
    for one.
    """
    if len(content) > MAX_PART or content.count(b"<") + content.count(b"=") > MAX_MARKUP:
        raise too_large(part, file)
    for strict, usual in _STRICT:
        content = content.replace(strict, usual)
    if b"<!DOCTYPE" in content.replace(b"\0", b"")[:MAX_PART]:
        raise IssueError(
            _("{part} inside holds a DOCTYPE, which no Word document has").format(part=part.lstrip("/")[:80]),
            file=file,
            cure=_("do not use this file: ask for it anew from the one who wrote it"),
        )
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    parser = lxml.etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return lxml.etree.fromstring(content, parser)
    except (lxml.etree.LxmlError, ValueError, AssertionError) as error:
        raise IssueError(
            _("{part} inside is damaged: {why}").format(part=part[:80], why=str(error).split(", line")[0][:120]),
            file=file,
            cure=_("open the document in Word or WPS and save it anew"),
        ) from None


def too_large(part: str, file: Path) -> IssueError:
    """Return the error that an XML part is more than we read."""
    return IssueError(
        _("{part} inside is too large").format(part=part.lstrip("/")[:80]),
        file=file,
        cure=_("split the document, or save the bulletin's text alone"),
    )


def name_of(element: Element) -> str:
    """Return an element's name without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child(element: Element | None, name: str) -> Element | None:
    """Return the first child of this name in Word's namespace, None without one (or without an element)."""
    return None if element is None else element.find(W + name)


def value(element: Element | None, name: str = "val") -> str | None:
    """Return an attribute of Word's namespace, None where the element or the attribute is missing."""
    return None if element is None else element.get(W + name)


def number(element: Element | None, name: str = "val") -> int | None:
    """Return an attribute that is a whole number; None when it is missing or none."""
    text = value(element, name)
    try:
        return int(text) if text is not None and len(text) <= 9 else None
    except ValueError:
        return None


def switch(properties: Element | None, name: str) -> bool | None:
    """Return whether a property is on (it stands there and is not said to be off); None when it is not mentioned."""
    found = child(properties, name)
    return None if found is None else (value(found) or "on").lower() not in _OFF


def descendants(element: Element, *names: str, stop: frozenset[str] = frozenset()) -> Iterator[Element]:
    """Yield the descendants of these names in order, without looking into elements named in `stop`."""
    for below in element:
        name = name_of(below)
        if name in names:
            yield below
        if name not in stop:
            yield from descendants(below, *names, stop=stop)
