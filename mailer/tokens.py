"""Signed tokens bound to a purpose, and the house secret they are made with.

A token names one delivery and is good for one purpose only; it is lower-case base32 so that it survives in the local
part of an address. A plain hash of an address can be undone by trying addresses, so hashes kept for suppression are
HMACs too.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import product
from pathlib import Path

from mailer.errors import StoreError
from mailer.i18n import _

TOKEN_LENGTH = 40  # characters of a-z and 2-7
_BLOCK = 64  # octets SHA-256 works on at once
_MAC_OCTETS = 16  # 128 bits (facts S07)
# base32 (RFC 4648 §6) two characters at a time, in half the time of base64.b32encode
_PAIRS = [first + second for first, second in product("abcdefghijklmnopqrstuvwxyz234567", repeat=2)]
_SHIFTS = range(8 * (9 + _MAC_OCTETS) - 10, -1, -10)


class Purpose(StrEnum):
    """What a token may be used for; one made for one purpose is refused for every other."""

    BOUNCE = "bounce"  # envelope sender, ENVID, Message-ID
    UNSUBSCRIBE = "unsubscribe"
    VIEW = "view"  # the web page of the reader's issue
    CLICK = "click"  # a link of the bulletin, whose number stands beside the token
    OPEN = "open"  # the picture that says a copy was shown
    # the same for all copies of a mailing to one list: its number is no delivery's, but `tally_number`
    TALLY_CLICK = "tally click"
    TALLY_OPEN = "tally open"
    CONFIRM = "confirm"  # the page on which a reader confirms to have asked for lists; its number is the request's
    PREFERENCES = "preferences"  # a reader's standing with the lists that readers choose themselves
    RECEIVED = "received"  # the page on which a reader confirms receipt
    FORM = "form"  # a form that anybody may send; its number is when it was shown, in seconds of Unix time


class KeyUse(StrEnum):
    """What else the keys of the house are for; what is made for one use is nothing for every other."""

    SUPPRESSION = "suppression"
    FINGERPRINT = "fingerprint"
    CSRF = "csrf"  # what forms of a session send
    SECOND_FACTOR = "second factor"  # seals the secrets of second factors
    RECOVERY_CODE = "recovery code"
    LOG_IN = "log in"  # what failed attempts are counted for
    OUTSIDE = "outside"  # what a browser keeps while its user is away at a provider of OpenID Connect


@dataclass(frozen=True, slots=True)
class HouseSecret:
    """The keys of the house by id; `current` signs, all verify, so old links outlive a rotation. Never printed."""

    current: int
    keys: dict[int, bytes]

    def __repr__(self) -> str:
        return f"HouseSecret(current={self.current}, keys={sorted(self.keys)})"


@lru_cache(maxsize=64)
def _begin(key: bytes, text: str) -> tuple["hashlib._Hash", "hashlib._Hash"]:
    """Return the two hashes of an HMAC (RFC 2104 §2) that begins with a text, fed with all that never changes.

    A copy of them costs half of what hmac's own object does, and a mailing makes several tokens a reader.
    """
    padded = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
    inner = hashlib.sha256(bytes(octet ^ 0x36 for octet in padded) + text.encode() + b"\0")
    return inner, hashlib.sha256(bytes(octet ^ 0x5C for octet in padded))


def _derive(key: bytes, text: str, rest: bytes) -> bytes:
    begun, closing = _begin(key, text)
    inner, outer = begun.copy(), closing.copy()
    inner.update(rest)
    outer.update(inner.digest())
    return outer.digest()


class TokenMaker:
    """Makes the tokens of one purpose with one key: the current one, or that of an id (KeyError for an unknown one)."""

    __slots__ = ("_begun", "_closing", "_head")

    def __init__(self, secret: HouseSecret, purpose: Purpose, key: int | None = None) -> None:
        key = secret.current if key is None else key
        self._head = bytes([key])
        self._begun, self._closing = _begin(secret.keys[key], purpose.value)

    def make(self, number: int) -> str:
        """Return the token for a delivery's number (0 ≤ number < 2^63): TOKEN_LENGTH characters of a-z and 2-7."""
        head = self._head + number.to_bytes(8, "big")
        inner, outer = self._begun.copy(), self._closing.copy()
        inner.update(head)
        outer.update(inner.digest())
        bits = int.from_bytes(head + outer.digest()[:_MAC_OCTETS], "big")
        return "".join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])


