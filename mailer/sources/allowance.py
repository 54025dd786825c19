"""How much of a document is read: past any bulletin's size it is refused, before it takes long."""

from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _

MAX_STRETCHES = 20_000  # paragraphs and stretches of text in one look; a thick bulletin has some thousands


class Allowance:
    """Counts what a reader has read of one document."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._left = MAX_STRETCHES

    def spend(self, line: int) -> None:
        """Count one more paragraph or stretch of text; raise IssueError when it is one too many."""
        self._left -= 1
        if self._left < 0:
            raise IssueError(
                _("holds more text than any bulletin"),
                file=self._file,
                line=line,
                cure=_("check that it is the right file"),
            )
