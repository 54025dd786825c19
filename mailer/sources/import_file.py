"""Reads a document that people made, by its kind, into an issue and the remarks a person should look at."""

from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import ImportRemark, Issue
from mailer.sources.issue_folder import parse_issue
from mailer.sources.plain_text import import_text
from mailer.sources.text_file import read_text_file


def import_document(file: Path, slug: str | None) -> tuple[Issue, tuple[ImportRemark, ...]]:
    """Return the issue a document holds: plain text (.txt), or Markdown with front matter (.md, .markdown).

    The slug defaults to YEAR-NUMBER. Nothing is written. Raises IssueError for a file that is missing, unreadable, of
    another kind, or not a bulletin.
    """
    match file.suffix.lower():
        case ".txt":
            return import_text(read_text_file(file), file=file, slug=slug)
        case ".md" | ".markdown":
            return parse_issue(read_text_file(file), file=file, slug=slug), ()
    if not file.exists():
        read_text_file(file)
    raise IssueError(
        _("a file of this kind cannot be imported"),
        file=file,
        cure=_("read now are .txt, .md and .markdown; save the document as plain text"),
    )
