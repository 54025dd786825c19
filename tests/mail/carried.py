"""What SmtpSession.send is called with: envelope, wire form, and the word before the dot."""

import re

from mailer.mail.envelope import Envelope

BARE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")


def to_wire(message: bytes) -> bytes:
    """Return a message as it goes after DATA: CRLF only, dots at the beginning of a line doubled, ended.

    What mail.message composes is so already.
    """
    wire = re.sub(rb"(?m)^\.", b"..", BARE_END.sub(b"\r\n", message))
    return wire if wire.endswith(b"\r\n") else wire + b"\r\n"


def carried(sender: str, recipient: str, message: bytes, envelope_id: str = "") -> tuple[Envelope, bytes]:
    """Return the envelope and the wire form of a message."""
    octets = to_wire(message)
    return Envelope(sender, recipient, len(octets), envelope_id), octets


async def yes() -> bool:
    """The word before the dot: write it."""
    return True
