"""Access to the console of a house: logging in and out, sessions, passwords, second factors."""

from functools import cached_property

from mailer.access import logging_in, sessions
from mailer.access.hashing import PasswordHashing
from mailer.access.logging_in import Attempt
from mailer.access.passwords import check_new_password, set_password
from mailer.app.ground import Ground
from mailer.app.people import People
from mailer.model.access import LogIn, Session
from mailer.model.people import Actor, Right, User, fold_name
from mailer.publishing.people import find_user
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

    def find_session(self, token: str) -> Session | None:
        """Return the session of a browser's token; None where it is over or its user disabled."""
        ground = self._ground
        now = ground.now()
        with ground.store.read() as connection:
            found = sessions.find_session(connection, ground.secret, token, ground.config.console, now)
        if found is not None and now - found.last_seen_at >= sessions.SEEN_EVERY:
            with ground.store.write_if_free() as free:
                if free is not None:  # else the next request says it
                    stored.touch_session(free, found.id, now)
        return found

    def log_out(self, token: str) -> None:
        """End the session of a token, if there is one."""
        with self._ground.store.write() as connection:
            stored.end_session(connection, sessions.hash_token(token), self._ground.now())

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

    def check_password(self, name: str, password: str) -> None:
        """Raise UsageError for a password that a user of this name may not have; the name need not be registered."""
        check_new_password(password, (name,), self._ground.config.console.minimum_password)

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

    def _check(self, user: User, new: str) -> None:
        names = (user.name, user.display_name, user.email, user.email.partition("@")[0])
        check_new_password(new, names, self._ground.config.console.minimum_password)

    def _hash(self, new: str) -> str:
        with self._hashing.turn(patience_s=600):
            return self._hashing.hash(new)
