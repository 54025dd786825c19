"""Whom the issues of a house have reached, and whom they miss."""

from collections.abc import Sequence

from mailer.app.ground import Ground
from mailer.app.issues import Issues
from mailer.app.lists import Lists
from mailer.errors import NotFoundError, StateError
from mailer.i18n import _
from mailer.model.delivery import IssueStatus
from mailer.model.reach import CorrectionReach, IssueReach
from mailer.publishing.approval import look_at_issue
from mailer.publishing.reach import read_correction, read_lists, require_corrected
from mailer.sources.issue_folder import issue_digest
from mailer.store import audience, issues, mailings, proofs, reach
from mailer.store.database import Connection
from mailer.store.issues import IssueRecord


class Reach:
    """The issues of a house, by whom they reached."""

    def __init__(self, ground: Ground, issues: Issues, lists: Lists) -> None:
        self._ground = ground
        self._issues = issues
        self._lists = lists

    def tell(self, name: str, lists: Sequence[str] = ()) -> IssueReach:
        """Return where an issue stands and whom it has reached of these lists (none: all), as of their last sync.

        name: its slug or folder; one whose folder is gone is told from the record. Raises NotFoundError, StateError for
        a correction of an issue that reached nobody.
        """
        chosen = self._lists.choose(lists)
        try:
            folder = self._issues.folder(name)
            slug, digest = folder.resolve().name, issue_digest(folder)
        except NotFoundError:
            slug, digest = name, ""
        with self._ground.store.read() as connection:
            record = issues.find_issue(connection, slug)
            if record is None and not digest:
                self._issues.folder(name)  # raises what says which there are
            status = record.status if record is not None else IssueStatus.DRAFT
            if digest:
                status, _approval = look_at_issue(connection, slug, digest)
            issue_id = record.id if record is not None else None
            return IssueReach(
                slug=slug,
                status=status,
                mailings=tuple(mailings.list_mailings(connection, issue_id=issue_id)) if issue_id is not None else (),
                lists=read_lists(connection, issue_id, chosen, self._ground.secret, self._ground.now()),
                proofs=proofs.list_proofs(connection, slug),
                corrections=reach.list_corrections(connection, slug),
                correction=self._read_correction(connection, record, name if digest else "", chosen),
            )

    def _read_correction(
        self, connection: Connection, record: IssueRecord | None, name: str, lists: Sequence[str]
    ) -> CorrectionReach | None:
        corrects = self._issues.load(name).corrects if name else record.corrects if record is not None else ""
        if not corrects:
            return None
        original = require_corrected(connection, corrects)
        ids = audience.find_lists(connection, lists).values()
        number = record.id if record is not None else None
        return read_correction(connection, original, number, ids, self._ground.secret, self._ground.now())

    def require_missing(self, name: str, lists: Sequence[str] = ()) -> IssueReach:
        """Sync lists (none: all) and return how an issue stands that somebody of them misses.

        Raises StateError where nobody does, or where the issue has not gone out at all; SheetError.
        """
        self._lists.sync(lists)
        found = self.tell(name, lists)
        if not any(one.started_at for one in found.mailings):
            raise StateError(
                _("issue {slug} has not gone out yet").format(slug=found.slug),
                cure=_("`mailer send {slug}` sends it to everyone").format(slug=found.slug),
            )
        if not found.missing:
            raise StateError(
                _("nobody misses issue {slug}").format(slug=found.slug),
                cure=_("`mailer status {slug}` shows whom it reached; `mailer retry` has refused ones again").format(
                    slug=found.slug
                ),
            )
        return found
