"""The files of an edition as MIME parts (RFC 2183, 2231): pictures the HTML names by Content-ID, and attachments."""

import re
from urllib.parse import quote

from mailer.mail.encoding import encode_lines
from mailer.mail.headers import check_line, encoded_words
from mailer.model.edition import Asset

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")
# no blanks in a row or at an end: they would outlive neither DKIM's relaxed form nor the readers' programs
_PLAIN_NAME = re.compile(r"(?=.{1,60}\Z)[A-Za-z0-9._()+-]+(?: [A-Za-z0-9._()+-]+)*")
_PIECE = 900  # columns of a name before it is continued; a header line has at most 998


def encode_file(file: Asset, disposition: str) -> bytes:
    """Return a file as a whole part, ending in CRLF; disposition is inline or attachment.

    Raises InputError for a name that cannot stand in a header.
    """
    media_type = file.media_type
    # RFC 2046 §5.2.1 and §5.1: no base64 in these, so such a file travels as octets
    if not _MEDIA_TYPE.fullmatch(media_type) or media_type.lower().startswith(("message/", "multipart/")):
        media_type = "application/octet-stream"
    name = check_line(file.name, "filename")
    lines = [
        ";\r\n ".join([f"Content-Type: {media_type}", *_old_name(name)]),
        "Content-Transfer-Encoding: base64",
        ";\r\n ".join([f"Content-Disposition: {disposition}", *_new_name(name)]),
    ]
    if disposition == "inline":
        lines.append(f"Content-ID: <{file.cid}>")
    head = "\r\n".join([*lines, "", ""]).encode("ascii")
    return head + encode_lines(file.content)


def _old_name(name: str) -> list[str]:
    """Return the name parameter of Content-Type, which RFC 2045 does not know and older programs read first.

    A name that is not ASCII stands there in encoded words, against RFC 2047 §5: QQ Mail and Outlook do not read RFC
    2231 in every place (jstedfast/MailKit#277, nodemailer/buildmail#4), and show “tcmime.bin” or no name without it.
    """
    if _PLAIN_NAME.fullmatch(name):
        return [f'name="{name}"']
    return ['name="{}"'.format("\r\n ".join(encoded_words(name, 60)))] if name else []


def _new_name(name: str) -> list[str]:
    """Return the filename parameter of Content-Disposition: plain, or by RFC 2231 in one piece where it fits a line.

    No plain filename stands beside it: a program that does not know filename* then takes the name of Content-Type.
    """
    if _PLAIN_NAME.fullmatch(name):
        return [f'filename="{name}"']
    if not name:
        return []
    written = quote(name, safe="")
    if len(written) <= _PIECE:
        return [f"filename*=UTF-8''{written}"]
    pieces = [written[at : at + _PIECE] for at in range(0, len(written), _PIECE)]
    return [
        f"filename*{number}*={'' if number else 'UTF-8' + 2 * chr(39)}{piece}" for number, piece in enumerate(pieces)
    ]
