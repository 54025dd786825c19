"""Second factors: codes of a time (TOTP, RFC 6238), and recovery codes that stand in for them, each used once."""

import base64
import hmac
import logging
import os
import secrets
import unicodedata
from datetime import datetime

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mailer.errors import StateError, UsageError
from mailer.i18n import _
from mailer.model.access import SecondFactor
from mailer.model.audit import Act, Subject
from mailer.model.people import Actor, User
from mailer.store import audit, credentials, sessions
from mailer.store.database import Connection
from mailer.tokens import HouseSecret, KeyUse, derive_key, hash_text

log = logging.getLogger(__name__)

STEP_S = 30
STEPS_OFF = 1  # clocks of telephones go wrong (RFC 6238 §5.2)
RECOVERY_CODES = 10
_NONCE_OCTETS = 12
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # 32, without those that look like others
_GROUPS, _GROUP = 3, 4  # 60 bits


def begin_factor(connection: Connection, secret: HouseSecret, user: User, issuer: str) -> SecondFactor:
    """Make a second factor for a user, which counts once `confirm_factor` has seen a code of it."""
    shared = pyotp.random_base32()
    credentials.begin_factor(connection, user.id, _seal(secret, user.id, shared))
    address = pyotp.TOTP(shared).provisioning_uri(name=user.name, issuer_name=issuer.replace(":", " ").strip())
    return SecondFactor(shared, address)


def confirm_factor(
    connection: Connection, secret: HouseSecret, user: User, code: str, now: datetime, session_id: int = 0
) -> tuple[str, ...]:
    """Let the factor begun count from now on; return its recovery codes, which are shown this once.

    Every session of the user ends but this one: whoever came in by the password alone is to prove more (S19).

    Raises StateError where none was begun, UsageError for a code that is not its.
    """
    sealed = credentials.read_credential(connection, user.id).factor_begun
    shared = _open(secret, user.id, sealed)
    if shared is None:
        raise StateError(_("no second factor is being set up"), cure=_("begin again"))
    step = match_step(shared, _normal(code), now, 0)
    codes = tuple(_make_code() for _number in range(RECOVERY_CODES))
    hashes = [_hash(secret, user.id, one) for one in codes]
    if step is None or not credentials.confirm_factor(connection, user.id, sealed, step, hashes, now):
        raise UsageError(
            _("this is not the code that the app shows now"),
            field="code",
            cure=_("see that the clock of the telephone is right, and type the next code"),
        )
    ended = sessions.end_sessions(connection, user.id, now, but=session_id)
    audit.record(connection, Actor(user.name, user.id), Act.SET_SECOND_FACTOR, _subject(user), now, ended=ended)
    return codes


def end_factor(connection: Connection, user: User, actor: Actor, now: datetime, session_id: int = 0) -> bool:
    """Take a user's second factor away, and end their sessions but this one; False where there was none."""
    had = credentials.end_factor(connection, user.id)
    if had:
        ended = sessions.end_sessions(connection, user.id, now, but=session_id)
        audit.record(connection, actor, Act.END_SECOND_FACTOR, _subject(user), now, ended=ended)
    return had


def take_code(connection: Connection, secret: HouseSecret, user: User, code: str, now: datetime) -> bool:
    """Use up a code of the second factor or a recovery code; False for one that is wrong or was used."""
    known, typed = credentials.read_credential(connection, user.id), _normal(code)
    shared = _open(secret, user.id, known.factor)
    if shared is None:
        log.error("the second factor of user %d cannot be read with this house secret", user.id)
    else:
        step = match_step(shared, typed, now, known.factor_step)
        if step is not None:
            return credentials.take_step(connection, user.id, step)
    if not credentials.take_recovery_code(connection, user.id, _hash(secret, user.id, typed), now):
        return False
    left = credentials.count_recovery_codes(connection, user.id)
    audit.record(connection, Actor(user.name, user.id), Act.USE_RECOVERY_CODE, _subject(user), now, left=left)
    return True


def match_step(shared: str, code: str, now: datetime, last: int) -> int | None:
    """Return the step whose code this is, of those around now that are later than the last one taken; else None."""
    one, current = pyotp.TOTP(shared, interval=STEP_S), int(now.timestamp()) // STEP_S
    for step in range(current - STEPS_OFF, current + STEPS_OFF + 1):
        if step > last and hmac.compare_digest(one.generate_otp(step), code):
            return step
    return None


def _make_code() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _letter in range(_GROUP)) for _number in range(_GROUPS))


def _normal(code: str) -> str:
    folded = unicodedata.normalize("NFKC", code[:100]).lower()
    return "".join(letter for letter in folded if letter.isalnum() and letter.isascii())


def _hash(secret: HouseSecret, user_id: int, code: str) -> str:
    return hash_text(secret, KeyUse.RECOVERY_CODE, f"{user_id}\0{_normal(code)}")


def _seal(secret: HouseSecret, user_id: int, shared: str) -> str:
    """Return a secret as it is kept: AES-256-GCM by the current key of the house, bound to its user."""
    nonce = os.urandom(_NONCE_OCTETS)
    key = derive_key(secret, KeyUse.SECOND_FACTOR, secret.current)
    sealed = AESGCM(key).encrypt(nonce, shared.encode(), str(user_id).encode())
    return f"{secret.current}:{base64.b64encode(nonce + sealed).decode()}"


def _open(secret: HouseSecret, user_id: int, sealed: str) -> str | None:
    """Return what was sealed; None where there is nothing, or nothing of this house and user."""
    number, _colon, text = sealed.partition(":")
    try:
        key, octets = derive_key(secret, KeyUse.SECOND_FACTOR, int(number)), base64.b64decode(text, validate=True)
        return AESGCM(key).decrypt(octets[:_NONCE_OCTETS], octets[_NONCE_OCTETS:], str(user_id).encode()).decode()
    except (KeyError, ValueError, InvalidTag):
        return None


def _subject(user: User) -> Subject:
    return Subject("user", str(user.id))
