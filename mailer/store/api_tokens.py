"""Tokens of the API, by the hash of each."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from mailer.model.api_token import ApiToken, Scope
from mailer.store.database import Connection
from mailer.store.people import read_user
from mailer.store.schema import api_token


def add_token(
    connection: Connection,
    token_sha256: str,
    user_id: int,
    name: str,
    scopes: Collection[Scope],
    expires_at: datetime | None,
    now: datetime,
) -> int:
    """Write a token; return its number."""
    done = connection.execute(
        insert(api_token).values(
            token_sha256=token_sha256,
            user_id=user_id,
            name=name,
            scopes=sorted(one.value for one in scopes),
            created_at=now,
            expires_at=expires_at,
        )
    )
    assert done.inserted_primary_key is not None
    return int(done.inserted_primary_key[0])


def find_token(connection: Connection, token_sha256: str) -> ApiToken | None:
    """Return a token by its hash, also one that is over or revoked."""
    row = connection.execute(select(api_token).where(api_token.c.token_sha256 == token_sha256)).one_or_none()
    return _to_token(connection, row) if row is not None else None


def list_tokens(connection: Connection) -> list[ApiToken]:
    """Return every token, the newest first."""
    rows = connection.execute(select(api_token).order_by(api_token.c.id.desc())).all()
    return [_to_token(connection, row) for row in rows]


def note_use(connection: Connection, number: int, now: datetime) -> None:
    """Note when a token was last used."""
    connection.execute(update(api_token).where(api_token.c.id == number).values(last_used_at=now))


def revoke_token(connection: Connection, number: int, now: datetime) -> bool:
    """End a token; False for one that was ended before, or is not there."""
    done = connection.execute(
        update(api_token).where(api_token.c.id == number, api_token.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    return done.rowcount == 1


def _to_token(connection: Connection, row: Row[Any]) -> ApiToken:
    user = read_user(connection, row.user_id)
    assert user is not None
    return ApiToken(
        id=row.id,
        user=user,
        name=row.name,
        scopes=frozenset(Scope(one) for one in row.scopes if one in set(Scope)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
