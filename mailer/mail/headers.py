"""Header lines that no value can break out of.

Everything a header carries passes here: a control character is refused, raw or hidden in an encoded word (facts S10),
and what is not plain ASCII becomes RFC 2047 encoded words, folded.
"""

import base64
import binascii
import quopri
import re
import unicodedata

from mailer.errors import InputError
from mailer.i18n import _

_LINE = 76  # RFC 2047 §2: a line that holds an encoded word
_WORD = 75  # RFC 2047 §2: one encoded word
_HARD_LINE = 998  # RFC 5322 §2.1.1
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_ENCODED_WORD = re.compile(r"=\?([^?\s]*)\?([BbQq])\?([^?]*)\?=")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_MAILBOX = re.compile(r"[^\s<>()\[\]\\,;:\"@]+@[^\s<>()\\,;:\"@]+")


def _breaks_line(text: str) -> bool:
    if text.isprintable():  # none of the below, and told at once
        return False
    # Cc has CR, LF, NUL, VT, FF and NEL; a lone surrogate cannot be written at all
    return any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in text)


def _decode_word(encoding: str, content: str) -> bytes:
    raw = content.encode("utf-8", "replace")
    if encoding in "Qq":
        return quopri.decodestring(raw, header=True)
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        return b""


def _hides_break(charset: str, encoding: str, content: str) -> bool:
    raw = _decode_word(encoding, content)
    if any(octet < 32 or octet == 127 for octet in raw):
        return True
    single = charset.lower().startswith(("iso-8859", "us-ascii", "latin"))  # there octet 0x85 is NEL
    return _breaks_line(raw.decode("latin-1" if single else "utf-8", "ignore"))


def check_line(text: str, field: str) -> str:
    """Return the text when it may stand in a header; raise InputError naming the field when it may not.

    Refused: every control character (CR, LF, NUL, VT, FF, NEL …), LS, PS, lone surrogates; and an encoded word that
    holds one, as decoders further on may unfold it into a header of its own.
    """
    hidden = "=?" in text and any(_hides_break(*match.groups()) for match in _ENCODED_WORD.finditer(text))
    if hidden or _breaks_line(text):
        raise InputError(
            _("a header may not hold a line break or control character"),
            field=field,
            cure=_("write {field} on one line, without control characters").format(field=field),
        )
    return text


def encoded_words(text: str, room: int) -> list[str]:
    """Return a checked text as UTF-8 B-encoded words; the first has `room` columns, later ones a line, less a blank."""
    words: list[str] = []
    chunk = b""
    limit = min(room, _WORD)
    for char in text:
        octets = char.encode()
        # "=?UTF-8?B?" and "?=" take 12 columns; a character is never split (RFC 2047 §5)
        if chunk and 12 + 4 * ((len(chunk) + len(octets) + 2) // 3) > limit:
            words.append(f"=?UTF-8?B?{base64.b64encode(chunk).decode()}?=")
            chunk, limit = b"", _WORD
        chunk += octets
    if chunk:
        words.append(f"=?UTF-8?B?{base64.b64encode(chunk).decode()}?=")
    return words


def _fold(name: str, tokens: list[str]) -> bytes:
    """Join tokens by blanks, breaking the line before one that would pass column 76."""
    lines = [f"{name}: {tokens[0]}"]
    for token in tokens[1:]:
        if len(lines[-1]) + 1 + len(token) > _LINE:
            lines.append(f" {token}")
        else:
            lines[-1] += f" {token}"
    if any(len(line.encode()) > _HARD_LINE for line in lines):
        raise InputError(_("a header has a word longer than a line may be"), field=name, cure=_("shorten it"))
    return "\r\n".join(lines).encode() + b"\r\n"


def _name_of(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a header name: {name!r}")
    return name


def write_text(name: str, text: str) -> bytes:
    """Return an unstructured header such as Subject (RFC 5322 §2.2.1), ending in CRLF.

    ASCII stays as it is; other text, and text that would read as an encoded word, is encoded. Raises InputError.
    """
    _name_of(name)
    text = check_line(text, name).strip()
    # blanks in a row would be lost in folding, and a word longer than a line has nowhere to fold
    plain = text.isascii() and "=?" not in text and "  " not in text and max(map(len, text.split(" "))) < 900
    return _fold(name, text.split(" ") if plain else encoded_words(text, _LINE - len(name) - 2))


def _phrase(text: str, room: int) -> list[str]:
    if not text.isascii() or "=?" in text:
        return encoded_words(text, room)
    if _ATOMS.fullmatch(text):
        return text.split(" ")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return [f'"{escaped}"']


def write_mailbox(name: str, display: str, address: str) -> bytes:
    """Return an address header (RFC 5322 §3.4) of one mailbox; only the display name is ever encoded.

    A receiver refuses a From that is encoded as a whole (facts: QQ). Without a display name the address stands bare.
    Raises InputError for a control character, or for an address that is not one bare address.
    """
    _name_of(name)
    check_line(address, name)
    if not _MAILBOX.fullmatch(address):
        raise InputError(_("“{text}” is not one bare address").format(text=address), field=name)
    display = check_line(display, name).strip()
    if not display:
        return _fold(name, [address])
    return _fold(name, [*_phrase(display, _LINE - len(name) - 2), f"<{address}>"])


def write_list_id(title: str, identifier: str) -> bytes:
    """Return List-Id (RFC 2919): the title as a phrase, the identifier (ASCII, with a dot) in angle brackets."""
    check_line(title, "List-Id")
    if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+", identifier):
        raise InputError(_("“{text}” cannot name a list").format(text=identifier), field="List-Id")
    return _fold("List-Id", [*_phrase(title.strip(), _LINE - 9), f"<{identifier}>"])


def write_tokens(name: str, *tokens: str) -> bytes:
    """Return a structured header of ready ASCII tokens (dates, ids, URLs); it folds between tokens only."""
    _name_of(name)
    for token in tokens:
        check_line(token, name)
        if not token.isascii():
            raise InputError(_("“{text}” is not plain ASCII").format(text=token), field=name)
    return _fold(name, list(tokens))
