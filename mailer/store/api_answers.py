"""What the API has answered to calls that have a key, so that a call that comes again is answered, not done, again."""

import zlib
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from mailer.model.api_token import KeptAnswer
from mailer.store.database import Connection
from mailer.store.schema import api_answer

PAGE = 1000


def begin_answer(
    connection: Connection, token_id: int, key_sha256: str, request_sha256: str, now: datetime
) -> KeptAnswer | None:
    """Write that a call is being answered, and return None; where its key is known, return what stands under it."""
    mine = (api_answer.c.token_id == token_id, api_answer.c.key_sha256 == key_sha256)
    try:
        with connection.begin_nested():
            connection.execute(
                insert(api_answer).values(
                    token_id=token_id, key_sha256=key_sha256, request_sha256=request_sha256, begun_at=now
                )
            )
    except IntegrityError:
        row = connection.execute(select(api_answer).where(*mine)).one()
        body = zlib.decompress(row.body) if row.body is not None else b""
        return KeptAnswer(row.request_sha256, row.begun_at, row.status, row.media_type, body)
    return None


def finish_answer(
    connection: Connection, token_id: int, key_sha256: str, status: int, media_type: str, body: bytes
) -> None:
    """Keep what a call was answered."""
    mine = (api_answer.c.token_id == token_id, api_answer.c.key_sha256 == key_sha256)
    packed = zlib.compress(body, 1)
    connection.execute(update(api_answer).where(*mine).values(status=status, media_type=media_type, body=packed))


def drop_answer(connection: Connection, token_id: int, key_sha256: str) -> None:
    """Forget a key."""
    mine = (api_answer.c.token_id == token_id, api_answer.c.key_sha256 == key_sha256)
    connection.execute(delete(api_answer).where(*mine))


def drop_answers(connection: Connection, before: datetime) -> int:
    """Delete some answers begun before a time; return how many, 0 when there are no more."""
    old = select(api_answer.c.token_id, api_answer.c.key_sha256).where(api_answer.c.begun_at < before).limit(PAGE)
    rows = connection.execute(old).all()
    for row in rows:
        drop_answer(connection, row.token_id, row.key_sha256)
    return len(rows)


def count_answers(connection: Connection, before: datetime) -> int:
    """Return how many answers were begun before a time."""
    old = select(func.count()).select_from(api_answer).where(api_answer.c.begun_at < before)
    return int(connection.execute(old).scalar_one())
