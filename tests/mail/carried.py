"""A message and its envelope, as SmtpSession.send wants them."""

from mailer.mail.envelope import Envelope
from mailer.mail.smtp import to_wire


def carried(sender: str, recipient: str, message: bytes, envelope_id: str = "") -> tuple[Envelope, bytes]:
    """Return the envelope and the wire form of a message."""
    octets = to_wire(message)
    return Envelope(sender, recipient, len(octets), envelope_id), octets
