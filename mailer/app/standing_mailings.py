"""Mailings of a house as they stand: looked at, counted."""

from mailer.app.ground import Ground
from mailer.app.issues import Issues
from mailer.app.lists import Lists
from mailer.app.people import People
from mailer.app.relays import Relays
from mailer.errors import MailerError, NotFoundError
from mailer.i18n import _
from mailer.model.delivery import MailingRecord, MailingStatus, MailingSummary
from mailer.model.standing import Glance
from mailer.publishing.approval import look_at_issue, why_not_approved
from mailer.publishing.mailing import require_mailing
from mailer.reports.summary import read_progress, summarise_mailing
from mailer.sources.issue_folder import issue_digest
from mailer.store import issues, mailings


class StandingMailings:
    """The mailings of a house: what can be known of them. Changes nothing."""

    def __init__(self, ground: Ground, issues: Issues, lists: Lists, relays: Relays) -> None:
        self._ground = ground
        self._issues = issues
        self._lists = lists
        self._relays = relays
        self._people = People(ground)

    def get(self, name: str) -> MailingRecord:
        """Return a mailing by its number or `last`. Raises NotFoundError."""
        with self._ground.store.read() as connection:
            return require_mailing(connection, name)

    def newest(self) -> list[MailingRecord]:
        """Return the newest mailings first."""
        with self._ground.store.read() as connection:
            return mailings.list_mailings(connection)

    def page(
        self, most: int, before: int | None = None, status: MailingStatus | None = None, issue: str = ""
    ) -> list[MailingRecord]:
        """Return at most so many mailings, the newest first, made before another, of a status or an issue.

        Raises NotFoundError for an issue that was never recorded.
        """
        with self._ground.store.read() as connection:
            record = issues.find_issue(connection, issue) if issue else None
            if issue and record is None:
                raise NotFoundError(_("issue {slug} was never submitted").format(slug=issue))
            return mailings.list_mailings(
                connection,
                [status] if status is not None else (),
                most,
                issue_id=record.id if record is not None else None,
                before=before,
            )

    def planned(self) -> list[MailingRecord]:
        """Return the mailings that wait for their time, the soonest first."""
        with self._ground.store.read() as connection:
            waiting = mailings.list_mailings(connection, [MailingStatus.SCHEDULED], limit=1000)
        return sorted(waiting, key=lambda one: (one.scheduled_at or one.created_at, one.id))

    def why_unready(self, record: MailingRecord) -> str:
        """Return why a mailing that waits for its time will be held then, as its issue stands now; empty for nothing.

        Only the approval is looked at, so it is quick; the sheets and the number of readers are looked at its start.
        """
        if record.status is not MailingStatus.SCHEDULED:
            return ""
        try:
            digest = issue_digest(self._issues.folder(record.issue_slug))
        except MailerError as error:
            return str(error)
        with self._ground.store.read() as connection:
            why = why_not_approved(connection, record.issue_slug, digest)
            bound = mailings.mailing_approval(connection, record.id)
            standing = look_at_issue(connection, record.issue_slug, digest)[1]
        if not why and bound is not None and standing is not None and standing.id != bound:
            return _("the issue was approved anew after this mailing was planned")
        return why

    def of_issue(self, slug: str) -> list[MailingRecord]:
        """Return the newest mailings of an issue first; nothing for one that was never recorded."""
        with self._ground.store.read() as connection:
            record = issues.find_issue(connection, slug)
            return mailings.list_mailings(connection, issue_id=record.id) if record is not None else []

    def running(self) -> list[MailingRecord]:
        """Return the mailings that are under way or may go on: running, paused, and held in the middle."""
        with self._ground.store.read() as connection:
            found = mailings.list_mailings(
                connection, [MailingStatus.RUNNING, MailingStatus.PAUSED, MailingStatus.HELD]
            )
        return [one for one in reversed(found) if one.started_at is not None]

    def glance(self, name: str) -> Glance:
        """Return how far a mailing is and how its relays stand: quick, for those who watch it."""
        with self._ground.store.read() as connection:
            progress = read_progress(connection, require_mailing(connection, name))
            lists = progress.mailing.lists
            return Glance(progress, self._relays.read_standing(connection, lists, progress.remaining))

    def summarise(self, name: str) -> MailingSummary:
        """Return the figures of a mailing."""
        with self._ground.store.read() as connection:
            return summarise_mailing(connection, require_mailing(connection, name))
