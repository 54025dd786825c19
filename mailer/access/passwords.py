"""New passwords: long enough, and not one of those that are tried first (NIST SP 800-63B-4 §3.1.1.2)."""

import re
import unicodedata
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from mailer.access.hashing import LONGEST_PASSWORD
from mailer.errors import UsageError
from mailer.i18n import _
from mailer.model.audit import Act, Subject
from mailer.model.people import Actor, User, fold_name
from mailer.store import audit, credentials, sessions
from mailer.store.database import Connection

_COMMON = Path(__file__).with_name("common_passwords.txt")
FIELD = "password"


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    lines = _COMMON.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def check_new_password(password: str, names: Collection[str], minimum: int) -> None:
    """Raise UsageError, saying why, for a password that is too short or easily guessed.

    names: what its user is called. It need not mix kinds of characters, which makes none better. Nothing of it is said.
    """
    kept = unicodedata.normalize("NFKC", password)
    if min(len(kept), len(password)) < minimum:  # NFKC makes eighteen letters of one
        raise UsageError(
            _("the password is too short"),
            field=FIELD,
            cure=_(
                "take {n} characters or more; a few words that belong together only for you are easy to keep"
            ).format(n=minimum),
        )
    if max(len(kept), len(password)) > LONGEST_PASSWORD:
        raise UsageError(
            _("the password is too long"), field=FIELD, cure=_("take {n} characters at most").format(n=LONGEST_PASSWORD)
        )
    if any(not letter.isprintable() for letter in kept):
        raise UsageError(_("the password has characters that cannot be typed"), field=FIELD, cure=_("take others"))
    folded = kept.casefold()
    if _is_name(folded, names):
        raise UsageError(_("the password is the user’s own name"), field=FIELD, cure=_("take another"))
    if is_common(folded):
        raise UsageError(
            _("the password is one of those that are tried first"),
            field=FIELD,
            cure=_("take another; a few words that belong together only for you are easy to keep"),
        )


def _is_name(folded: str, names: Collection[str]) -> bool:
    letters = "".join(letter for letter in folded if letter.isalpha())
    for name in (*names, *(one.partition("@")[0] for one in names)):
        word = "".join(letter for letter in fold_name(name) if letter.isalpha())
        if word and letters and not letters.replace(word, ""):
            return True
    return False


def is_common(folded: str) -> bool:
    """Return whether a password, without case, is a common one, also with digits and signs after it, or repeated."""
    stem = re.sub(r"[\W\d_]+$", "", folded)
    if folded in _common() or stem in _common():
        return True
    if folded in "01234567890123456789" or folded in "98765432109876543210":
        return True
    unit = re.fullmatch(r"(.+?)\1+", folded, re.DOTALL)
    return unit is not None and (len(unit[1]) <= 4 or unit[1] in _common())


def set_password(connection: Connection, user: User, password_hash: str, actor: Actor, now: datetime) -> None:
    """Give a user another password, and end every session they have (S19)."""
    credentials.write_password(connection, user.id, password_hash, now)
    ended = sessions.end_sessions(connection, user.id, now)
    audit.record(connection, actor, Act.SET_PASSWORD, Subject("user", str(user.id)), now, ended=ended)
