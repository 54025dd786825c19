"""Sign-off: an approval is bound to the hash of the issue's content and to the editions frozen with it."""

from collections.abc import Sequence
from datetime import datetime

from mailer.errors import StateError, UsageError
from mailer.i18n import _
from mailer.model.delivery import IssueStatus
from mailer.model.edition import Edition
from mailer.model.issue import Issue
from mailer.store import issues
from mailer.store.database import Connection
from mailer.store.issues import ApprovalRecord

LONGEST_NAME = 200


def require_name(name: str, longest: int) -> None:
    """Raise UsageError for what is no name of a person that can stand in the record."""
    if not name.strip() or not name.isprintable() or len(name) > longest:
        raise UsageError(
            _("this is no name to sign off with"), field="--as", cure=_("write the name of who signs off, on one line")
        )


def approve_issue(
    connection: Connection,
    issue: Issue,
    content_sha256: str,
    editions: Sequence[Edition],
    approved_by: str,
    now: datetime,
) -> ApprovalRecord:
    """Freeze these editions and approve exactly them; approving the same again changes nothing.

    A change of the content since an earlier approval has voided that one. Raises UsageError for a name that is none.
    """
    require_name(approved_by, LONGEST_NAME)
    record = issues.record_issue(connection, issue, content_sha256, now)
    frozen = issues.freeze_editions(connection, record.id, editions, now)
    standing = issues.standing_approval(connection, record.id)
    if standing is not None and standing.editions == frozen:
        return standing
    if record.status is IssueStatus.APPROVED:
        issues.move_issue(connection, record.id, IssueStatus.DRAFT, now)
    issues.move_issue(connection, record.id, IssueStatus.SUBMITTED, now)
    issues.record_approval(connection, record, frozen, approved_by, now)
    issues.move_issue(connection, record.id, IssueStatus.APPROVED, now)
    found = issues.standing_approval(connection, record.id)
    assert found is not None
    return found


def look_at_issue(connection: Connection, slug: str, content_sha256: str) -> tuple[IssueStatus, ApprovalRecord | None]:
    """Return where this very content stands, with its approval if it has one; changes nothing."""
    known = issues.find_issue(connection, slug)
    if known is None or known.content_sha256 != content_sha256:
        return IssueStatus.DRAFT, None
    return known.status, issues.standing_approval(connection, known.id)


def find_approval(
    connection: Connection, issue: Issue, content_sha256: str, now: datetime
) -> ApprovalRecord | StateError:
    """Return the standing approval of this very content, or the error that says why there is none.

    Content that was changed after its approval makes the issue a draft and voids the approval; so the error is
    returned, not raised: the caller commits first.
    """
    known = issues.find_issue(connection, issue.slug)
    was_approved = known is not None and issues.was_approved(connection, known.id)
    record = issues.record_issue(connection, issue, content_sha256, now)
    standing = issues.standing_approval(connection, record.id)
    if standing is not None:
        return standing
    cure = _("look at it and run `mailer approve {slug} --as NAME`").format(slug=issue.slug)
    if was_approved:
        return StateError(_("issue {slug} was changed after its approval").format(slug=issue.slug), cure=cure)
    return StateError(_("issue {slug} is not approved").format(slug=issue.slug), cure=cure)
