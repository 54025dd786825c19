"""Reads a document that people made, by its kind, into an issue, its pictures and remarks for a person to look at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import ImportRemark, Issue
from mailer.sources.assembly import assemble_issue
from mailer.sources.issue_folder import parse_issue
from mailer.sources.pieces import ReadDocument
from mailer.sources.plain_text import import_text
from mailer.sources.text_file import read_text_file


@dataclass(frozen=True, slots=True)
class ImportedDocument:
    """An issue that was made of a document. `files` are its pictures: path inside the issue's folder -> bytes."""

    issue: Issue
    remarks: tuple[ImportRemark, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


def import_document(file: Path, slug: str | None) -> ImportedDocument:
    """Return the issue a document holds, with its pictures and the places a person should look at.

    The slug defaults to YEAR-NUMBER. Nothing is written. Raises IssueError for a file that is missing, unreadable, of
    another kind, or not a bulletin.
    """
    suffix = file.suffix.lower()
    if suffix == ".txt":
        issue, remarks = import_text(read_text_file(file), file=file, slug=slug)
        return ImportedDocument(issue, remarks)
    if suffix in (".md", ".markdown"):
        return ImportedDocument(parse_issue(read_text_file(file), file=file, slug=slug))
    reader = READERS.get(suffix)
    if reader is None:
        if not file.exists():
            read_text_file(file)
        raise IssueError(
            _("a file of this kind cannot be imported"),
            file=file,
            cure=_("read are {kinds}; save the document as one of them").format(
                kinds="、".join((".txt", ".md", ".markdown", *READERS))
            ),
        )
    document = reader(file)
    issue, found = assemble_issue(document.pieces, file=file, slug=slug)
    remarks = tuple(sorted((*document.remarks, *found), key=lambda remark: remark.line))
    return ImportedDocument(issue, remarks, document.files)


def _read_word(file: Path) -> ReadDocument:
    from mailer.sources.word import read_word

    return read_word(file)


def _read_office(file: Path) -> ReadDocument:
    from mailer.sources.office import read_office

    return read_office(file)


def _read_web_page(file: Path) -> ReadDocument:
    from mailer.sources.web_page import read_web_page

    return read_web_page(file)


READERS: Mapping[str, Callable[[Path], ReadDocument]] = {
    ".docx": _read_word,
    ".doc": _read_office,
    ".wps": _read_office,
    ".html": _read_web_page,
    ".htm": _read_web_page,
}
