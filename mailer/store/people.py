"""Users and their roles."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, insert, select, update

from mailer.model.people import User, UserRole, fold_name
from mailer.store.schema import user_account, user_role


def any_user(connection: Connection) -> bool:
    """Return whether anybody was ever registered; a disabled user counts."""
    return bool(connection.execute(select(exists().select_from(user_account))).scalar())


def lock_users(connection: Connection) -> None:
    """Let no other transaction change a user before this one ends (SQLite has one writer anyway)."""
    connection.execute(select(user_account.c.id).order_by(user_account.c.id).with_for_update())


def list_users(connection: Connection) -> list[User]:
    """Return every user, disabled ones too, by the order they were registered in."""
    return [_to_user(connection, row) for row in connection.execute(select(user_account).order_by(user_account.c.id))]


def find_user(connection: Connection, name: str) -> User | None:
    """Return the user of a name, however it is written, or None."""
    row = connection.execute(select(user_account).where(user_account.c.name_key == fold_name(name))).one_or_none()
    return _to_user(connection, row) if row is not None else None


def read_user(connection: Connection, user_id: int) -> User | None:
    """Return the user of an id, or None."""
    row = connection.execute(select(user_account).where(user_account.c.id == user_id)).one_or_none()
    return _to_user(connection, row) if row is not None else None


def user_names(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """Return the names of users by their ids."""
    rows = connection.execute(select(user_account.c.id, user_account.c.name).where(user_account.c.id.in_(ids)))
    return {int(number): str(name) for number, name in rows}


def insert_user(
    connection: Connection, name: str, display_name: str, email: str, roles: Collection[UserRole], now: datetime
) -> int:
    """Write a new user; return its id. The database refuses a name that is taken."""
    inserted = connection.execute(
        insert(user_account)
        .values(name=name, name_key=fold_name(name), display_name=display_name, email=email, created_at=now)
        .returning(user_account.c.id)
    )
    number = int(inserted.scalar_one())
    _write_roles(connection, number, roles)
    return number


def update_user(
    connection: Connection, user_id: int, display_name: str, email: str, roles: Collection[UserRole]
) -> None:
    """Write a user's fields and roles; these replace the former ones."""
    connection.execute(
        update(user_account).where(user_account.c.id == user_id).values(display_name=display_name, email=email)
    )
    connection.execute(delete(user_role).where(user_role.c.user_id == user_id))
    _write_roles(connection, user_id, roles)


def set_disabled(connection: Connection, user_id: int, at: datetime | None) -> None:
    """Disable a user, or with None let the user act again."""
    connection.execute(update(user_account).where(user_account.c.id == user_id).values(disabled_at=at))


def _write_roles(connection: Connection, user_id: int, roles: Collection[UserRole]) -> None:
    connection.execute(insert(user_role), [{"user_id": user_id, "role": role.value} for role in sorted(set(roles))])


def _to_user(connection: Connection, row: Row[Any]) -> User:
    roles = connection.execute(select(user_role.c.role).where(user_role.c.user_id == row.id)).scalars()
    return User(
        row.id,
        row.name,
        row.display_name,
        row.email,
        frozenset(UserRole(one) for one in roles),
        row.created_at,
        row.disabled_at,
    )
