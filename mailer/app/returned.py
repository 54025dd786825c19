"""Mail that came back to a house, by whatever way."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import BinaryIO

from mailer.app.ground import Ground
from mailer.audience.leaving import leave_by_delivery
from mailer.config import FILE_NAME, BouncesConfig, read_mailbox_password
from mailer.errors import ConfigError
from mailer.i18n import _
from mailer.mail.letter import Letter
from mailer.mail.replies import load_rules
from mailer.mail.reports import parse_report
from mailer.model.report import Report, ReportKind, ReturnedMail
from mailer.ops.notices import answer_words
from mailer.store import notices
from mailer.store.database import Connection
from mailer.tracking.fetching import read_new
from mailer.tracking.intake import ArrivedMail, Intake, OpenedMail
from mailer.tracking.mail_files import read_mails
from mailer.tracking.mailbox import Mailbox, open_mailbox
from mailer.tracking.maildir import mark_seen, unseen_mail
from mailer.tracking.matching import MatchRules
from mailer.tracking.record import Rules
from mailer.tracking.watching import MailboxWatch

FORWARDED_WITHIN = timedelta(days=30)
AT_ONCE = 50  # mails in one transaction


class Returned:
    """The returned mail of a house."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    @property
    def _knows(self) -> bool:
        """False where nothing was ever sent from: no settings, no database."""
        return (self._ground.home / FILE_NAME).exists() and self._ground.has_database

    def rules(self) -> Rules:
        """Return by what reports are tied to deliveries here, and when they suppress."""
        config = self._ground.config
        postmasters = frozenset(one.lower() for one in config.bounces.own_postmasters)
        return Rules(MatchRules(config.bounces.probable_within, postmasters), config.suppression)

    def _intake(self) -> Intake:
        ground = self._ground
        return Intake(
            ground.secret,
            ground.reply_rules,
            self.rules(),
            lambda connection, number: bool(leave_by_delivery(connection, number, "mail", ground.now())),
            self._forward,
        )

    def take(self, mails: Iterable[ArrivedMail]) -> list[ReturnedMail]:
        """Read mails, tie each to its delivery and record it, in one transaction; a reader who asks to leave has left.

        Where nothing was ever sent from they are read only, and nothing is made.
        """
        ground = self._ground
        if not self._knows:
            rules = ground.reply_rules if (ground.home / FILE_NAME).exists() else load_rules()
            return [
                ReturnedMail(one.source, parse_report(one.raw, rules), None, False, False, one.number) for one in mails
            ]
        intake = self._intake()
        opened = [intake.open(one) for one in mails]
        with ground.store.write() as connection:
            return intake.take_all(connection, opened, ground.now())

    def read(self, raw: bytes, source: str, number: int = 1) -> ReturnedMail:
        """Take in one mail."""
        (taken,) = self.take([ArrivedMail(raw, source, number)])
        return taken

    def read_files(self, names: Iterable[str], standard_input: BinaryIO) -> Iterator[ReturnedMail]:
        """Yield what each mail of these files came to, as it is read; `error` says which could not be."""
        for name in names:
            for mail in read_mails(name, standard_input):
                if mail.error:
                    yield ReturnedMail(name, Report(ReportKind.OTHER, ()), None, False, False, mail.number, mail.error)
                else:
                    yield self.read(mail.raw, mail.file, mail.number)

    def poll(self) -> list[ReturnedMail]:
        """Read what is new in the Maildir and the mailbox of returned mail; what was understood is set aside.

        Raises ConfigError where the settings name neither, MailboxError.
        """
        bounces = self._ground.config.bounces
        if not bounces.maildir and not bounces.imap_host:
            raise ConfigError(
                _("there is no mailbox of returned mail"),
                file=self._ground.home / "config.toml",
                field="bounces.maildir",
                cure=_("set it or imap_host, or use `mailer bounces read FILE`"),
            )
        found = self.sweep()
        if bounces.imap_host:
            with self.open_mailbox() as box:
                found += self.read_mailbox(box)
        return found

    def sweep(self) -> list[ReturnedMail]:
        """Read the Maildir, if there is one; what was tied to a delivery is marked seen, the rest waits."""
        found: list[ReturnedMail] = []
        if not self._ground.config.bounces.maildir:
            return found
        folder = self._ground.home / self._ground.config.bounces.maildir
        for some in _in_groups(unseen_mail(folder)):
            taken = self.take(ArrivedMail(raw, key) for key, raw in some)
            for (key, _raw), one in zip(some, taken, strict=True):
                if one.understood:
                    mark_seen(folder, key)
            found += taken
        return found

    def open_mailbox(self) -> AbstractContextManager[Mailbox]:
        """Log in to the mailbox of returned mail. Raises ConfigError without a password, MailboxError."""
        bounces = self._ground.config.bounces
        return open_mailbox(bounces, read_mailbox_password(bounces, self._ground.home))

    def read_mailbox(self, box: Mailbox) -> list[ReturnedMail]:
        """Read what is new in an open mailbox; what was understood is set aside. Raises MailboxError."""
        bounces, ground = self._ground.config.bounces, self._ground
        return read_new(box, ground.store, self.take, ground.now(), bounces.look_back)

    def watch(self) -> MailboxWatch:
        """Return what keeps the mailbox and the Maildir read."""
        return MailboxWatch(self._settings, self.open_mailbox, self.read_mailbox, self.sweep)

    def _settings(self) -> BouncesConfig:
        return self._ground.config.bounces

    def _forward(self, connection: Connection, opened: OpenedMail, letter: Letter, taken: ReturnedMail) -> None:
        """Have an answer handed on, once, with the notices to staff; never back to who wrote it."""
        config, now = self._ground.config, self._ground.now()
        to = config.bounces.forward_answers_to
        if not to or letter.sender.casefold() in (to.casefold(), config.sender.address.casefold()):
            return
        told = [letter.first_lines]
        if not opened.mail.whole:
            told.insert(0, _("It is too large to be attached whole; it lies in the mailbox ({place}).").format(
                place=opened.mail.source
            ))  # fmt: skip
        subject, body = answer_words(letter.sender, letter.subject, told)
        attached = opened.mail.raw if opened.mail.whole else None
        about = f"answer {opened.digest}"
        notices.add_notice(connection, about, subject, body, [to], now, now + FORWARDED_WITHIN, attached)


def _in_groups(mails: Iterator[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    group: list[tuple[str, bytes]] = []
    for one in mails:
        group.append(one)
        if len(group) == AT_ONCE:
            yield group
            group = []
    if group:
        yield group
