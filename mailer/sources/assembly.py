"""Assembles an issue from the pieces of a document, whatever kind it was: the one user of the bulletin's grammar."""

from collections.abc import Sequence
from pathlib import Path

from mailer.model.issue import ImportRemark, Issue
from mailer.sources.pieces import Piece


def assemble_issue(pieces: Sequence[Piece], *, file: Path, slug: str | None) -> tuple[Issue, tuple[ImportRemark, ...]]:
    """Return the issue that the pieces make, and every place a person should look at, in order of lines.

    Nothing is dropped: what was not understood stays in its place as text and is named in a remark. The slug defaults
    to YEAR-NUMBER. Raises IssueError, with the cure, when the pieces hold no text or no date; `file` is only named.
    """
    raise NotImplementedError  # the rest of this module follows in the next commit
