"""Passwords as they are kept: argon2id (RFC 9106), with the same work for a password that nobody has."""

import base64
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LONGEST_PASSWORD = 256  # characters
AT_ONCE = 2  # hashes computed at the same time: each takes its memory
PATIENCE_S = 10.0
_SALT_OCTETS = 16
_HASH_OCTETS = 32


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs; as it stands, the second recommended option of RFC 9106 §4."""

    passes: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4


class PasswordHashing:
    """Makes and checks hashes at one cost. Safe for threads."""

    def __init__(self, cost: Cost | None = None) -> None:
        cost = cost or Cost()
        self._hasher = PasswordHasher(
            cost.passes, cost.memory_kib, cost.lanes, hash_len=_HASH_OCTETS, salt_len=_SALT_OCTETS
        )
        salt, digest = (
            base64.b64encode(secrets.token_bytes(octets)).rstrip(b"=").decode()
            for octets in (_SALT_OCTETS, _HASH_OCTETS)
        )
        # nobody knows a password of it, and checking one takes as long as any
        self._nobodys = f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${salt}${digest}"
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    @contextmanager
    def turn(self, patience_s: float = PATIENCE_S) -> Iterator[bool]:
        """Wait for a turn to compute; False where none came in time: then compute nothing."""
        mine = self._turns.acquire(timeout=patience_s)
        try:
            yield mine
        finally:
            if mine:
                self._turns.release()

    def hash(self, password: str) -> str:
        """Return the hash of a password, with salt and parameters."""
        return self._hasher.hash(_normal(password))

    def check(self, stored: str, password: str) -> bool:
        """Return whether a password is the one of a stored hash; an empty one takes as long, and is never right."""
        try:
            self._hasher.verify(stored or self._nobodys, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return stored != ""

    def is_outdated(self, stored: str) -> bool:
        """Return whether a stored hash was made at another cost."""
        return self._hasher.check_needs_rehash(stored)


def _normal(password: str) -> str:
    # NIST SP 800-63B-4 §3.1.1.2 (RFC 8265 §4.2.2); a longer one was never set, so its beginning is as wrong
    cut = unicodedata.normalize("NFKC", password[: LONGEST_PASSWORD + 1])
    return cut.encode("utf-8", "replace").decode("utf-8")
