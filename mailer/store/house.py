"""Which house a database belongs to, which of its copies it is, and which sender works on it."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from mailer.errors import StoreError
from mailer.i18n import _
from mailer.model.identity import HouseIdentity
from mailer.store.schema import house

SENDER_LOCK = 7461954  # PostgreSQL's number for the one sender of a database


def claim_house(connection: Connection, fingerprint: str) -> None:
    """Write the fingerprint of the house secret at first use; later raise StoreError when it is another's.

    With another secret every suppression would be undone and every link in sent mail dead.
    """
    known = connection.execute(select(house.c.fingerprint)).scalar()
    if known is None:
        connection.execute(insert(house).values(id=1, fingerprint=fingerprint))
    elif known != fingerprint:
        raise StoreError(
            _("the house secret is not the one this database was made with"),
            cure=_("put var/secret.json back from a backup; a new one would undo every suppression and every link"),
        )


def known_fingerprint(connection: Connection) -> str | None:
    """Return the fingerprint of the house secret, or None in a database nobody has used yet."""
    return connection.execute(select(house.c.fingerprint)).scalar()


def read_identity(connection: Connection) -> HouseIdentity:
    """Return which copy of the house this database is; in one that nobody has used yet, of none."""
    row = connection.execute(
        select(
            house.c.instance_id, house.c.generation, house.c.beat_at, house.c.clock_seen_at,
            house.c.confirmed_by, house.c.confirmed_at,
        )
    ).one_or_none()  # fmt: skip
    return HouseIdentity(*row) if row is not None else HouseIdentity()


def begin_identity(connection: Connection, instance_id: str) -> str:
    """Give a house that has none its instance id, at generation 0; return the one it has now."""
    connection.execute(update(house).where(house.c.instance_id == "").values(instance_id=instance_id))
    return read_identity(connection).instance_id


def count_on(connection: Connection, instance_id: str, at_least: int, now: datetime) -> int | None:
    """Count the generation on and return it; None where another instance has come in, or it is below `at_least`."""
    return connection.execute(
        update(house)
        .where(house.c.instance_id == instance_id, house.c.generation >= at_least)
        .values(generation=house.c.generation + 1, beat_at=now)
        .returning(house.c.generation)
    ).scalar()


def note_clock(connection: Connection, now: datetime) -> None:
    """Write that the clock of a `serve` has ticked."""
    connection.execute(update(house).values(clock_seen_at=now))


def try_writing(connection: Connection) -> None:
    """Write what stands there already, so that it is known whether anything can be written."""
    connection.execute(update(house).values(generation=house.c.generation))


def confirm_identity(connection: Connection, instance_id: str, generation: int, by: str, now: datetime) -> None:
    """Make this database a copy of its own, by a person's word."""
    connection.execute(
        update(house).values(
            instance_id=instance_id, generation=generation, beat_at=now, confirmed_by=by, confirmed_at=now
        )
    )


def forget_identity(connection: Connection) -> None:
    """Make a copy for trying things a house that nobody has run."""
    connection.execute(update(house).values(instance_id="", generation=0))


def name_database(connection: Connection) -> str:
    """Return what tells a PostgreSQL database from every other: its cluster's system identifier, and its name.

    A cluster restored from a dump has another identifier; one copied file by file, and a standby, have the same. Where
    the server does not let us ask (pg_control_system), its address stands in.
    """
    name = connection.execute(text("SELECT current_database()")).scalar_one()
    try:
        with connection.begin_nested():
            cluster = connection.execute(text("SELECT system_identifier FROM pg_control_system()")).scalar_one()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != "42501":  # insufficient_privilege
            raise
        cluster = f"{connection.engine.url.host}:{connection.engine.url.port}"
    return f"{cluster}/{name}"


def is_sender_alive(connection: Connection) -> bool:
    """Return whether a sender holds the lock of this very PostgreSQL database now, which no copy of it can show."""
    held = text(
        "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 "
        "AND objid = :number AND objsubid = 1 AND pid <> pg_backend_pid() "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
    return bool(connection.execute(held, {"number": SENDER_LOCK}).scalar())


def try_sender_lock(connection: Connection) -> bool:
    """Take the sender lock of a PostgreSQL database for as long as this connection lives; False when another has it."""
    return bool(connection.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": SENDER_LOCK}).scalar())


def is_alive(connection: Connection) -> bool:
    """Return False when the server has ended a connection, and with it the lock it held."""
    try:
        connection.execute(text("SELECT 1"))
    except DBAPIError:
        return False
    return True


def note_traces(connection: Connection, now: datetime) -> None:
    """Write down, with an erasure itself, that SQLite's log file holds what was erased until it is emptied."""
    if connection.dialect.name == "sqlite":
        connection.execute(update(house).where(house.c.traces_since.is_(None)).values(traces_since=now))


def traces_since(connection: Connection) -> datetime | None:
    """Return since when the log file may hold persons that were erased; None where it holds none."""
    return connection.execute(select(house.c.traces_since)).scalar()


def forget_traces(connection: Connection, since: datetime) -> None:
    """Write down that the log file was emptied; an erasure that came meanwhile stays noted."""
    connection.execute(update(house).where(house.c.traces_since == since).values(traces_since=None))
