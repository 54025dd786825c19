"""What a document really is, by its first bytes: the suffix is only what somebody called it."""

import re
from enum import StrEnum
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.sources.text_file import decode_text


class Kind(StrEnum):
    """What the bytes of a document are."""

    ZIP = "zip"  # .docx, and everything else that is a zip
    OLE = "ole"  # .doc and .wps of Word 97 and later; protected .docx too
    PROTECTED = "protected"  # a .docx under a password
    ODT = "odt"  # of LibreOffice; a zip whose first part says so (OpenDocument 1.3 part 2, 3.3)
    RTF = "rtf"
    HTML = "html"
    ARCHIVED_PAGE = "mhtml"  # a web page saved as one file
    PDF = "pdf"
    TEXT = "text"
    EMPTY = "empty"
    UNKNOWN = "unknown"


_STARTS = (
    (Kind.ODT, re.compile(rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis\.opendocument\.text", re.DOTALL)),
    (Kind.ZIP, re.compile(rb"PK\x03\x04|PK\x05\x06")),
    (Kind.OLE, re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")),
    (Kind.RTF, re.compile(rb"\s*\{\\rtf")),
    (Kind.PDF, re.compile(rb"\s*%PDF-")),
    (Kind.ARCHIVED_PAGE, re.compile(rb"\s*MIME-Version:", re.IGNORECASE)),
)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|meta)\b", re.IGNORECASE)
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # a stream's name in the directory (MS-OFFCRYPTO 2.3.4)


def find_kind(content: bytes) -> Kind:
    """Return what a document is by its bytes."""
    if not content.strip(b"\0\t\r\n "):
        return Kind.EMPTY
    for kind, pattern in _STARTS:
        if pattern.match(content):
            return Kind.PROTECTED if kind is Kind.OLE and _ENCRYPTED in content else kind
    head = content[:4096]
    plain = head.replace(b"\0", b"").decode("latin-1").lstrip("ÿþï»¿ \t\r\n")  # UTF-16 too, enough to see a tag
    if plain.startswith("<") and _HTML.search(plain):
        return Kind.HTML
    if plain.startswith("<?xml"):
        return Kind.UNKNOWN
    try:
        decode_text(content[:200_000].rpartition(b"\n")[0] or content[:200_000], file=Path("-"))
    except IssueError:
        return Kind.UNKNOWN
    return Kind.TEXT


def not_word(kind: Kind, file: Path) -> IssueError:
    """Return the error that a document is of another kind than its name says, with the way to import it."""
    match kind:
        case Kind.PROTECTED:
            return protected(file)
        case Kind.OLE | Kind.RTF:
            message, cure = _("is a document of an old Word"), _("give the file the suffix .doc")
        case Kind.HTML:
            message, cure = _("is a web page"), _("give the file the suffix .html")
        case Kind.TEXT:
            message, cure = _("is plain text"), _("give the file the suffix .txt")
        case Kind.EMPTY:
            message, cure = _("is empty"), _("get the file again")
        case Kind.PDF:
            message, cure = _("is a PDF"), _("import the document it was made from")
        case _:
            message, cure = _("is no Word document"), _("open it in the program it comes from, and save it as .docx")
    return IssueError(message, file=file, cure=cure)


def protected(file: Path) -> IssueError:
    """Return the error that a document cannot be read without a password."""
    return IssueError(
        _("is protected by a password"), file=file, cure=_("open it, take the password off, and save it anew")
    )
