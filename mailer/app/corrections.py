"""Corrections of a house's issues: made as issues of their own, approved and sent like any other."""

from dataclasses import dataclass
from pathlib import Path

from mailer.app.ground import Ground
from mailer.app.issues import Issues
from mailer.model.issue import Issue
from mailer.publishing.reach import require_corrected
from mailer.sources.correction import name_correction, write_correction
from mailer.sources.issue_folder import issue_digest
from mailer.store import issues, mailings


@dataclass(frozen=True, slots=True)
class MadeCorrection:
    """A correction's folder. differs: the issue's folder is no longer what was mailed, and the copy is of that."""

    issue: Issue
    folder: Path
    differs: bool


class Corrections:
    """The corrections of a house."""

    def __init__(self, ground: Ground, issues: Issues) -> None:
        self._ground = ground
        self._issues = issues

    def make(self, name: str, reason: str) -> MadeCorrection:
        """Make the folder of a correction of an issue that has gone out, and return it; reason may be empty for now.

        Of a correction it makes the next correction of the same issue, with that one's text. Raises StateError for an
        issue that has reached nobody, NotFoundError, IssueError.
        """
        folder = self._issues.folder(name)
        issue = self._issues.load(name)
        corrects = issue.corrects or issue.slug
        with self._ground.store.read() as connection:
            require_corrected(connection, corrects)
            taken = {one.slug for one in issues.issue_numbers(connection)} | set(self._issues.slugs())
            known = issues.find_issue(connection, issue.slug)
            mailed = mailings.mailed_contents(connection, known.id) if known is not None else ()
        new = self._ground.home / "issues" / name_correction(corrects, taken)
        differs = bool(mailed) and issue_digest(folder) != mailed[-1]
        return MadeCorrection(write_correction(folder, new, corrects, " ".join(reason.split())), new, differs)
