"""The HTML of a web page: decoded, freed of its embedded pictures, parsed within limits; and its blanks."""

import base64
import binascii
import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lxml.etree

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.sources.grammar import gap_between
from mailer.sources.picture_files import MAX_PICTURE
from mailer.sources.runs import Run
from mailer.sources.text_file import decode_text

Element = lxml.etree._Element

MAX_BYTES = 60_000_000  # with embedded pictures
MAX_TEXT = 10_000_000  # without them
MAX_MARKUP = 300_000  # tags and attributes: each costs some 100 bytes once parsed

_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9._-]{1,40})""", re.IGNORECASE)
# GB2312 and GBK are read as their superset, as browsers do (WHATWG Encoding)
_ENCODINGS = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030", "utf8": "utf-8"}
_KNOWN = re.compile(
    r"utf-8|gb18030|big5|hz|hz-gb-2312|euc-kr|euc-jp|shift_jis|windows-125[0-8]|iso-8859-\d{1,2}|us-ascii"
)
_DATA = re.compile(r"""data:(image/[A-Za-z0-9.+-]{1,40});base64,([A-Za-z0-9+/=\r\n]+)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """A page's root element (None when it is empty) and its embedded pictures, which src names as data:N."""

    root: Element | None
    pictures: Sequence[bytes]


def decode_page(content: bytes, *, file: Path) -> str:
    """Return a page's text: by its byte order mark, else the charset it declares, else UTF-8, else GB18030.

    Raises IssueError when none fits.
    """
    marked = content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    declared = None if marked else _CHARSET.search(content[:4096])
    if declared is not None:
        name = declared[1].decode("ascii").lower()
        name = _ENCODINGS.get(name, name)
        if _KNOWN.fullmatch(name):
            try:
                return content.decode(name).replace("\0", "")
            except UnicodeDecodeError:
                pass  # pages often declare what they are not
    return decode_text(content, file=file)


def parse_page(text: str, *, file: Path) -> ParsedPage:
    """Return the elements of a page. Raises IssueError when it is too large or nested too deeply."""
    pictures: list[bytes] = []

    def take(match: re.Match[str]) -> str:
        try:
            picture = base64.b64decode("".join(match[2].split()) if len(match[2]) < 2 * MAX_PICTURE else "")
        except (binascii.Error, ValueError):
            picture = b""
        pictures.append(picture)
        return f"data:{len(pictures) - 1}" + "\n" * match[2].count("\n")  # lines keep their numbers

    text = _DATA.sub(take, text)
    if len(text) > MAX_TEXT or text.count("<") + text.count("=") > MAX_MARKUP:
        raise IssueError(
            _("the page is too large"), file=file, cure=_("save the bulletin's text alone, as .html or .txt")
        )
    parser = lxml.etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = lxml.etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (lxml.etree.LxmlError, ValueError, AssertionError):
        root = None
    if any("xcessive depth" in entry.message or "too long" in entry.message for entry in parser.error_log):
        raise too_deep(file)
    return ParsedPage(root, pictures)


def text_of(element: Element) -> str:
    """Return all text inside an element, as it stands in the source."""
    return "".join(str(text) for text in element.itertext())


def line_of(element: Element) -> int:
    """Return the line of the source an element begins on, 0 when it is not known."""
    line: Any = element.sourceline  # None where the parser made the element up
    return line or 0


def too_deep(file: Path) -> IssueError:
    """Return the error that a page's elements are nested more deeply than any page's."""
    return IssueError(
        _("the page's elements are nested too deeply"),
        file=file,
        cure=_("copy the text into a new document, without its formatting, and import that"),
    )


def collapse_blanks(runs: Sequence[Run]) -> list[Run]:
    """Return the runs with blanks as a browser shows them; a line end between CJK and CJK is none.

    A newline in a run is a line end of the source; a break is "\\v" here and a newline in what is returned.
    """
    collapsed: list[Run] = []
    before, waiting = "", ""
    for run in runs:
        written = ""
        for part in re.findall(r"[ \t\n\r\f]+|\v|[^ \t\n\r\f\v]+", run.text):
            if part == "\v":
                written, before, waiting = written + "\n", "", ""
            elif part.isspace() and part[0] in " \t\n\r\f":
                waiting = "\n" if "\n" in part or waiting == "\n" else " "
            else:
                part = part.replace("\xa0", " ")
                if waiting and before:
                    written += gap_between(before, part) if waiting == "\n" else " "
                written, before, waiting = written + part, part[-1], ""
        if written or run.note:
            collapsed.append(run.with_text(written))
    return collapsed
