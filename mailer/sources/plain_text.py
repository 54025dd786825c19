"""Reads a bulletin that was saved as plain text: each line that is not blank is a piece."""

from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.sources.assembly import MAX_PIECES
from mailer.sources.lines import split_lines
from mailer.sources.pieces import ReadDocument


def read_text(text: str, *, file: Path) -> ReadDocument:
    """Return the lines of a text as pieces. Raises IssueError when there are too many; `file` is only named."""
    if text.count("\n") > 10 * MAX_PIECES:
        raise IssueError(
            _("has more than {n} lines").format(n=MAX_PIECES), file=file, cure=_("check that it is the right file")
        )
    pieces, remarks = split_lines(text)
    return ReadDocument(tuple(pieces), {}, tuple(remarks))
