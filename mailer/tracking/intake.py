"""The one way in for returned mail, whether it lay in a mailbox, a Maildir, a file, or came through a pipe."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.mail.leaving import LeaveRequest, parse_leave_request
from mailer.mail.letter import Letter, read_letter
from mailer.mail.replies import ReplyRules
from mailer.mail.reports import MAX_READ, parse_report
from mailer.model.kept_mail import KeptMail
from mailer.model.report import Report, ReportKind, ReturnedMail, Tie
from mailer.store import returned
from mailer.store.database import Connection, is_passing
from mailer.tokens import HouseSecret
from mailer.tracking.leaving import match_leave
from mailer.tracking.record import Found, Rules, clean_text, record_report

log = logging.getLogger(__name__)

# what nobody needs to see where it is about no delivery of ours: a person's mailbox has such mail of its own
_NOT_KEPT = frozenset({ReportKind.DELIVERED, ReportKind.RELAYED, ReportKind.RECEIPT, ReportKind.AUTO_REPLY})
MAX_LINES = 4000


@dataclass(frozen=True, slots=True)
class ArrivedMail:
    """A mail's first MAX_READ octets. source and number say where it lay; own_mailbox as in `record.Found`.

    whole: there is no more of it.
    """

    raw: bytes
    source: str
    number: int = 1
    own_mailbox: bool = False
    whole: bool = True


@dataclass(frozen=True, slots=True)
class OpenedMail:
    """A mail with what it reports, and a request to leave, which counts where a reader of ours makes it."""

    mail: ArrivedMail
    digest: str
    request: LeaveRequest | None
    report: Report


@dataclass(frozen=True, slots=True)
class Intake:
    """What takes in returned mail.

    leave ends the subscription of a delivery's reader and tells whether it was news. answered is called once for each
    answer by a person, in the transaction that keeps it.
    """

    secret: HouseSecret
    replies: ReplyRules
    rules: Rules
    leave: Callable[[Connection, int], bool]
    answered: Callable[[Connection, OpenedMail, Letter, ReturnedMail], None]

    def open(self, mail: ArrivedMail) -> OpenedMail:
        """Read a mail; needs no database, and raises nothing whatever it is."""
        request, report = parse_leave_request(mail.raw), parse_report(mail.raw, self.replies)
        return OpenedMail(mail, digest_mail(mail.raw), request, report)

    def take(self, connection: Connection, opened: OpenedMail, now: datetime) -> ReturnedMail:
        """Record what a mail says, or keep it for a person; the same mail again changes nothing."""
        mail = opened.mail
        number = match_leave(connection, self.secret, opened.request) if opened.request is not None else None
        if number is not None:
            left, report = self.leave(connection, number), Report(ReportKind.UNSUBSCRIBE, ())
            taken = ReturnedMail(mail.source, report, number, left, suppressed=False, number=mail.number)
        else:
            found = Found(mail.source, opened.digest, mail.number, mail.own_mailbox)
            taken = record_report(connection, self.secret, opened.report, found, now, self.rules)
        if needs_person(taken):
            self._keep(connection, opened, taken, now)
        return taken

    def take_all(self, connection: Connection, opened: Sequence[OpenedMail], now: datetime) -> list[ReturnedMail]:
        """Take in many in one transaction; one that cannot be recorded stops none of the others."""
        try:
            with connection.begin_nested():
                return [self.take(connection, one, now) for one in opened]
        except Exception as error:  # a fault of ours, or a value that the database does not take
            if is_passing(error):  # not one mail but the database is at fault
                raise
            if len(opened) > 1:  # then one at a time
                return [taken for one in opened for taken in self.take_all(connection, [one], now)]
            log.exception("a returned mail (%s) cannot be recorded; it waits for a person", opened[0].mail.source)
            return [ReturnedMail(one.mail.source, one.report, None, False, False, one.mail.number) for one in opened]

    def _keep(self, connection: Connection, opened: OpenedMail, taken: ReturnedMail, now: datetime) -> None:
        letter, report = read_letter(opened.mail.raw), opened.report
        # of mail that nothing ties to us only who and what about is kept: it may be a private letter
        shown = report.reply or taken.tie is not None or report.kind is not ReportKind.OTHER
        kept = KeptMail(
            id=0,
            kind=report.kind,
            answer=report.reply,
            tie=taken.tie,
            delivery_id=taken.delivery_id,
            source=clean_text(opened.mail.source, 300),
            sender=clean_text(letter.sender, 254),
            subject=clean_text(letter.subject, 500),
            sent_at=letter.sent_at,
            first_lines=clean_text(letter.first_lines, MAX_LINES) if shown else "",
            detail=clean_text("\n".join(f"{one.address} {one.diagnostic}" for one in report.recipients), MAX_LINES),
            read_at=now,
        )
        if returned.keep_mail(connection, opened.digest, kept) and report.reply:
            self.answered(connection, opened, letter, taken)


def needs_person(taken: ReturnedMail) -> bool:
    """Tell whether a mail is kept for a person: an answer, one not understood, one tied to nothing or only probably."""
    if taken.understood:
        return taken.tie is Tie.PROBABLE
    return taken.report.kind not in _NOT_KEPT


def digest_mail(raw: bytes) -> str:
    """Return the SHA-256 by which the same mail is known again, wherever it lay.

    IMAP ends lines by CRLF, a Maildir often by LF, so line ends count alike; then half of MAX_READ is the same in both.
    """
    return hashlib.sha256(raw[:MAX_READ].replace(b"\r\n", b"\n")[: MAX_READ // 2]).hexdigest()
