"""Opening, migrating and refusing databases."""

import os
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from mailer.errors import StoreError
from mailer.store import schedules, schema
from mailer.store.database import HEAD, MIGRATIONS, Store, is_passing, open_store, waiting_at_most
from mailer.store.house import note_clock, try_sender_lock
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
    assert caught.value.message.startswith("this is not a database of ours")
    assert path.read_bytes().startswith(b"this is a letter")


def test_the_sqlite_file_is_for_its_owner_and_synced_to_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "var" / "mailer.db"
    store = open_store("", path)
    assert os.stat(path).st_mode & 0o077 == 0
    assert os.stat(path.parent).st_mode & 0o077 == 0, "nor may others read the mails rendered beside it"
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


def test_a_database_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mailer.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE issue (title TEXT)")
    other.close()
    with pytest.raises(StoreError, match="not a database of ours"):
        open_store("", path)
    with sqlite3.connect(path) as other:
        tables = other.execute("SELECT name FROM sqlite_master").fetchall()
    other.close()
    assert tables == [("issue",)]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://mailer@127.0.0.1:1/mailer",
        "postgresql:///mailer?host=/no/such/folder",
    ],
)
def test_a_server_that_cannot_be_reached_is_said_so_and_no_file_is_named(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url, tmp_path / "mailer.db")
    assert caught.value.message.startswith("the database server cannot be reached: ")
    assert "\n" not in caught.value.message
    assert "PGPASSWORD" in caught.value.cure
    assert caught.value.file is None
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_refuses_us_is_said_so(postgresql: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be reached: .*does not exist") as caught:
        open_store(postgresql.replace("/postgres?", "/absent?"), tmp_path / "mailer.db")
    assert caught.value.file is None


@pytest.mark.parametrize("url", ["nonsense", "postgres://u@h/d", "sqlite:///other.db", "postgresql://u:word@h:port/d"])
def test_an_address_that_is_none_is_one_clear_error(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no address of a PostgreSQL database") as caught:
        open_store(url, tmp_path / "mailer.db")
    assert "word" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_what_the_database_refuses_is_a_store_error_that_keeps_its_cause(store: Store) -> None:
    with store.write() as connection:
        connection.execute(insert(schema.schedule_seen).values(name="monthly", first_seen_at=NOW))
    with (
        pytest.raises(StoreError, match="the database refused the change: ") as caught,
        store.write() as connection,
    ):
        connection.execute(insert(schema.schedule_seen).values(name="monthly", first_seen_at=NOW))
    assert isinstance(caught.value.__cause__, DBAPIError)
    assert "disk" not in caught.value.cure
    assert "monthly" not in str(caught.value), "no row in a log"


def test_a_statement_that_is_wrong_is_not_blamed_on_the_disk(store: Store) -> None:
    with pytest.raises(StoreError, match="cannot be used") as caught, store.read() as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))
    assert "disk" not in caught.value.cure


def test_a_file_that_may_not_be_written_is_told_with_its_cure(tmp_path: Path) -> None:
    store = open_store("", tmp_path / "mailer.db")
    with pytest.raises(StoreError, match=r"cannot be used: .*readonly") as caught, store.read() as connection:
        connection.execute(text("PRAGMA query_only = ON"))
        connection.execute(delete(schema.schedule_seen))
    store.close()
    assert "may be written" in caught.value.cure
    assert caught.value.file == tmp_path / "mailer.db"


def test_a_change_that_another_made_first_can_be_tried_again(store: Store) -> None:
    if store.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    with store.write() as connection:
        connection.execute(insert(schema.schedule_seen).values(name="monthly", first_seen_at=NOW))
    with pytest.raises(StoreError, match="another process") as caught, store.read() as one:
        one.execute(select(schema.schedule_seen)).all()
        with store.write() as other:
            other.execute(update(schema.schedule_seen).values(name="first"))
        one.execute(update(schema.schedule_seen).values(name="second"))
    assert caught.value.cure == "try again"


def test_a_refusal_that_the_transaction_itself_expects_ends_nothing(store: Store) -> None:
    with store.write() as connection:
        assert schedules.fire_occurrence(connection, "monthly", NOW, NOW) is not None
        assert schedules.fire_occurrence(connection, "monthly", NOW, NOW) is None
    with store.read() as connection:
        assert len(connection.execute(select(schema.occurrence)).all()) == 1


def test_one_sender_works_on_a_postgresql_database(store: Store) -> None:
    if store.is_sqlite:
        pytest.skip("on SQLite the lock on var/ says it")
    other = Store(store.url)
    with store.hold() as mine:
        assert try_sender_lock(mine)
        with other.hold() as theirs:
            assert not try_sender_lock(theirs)
    with other.hold() as theirs:
        assert try_sender_lock(theirs), "its end frees it"
    other.close()


def test_who_is_in_a_hurry_does_not_wait_long_for_a_lock(store: Store) -> None:
    begun = time.monotonic()
    with store.write() as connection:
        if not store.is_sqlite:
            connection.execute(text("LOCK TABLE house"))
        with pytest.raises(StoreError) as caught, waiting_at_most(0.1), store.write() as other:
            note_clock(other, NOW)
        assert is_passing(caught.value)
    assert time.monotonic() - begun < 10
    with store.write() as connection:
        note_clock(connection, NOW)
