"""Mail that came back to a house."""

import hashlib

from mailer.app.ground import Ground
from mailer.audience.leaving import leave_by_delivery
from mailer.errors import ConfigError
from mailer.i18n import _
from mailer.mail.leaving import LeaveRequest, parse_leave_request
from mailer.mail.reports import parse_report
from mailer.model.report import Report, ReportKind, ReturnedMail
from mailer.tracking.leaving import match_leave
from mailer.tracking.maildir import mark_seen, unseen_mail
from mailer.tracking.record import record_report


class Returned:
    """The returned mail of a house."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def read(self, raw: bytes, source: str) -> ReturnedMail:
        """Read one returned mail, tie it to its delivery and record it; a reader who asks to leave has left then."""
        request = parse_leave_request(raw)
        if request is not None:
            return self._leave(request, source)
        report = parse_report(raw, self._ground.reply_rules)
        digest = hashlib.sha256(raw).hexdigest()
        with self._ground.store.write() as connection:
            return record_report(connection, self._ground.secret, report, source, digest, self._ground.now())

    def _leave(self, request: LeaveRequest, source: str) -> ReturnedMail:
        report = Report(ReportKind.UNSUBSCRIBE, ())
        with self._ground.store.write() as connection:
            number = match_leave(connection, self._ground.secret, request)
            left = number is not None and leave_by_delivery(connection, number, "mail", self._ground.now())
        return ReturnedMail(source, report, number, recorded=bool(left), suppressed=False)

    def poll(self) -> list[ReturnedMail]:
        """Read the Maildir of returned mail; what was tied to a delivery is marked seen, the rest waits."""
        if not self._ground.config.bounces.maildir:
            raise ConfigError(
                _("there is no mailbox of returned mail"),
                file=self._ground.home / "config.toml",
                field="bounces.maildir",
                cure=_("set it, or use `mailer bounces read FILE`"),
            )
        folder = self._ground.home / self._ground.config.bounces.maildir
        found: list[ReturnedMail] = []
        for key, raw in unseen_mail(folder):
            returned = self.read(raw, key)
            if returned.delivery_id is not None:
                mark_seen(folder, key)
            found.append(returned)
        return found
