"""Access to the console of a house: logging in and out, sessions, passwords, second factors."""

from collections.abc import Collection
from functools import cached_property

from mailer.access import factors, logging_in, outside, sessions
from mailer.access.hashing import PasswordHashing
from mailer.access.logging_in import Attempt
from mailer.access.passwords import check_new_password, set_password
from mailer.app.ground import Ground
from mailer.app.people import People
from mailer.model.access import AccessState, LogIn, LogInOutcome, SecondFactor, Session
from mailer.model.people import Actor, Right, User, fold_name
from mailer.publishing.people import find_user
from mailer.store import credentials
from mailer.store import sessions as stored
from mailer.store.database import Connection


class Access:
    """Who is let in. `hashing`: what a password costs, where it is not to be what it should."""

    def __init__(self, ground: Ground, people: People, hashing: PasswordHashing | None = None) -> None:
        self._ground = ground
        self._people = people
        self._given = hashing

    @cached_property
    def _hashing(self) -> PasswordHashing:
        return self._given or PasswordHashing()

    def log_in(self, name: str, password: str, code: str, network: str, agent: str) -> LogIn:
        """Let a user in, who then has a new session; else the answer is the same whatever is wrong (S24).

        code: of the second factor or a recovery code, empty at first. network: whence the request comes, empty where
        that is not known; agent: the browser, in its own words.
        """
        ground = self._ground
        attempt = Attempt(name, password, code, network, agent)
        return logging_in.log_in(ground.store, self._hashing, ground.secret, attempt, ground.now())

    def find_session(self, token: str, *, seen: bool = True) -> Session | None:
        """Return the session of a browser's token; None where it is over or its user disabled.

        seen: it is used by this; else only looked at, and goes on ageing.
        """
        ground = self._ground
        now = ground.now()
        with ground.store.read() as connection:
            found = sessions.find_session(connection, ground.secret, token, ground.config.console, now)
        if seen and found is not None and now - found.last_seen_at >= sessions.SEEN_EVERY:
            with ground.store.write_if_free() as free:
                if free is not None:  # else the next request says it
                    stored.touch_session(free, found.id, now)
        return found

    def log_out(self, token: str) -> None:
        """End the session of a token, if there is one."""
        if not token:
            return
        with self._ground.store.write() as connection:
            stored.end_session(connection, sessions.hash_token(token), self._ground.now())

    def log_in_outside(self, issuer: str, subject: str, email: str, network: str, agent: str) -> LogIn:
        """Let in whom a provider of OpenID Connect vouches for: DONE or REFUSED.

        email: as the provider has verified it, else empty; it counts only until a subject is bound to a user.
        """
        with self._ground.store.write() as connection:
            return outside.log_in_outside(connection, issuer, subject, email, network, agent, self._ground.now())

    def list_sessions(self, name: str) -> list[Session]:
        """Return where a user is logged in, the session used last first. Raises NotFoundError."""
        ground = self._ground
        settings, now = ground.config.console, ground.now()
        with ground.store.read() as connection:
            user = find_user(connection, name)
            found = stored.list_sessions(connection, user.id)
        return [sessions.describe(one, user, settings) for one in found if sessions.is_fresh(one, settings, now)]

    def end_sessions(self, name: str, by: str) -> int:
        """Log a user out everywhere, by the user's own word or an admin's; return of how many browsers.

        Raises UsageError, NotFoundError, StateError.
        """
        with self._ground.store.write() as connection:
            user = find_user(connection, name)
            actor = self._require_self_or_admin(connection, user, by)
            return sessions.end_sessions(connection, user, actor, self._ground.now())

    def _require_self_or_admin(self, connection: Connection, user: User, by: str) -> Actor:
        if fold_name(by) == fold_name(user.name) and user.disabled_at is None:
            return Actor(user.name, user.id)
        return self._people.require(by, Right.USERS, connection)

    def check_password(self, names: Collection[str], password: str) -> None:
        """Raise UsageError for a password that a user who is called so may not have; nobody need be registered yet.

        names: the user's name, display name and address, as far as there are.
        """
        check_new_password(password, names, self._ground.config.console.minimum_password)

    def set_password(self, name: str, new: str, by: str) -> None:
        """Give a user a password, by an admin's word, and end every session of that user.

        Raises UsageError for a password that is too short or easily guessed, NotFoundError, StateError.
        """
        ground = self._ground
        with ground.store.read() as connection:
            user = find_user(connection, name)
        self._check(user, new)
        hashed = self._hash(new)
        with ground.store.write() as connection:
            actor = self._people.require(by, Right.USERS, connection)
            set_password(connection, find_user(connection, name), hashed, actor, ground.now())

    def change_password(self, session_token: str, current: str, new: str) -> LogIn:
        """Give the user of a session another password; every session ends, and the answer has the token of a new one.

        A wrong `current` is counted as a log-in that failed. Raises UsageError as `set_password` does.
        """
        ground = self._ground
        session = self.find_session(session_token)
        if session is None:
            return logging_in.REFUSED
        self._check(session.user, new)
        proof = self._confirm(session, current)
        if proof.outcome is not LogInOutcome.DONE:
            return proof
        hashed, now = self._hash(new), ground.now()
        with ground.store.write() as connection:
            user = find_user(connection, session.user.name)
            set_password(connection, user, hashed, Actor(user.name, user.id), now)
            token = sessions.start_session(connection, user, session.network, session.agent, now)
        return LogIn(LogInOutcome.DONE, token)

    def confirm_password(self, session_token: str, password: str) -> LogIn:
        """Return DONE, without a token, where the user of a session knows their password; counted as a log-in is.

        To be asked before what a stolen session must not do, such as taking the second factor away.
        """
        session = self.find_session(session_token)
        return self._confirm(session, password) if session is not None else logging_in.REFUSED

    def _confirm(self, session: Session, password: str) -> LogIn:
        ground = self._ground
        attempt = Attempt(session.user.name, password, "", session.network, session.agent)
        return logging_in.confirm_password(ground.store, self._hashing, ground.secret, attempt, ground.now())

    def describe(self, name: str) -> AccessState:
        """Return what a user has to prove who they are. Raises NotFoundError."""
        with self._ground.store.read() as connection:
            user = find_user(connection, name)
            known = credentials.read_credential(connection, user.id)
            left = credentials.count_recovery_codes(connection, user.id)
        return AccessState(known.password_set_at, known.factor_set_at, left)

    def draw_factor(self, factor: SecondFactor) -> bytes:
        """Return the QR code that an app on a telephone reads, as PNG."""
        from mailer.rendering.qr import draw_secret_qr  # segno is loaded only where it draws

        return draw_secret_qr(factor.address)

    def begin_second_factor(self, name: str) -> SecondFactor:
        """Make a second factor for a user, which counts once it is confirmed; until then the former one does.

        Raises NotFoundError.
        """
        ground = self._ground
        with ground.store.write() as connection:
            user = find_user(connection, name)
            return factors.begin_factor(connection, ground.secret, user, ground.config.sender.name)

    def confirm_second_factor(self, name: str, code: str, session_id: int = 0) -> tuple[str, ...]:
        """Let the factor begun count, by a code of it; return recovery codes, to be shown this once.

        Every session of the user ends but the one of this id.

        Raises NotFoundError, StateError where none was begun, UsageError for a code that is not its.
        """
        ground = self._ground
        with ground.store.write() as connection:
            user = find_user(connection, name)
            return factors.confirm_factor(connection, ground.secret, user, code, ground.now(), session_id)

    def end_second_factor(self, name: str, by: str, session_id: int = 0) -> bool:
        """Take a user's second factor away, by the user's own word or an admin's; False where there was none.

        Every session of the user ends but the one of this id.
        Raises UsageError, NotFoundError, StateError.
        """
        with self._ground.store.write() as connection:
            user = find_user(connection, name)
            actor = self._require_self_or_admin(connection, user, by)
            return factors.end_factor(connection, user, actor, self._ground.now(), session_id)

    def _check(self, user: User, new: str) -> None:
        self.check_password((user.name, user.display_name, user.email), new)

    def _hash(self, new: str) -> str:
        with self._hashing.turn(patience_s=600):
            return self._hashing.hash(new)
