"""Drafts begun by mistake: laid aside, as long as nobody was asked to sign them off."""

import secrets
from pathlib import Path

from mailer.app.ground import Ground
from mailer.app.issues import Issues
from mailer.app.people import People
from mailer.errors import IssueError, StateError
from mailer.i18n import _
from mailer.model.audit import Act, Subject
from mailer.model.os_words import say_os_error
from mailer.model.people import Right
from mailer.store import approvals, audit, issues, mailings
from mailer.store.database import Connection


class Discards:
    """Takes the drafts of a house off the shelf."""

    def __init__(self, ground: Ground, house_issues: Issues) -> None:
        self._ground = ground
        self._issues = house_issues
        self._people = People(ground)

    def may_be_discarded(self, slug: str) -> bool:
        """Return whether an issue was never submitted, and no mailing made of it."""
        with self._ground.store.read() as connection:
            return _is_untouched(connection, slug)

    def discard(self, slug: str, by: str) -> str:
        """Move the folder of a draft to var/replaced, and return where it lies, from the newsletter's folder on.

        Its number is free then; its former texts stay with the versions. Raises NotFoundError; StateError for one
        that was submitted once or has a mailing, and where the person may not write; IssueError where it cannot be
        moved.
        """
        folder = self._issues.folder(slug)
        slug = folder.name
        kept = self._ground.var / "replaced" / f"{folder.name}-{secrets.token_hex(6)}"
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.WRITE, connection)
            record = issues.find_issue(connection, slug)
            if record is not None:
                issues.lock_issue(connection, record.id)
            if not _is_untouched(connection, slug):
                raise StateError(
                    _("issue {slug} was submitted once, or has a mailing: it stays").format(slug=slug),
                    cure=_("edit it instead"),
                )
            if record is not None:
                issues.forget_issue(connection, record.id)
            audit.record(connection, actor, Act.DISCARD, Subject("issue", slug), self._ground.now())
            _move(folder, kept)  # last: what fails before it leaves everything as it was
        return kept.relative_to(self._ground.home).as_posix() if kept.is_relative_to(self._ground.home) else kept.name


def _is_untouched(connection: Connection, slug: str) -> bool:
    record = issues.find_issue(connection, slug)
    if record is None:
        return True
    return approvals.newest_approval(connection, record.id) is None and not mailings.list_mailings(
        connection, limit=1, issue_id=record.id
    )


def _move(folder: Path, kept: Path) -> None:
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(kept)
    except OSError as error:
        raise IssueError(_("cannot be moved: {why}").format(why=say_os_error(error)), file=folder) from None
