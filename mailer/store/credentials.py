"""How users prove who they are: hashes of passwords, sealed second factors, recovery codes, names from outside."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailer.model.people import User
from mailer.store.people import read_user
from mailer.store.schema import credential, outside_identity, recovery_code, user_account


@dataclass(frozen=True, slots=True)
class Credential:
    """What one user has; empty: nothing. factor: the sealed secret that counts; factor_step: the last one taken."""

    user_id: int
    password_hash: str = field(default="", repr=False)
    password_set_at: datetime | None = None
    factor: str = field(default="", repr=False)
    factor_set_at: datetime | None = None
    factor_begun: str = field(default="", repr=False)
    factor_step: int = 0


def read_credential(connection: Connection, user_id: int) -> Credential:
    """Return what a user has."""
    row = connection.execute(select(credential).where(credential.c.user_id == user_id)).one_or_none()
    return Credential(*row) if row is not None else Credential(user_id)


def _write(connection: Connection, user_id: int, **fields: object) -> None:
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = make(credential).values(user_id=user_id, **fields)
    connection.execute(row.on_conflict_do_update(index_elements=["user_id"], set_=fields))


def write_password(connection: Connection, user_id: int, password_hash: str, now: datetime) -> None:
    """Give a user another password."""
    _write(connection, user_id, password_hash=password_hash, password_set_at=now)


def replace_hash(connection: Connection, user_id: int, former: str, password_hash: str) -> None:
    """Keep the same password by another hash, unless it was changed meanwhile."""
    mine = (credential.c.user_id == user_id, credential.c.password_hash == former)
    connection.execute(update(credential).where(*mine).values(password_hash=password_hash))


def begin_factor(connection: Connection, user_id: int, sealed: str) -> None:
    """Keep a second factor that counts only once it is confirmed; one that counts already goes on."""
    _write(connection, user_id, factor_begun=sealed)


def confirm_factor(
    connection: Connection, user_id: int, sealed: str, step: int, codes: Collection[str], now: datetime
) -> bool:
    """Let the factor begun count from now on, with its recovery codes (hashes); False where it is another by now."""
    mine = (credential.c.user_id == user_id, credential.c.factor_begun == sealed)
    fields = {"factor": sealed, "factor_set_at": now, "factor_begun": "", "factor_step": step}
    if connection.execute(update(credential).where(*mine).values(**fields)).rowcount != 1:
        return False
    connection.execute(delete(recovery_code).where(recovery_code.c.user_id == user_id))
    connection.execute(insert(recovery_code), [{"user_id": user_id, "code_hash": one} for one in codes])
    return True


def end_factor(connection: Connection, user_id: int) -> bool:
    """Take a user's second factor and recovery codes away; False where there was none."""
    had = read_credential(connection, user_id).factor != ""
    connection.execute(delete(recovery_code).where(recovery_code.c.user_id == user_id))
    fields = {"factor": "", "factor_set_at": None, "factor_begun": "", "factor_step": 0}
    connection.execute(update(credential).where(credential.c.user_id == user_id).values(**fields))
    return had


def take_step(connection: Connection, user_id: int, step: int) -> bool:
    """Use a step of the second factor up, and all before it; False where that was done (RFC 6238 §5.2)."""
    mine = (credential.c.user_id == user_id, credential.c.factor_step < step)
    return connection.execute(update(credential).where(*mine).values(factor_step=step)).rowcount == 1


def take_recovery_code(connection: Connection, user_id: int, code_hash: str, now: datetime) -> bool:
    """Use a recovery code up; False for one that is unknown or used."""
    mine = (recovery_code.c.user_id == user_id, recovery_code.c.code_hash == code_hash)
    unused = recovery_code.c.used_at.is_(None)
    return connection.execute(update(recovery_code).where(*mine, unused).values(used_at=now)).rowcount == 1


def count_recovery_codes(connection: Connection, user_id: int) -> int:
    """Return how many recovery codes are left."""
    mine = (recovery_code.c.user_id == user_id, recovery_code.c.used_at.is_(None))
    return int(connection.execute(select(func.count()).select_from(recovery_code).where(*mine)).scalar_one())


def find_outside(connection: Connection, issuer: str, subject: str) -> User | None:
    """Return the user whom a provider calls by a subject, or None."""
    mine = (outside_identity.c.issuer == issuer, outside_identity.c.subject == subject)
    number = connection.execute(select(outside_identity.c.user_id).where(*mine)).scalar()
    return read_user(connection, number) if number is not None else None


def has_outside(connection: Connection, issuer: str, user_id: int) -> bool:
    """Return whether a user is bound to a subject of this provider."""
    mine = (outside_identity.c.issuer == issuer, outside_identity.c.user_id == user_id)
    return connection.execute(select(outside_identity.c.subject).where(*mine)).first() is not None


def bind_outside(connection: Connection, issuer: str, subject: str, user_id: int, now: datetime) -> None:
    """Write whom a provider means by a subject. The database refuses a second one of either."""
    connection.execute(insert(outside_identity).values(issuer=issuer, subject=subject, user_id=user_id, bound_at=now))


def unbind_outside(connection: Connection, user_id: int) -> int:
    """Forget what providers call a user; return how many did."""
    return connection.execute(delete(outside_identity).where(outside_identity.c.user_id == user_id)).rowcount


def users_by_email(connection: Connection, email: str) -> list[User]:
    """Return the enabled users with exactly this address."""
    enabled = (user_account.c.email == email, user_account.c.disabled_at.is_(None))
    numbers = connection.execute(select(user_account.c.id).where(*enabled)).scalars().all()
    return [user for number in numbers if (user := read_user(connection, number)) is not None]
