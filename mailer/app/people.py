"""People of a house: registered, changed, and asked for their rights."""

from collections.abc import Collection

from mailer.app.ground import Ground
from mailer.model.people import Actor, Right, User, UserRole
from mailer.publishing import people as publishing
from mailer.store import people
from mailer.store.database import Connection


class People:
    """The users of a house."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    @property
    def registered(self) -> bool:
        """False while nobody is: then there are no rights to check, and names are taken at their word."""
        with self._ground.store.read() as connection:
            return people.any_user(connection)

    def require(self, name: str | None, right: Right, connection: Connection | None = None) -> Actor:
        """Return who acts, with the right to; `publishing.people.require` says when it raises.

        connection: the transaction of the act itself; without one the right is only looked at before it.
        """
        if connection is not None:
            return publishing.require(connection, name or "", right)
        with self._ground.store.read() as reading:
            return publishing.require(reading, name or "", right)

    def list(self) -> list[User]:
        """Return every user, disabled ones too."""
        with self._ground.store.read() as connection:
            return people.list_users(connection)

    def names(self, ids: Collection[int]) -> dict[int, str]:
        """Return the names of users by their ids."""
        with self._ground.store.read() as connection:
            return people.user_names(connection, ids)

    def add(
        self, name: str, roles: Collection[UserRole], by: str = "", *, display_name: str = "", email: str = ""
    ) -> User:
        """Register a user. Raises UsageError, AddressError, StateError."""
        with self._ground.store.write() as connection:
            return publishing.add_user(
                connection, name, roles, by, self._ground.now(), display_name=display_name, email=email
            )

    def change(
        self,
        name: str,
        by: str = "",
        *,
        roles: Collection[UserRole] = (),
        display_name: str | None = None,
        email: str | None = None,
    ) -> User:
        """Change a user; roles replace the former ones, what is not given stays. Raises NotFoundError, StateError."""
        with self._ground.store.write() as connection:
            return publishing.change_user(
                connection, name, by, self._ground.now(), roles=roles, display_name=display_name, email=email
            )

    def set_enabled(self, name: str, by: str = "", *, enabled: bool) -> User:
        """Disable a user or enable one again. Raises NotFoundError, StateError."""
        with self._ground.store.write() as connection:
            return publishing.set_enabled(connection, name, by, self._ground.now(), enabled=enabled)
