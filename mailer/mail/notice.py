"""A notice of the program to staff: one short plain text, as final bytes (RFC 5322, RFC 3834)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mailer.mail.encoding import encode_lines, write_octets
from mailer.mail.headers import write_mailbox, write_text, write_tokens
from mailer.mail.signature import list_names, relax_fields, write_signature

if TYPE_CHECKING:
    from mailer.mail.dkim import Signer


@dataclass(frozen=True, slots=True)
class NoticeHead:
    """What stands before the text of a notice; sent_at is shown in `zone`, identity is the same in every try of it."""

    sender_name: str
    sender_address: str
    recipient: str
    subject: str
    identity: str
    sent_at: datetime
    zone: ZoneInfo


def compose_notice(head: NoticeHead, text: str, signers: "Sequence[Signer]" = ()) -> bytes:
    """Return the bytes of a notice as they go on the wire; the same input gives the same bytes.

    It is marked Auto-Submitted: auto-generated (RFC 3834 §5), so that no autoresponder answers it. Text in UTF-8 and
    base64, the one wire form. Raises InputError for what cannot stand in a header.
    """
    domain = head.sender_address.rpartition("@")[2]
    number = sha256(f"{head.identity}\0{head.recipient}".encode()).hexdigest()[:32]
    moment = format_datetime(head.sent_at.astimezone(head.zone)).split(" ")
    fields = b"".join(
        (
            write_mailbox("From", head.sender_name, head.sender_address),
            write_mailbox("To", "", head.recipient),
            write_text("Subject", head.subject),
            write_tokens("Date", *moment),
            write_tokens("Message-ID", f"<notice.{number}@{domain}>"),
            write_tokens("Auto-Submitted", "auto-generated"),
            write_tokens("MIME-Version", "1.0"),
            write_tokens("Content-Type", "text/plain;", "charset=utf-8"),
            write_tokens("Content-Transfer-Encoding", "base64"),
        )
    )
    body = encode_lines(write_octets(text))
    names, relaxed, digest = list_names(fields, ()), relax_fields(fields), sha256(body).digest()
    signatures = [write_signature(one, names, relaxed, digest, head.sent_at) for one in signers]
    return b"".join([*signatures, fields, b"\r\n", body])
