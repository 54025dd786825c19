"""Reads our own finished message back: its two parts as a reader's program shows them."""

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass(frozen=True, slots=True)
class Parts:
    """The text/plain and text/html of a message, decoded."""

    text: str
    html: str


def read_parts(message: bytes) -> Parts:
    """Return both parts of a message composed by this house; ValueError when one is missing."""
    parsed = message_from_bytes(message, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    text = parsed.get_body(preferencelist=("plain",))
    html = parsed.get_body(preferencelist=("html",))
    if text is None or html is None:
        raise ValueError("the message lacks one of its two parts")
    return Parts(str(text.get_content()).replace("\r\n", "\n"), str(html.get_content()).replace("\r\n", "\n"))
