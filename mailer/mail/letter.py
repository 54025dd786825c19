"""What a person reads of a mail first: from whom, about what, when, and its first lines."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mailer.mail.returned.addresses import sender_address
from mailer.mail.returned.parts import cap_mail, open_mail

log = logging.getLogger(__name__)

MOST_LINES = 12
LONGEST_LINE = 300


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as a list of mails shows it. sent_at is what it says itself, None where that is no time."""

    sender: str = ""
    subject: str = ""
    sent_at: datetime | None = None
    first_lines: str = ""


def read_letter(raw: bytes) -> Letter:
    """Return what is read of a mail first; quoted lines are left out. Any bytes may come; none of them raise."""
    try:
        mail = open_mail(cap_mail(raw))
        sender = sender_address(mail.value("From"))
        text = next((notice for notice in mail.notices if notice.strip()), "")
        return Letter(sender, mail.value("Subject")[:500], _time(mail.value("Date")), _first_lines(text))
    except Exception as error:  # the email package raises on some hostile mail
        log.warning("a mail of %d octets cannot be parsed: %s", len(raw), type(error).__name__)
        log.debug("where it cannot be", exc_info=True)
        return Letter()


def _first_lines(text: str) -> str:
    lines: list[str] = []
    for line in text[:20_000].splitlines():
        line = line.strip()
        if not line or line.startswith((">", "|")):
            continue
        lines.append(line[:LONGEST_LINE])
        if len(lines) == MOST_LINES:
            break
    return "\n".join(lines)


def _time(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
