"""Reads a document that people made, by its kind, into an issue, its pictures and remarks for a person to look at."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import ImportRemark, Issue
from mailer.sources.assembly import assemble_issue
from mailer.sources.issue_files import load_files
from mailer.sources.issue_folder import parse_issue
from mailer.sources.pieces import ReadDocument
from mailer.sources.plain_text import read_text
from mailer.sources.text_file import read_text_file

_MARKDOWN = (".md", ".markdown")
_MARKDOWN_HEADING = re.compile(r"^#{1,6}[ \t]+\S", re.MULTILINE)  # a text with two of these is Markdown
_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\r?\n\s*[A-Za-z_]+[ \t]*:")
_LOOK = 100_000


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
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        if not file.is_file():
            read_text_file(file)
        raise IssueError(
            _("a file of this kind cannot be imported"),
            file=file,
            cure=_("read are {kinds}; save the document as one of them").format(kinds=_(", ").join(READERS)),
        )
    if file.suffix.lower() in _MARKDOWN and _FRONT_MATTER.match(text := read_text_file(file)):
        issue = parse_issue(text, file=file, slug=slug)
        return ImportedDocument(issue, (), load_files(file.parent, issue))
    document = reader(file)
    issue, found = assemble_issue(document.pieces, file=file, slug=slug)
    remarks = tuple(sorted((*document.remarks, *found), key=lambda remark: remark.line))
    return ImportedDocument(issue, remarks, document.files)


def _read_text(file: Path) -> ReadDocument:
    text = read_text_file(file)
    if len(_MARKDOWN_HEADING.findall(text[:_LOOK])) < 2:
        return read_text(text, file=file)
    document = _read_markdown_text(text, file)
    remark = ImportRemark(
        1, _("the text is written in Markdown and was read so"), _("nothing, if headings and bold words are right")
    )
    return replace(document, remarks=(remark, *document.remarks))


def _read_markdown(file: Path) -> ReadDocument:
    return _read_markdown_text(read_text_file(file), file)


def _read_markdown_text(text: str, file: Path) -> ReadDocument:
    from mailer.sources.markdown_document import read_markdown

    return read_markdown(text, file=file)


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
    ".txt": _read_text,
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".docx": _read_word,
    ".doc": _read_office,
    ".wps": _read_office,
    ".rtf": _read_office,
    ".odt": _read_office,
    ".html": _read_web_page,
    ".htm": _read_web_page,
}
