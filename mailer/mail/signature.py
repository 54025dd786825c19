"""DKIM-Signature (RFC 6376): what of a message is signed, and the header field that says so.

Our bodies are in relaxed form as they are: base64, no blanks in a row or at the end of a line, no empty line at the
end. So nothing is canonicalised per reader but the few header fields that differ.
"""

import base64
import re
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailer.mail.dkim import Signer

# Signed once more than they stand there, so that a second one put before ours breaks the signature (RFC 6376 §8.15);
# a reader would be shown that one.
ONCE = ("from", "reply-to", "to", "subject", "date", "content-type")
_FIELD_END = re.compile(rb"\r\n(?![ \t])")


def relax_fields(fields: bytes) -> bytes:
    """Return header fields, each ended by CRLF, in the relaxed form of RFC 6376 §3.4.2, in the same order."""
    relaxed: list[bytes] = []
    for field in _FIELD_END.split(fields):
        name, colon, text = field.partition(b":")
        if colon:
            # folds are CRLF and a blank, and headers.py lets no white space but blanks into a field
            relaxed.append(b"%b:%b\r\n" % (name.lower(), b" ".join(text.split())))
    return b"".join(relaxed)


def list_names(fields: bytes, others: Iterable[str]) -> str:
    """Return the h= of header fields and of others after them: all in their order, then ONCE again; folded."""
    names = [field.partition(b":")[0].decode("ascii") for field in _FIELD_END.split(fields) if field]
    lines = ["h="]
    for name in map(str.lower, (*names, *others, *ONCE)):
        if len(lines[-1]) + len(name) > 74:
            lines.append("")
        lines[-1] += f"{name}:"
    return "\r\n ".join(lines).removesuffix(":")


def write_signature(signer: "Signer", names: str, relaxed: bytes, body_hash: bytes, moment: datetime) -> bytes:
    """Return the DKIM-Signature field of a message, ended by CRLF; the same input gives the same bytes.

    names is what `list_names` gave for the signed fields, relaxed their relaxed form, body_hash the SHA-256 of the
    body, moment the t= tag. There is no l= tag: nothing may be added to the body.
    """
    start = (
        f"v=1; a={signer.algorithm}; c=relaxed/relaxed; d={signer.domain};\r\n"
        f" s={signer.selector}; t={int(moment.timestamp())};\r\n"
        f" {names};\r\n"
        f" bh={base64.b64encode(body_hash).decode()};\r\n"
        " b="
    )
    signed = relaxed + b"dkim-signature:" + start.replace("\r\n", "").encode()
    encoded = base64.b64encode(signer.sign_digest(sha256(signed).digest())).decode()
    lines = "\r\n ".join([encoded[at : at + 72] for at in range(0, len(encoded), 72)])
    return f"DKIM-Signature: {start}{lines}\r\n".encode()
