"""The audit trail of a house: read and checked. Entries are written by the acts themselves."""

from dataclasses import replace

from mailer.app.ground import Ground
from mailer.errors import NotFoundError, UsageError
from mailer.i18n import _
from mailer.model.audit import SHORTEST_HEAD, AuditCheck, AuditEntry, AuditHead, parse_head
from mailer.model.people import Actor
from mailer.publishing.mailing import require_mailing
from mailer.store import audit, issues, people


class AuditTrail:
    """What was done in a house, by whom."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def list(self, limit: int, issue: str = "", mailing: str = "") -> list[AuditEntry]:
        """Return the newest entries first, users by their names: of all, or of an issue or a mailing.

        Raises NotFoundError.
        """
        with self._ground.store.read() as connection:
            if issue and issues.find_issue(connection, issue) is None:
                raise NotFoundError(
                    _("issue {slug} was never submitted").format(slug=issue),
                    cure=_("`mailer audit list` shows all entries"),
                )
            number = require_mailing(connection, mailing).id if mailing else None
            found = audit.list_entries(connection, limit, issue_slug=issue or None, mailing_id=number)
            names = people.user_names(connection, {one.actor.user_id for one in found if one.actor.user_id is not None})
        return [
            one
            if one.actor.user_id is None
            else replace(one, actor=Actor(names.get(one.actor.user_id, ""), one.actor.user_id))
            for one in found
        ]

    def verify(self, head: str = "") -> AuditCheck:
        """Walk the trail to its end or to the first entry that is wrong; head: a hash noted earlier, or its beginning.

        The head that this machine keeps of the house is looked for, too. Raises UsageError for what is no hash.
        """
        noted = head.strip().lower()
        if noted and (len(noted) < SHORTEST_HEAD or not set(noted) <= set("0123456789abcdef")):
            raise UsageError(
                _("this is no hash of the trail"),
                field="--head",
                cure=_("give the one `mailer audit verify` printed, at least {n} characters of it").format(
                    n=SHORTEST_HEAD
                ),
            )
        remembered = self._remembered_head()
        with self._ground.store.read() as connection:
            return audit.check_trail(connection, noted, remembered)

    def _remembered_head(self) -> AuditHead | None:
        """Return the head that this machine keeps of this very house; one that cannot be read is the identity's fault.

        It is read before the trail, which only grows: so it is never ahead by itself.
        """
        try:
            report = self._ground.identity.report()
        except OSError:
            return None
        known, remembered = report.known, report.remembered
        if remembered is None or remembered.instance_id != known.instance_id:
            return None
        return parse_head(remembered.audit_head)
