"""Tokens by which other programs act for a user over the API."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from mailer.app.ground import Ground
from mailer.app.people import People
from mailer.errors import NotFoundError, UsageError
from mailer.i18n import _
from mailer.model.api_token import PREFIX, ApiToken, Scope
from mailer.model.audit import Act, Subject
from mailer.model.people import Actor, Right, fold_name
from mailer.publishing.people import find_user
from mailer.store import api_tokens, audit
from mailer.store.database import Connection

OCTETS = 32
LONGEST = 200  # characters of what a caller sends
USED_EVERY = timedelta(minutes=1)  # how exactly it is known when a token was used last


class ApiTokens:
    """The API tokens of a house."""

    def __init__(self, ground: Ground, people: People) -> None:
        self._ground = ground
        self._people = people

    def add(
        self, user_name: str, name: str, scopes: Collection[Scope], expires_at: datetime | None, by: str
    ) -> tuple[ApiToken, str]:
        """Make a token for a user, by the user's own word or an admin's; return it, and itself to be shown once.

        Raises UsageError without a name or scope, NotFoundError, StateError.
        """
        title = " ".join(name.split())[:100]
        if not title or not scopes:
            raise UsageError(
                _("a token needs a name and at least one scope"), cure=_("--for WORDS --scope contacts:read")
            )
        token = PREFIX + secrets.token_urlsafe(OCTETS)
        now = self._ground.now()
        with self._ground.store.write() as connection:
            user = find_user(connection, user_name)
            actor = self._require(connection, user.name, by)
            number = api_tokens.add_token(connection, _hash(token), user.id, title, scopes, expires_at, now)
            audit.record(
                connection, actor, Act.ADD_TOKEN, Subject("user", str(user.id)), now,
                token=number, scopes=sorted(one.value for one in scopes),
            )  # fmt: skip
            made = api_tokens.find_token(connection, _hash(token))
        assert made is not None
        return made, token

    def find(self, token: str) -> ApiToken | None:
        """Return a token that is good now, by what a caller sent; None for any other, and for a disabled user's."""
        if not token.startswith(PREFIX) or len(token) > LONGEST or not token.isascii():
            return None
        now = self._ground.now()
        with self._ground.store.read() as connection:
            found = api_tokens.find_token(connection, _hash(token))
        if found is None or not found.is_good(now):
            return None
        if found.last_used_at is None or now - found.last_used_at >= USED_EVERY:
            with self._ground.store.write_if_free() as connection:
                if connection is not None:
                    api_tokens.note_use(connection, found.id, now)
        return found

    def list(self, user_name: str = "") -> list[ApiToken]:
        """Return the tokens of a user (none: of all), the newest first."""
        with self._ground.store.read() as connection:
            found = api_tokens.list_tokens(connection)
        return [one for one in found if not user_name or fold_name(one.user.name) == fold_name(user_name)]

    def revoke(self, number: int, by: str) -> None:
        """End a token, by its user's own word or an admin's. Raises NotFoundError, StateError."""
        mine = next((one for one in self.list() if one.id == number and one.revoked_at is None), None)
        if mine is None:
            raise NotFoundError(
                _("there is no token {n}").format(n=number), cure=_("`mailer user token list` names them")
            )
        now = self._ground.now()
        with self._ground.store.write() as connection:
            actor = self._require(connection, mine.user.name, by)
            if api_tokens.revoke_token(connection, number, now):
                audit.record(connection, actor, Act.REVOKE_TOKEN, Subject("user", str(mine.user.id)), now, token=number)

    def _require(self, connection: Connection, user_name: str, by: str) -> Actor:
        if by and fold_name(by) == fold_name(user_name):
            user = find_user(connection, user_name)
            if user.disabled_at is None:
                return Actor(user.name, user.id)
        return self._people.require(by, Right.USERS, connection)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
