"""The files an issue names, its pictures and attachments: where they may lie, what they may be, and their bytes."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import Issue, issue_pictures
from mailer.model.os_words import say_os_error

MAX_PICTURE_OCTETS = 20_000_000
MAX_ATTACHMENT_OCTETS = 10_000_000
MAX_NAME = 200  # characters of a whole path
ISSUE_FILE = "issue.md"
# known by their first bytes, whatever they are called: PNG, JPEG, GIF, WebP
_PICTURE = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP", re.DOTALL)
_HEAD = 16
# what mail gateways refuse, and no reader should be asked to open
_EXECUTABLE = frozenset(
    {"ade", "adp", "app", "appx", "apk", "bat", "chm", "cmd", "com", "cpl", "dll", "dmg", "exe", "hta", "ins", "iso"}
    | {"isp", "jar", "js", "jse", "lib", "lnk", "mde", "msc", "msi", "msp", "mst", "nsh", "pif", "ps1", "reg", "scr"}
    | {"sct", "sh", "sys", "vb", "vbe", "vbs", "vxd", "wsc", "wsf", "wsh", "docm", "xlsm", "pptm", "htm", "html", "svg"}
    | {"xhtml", "xht", "shtml", "mht", "mhtml", "svgz"}
)
# documents that are taken by upload, by what they begin with; those of offices are ZIP files or, older, OLE ones
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BEGINNINGS = {"pdf": b"%PDF-", "rtf": b"{\\rtf", **dict.fromkeys(("doc", "xls", "ppt", "wps", "et", "dps"), _OLE)}
_PACKED = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/", "zip": "", "epub": "META-INF/"}
_PACKED |= dict.fromkeys(("odt", "ods", "odp", "ofd"), "")
_TEXTS = ("txt", "csv", "md", "ics", "vcf")

CheckFile = Callable[[str], None]


class UnfitFileError(ValueError):
    """A file cannot stand in an issue: a sentence for the user, and the cure."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.cure = cure


def check_name(name: str) -> None:
    """Raise UnfitFileError unless `name` is a relative path with / that stays inside the issue's folder.

    Hidden files are refused: they are no part of an issue, and its digest does not count them.
    """
    parts = name.split("/")
    odd = any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in name)
    if odd or "\\" in name or ":" in name or len(name) > MAX_NAME or "" in parts or "." in parts or ".." in parts:
        raise UnfitFileError(
            _("“{name}” is not a path inside the folder of the issue").format(name=name[:80]),
            _("put the file into that folder and write its name, such as pictures/1.png"),
        )
    if name.startswith(".") or "/." in name or name.lower() == ISSUE_FILE:
        raise UnfitFileError(
            _("“{name}” is not a file an issue may name").format(name=name[:80]), _("give it another name")
        )


def check_attachment_name(name: str) -> None:
    """Raise UnfitFileError for what check_name refuses, and for a kind of file that mail programs refuse."""
    check_name(name)
    suffix = name.rpartition("/")[2].rpartition(".")[2].lower()
    if suffix.strip() in _EXECUTABLE:
        raise UnfitFileError(
            _("“{name}” is of a kind that mail programs refuse").format(name=name[:80]),
            _("send it as PDF, or as an ordinary document without macros"),
        )


def check_picture(name: str, content: bytes, size: int) -> None:
    """Raise UnfitFileError unless a file that begins with `content` is a picture mail can show, of at most 20 MB."""
    _check_size(name, size, MAX_PICTURE_OCTETS)
    if not _PICTURE.match(content[:_HEAD]):
        raise UnfitFileError(
            _("“{name}” is not a PNG, JPEG, GIF or WebP picture").format(name=name[:80]),
            _("save it anew as PNG or JPEG"),
        )


def check_attachment(name: str, content: bytes, size: int) -> None:
    """Raise UnfitFileError unless a file may be attached: it is at most 10 MB and not empty."""
    _check_size(name, size, MAX_ATTACHMENT_OCTETS)
    if not content:
        raise UnfitFileError(_("“{name}” is empty").format(name=name[:80]), _("put the right file there"))


