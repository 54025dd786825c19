"""Opens the database, brings it to the present schema, and gives out transactions."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from mailer.errors import StoreError
from mailer.i18n import _

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

__all__ = ["Connection", "Store", "open_store"]

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0001"  # the newest of them; written here so that a database that is up to date needs no Alembic, slow to load
BUSY_TIMEOUT_S = 30


def _tune_sqlite(connection: Any, _record: Any) -> None:
    # pysqlite's own transaction handling begins late and in the wrong mode; BEGIN IMMEDIATE is emitted by us
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


class Store:
    """An open database. Transactions come from `read()` and `write()`; no other room sees SQLAlchemy's engine."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._engine = create_engine(url, pool_pre_ping=url.get_backend_name() != "sqlite")
        if self.is_sqlite:
            event.listen(self._engine, "connect", _tune_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        self._writing = self._engine.execution_options(writing=True)

    @property
    def is_sqlite(self) -> bool:
        """True on one machine; False on PostgreSQL."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path | None:
        """The database file; None on PostgreSQL."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; what is written in it is rolled back."""
        with _said_plainly(self), self._engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, committed durably at the end, rolled back on an exception."""
        with _said_plainly(self), self._writing.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()


@contextmanager
def _said_plainly(store: Store) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise StoreError(
            _("the database cannot be used: {why}").format(why=str(error.orig).strip()),
            file=store.path,
            cure=_("see that its disk has room, that the file may be written, and that nothing holds it"),
        ) from error


def alembic_config(connection: Connection) -> "AlembicConfig":
    """Return Alembic's settings for this connection; for migrations, and for writing a new one."""
    from alembic.config import Config as AlembicConfig

    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _current_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(store: Store) -> None:
    with store.read() as connection:
        if _current_revision(connection) == HEAD:
            return
    from alembic import command
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(MIGRATIONS))
    with store.write() as connection:
        if not store.is_sqlite:  # two starting at once: the second waits, then finds the work done
            connection.execute(text("SELECT pg_advisory_xact_lock(7461953)"))
        current = _current_revision(connection)
        if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
            raise StoreError(
                _("the database was made by a newer version"), file=store.path, cure=_("update this program")
            )
        command.upgrade(alembic_config(connection), "head")


def open_store(url: str, default: Path) -> Store:
    """Open the database at `url`, or the SQLite file `default` where it is empty, and migrate it if need be.

    The file is made with mode 0600. Raises StoreError when it cannot be opened, is no database of ours, or was made
    by a newer version.
    """
    if url:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
    else:
        try:
            default.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(default, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise StoreError(
                _("the database cannot be opened: {why}").format(why=error.strerror), file=default
            ) from None
        parsed = URL.create("sqlite", database=str(default.resolve()))
    store = Store(parsed)
    try:
        _migrate(store)
    except DBAPIError as error:
        store.close()
        raise StoreError(
            _("this is not a database of ours: {why}").format(why=error.orig), file=default, cure=_("put it aside")
        ) from None
    except SQLAlchemyError as error:
        store.close()
        raise StoreError(_("the database cannot be opened: {why}").format(why=error), file=default) from None
    return store
