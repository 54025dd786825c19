"""Corrections of a house's issues: made as issues of their own, approved and sent like any other."""

from dataclasses import dataclass
from pathlib import Path

from mailer.app.ground import Ground
from mailer.app.issues import Issues
from mailer.app.people import People
from mailer.model.audit import Act, Subject
from mailer.model.issue import Issue
from mailer.model.people import Right
from mailer.publishing.reach import require_corrected
from mailer.sources.correction import name_correction, write_correction
from mailer.sources.issue_folder import issue_digest
from mailer.store import audit, issues, mailings


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
        self._people = People(ground)

    def make(self, name: str, reason: str, by: str = "") -> MadeCorrection:
        """Make the folder of a correction of an issue that has gone out, as a person's act; reason may be empty.

        Of a correction it makes the next correction of the same issue, with that one's text. Raises StateError for an
        issue that has reached nobody, NotFoundError, IssueError, and as `People.require` does.
        """
        self._people.require(by, Right.WRITE)
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
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.WRITE, connection)
            made = write_correction(folder, new, corrects, " ".join(reason.split()))
            about = Subject("issue", corrects)
            audit.record(connection, actor, Act.CORRECT, about, self._ground.now(), correction=new.name)
        return MadeCorrection(made, new, differs)