def check_document(name: str, content: bytes) -> None:
    """Raise UnfitFileError unless a whole file is a document of a known kind, roughly what its ending says."""
    suffix = name.rpartition(".")[2].lower()
    if suffix in _TEXTS:
        fits = b"\0" not in content
    elif suffix in _PACKED:
        fits = _holds(content, _PACKED[suffix])
    elif suffix in _BEGINNINGS:  # WPS Office writes ZIP files under its older endings too
        fits = content.startswith(_BEGINNINGS[suffix]) or (suffix in ("wps", "et", "dps") and _holds(content, ""))
    else:
        raise UnfitFileError(
            _("“{name}” is of no kind that can be attached here").format(name=name[:80]),
            _("send it as PDF, as a document of an office program, as text, CSV or a ZIP file"),
        )
    if not fits:
        raise UnfitFileError(
            _("“{name}” is not what its ending says").format(name=name[:80]), _("save it anew, or look at its ending")
        )


def _holds(content: bytes, part: str) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return any(one.startswith(part) for one in packed.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, UnicodeDecodeError):
        return False


def _check_size(name: str, size: int, limit: int) -> None:
    if size > limit:
        raise UnfitFileError(
            _("“{name}” is larger than {n} MB").format(name=name[:80], n=limit // 1_000_000), _("save it smaller")
        )


def picture_checker(folder: Path | None) -> CheckFile:
    """Return what checks the name of a picture and, where a folder is given, the file itself."""
    return lambda name: _check_file(folder, name, check_name, check_picture)


def attachment_checker(folder: Path | None) -> CheckFile:
    """Return what checks the name of an attachment and, where a folder is given, the file itself."""
    return lambda name: _check_file(folder, name, check_attachment_name, check_attachment)


def _check_file(
    folder: Path | None, name: str, name_check: CheckFile, content_check: Callable[[str, bytes, int], None]
) -> None:
    name_check(name)
    if folder is None:
        return
    path = folder / name
    try:
        if path.is_file() and path.resolve() != folder.resolve() / name:
            raise UnfitFileError(
                _("“{name}” is a link to another place").format(name=name[:80]), _("put the file itself there")
            )
        with path.open("rb") as stream:
            content_check(name, stream.read(_HEAD), path.stat().st_size)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        raise UnfitFileError(
            _("there is no file “{name}” in the folder of the issue").format(name=name[:80])
            if missing
            else _("“{name}” cannot be read: {why}").format(name=name[:80], why=say_os_error(error)),
            _("put it there, or check its name, capital letters too"),
        ) from None


def load_files(folder: Path, issue: Issue) -> dict[str, bytes]:
    """Return the bytes of every picture and attachment the issue names, by its name there.

    Raises IssueError for one that is missing or cannot be used; load_issue has said so before, with its line.
    """
    files: dict[str, bytes] = {}
    checks = [(issue_pictures(issue), picture_checker(folder)), (issue.attachments, attachment_checker(folder))]
    for names, check in checks:
        for name in names:
            try:
                check(name)
                files[name] = (folder / name).read_bytes()
            except UnfitFileError as error:
                raise IssueError(str(error), file=folder / ISSUE_FILE, cure=error.cure) from None
            except OSError as error:
                raise IssueError(
                    _("cannot be read: {why}").format(why=say_os_error(error)), file=folder / name
                ) from None
    return files


def check_files(issue: Issue, files: Mapping[str, bytes], file: Path) -> None:
    """Raise IssueError unless `files` holds what the issue names, and nothing unfit."""
    named = dict.fromkeys(issue_pictures(issue), check_picture)
    named |= {name: check_attachment for name in issue.attachments if name not in named}
    try:
        for name, content in files.items():
            check_name(name)
            if name not in named:
                _check_size(name, len(content), MAX_PICTURE_OCTETS)
        for name, check in named.items():
            if name not in files:
                raise UnfitFileError(
                    _("the file “{name}” is not given").format(name=name[:80]), _("take it out of the issue, or add it")
                )
            check(name, files[name], len(files[name]))
    except UnfitFileError as error:
        raise IssueError(str(error), file=file, cure=error.cure) from None
