"""Receipts that a reader's program sends (RFC 8098): displayed, deleted, refused by a rule."""

from mailer.mail.returned.addresses import field_address
from mailer.mail.returned.fields import field, read_groups
from mailer.mail.returned.parts import OpenedMail


def read_disposition(mail: OpenedMail) -> tuple[str, str, str]:
    """Return whose receipt it is, what was done with the mail, and the Message-ID of that mail; each may be empty.

    What was done is the disposition type: displayed, deleted, dispatched, processed; denied and failed are RFC 2298's.
    """
    for text in mail.dispositions:
        for group in read_groups(text):
            if "disposition" in group or "final-recipient" in group:
                address = field_address(field(group, "original-recipient")) or field_address(
                    field(group, "final-recipient")
                )
                done = field(group, "disposition").lower().rpartition(";")[2].partition("/")[0].strip()
                return address, done, field(group, "original-message-id")
    return "", "", ""


def is_refusal(mail: OpenedMail, notice_failed: bool) -> bool:
    """True where a rule of the mailbox threw the mail away and says so, as Sieve's reject does (RFC 5429)."""
    _address, done, _message_id = read_disposition(mail)
    told = mail.value("Auto-Submitted").lower()
    return (
        notice_failed
        and done in ("deleted", "denied", "failed")
        and ("reject" in told or "reject" in mail.value("Subject").lower())
    )
