"""Browsers in which users are logged in, and attempts to log in that failed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailer.store.schema import log_in_failure, user_account, user_session

PAGE = 1000


@dataclass(frozen=True, slots=True)
class KeptSession:
    """A session that nobody has ended; whether it is too old is not looked at here."""

    id: int
    user_id: int
    created_at: datetime
    last_seen_at: datetime
    network: str
    agent: str


_columns = (
    user_session.c.id,
    user_session.c.user_id,
    user_session.c.created_at,
    user_session.c.last_seen_at,
    user_session.c.network,
    user_session.c.agent,
)
_open = user_session.c.ended_at.is_(None)


def add_session(
    connection: Connection, token_sha256: str, user_id: int, network: str, agent: str, now: datetime
) -> None:
    """Write that a user is logged in."""
    connection.execute(
        insert(user_session).values(
            token_sha256=token_sha256,
            user_id=user_id,
            created_at=now,
            last_seen_at=now,
            network=network,
            agent=agent,
        )
    )


def find_session(connection: Connection, token_sha256: str) -> KeptSession | None:
    """Return the session of a token, or None."""
    mine = user_session.c.token_sha256 == token_sha256
    row = connection.execute(select(*_columns).where(mine, _open)).one_or_none()
    return KeptSession(*row) if row is not None else None


def touch_session(connection: Connection, session_id: int, now: datetime) -> None:
    """Write that a session was used."""
    later = (user_session.c.id == session_id, user_session.c.last_seen_at < now)
    connection.execute(update(user_session).where(*later).values(last_seen_at=now))


def list_sessions(connection: Connection, user_id: int) -> list[KeptSession]:
    """Return a user's sessions, the one used last first."""
    mine = select(*_columns).where(user_session.c.user_id == user_id, _open)
    return [KeptSession(*row) for row in connection.execute(mine.order_by(user_session.c.last_seen_at.desc()))]


def end_session(connection: Connection, token_sha256: str, now: datetime) -> bool:
    """End the session of a token; False where there is none."""
    mine = user_session.c.token_sha256 == token_sha256
    return connection.execute(update(user_session).where(mine, _open).values(ended_at=now)).rowcount == 1


def end_sessions(connection: Connection, user_id: int, now: datetime, but: int = 0) -> int:
    """End all sessions of a user, but for the one of this id; return how many."""
    others = (user_session.c.user_id == user_id, user_session.c.id != but)
    return connection.execute(update(user_session).where(*others, _open).values(ended_at=now)).rowcount


def was_there(connection: Connection, name_key: str, network: str, agent: str, since: datetime) -> tuple[bool, bool]:
    """Return whether the user of a name was logged in from a network, and there with a browser; no user is as quick."""
    same_browser = case((user_session.c.agent == agent, 1), else_=0)
    found = (
        select(func.count(), func.coalesce(func.max(same_browser), 0))
        .select_from(user_session)
        .join(user_account, user_account.c.id == user_session.c.user_id)
        .where(
            user_account.c.name_key == name_key,
            user_session.c.network == network,
            user_session.c.last_seen_at >= since,
        )
    )
    there, browser = connection.execute(found).one()
    return bool(there), bool(browser)


@dataclass(frozen=True, slots=True)
class Failures:
    """How many attempts in a row failed for one subject, when the last did, and until when none is looked at."""

    failures: int
    failed_at: datetime
    blocked_until: datetime | None


def last_block(connection: Connection, subjects: Collection[str]) -> datetime | None:
    """Return until when the subject that is blocked longest is; None where none is."""
    mine = log_in_failure.c.subject.in_(subjects)
    return connection.execute(select(func.max(log_in_failure.c.blocked_until)).where(mine)).scalar()


def lock_failures(connection: Connection, subject: str, now: datetime) -> Failures:
    """Return what is known of a subject, which no other transaction changes before this one ends."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = make(log_in_failure).values(subject=subject, failures=0, failed_at=now)
    kept = row.on_conflict_do_update(index_elements=["subject"], set_={"subject": subject}).returning(
        log_in_failure.c.failures, log_in_failure.c.failed_at, log_in_failure.c.blocked_until
    )
    return Failures(*connection.execute(kept).one())


def write_failures(connection: Connection, subject: str, kept: Failures) -> None:
    """Write what is known of a subject that is locked."""
    mine = log_in_failure.c.subject == subject
    fields = {"failures": kept.failures, "failed_at": kept.failed_at, "blocked_until": kept.blocked_until}
    connection.execute(update(log_in_failure).where(mine).values(**fields))


def forget_failures(connection: Connection, subject: str) -> None:
    """Forget what failed for a subject."""
    connection.execute(delete(log_in_failure).where(log_in_failure.c.subject == subject))


def count_old_sessions(connection: Connection, before: datetime) -> int:
    """Return how many sessions were last used before a time."""
    old = select(func.count()).select_from(user_session).where(user_session.c.last_seen_at < before)
    return int(connection.execute(old).scalar_one())


def count_old_failures(connection: Connection, before: datetime) -> int:
    """Return how many subjects failed last before a time."""
    old = select(func.count()).select_from(log_in_failure).where(log_in_failure.c.failed_at < before)
    return int(connection.execute(old).scalar_one())


def drop_sessions(connection: Connection, before: datetime) -> int:
    """Delete some sessions that were last used before a time; return how many, 0 when there are no more."""
    ids = select(user_session.c.id).where(user_session.c.last_seen_at < before).limit(PAGE).scalar_subquery()
    return connection.execute(delete(user_session).where(user_session.c.id.in_(ids))).rowcount


def drop_failures(connection: Connection, before: datetime) -> int:
    """Delete what failed last before a time, some of it; return how many rows."""
    old = select(log_in_failure.c.subject).where(log_in_failure.c.failed_at < before).limit(PAGE).scalar_subquery()
    return connection.execute(delete(log_in_failure).where(log_in_failure.c.subject.in_(old))).rowcount
