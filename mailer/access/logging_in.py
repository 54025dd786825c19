"""Logging in with name, password and, where there is one, second factor."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from mailer.access import attempts, factors
from mailer.access.attempts import Admission
from mailer.access.hashing import PasswordHashing
from mailer.access.sessions import clean_agent, clean_network, start_session
from mailer.model.access import LogIn, LogInOutcome
from mailer.model.audit import Act, Subject
from mailer.model.people import PROGRAM, User, fold_name
from mailer.store import audit, credentials, people
from mailer.store.credentials import Credential
from mailer.store.database import Connection, Store
from mailer.tokens import HouseSecret

log = logging.getLogger(__name__)

BUSY = LogIn(LogInOutcome.LOCKED, wait_s=5)  # more log in at once than this machine can check
REFUSED = LogIn(LogInOutcome.REFUSED)
LONGEST_KEY = 300


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody who says who they are. network, agent: where they sit, as far as the house is told."""

    name: str
    password: str = field(repr=False)
    code: str = field(repr=False)
    network: str
    agent: str


@dataclass(frozen=True, slots=True)
class _Proof:
    """An attempt that was looked at. user: whose password was right, None for nobody's."""

    user: User | None
    credential: Credential
    admission: Admission
    rehashed: str = field(default="", repr=False)


def log_in(store: Store, hashing: PasswordHashing, secret: HouseSecret, attempt: Attempt, now: datetime) -> LogIn:
    """Let a user in, or say only that it is not so: the same answer and the same work for every name (S24, S25).

    A session is a new one each time (S19 and session fixation); a password kept at another cost is hashed anew.
    """
    proof = _prove(store, hashing, secret, attempt, now)
    if isinstance(proof, LogIn):
        return proof
    with store.write() as connection:
        user = _still(connection, proof)
        if user is None:
            return _refuse(connection, proof, now)
        if proof.credential.factor:
            if not attempt.code.strip():
                attempts.take_back(connection, proof.admission, now)
                return LogIn(LogInOutcome.CODE_NEEDED)
            if not factors.take_code(connection, secret, user, attempt.code, now):
                return _refuse(connection, proof, now)
        attempts.forget(connection, proof.admission, now)
        if proof.rehashed:
            credentials.replace_hash(connection, user.id, proof.credential.password_hash, proof.rehashed)
        token = start_session(connection, user, clean_network(attempt.network), clean_agent(attempt.agent), now)
    return LogIn(LogInOutcome.DONE, token)


def confirm_password(
    store: Store, hashing: PasswordHashing, secret: HouseSecret, attempt: Attempt, now: datetime
) -> LogIn:
    """Return DONE, without a token, where somebody who is logged in knows their password; counted as a log-in is."""
    proof = _prove(store, hashing, secret, attempt, now)
    if isinstance(proof, LogIn):
        return proof
    with store.write() as connection:
        if _still(connection, proof) is None:
            return _refuse(connection, proof, now)
        attempts.take_back(connection, proof.admission, now)
    return LogIn(LogInOutcome.DONE)


def _prove(
    store: Store, hashing: PasswordHashing, secret: HouseSecret, attempt: Attempt, now: datetime
) -> _Proof | LogIn:
    key = _key_of(attempt.name)
    with hashing.turn() as mine:
        if not mine:
            return BUSY
        with store.read() as connection:
            place = clean_network(attempt.network), clean_agent(attempt.agent)
            counters = attempts.choose_counters(connection, secret, key, *place, now)
            wait_s = attempts.look_for_block(connection, counters, now)
        if wait_s:  # without a write, however many there are
            return LogIn(LogInOutcome.LOCKED, wait_s=wait_s)
        with store.write() as connection:
            admission = attempts.admit(connection, counters, now)
            user = people.find_user(connection, key)
            known = credentials.read_credential(connection, user.id if user is not None else 0)
        if admission.wait_s:
            return LogIn(LogInOutcome.LOCKED, wait_s=admission.wait_s)
        right = hashing.check(known.password_hash, attempt.password)
        rehashed = hashing.hash(attempt.password) if right and hashing.is_outdated(known.password_hash) else ""
        if not right:
            known = Credential(0)
    return _Proof(user, known, admission, rehashed)


def _still(connection: Connection, proof: _Proof) -> User | None:
    """Return the user whose password was right, unless they were disabled or given another one meanwhile."""
    if proof.user is None or not proof.credential.password_hash:
        return None
    user = people.read_user(connection, proof.user.id)
    now = credentials.read_credential(connection, proof.user.id)
    same = now.password_hash == proof.credential.password_hash and now.factor == proof.credential.factor
    return user if user is not None and user.disabled_at is None and same else None


def _refuse(connection: Connection, proof: _Proof, now: datetime) -> LogIn:
    if proof.admission.closes and proof.user is not None:
        log.warning("too many attempts to log in as user %d have failed", proof.user.id)
        subject = Subject("user", str(proof.user.id))
        failures = max(count for counter, count in proof.admission.counts if not counter.shared)
        audit.record(connection, PROGRAM, Act.LOCK_OUT, subject, now, failures=failures)
    return REFUSED


def _key_of(name: str) -> str:
    """Return a name as users are found by it; what can be nobody's is some name that is nobody's."""
    key = fold_name(name[:LONGEST_KEY])
    return key if key.isprintable() and key.encode("utf-8", "replace").decode() == key else "?"
