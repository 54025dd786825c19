"""Mail that came back to a house."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from mailer.app.ground import Ground
from mailer.audience.leaving import leave_by_delivery
from mailer.config import FILE_NAME
from mailer.errors import ConfigError
from mailer.i18n import _
from mailer.mail.leaving import LeaveRequest, parse_leave_request
from mailer.mail.replies import load_rules
from mailer.mail.reports import MAX_READ, parse_report
from mailer.model.report import Report, ReportKind, ReturnedMail
from mailer.tracking.leaving import match_leave
from mailer.tracking.mail_files import read_mails
from mailer.tracking.maildir import mark_seen, unseen_mail
from mailer.tracking.record import record_report


class Returned:
    """The returned mail of a house."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def read(self, raw: bytes, source: str, number: int = 1) -> ReturnedMail:
        """Read one returned mail, tie it to its delivery and record it; a reader who asks to leave has left then.

        Where nothing was ever sent from - no settings, no database - it is read only, and nothing is made.
        """
        ground = self._ground
        settled = (ground.home / FILE_NAME).exists()
        knows = settled and ground.has_database
        request = parse_leave_request(raw) if knows else None
        left = self._leave(request, source, number) if request is not None else None
        if left is not None:
            return left
        report = parse_report(raw, ground.reply_rules if settled else load_rules())
        if not knows:
            return ReturnedMail(source, report, None, recorded=False, suppressed=False, number=number)
        digest = hashlib.sha256(raw[:MAX_READ]).hexdigest()
        with ground.store.write() as connection:
            return record_report(connection, ground.secret, report, source, digest, ground.now(), number)

    def read_files(self, names: Iterable[str], standard_input: BinaryIO) -> Iterator[ReturnedMail]:
        """Yield what each mail of these files came to, as it is read; `error` says which could not be."""
        for name in names:
            for mail in read_mails(name, standard_input):
                if mail.error:
                    yield ReturnedMail(name, Report(ReportKind.OTHER, ()), None, False, False, mail.number, mail.error)
                else:
                    yield self.read(mail.raw, mail.file, mail.number)

    def _leave(self, request: LeaveRequest, source: str, place: int) -> ReturnedMail | None:
        """End the subscription that a mail asks to leave; None where it is no reader's of ours: a person reads it."""
        with self._ground.store.write() as connection:
            number = match_leave(connection, self._ground.secret, request)
            if number is None:
                return None
            left = leave_by_delivery(connection, number, "mail", self._ground.now())
        report = Report(ReportKind.UNSUBSCRIBE, ())
        return ReturnedMail(source, report, number, recorded=bool(left), suppressed=False, number=place)

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
