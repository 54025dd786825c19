"""Opens the database, brings it to the present schema, and gives out transactions."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InternalError,
    OperationalError,
    PendingRollbackError,
    SQLAlchemyError,
)

from mailer.errors import StoreError
from mailer.i18n import _
from mailer.model.os_words import say_os_error

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

__all__ = ["Connection", "Store", "open_store", "waiting_at_most"]

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0024"  # the newest of them; written here so that a database that is up to date needs no Alembic, slow to load
BUSY_TIMEOUT_S = 30
CACHE_KIB = 8 * 1024  # of each connection; a plan of a million rows touches its indexes all over
CHECKPOINT_PAGES = 4000  # a sender rewrites the same pages again and again; copying them back rarely costs least
_patience_s: ContextVar[float | None] = ContextVar("patience_s", default=None)


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """Have transactions that begin in this context wait so long for a lock, and no longer, then raise StoreError.

    Elsewhere SQLite is waited for as the store was opened, PostgreSQL without end.
    """
    token = _patience_s.set(seconds)
    try:
        yield
    finally:
        _patience_s.reset(token)


def _tune_sqlite(connection: Any) -> None:
    # pysqlite's own transaction handling begins late and in the wrong mode; BEGIN IMMEDIATE is emitted by us
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA cache_size = {-CACHE_KIB}")
    cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    cursor.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten, not only forgotten
    cursor.close()


def _write_json(value: object) -> str:
    # SQLite finds a key by its letters as they are stored, and takes no escape for one
    return json.dumps(value, ensure_ascii=False)


def _identify_file(path: Path | None) -> tuple[int, int] | None:
    try:
        found = path.stat() if path is not None else None
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino) if found is not None else None


def _begin_sqlite(connection: Connection, busy_timeout_s: float) -> None:
    options, patience_s = connection.get_execution_options(), _patience_s.get()
    wait_s = 0 if options.get("if_free") else patience_s if patience_s is not None else busy_timeout_s
    if connection.info.get("wait_s") != wait_s:  # a connection of the pool waits as its last user did
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(wait_s * 1000)}")
        connection.info["wait_s"] = wait_s
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writing") else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if (patience_s := _patience_s.get()) is not None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(round(patience_s * 1000), 1)}")


class Store:
    """An open database. Transactions come from `read()` and `write()`; no other room sees SQLAlchemy's engine."""

    def __init__(self, url: URL, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.url = url
        self._engine = create_engine(url, pool_pre_ping=url.get_backend_name() != "sqlite", json_serializer=_write_json)
        if self.is_sqlite:
            event.listen(self._engine, "connect", lambda connection, _record: _tune_sqlite(connection))
            event.listen(self._engine, "begin", lambda connection: _begin_sqlite(connection, busy_timeout_s))
        else:
            event.listen(self._engine, "begin", _begin_postgresql)
        self._writing = self._engine.execution_options(writing=True)
        self._file = _identify_file(self.path)

    @property
    def is_sqlite(self) -> bool:
        """True on one machine; False on PostgreSQL."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path | None:
        """The database file; None on PostgreSQL."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @property
    def is_replaced(self) -> bool:
        """True when another file stands where this database was opened, or none: what is open is not the house."""
        return self.path is not None and _identify_file(self.path) != self._file

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

    @contextmanager
    def write_if_free(self) -> Iterator[Connection | None]:
        """One transaction as `write` gives, or None where another writes: for what may as well be written later.

        Only SQLite has a single writer; on PostgreSQL it is `write`.
        """
        with _said_plainly(self), self._writing.connect() as connection:
            if not self.is_sqlite:
                with connection.begin():
                    yield connection
                return
            try:
                transaction = connection.execution_options(if_free=True).begin()
            except OperationalError as error:
                if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                transaction = None
            if transaction is None:
                yield None
                return
            with transaction:
                yield connection

    def truncate_log(self, wait_s: float) -> bool:
        """Copy SQLite's write-ahead log into the database and empty the file; False where others kept it in use.

        Until then what a transaction has overwritten stands in the log, or in the database itself. wait_s: how long
        readers and writers are waited for. PostgreSQL has no such file: True.
        """
        if not self.is_sqlite:
            return True
        with _said_plainly(self), self._engine.connect() as connection:
            driver = connection.connection.cursor()  # inside a transaction nothing can be emptied
            known_ms = driver.execute("PRAGMA busy_timeout").fetchone()[0]
            try:
                driver.execute(f"PRAGMA busy_timeout = {round(wait_s * 1000)}")
                busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                driver.execute(f"PRAGMA busy_timeout = {known_ms}")
                driver.close()
            return not busy

    def writer(self) -> "Writer":
        """A connection for one thread that writes again and again."""
        return Writer(self, self._writing)

    @contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """One transaction in which tables may be replaced: SQLite checks what points to them at its end only."""
        with _said_plainly(self), self._writing.connect() as connection:
            if not self.is_sqlite:
                with connection.begin():
                    yield connection
                return
            driver = connection.connection.cursor()  # inside a transaction the pragma would do nothing
            driver.execute("PRAGMA foreign_keys = OFF")
            try:
                with connection.begin():
                    yield connection
                    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                        raise StoreError(_("the database is damaged: {why}").format(why="foreign_key_check"))
            finally:
                driver.execute("PRAGMA foreign_keys = ON")
                driver.close()

    @contextmanager
    def stage(self) -> Iterator["Staging"]:
        """A connection on which temporary tables are filled before the transaction that uses them."""
        with _said_plainly(self), self._engine.connect() as connection:
            try:
                yield Staging(connection, self.is_sqlite)
            finally:
                connection.invalidate()  # its temporary tables end with it

    @contextmanager
    def hold(self) -> Iterator[Connection]:
        """A PostgreSQL connection outside any transaction, for a lock that lives as long as it does."""
        with _said_plainly(self), self._engine.connect() as connection:
            try:
                yield connection.execution_options(isolation_level="AUTOCOMMIT")
            finally:
                connection.invalidate()  # closed, not pooled: a session's lock would live on in the pool

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()


class Staging:
    """One connection whose temporary tables outlive its transactions: long work is prepared without a lock."""

    def __init__(self, connection: Connection, is_sqlite: bool) -> None:
        self._connection = connection
        self._is_sqlite = is_sqlite

    @contextmanager
    def fill(self) -> Iterator[Connection]:
        """A transaction for temporary tables alone; it keeps nobody waiting."""
        with self._connection.begin():
            yield self._connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; what is written in it is rolled back."""
        if not self._is_sqlite:
            self._connection.execution_options(isolation_level="REPEATABLE READ")
        with self._connection.begin() as transaction:
            yield self._connection
            transaction.rollback()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, committed durably at the end, rolled back on an exception."""
        self._connection.execution_options(writing=True)
        with self._connection.begin():
            yield self._connection


class Writer:
    """One connection kept for one thread's transactions: taking one from the pool for each costs a tenth of them."""

    def __init__(self, store: Store, engine: Engine) -> None:
        self._store = store
        self._engine = engine
        self._connection: Connection | None = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, committed durably at the end, rolled back on an exception."""
        with _said_plainly(self._store):
            if self._connection is None or self._connection.invalidated:
                self.close()
                self._connection = self._engine.connect()
            with self._connection.begin():
                yield self._connection

    def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


@contextmanager
def _said_plainly(store: Store) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        message, cure = (_explain_sqlite if store.is_sqlite else _explain_postgresql)(error)
        # further lines of a server's message hold the row: addresses that belong in no log
        why = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
        raise StoreError(message.format(why=why), file=store.path, cure=cure) from error
    except PendingRollbackError as error:  # a statement was tried on a connection that was lost before
        message, cure = _unreachable()
        raise StoreError(message.format(why=_("the connection was lost")), cure=cure) from error


def is_passing(error: BaseException | None) -> bool:
    """True where the same may work later: the disk has room again, the lock is free, the server is back."""
    if isinstance(error, StoreError):
        error = error.__cause__
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, OperationalError | InternalError)
    return isinstance(error, PendingRollbackError)


def _explain_sqlite(error: DBAPIError) -> tuple[str, str]:
    """Return the sentence and the cure for an error of SQLite (https://sqlite.org/rescode.html)."""
    match getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF:  # without the extended part
        case sqlite3.SQLITE_NOTADB:
            return _("this is not a database of ours: {why}"), _("put it aside")
        case sqlite3.SQLITE_CORRUPT:
            return _("the database is damaged: {why}"), _("put the file back from a backup")
        case (
            sqlite3.SQLITE_BUSY
            | sqlite3.SQLITE_LOCKED
            | sqlite3.SQLITE_FULL
            | sqlite3.SQLITE_IOERR
            | sqlite3.SQLITE_READONLY
            | sqlite3.SQLITE_CANTOPEN
            | sqlite3.SQLITE_PERM
        ):
            return (
                _("the database cannot be used: {why}"),
                _("see that its disk has room, that the file may be written, and that nothing holds it"),
            )
    return _explain_any(error)


def _unreachable() -> tuple[str, str]:
    return (
        _("the database server cannot be reached: {why}"),
        _("see that it runs and that `database` in config.toml names it; a password comes from ~/.pgpass or "
          "PGPASSWORD"),
    )  # fmt: skip


def _explain_postgresql(error: DBAPIError) -> tuple[str, str]:
    """Return the sentence and the cure for an error of PostgreSQL, by SQLSTATE (its manual, appendix A)."""
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state in ("40001", "40P01"):  # serialization failure, deadlock
        return _("another process changed the same at the same time: {why}"), _("try again")
    if state == "42501":
        return _("the database cannot be used: {why}"), _("let this user make and change tables in it")
    if state == "25006":
        return _("the database cannot be used: {why}"), _("name the server that may be written to")
    if state is not None and state[:2] in ("53", "55"):  # no room, too many connections, locked
        return _("the database cannot be used: {why}"), _("see the server's log, then try again")
    # a connection that fails has no statement; one that is lost has its connection invalidated
    if error.statement is None or error.connection_invalidated or (state or "")[:2] in ("08", "57"):
        return _unreachable()
    return _explain_any(error)


def _explain_any(error: DBAPIError) -> tuple[str, str]:
    if isinstance(error, IntegrityError | DataError):
        message = _("the database refused the change: {why}")
    else:
        message = _("the database cannot be used: {why}")
    return message, _("nothing was changed; this is a fault of the program: please report it")


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


def is_at_head(connection: Connection) -> bool:
    """Return whether a database has the schema of this program; another program may have moved it on meanwhile."""
    return _current_revision(connection) == HEAD


def _migrate(store: Store) -> None:
    with store.read() as connection:
        if is_at_head(connection):
            return
    from alembic import command
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(MIGRATIONS))
    with store.rebuild() as connection:
        if not store.is_sqlite:  # two starting at once: the second waits, then finds the work done
            connection.execute(text("SELECT pg_advisory_xact_lock(7461953)"))
        current = _current_revision(connection)
        if current is None and store.is_sqlite and inspect(connection).get_table_names():
            raise StoreError(
                _("this is not a database of ours: {why}").format(why=_("it holds other tables")),
                file=store.path,
                cure=_("put it aside"),
            )
        if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
            raise StoreError(
                _("the database was made by a newer version"), file=store.path, cure=_("update this program")
            )
        command.upgrade(alembic_config(connection), "head")


def _make_file(path: Path) -> URL:
    """Make a database file that is its owner's alone, in a folder that is: rendered mails stand in it too."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(
            _("the database cannot be opened: {why}").format(why=say_os_error(error)),
            file=path,
            cure=_("see that the folder may be written"),
        ) from None
    return URL.create("sqlite", database=str(path.resolve()))


def _connect(url: str) -> Store:
    try:
        address = make_url(url)
        if address.get_backend_name() != "postgresql":
            raise ValueError
        return Store(address.set(drivername="postgresql+psycopg"))
    except ImportError:
        raise StoreError(
            _("PostgreSQL needs the library psycopg"), cure=_("`pip install 'jianbao-mailer[postgresql]'`")
        ) from None
    except (SQLAlchemyError, ValueError):  # their words may hold a part of the address
        raise StoreError(
            _("this is no address of a PostgreSQL database"), cure=_("see `database` in config.toml")
        ) from None


def open_store(url: str, default: Path) -> Store:
    """Open the PostgreSQL database at `url`, or the SQLite file `default` where it is empty, and migrate it if need be.

    The file is made with mode 0600, its folder with 0700. Raises StoreError when the database cannot be opened or
    reached, is none of ours, or was made by a newer version.
    """
    store = _connect(url) if url else Store(_make_file(default))
    try:
        _migrate(store)
    except SQLAlchemyError as error:
        store.close()
        raise StoreError(_("the database cannot be opened: {why}").format(why=error), file=store.path) from error
    except BaseException:
        store.close()
        raise
    return store
