"""Opening, migrating and refusing databases."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select, text

from mailer.errors import StoreError
from mailer.store import schema
from mailer.store.database import HEAD, MIGRATIONS, Store, open_store
from tests.world import NOW


def test_the_migrations_make_the_very_schema_the_code_declares(store: Store) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, schema.metadata) == []


def test_the_head_that_is_written_down_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


def test_times_come_back_as_aware_utc_and_naive_ones_are_refused(store: Store) -> None:
    with store.write() as connection:
        connection.execute(insert(schema.schedule_seen).values(name="monthly", first_seen_at=NOW))
    with store.read() as connection:
        assert connection.execute(select(schema.schedule_seen.c.first_seen_at)).scalar() == NOW
    naive = datetime(2020, 7, 31)  # noqa: DTZ001 - the fault being tested
    with pytest.raises(Exception, match="without zone"), store.write() as connection:
        connection.execute(insert(schema.schedule_seen).values(name="other", first_seen_at=naive))


def test_a_write_that_raises_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as connection:
        connection.execute(insert(schema.schedule_seen).values(name="monthly", first_seen_at=NOW))
        raise RuntimeError
    with store.read() as connection:
        assert connection.execute(select(schema.schedule_seen)).all() == []


def test_opening_twice_changes_nothing_and_a_newer_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mailer.db"
    open_store("", path).close()
    open_store("", path).close()
    store = open_store("", path)
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(StoreError, match="newer version"):
        open_store("", path)


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "mailer.db"
    path.write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(StoreError) as caught:
        open_store("", path)
    assert caught.value.file == path
    assert path.read_bytes().startswith(b"this is a letter")


def test_the_sqlite_file_is_for_its_owner_and_synced_to_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "var" / "mailer.db"
    store = open_store("", path)
    assert os.stat(path).st_mode & 0o077 == 0
    with store.read() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    store.close()


def test_utc_is_what_is_stored_whatever_zone_came_in(store: Store) -> None:
    from zoneinfo import ZoneInfo

    local = datetime(2020, 7, 31, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    with store.write() as connection:
        connection.execute(insert(schema.schedule_seen).values(name="monthly", first_seen_at=local))
    with store.read() as connection:
        found = connection.execute(select(schema.schedule_seen.c.first_seen_at)).scalar()
    assert found == datetime(2020, 7, 31, 2, 0, tzinfo=UTC)
    assert found.utcoffset() is not None
