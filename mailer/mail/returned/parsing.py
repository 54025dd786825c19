"""A hostile mail's octets as the email package's parts, without the two of its ways that take long.

It makes a mail of every block between blank lines of a delivery status, and it decodes by whatever codec a part names,
of which punycode and idna take time by the square of the text.
"""

from email.message import Message
from email.parser import BytesParser
from typing import Any

from mailer.mail.returned.decoding import known_charset

# RFC 3464, 6533, 8098, 5965: fields, which we read ourselves (fields.read_groups)
_REPORTS = ("delivery-status", "global-delivery-status", "disposition-notification",
            "global-disposition-notification", "feedback-report")  # fmt: skip


class Part(Message):
    """A part of a mail; what reports is a leaf of the type report/… here, and a charset that is none of mail is not."""

    def get_content_type(self) -> str:
        """Return the type, in small letters; report/… for message/… of a report."""
        main, _slash, sub = super().get_content_type().partition("/")
        return f"report/{sub}" if main == "message" and sub in _REPORTS else f"{main}/{sub}"

    def get_content_maintype(self) -> str:
        """Return the first half of the type."""
        return self.get_content_type().partition("/")[0]

    def get_param(self, param: str, failobj: Any = None, header: str = "content-type", unquote: bool = True) -> Any:
        """Return a parameter of a field, as the email package does."""
        found = super().get_param(param, failobj, header, unquote)
        if param.lower() != "charset" or found is failobj:
            return found
        return found if known_charset(found[2] if isinstance(found, tuple) else str(found)) else failobj


def parse_mail(raw: bytes, head_only: bool = False) -> Message:
    """Return a mail's parts. May raise what the email package raises on hostile mail."""
    return BytesParser(Part).parsebytes(raw, headersonly=head_only)
