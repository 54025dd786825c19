"""Opens a .docx for what it is, a zip from strangers: limits first, then single parts by name, nothing on disk."""

import posixpath
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.sources.document_kind import protected
from mailer.sources.word.markup import MAX_PART, Element, parse_part, too_large

MAX_BYTES = 60_000_000  # of the file
MAX_ENTRIES = 2_000
MAX_UNPACKED = 100_000_000
MAX_RATIO = 200  # Word's own parts pack up to some 30:1
RATIO_FROM = 30_000_000  # below this size no ratio is too much
_SIGNATURE = b"PK\x01\x02"  # of each entry of a zip's directory (APPNOTE 4.3.12)
_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,  # UnicodeDecodeError too
    OverflowError,
    KeyError,
    IndexError,
)


@dataclass(frozen=True, slots=True)
class Relation:
    """Where a part points to: another part, or (external) an address outside, which is never followed."""

    kind: str  # the last word of its type: image, hyperlink, footnotes, …
    target: str
    external: bool


class WordArchive:
    """The parts of one .docx, read when asked for."""

    def __init__(self, archive: zipfile.ZipFile, file: Path) -> None:
        self._archive = archive
        self._entries = {_part_name(info.filename): info for info in archive.infolist()}
        self.file = file

    def read(self, part: str, limit: int = MAX_PART) -> bytes | None:
        """Return the bytes of a part, None when there is none of this name or it is larger than the limit."""
        info = self._entries.get(_part_name(part))
        if info is None or info.file_size > limit:
            return None
        try:
            with self._archive.open(info) as stream:
                return stream.read(limit)
        except _ERRORS as error:
            raise damaged(self.file, str(error)) from None

    def parse(self, part: str) -> Element | None:
        """Return the root of an XML part, None when there is none of this name; raise IssueError as parse_part does."""
        info = self._entries.get(_part_name(part))
        if info is not None and info.file_size > MAX_PART:
            raise too_large(part, self.file)
        content = self.read(part)
        return None if content is None else parse_part(content, file=self.file, part=part)

    def relations(self, part: str) -> dict[str, Relation]:
        """Return where a part points to, by relation id; targets inside are names of parts."""
        folder, name = posixpath.split(part)
        root = self.parse(posixpath.join(folder, "_rels", f"{name}.rels"))
        relations = {}
        for element in root if root is not None else ():
            target = element.get("Target") or ""
            external = element.get("TargetMode") == "External"
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, unquote(target.split("#")[0])))
            kind = (element.get("Type") or "").rpartition("/")[2]
            relations[element.get("Id") or ""] = Relation(kind, target, external)
        return relations

    def main_part(self) -> str:
        """Return the name of the part that holds the text. Raises IssueError for a zip that is no Word document."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and not relation.external:
                return relation.target
        if "word/document.xml" in self._entries:
            return "word/document.xml"
        raise IssueError(
            _("is a zip archive, but no Word document"),
            file=self.file,
            cure=_("open it in Word or WPS and save it as .docx"),
        )


def damaged(file: Path, why: str) -> IssueError:
    """Return the error that a document is broken."""
    return IssueError(
        _("is a damaged Word document: {why}").format(why=why[:120]),
        file=file,
        cure=_("get the file again, or open it in Word or WPS and save it anew"),
    )


def open_archive(content: bytes, *, file: Path) -> WordArchive:
    """Return the archive of a .docx once its size, its count of entries and what it unpacks to are within the limits.

    Raises IssueError for a broken, an encrypted or an oversized one; archives inside it are never opened.
    """
    if len(content) > MAX_BYTES:
        raise _too_much(file, _("is larger than {n} MB").format(n=MAX_BYTES // 1_000_000))
    if content.count(_SIGNATURE) > 10 * MAX_ENTRIES:  # before a directory of that size is read
        raise _too_much(file, _("holds more than {n} parts").format(n=MAX_ENTRIES))
    try:
        archive = zipfile.ZipFile(BytesIO(content))
    except _ERRORS as error:
        raise damaged(file, str(error)) from None
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise _too_much(file, _("holds more than {n} parts").format(n=MAX_ENTRIES))
    unpacked = sum(info.file_size for info in entries)
    if unpacked > MAX_UNPACKED or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * len(content)):
        raise _too_much(file, _("unpacks to {n} MB").format(n=unpacked // 1_000_000))
    if any(info.flag_bits & 1 for info in entries):
        raise protected(file)
    return WordArchive(archive, file)


def _too_much(file: Path, message: str) -> IssueError:
    return IssueError(message, file=file, cure=_("check that it is the right file; save large pictures smaller"))


def _part_name(name: str) -> str:
    """Return the form by which part names are the same: case and leading / do not count (ECMA-376 part 2, 9.1.1)."""
    return re.sub(r"/+", "/", name.replace("\\", "/")).lstrip("/").lower()