def sign_token(secret: HouseSecret, purpose: Purpose, number: int, key: int | None = None) -> str:
    """Return one token, as `TokenMaker` makes it."""
    return TokenMaker(secret, purpose, key).make(number)


def read_token(secret: HouseSecret, purpose: Purpose, token: str) -> int | None:
    """Return the number a token was signed for, or None when it is not ours, not whole, or for another purpose."""
    try:
        raw = base64.b32decode(token.upper())
    except ValueError:
        return None
    if len(raw) != 9 + _MAC_OCTETS:
        return None
    key = secret.keys.get(raw[0])
    if key is None:
        return None
    expected = _derive(key, purpose.value, raw[:9])[:_MAC_OCTETS]
    return int.from_bytes(raw[1:9], "big") if hmac.compare_digest(expected, raw[9:]) else None


def tally_number(mailing_id: int, edition_id: int) -> int:
    """Return what the tally tokens of a mailing's copies of one edition are signed for."""
    return mailing_id << 32 | edition_id


def split_tally(number: int) -> tuple[int, int]:
    """Return the mailing's and the edition's id of a tally number."""
    return number >> 32, number & 0xFFFF_FFFF


def hash_address(secret: HouseSecret, key: str) -> str:
    """Return the suppression hash of an address key, as `hash_text` makes it."""
    return hash_text(secret, KeyUse.SUPPRESSION, key)


def hash_text(secret: HouseSecret, use: KeyUse, text: str) -> str:
    """Return 64 hex digits that stand for a text: an HMAC by the oldest key, so that a rotation keeps it valid."""
    return _derive(secret.keys[min(secret.keys)], use.value, text.encode()).hex()


def derive_key(secret: HouseSecret, use: KeyUse, number: int) -> bytes:
    """Return 32 octets that are a key for one use, by the key of an id (KeyError for an unknown one)."""
    return _derive(secret.keys[number], use.value, b"")


def make_csrf(secret: HouseSecret, session_token: str) -> str:
    """Return what the forms of a session must send, by the current key (S18)."""
    return _derive(secret.keys[secret.current], KeyUse.CSRF.value, session_token.encode()).hex()


def sign_text(secret: HouseSecret, use: KeyUse, text: str) -> str:
    """Return a text that anybody may read and only the house can make, as a cookie's value may be written."""
    octets = text.encode()
    mac = _derive(secret.keys[secret.current], use.value, octets)
    return ".".join(
        (str(secret.current), *(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in (octets, mac)))
    )


def read_text(secret: HouseSecret, use: KeyUse, signed: str) -> str | None:
    """Return the text that was signed, or None for what is not ours, not whole, or for another use."""
    try:
        number, *parts = signed.split(".")
        octets, mac = (base64.urlsafe_b64decode(one + "=" * (-len(one) % 4)) for one in parts)
        key = secret.keys[int(number)]
    except (ValueError, KeyError):
        return None
    return octets.decode() if hmac.compare_digest(_derive(key, use.value, octets), mac) else None


def fingerprint_secret(secret: HouseSecret) -> str:
    """Return what a database keeps to know its house again; by the oldest key, so that a rotation keeps it."""
    return hash_text(secret, KeyUse.FINGERPRINT, "")


def load_secret(path: Path) -> HouseSecret:
    """Read the house secret, making it at first use with mode 0600; two processes starting at once agree on one.

    Raises StoreError when the file is not ours or others may read it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        fresh = json.dumps({"current": 1, "keys": {"1": secrets.token_hex(32)}})
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(fresh + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(temporary, path)  # fails if the other process was first, whose secret then counts
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    if path.stat().st_mode & 0o077:
        raise StoreError(_("the house secret may be read by others"), file=path, cure=f"chmod 600 {path}")
    try:
        stored = json.loads(path.read_text())
        keys = {int(number): bytes.fromhex(text) for number, text in stored["keys"].items()}
        secret = HouseSecret(current=int(stored["current"]), keys=keys)
        secret.keys[secret.current]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise StoreError(
            _("the house secret cannot be read"), file=path, cure=_("put the file back from a backup")
        ) from None
    return secret
