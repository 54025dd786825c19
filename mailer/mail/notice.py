"""A notice of the program to staff: one short plain text, as final bytes (RFC 5322, RFC 3834)."""

import re
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


LONGEST_LINE = 998  # octets (RFC 5322 §2.1.1)


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


def compose_notice(
    head: NoticeHead, text: str, signers: "Sequence[Signer]" = (), attached: bytes | None = None
) -> bytes:
    """Return the bytes of a notice as they go on the wire; the same input gives the same bytes.

    It is marked Auto-Submitted: auto-generated (RFC 3834 §5), so that no autoresponder answers it. Text in UTF-8 and
    base64, the one wire form. `attached` is a mail that it hands on, as message/rfc822 where RFC 2046 §5.2.1 lets that
    travel without 8BITMIME, else as a file. Raises InputError for what cannot stand in a header.
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
        )
    )
    text_head = b"".join(
        (
            write_tokens("Content-Type", "text/plain;", "charset=utf-8"),
            write_tokens("Content-Transfer-Encoding", "base64"),
        )
    )
    body = encode_lines(write_octets(text))
    if attached is None:
        fields += text_head
    else:
        fields += write_tokens("Content-Type", "multipart/mixed;", f'boundary="{number}"')
        body = _join_parts(number, text_head + b"\r\n" + body, _attach(attached))
    names, relaxed, digest = list_names(fields, ()), relax_fields(fields), sha256(_relax_body(body)).digest()
    signatures = [write_signature(one, names, relaxed, digest, head.sent_at) for one in signers]
    return b"".join([*signatures, fields, b"\r\n", body])


def _join_parts(boundary: str, *parts: bytes) -> bytes:
    line = f"--{boundary}".encode()
    return b"".join(line + b"\r\n" + part.removesuffix(b"\r\n") + b"\r\n" for part in parts) + line + b"--\r\n"


def _relax_body(body: bytes) -> bytes:
    """Return a body as DKIM's relaxed form has it (RFC 6376 §3.4.4); what we write ourselves is in it already."""
    return re.sub(rb" \r\n", b"\r\n", re.sub(rb"[ \t]+", b" ", body)).rstrip(b"\r\n") + b"\r\n"


def _attach(mail: bytes) -> bytes:
    """Return a part that holds a mail as it came; its line ends become CRLF."""
    octets = mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    lines = octets.split(b"\r\n")
    plain = octets.isascii() and not any(b"\0" in line or b"\r" in line or len(line) > LONGEST_LINE for line in lines)
    if plain:
        head = (write_tokens("Content-Type", "message/rfc822"), write_tokens("Content-Disposition", "attachment"))
        return b"".join((*head, b"\r\n", octets))
    named = write_tokens("Content-Type", "application/octet-stream;", 'name="answer.eml"')
    disposed = write_tokens("Content-Disposition", "attachment;", 'filename="answer.eml"')
    encoded = write_tokens("Content-Transfer-Encoding", "base64")
    return b"".join((named, disposed, encoded, b"\r\n", encode_lines(mail)))
