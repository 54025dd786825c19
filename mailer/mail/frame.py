"""The MIME structure around the two texts of an edition: the same octets in every copy (RFC 2046, 2387)."""

from dataclasses import dataclass
from hashlib import sha256

from mailer.mail.files import encode_file
from mailer.mail.headers import write_tokens
from mailer.model.edition import Edition


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands before the encoded text, between it and the encoded HTML, and after that; and the header fields."""

    fields: bytes
    opening: bytes
    between: bytes
    closing: bytes


def make_frame(edition: Edition) -> Frame:
    """Return the frame of an edition; its files are encoded in it. Raises InputError for a file's name.

    multipart/alternative, text before HTML, both UTF-8 in base64, the one wire form; pictures that the HTML names by
    Content-ID stand with it in a multipart/related (RFC 2387), attachments after both in a multipart/mixed.
    """
    # Base64 has no "=_", so a boundary cannot stand in a part (RFC 2045 §6.7); none is the beginning of another
    nonce = sha256(edition.sha256.encode()).hexdigest()[:32]
    kind, boundary = "alternative", f"=_{nonce}"
    opening = _delimiter(boundary) + _text_head("plain")
    between, closing = _delimiter(boundary), [_delimiter(boundary, "--")]
    if edition.inline:
        related = f"=_related_{nonce}"
        between += _multipart_head('related; type="text/html"', related) + _delimiter(related)
        pictures = [part for file in edition.inline for part in (_delimiter(related), encode_file(file, "inline"))]
        closing = [*pictures, _delimiter(related, "--"), *closing]
    between += _text_head("html")
    if edition.attachments:
        mixed = f"=_mixed_{nonce}"
        opening = _delimiter(mixed) + _multipart_head(kind, boundary) + opening
        kind, boundary = "mixed", mixed
        for file in edition.attachments:
            closing += [_delimiter(mixed), encode_file(file, "attachment")]
        closing.append(_delimiter(mixed, "--"))
    fields = write_tokens("MIME-Version", "1.0")
    fields += write_tokens("Content-Type", f"multipart/{kind};", f'boundary="{boundary}"')
    return Frame(fields, opening, between, b"".join(closing))


def _delimiter(boundary: str, end: str = "") -> bytes:
    return f"--{boundary}{end}\r\n".encode()


def _multipart_head(kind: str, boundary: str) -> bytes:
    return f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'.encode()


def _text_head(kind: str) -> bytes:
    return f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
