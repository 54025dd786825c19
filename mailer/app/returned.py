"""Mail that came back to a house."""

import hashlib

from mailer.app.ground import Ground
from mailer.errors import ConfigError
from mailer.i18n import _
from mailer.mail.reports import parse_report
from mailer.model.report import ReturnedMail
from mailer.tracking.maildir import mark_seen, unseen_mail
from mailer.tracking.record import record_report


class Returned:
    """The returned mail of a house."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def read(self, raw: bytes, source: str) -> ReturnedMail:
        """Read one returned mail, tie it to its delivery and record it."""
        report = parse_report(raw, self._ground.reply_rules)
        digest = hashlib.sha256(raw).hexdigest()
        with self._ground.store.write() as connection:
            return record_report(connection, self._ground.secret, report, source, digest, self._ground.now())

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
