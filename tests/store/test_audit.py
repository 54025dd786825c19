"""The audit trail: appended, chained, refused to change; and what was changed all the same is found."""

import json
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, text, update

from mailer.errors import StoreError
from mailer.model.audit import NO_HASH, Act, AuditCheck, AuditEntry, AuditFault, AuditHead, Subject
from mailer.model.people import PROGRAM, Actor, UserRole
from mailer.store import audit, people
from mailer.store.audit import audit_head, check_trail, hash_entry, list_entries, record
from mailer.store.database import Store, open_store
from mailer.store.schema import audit_entry
from tests.world import NOW

ISSUE = Subject("issue", "2020-07")


def fill(store: Store, count: int) -> list[AuditHead]:
    """Append so many entries, one transaction each; return the heads."""
    heads = []
    for number in range(1, count + 1):
        with store.write() as connection:
            heads.append(record(connection, Actor("主编"), Act.SUBMIT, ISSUE, NOW, number=number, text="“同意”"))
    return heads


def check(store: Store, noted: str = "") -> AuditCheck:
    with store.read() as connection:
        return check_trail(connection, noted)


def test_each_entry_is_chained_to_the_one_before(store: Store) -> None:
    assert check(store) == AuditCheck(0, None, None, None, None)
    heads = fill(store, 3)
    with store.read() as connection:
        assert audit_head(connection) == heads[-1]
        newest, second, first = list_entries(connection, 10)
    assert (first.id, first.previous_sha256) == (1, NO_HASH)
    assert (second.previous_sha256, newest.previous_sha256) == (first.sha256, second.sha256)
    assert first.at == "2020-07-31T02:00:00.000000+00:00"
    assert json.loads(newest.details) == {"number": 3, "text": "“同意”"}
    assert check(store) == AuditCheck(3, heads[-1], None, None, None)


def test_an_act_that_fails_leaves_no_entry(store: Store) -> None:
    fill(store, 1)
    with pytest.raises(RuntimeError), store.write() as connection:
        record(connection, PROGRAM, Act.VOID, ISSUE, NOW)
        raise RuntimeError
    assert check(store).count == 1


def test_a_user_stands_there_by_id_and_an_unregistered_person_by_name(store: Store) -> None:
    with store.write() as connection:
        number = people.insert_user(connection, "张三", "", "", [UserRole.ADMIN], NOW)
        record(connection, Actor("张三", number), Act.CONFIRM, Subject("house", ""), NOW)
        record(connection, Actor("李四"), Act.CONFIRM, Subject("house", ""), NOW)
    with store.read() as connection:
        assert [one.actor for one in list_entries(connection, 2)] == [Actor("李四"), Actor("", number)]


def test_what_looks_like_an_address_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="address"), store.write() as connection:
        record(connection, PROGRAM, Act.HOLD, Subject("mailing", "1"), NOW, why="550 <reader@firm1.example> unknown")
    assert check(store).count == 0


def refused(store: Store, *statements: object) -> None:
    for statement in statements:
        with pytest.raises(StoreError, match="append-only"), store.write() as connection:
            connection.execute(statement)  # type: ignore[call-overload]


def test_the_database_itself_refuses_to_change_the_trail(store: Store) -> None:
    heads = fill(store, 3)
    row = {
        "at": "", "actor_name": "", "act": "x", "subject_kind": "", "subject": "", "details": "{}", "sha256": "f" * 64
    }  # fmt: skip
    refused(
        store,
        update(audit_entry).where(audit_entry.c.id == 2).values(act="pause"),
        delete(audit_entry).where(audit_entry.c.id == 3),
        insert(audit_entry).values(id=5, previous_sha256=heads[-1].sha256, **row),
        insert(audit_entry).values(id=4, previous_sha256=heads[0].sha256, **row),
        insert(audit_entry).values(id=0, previous_sha256=heads[-1].sha256, **row),
    )
    if store.is_sqlite:
        columns, values = "id, previous_sha256, " + ", ".join(row), "2, '" + heads[0].sha256 + "'"
        values += "".join(f", '{value}'" for value in row.values())
        refused(store, text(f"INSERT OR REPLACE INTO audit_entry ({columns}) VALUES ({values})"))
    else:
        refused(store, text("TRUNCATE audit_entry"))
    assert check(store) == AuditCheck(3, heads[-1], None, None, None)


def test_a_long_trail_is_walked_in_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAGE", 4)
    heads = fill(store, 9)
    assert check(store, heads[1].sha256) == AuditCheck(9, heads[-1], None, None, True)


def test_writers_at_the_same_time_wait_for_each_other(store: Store) -> None:
    failed: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for number in range(10):
                with store.write() as connection:
                    record(connection, Actor(name), Act.PAUSE, Subject("mailing", "1"), NOW, number=number)
        except BaseException as error:  # noqa: BLE001 - told by the test
            failed.append(error)

    threads = [threading.Thread(target=write, args=(f"人{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    found = check(store)
    assert (found.count, found.fault) == (40, None)


def rewrite_from(database: sqlite3.Connection, first: int) -> None:
    """Make the hashes from an entry on fit again, as somebody would who knows how they are made."""
    columns = "id, at, actor_id, actor_name, act, subject_kind, subject, details, previous_sha256, sha256"
    query = f"SELECT {columns} FROM audit_entry ORDER BY id"
    previous = NO_HASH
    for row in database.execute(query).fetchall():
        if row[0] >= first:
            entry = AuditEntry(
                row[0], row[1], Actor(row[3], row[2]), row[4], Subject(row[5], row[6]), row[7], previous, ""
            )
            database.execute(
                "UPDATE audit_entry SET previous_sha256 = ?, sha256 = ? WHERE id = ?",
                (previous, hash_entry(entry), row[0]),
            )
        previous = database.execute("SELECT sha256 FROM audit_entry WHERE id = ?", (row[0],)).fetchone()[0]


def swap(database: sqlite3.Connection, one: int, other: int) -> None:
    for was, becomes in ((one, 100), (other, one), (100, other)):
        database.execute("UPDATE audit_entry SET id = ? WHERE id = ?", (becomes, was))


def insert_after(database: sqlite3.Connection, number: int) -> None:
    """Put a well-made entry between two, and move the later ones on."""
    for later in range(6, number, -1):
        database.execute("UPDATE audit_entry SET id = id + 1 WHERE id = ?", (later,))
    database.execute(
        "INSERT INTO audit_entry SELECT ?, at, actor_id, actor_name, 'pause', subject_kind, subject, details, sha256, 'x' "
        "FROM audit_entry WHERE id = ?",
        (number + 1, number),
    )


def sql(statement: str) -> Callable[[sqlite3.Connection], object]:
    return lambda database: database.execute(statement)


@pytest.mark.parametrize(
    ("tamper", "fault", "at", "whole"),
    [
        (sql("UPDATE audit_entry SET act = 'pause' WHERE id = 3"), AuditFault.CHANGED, 3, 2),
        (sql("UPDATE audit_entry SET actor_name = '他人' WHERE id = 1"), AuditFault.CHANGED, 1, 0),
        (sql("UPDATE audit_entry SET details = '{}' WHERE id = 6"), AuditFault.CHANGED, 6, 5),
        (sql("UPDATE audit_entry SET at = 'yesterday' WHERE id = 2"), AuditFault.CHANGED, 2, 1),
        (sql("UPDATE audit_entry SET details = x'ff00' WHERE id = 4"), AuditFault.CHANGED, 4, 3),
        (sql("UPDATE audit_entry SET sha256 = 'x' WHERE id = 5"), AuditFault.CHANGED, 5, 4),
        (sql("DELETE FROM audit_entry WHERE id = 3"), AuditFault.BROKEN, 4, 2),
        (sql("DELETE FROM audit_entry WHERE id = 1"), AuditFault.BROKEN, 2, 0),
        (lambda database: swap(database, 2, 3), AuditFault.CHANGED, 2, 1),
        (lambda database: insert_after(database, 3), AuditFault.CHANGED, 4, 3),
        (
            sql(
                "INSERT INTO audit_entry SELECT -1, at, actor_id, actor_name, act, subject_kind, subject, details, "
                "previous_sha256, 'x' FROM audit_entry WHERE id = 1"
            ),
            AuditFault.CHANGED,
            -1,
            0,
        ),
    ],
)
def test_what_was_tampered_with_in_the_file_is_found(
    tamper: Callable[[sqlite3.Connection], object], fault: AuditFault, at: int, whole: int, tmp_path: Path
) -> None:
    found, _heads = tampered(tmp_path, tamper)
    assert (found.fault, found.fault_at, found.count, found.whole) == (fault, at, whole, False)


def test_an_entry_made_to_fit_does_not_fit_the_next(tmp_path: Path) -> None:
    def change(database: sqlite3.Connection) -> None:
        database.execute("UPDATE audit_entry SET act = 'pause' WHERE id = 3")
        following = database.execute("SELECT * FROM audit_entry WHERE id > 3").fetchall()
        database.execute("DELETE FROM audit_entry WHERE id > 3")
        rewrite_from(database, 3)
        database.executemany(f"INSERT INTO audit_entry VALUES ({', '.join('?' * 10)})", following)

    found, _heads = tampered(tmp_path, change)
    assert (found.fault, found.fault_at, found.count) == (AuditFault.BROKEN, 4, 3)


def test_only_a_head_noted_elsewhere_shows_that_the_end_is_gone_or_all_was_rewritten(tmp_path: Path) -> None:
    found, heads = tampered(tmp_path, sql("DELETE FROM audit_entry WHERE id > 4"))
    assert found.whole
    assert found.head == heads[3]
    store = open_store("", tmp_path / "mailer.db")
    assert check(store, heads[3].sha256).noted is True
    assert check(store, heads[5].sha256[:16]).noted is False
    assert not check(store, heads[5].sha256).whole
    store.close()

    def rewrite(database: sqlite3.Connection) -> None:
        database.execute("UPDATE audit_entry SET act = 'pause' WHERE id = 2")
        rewrite_from(database, 2)

    found, heads = tampered(tmp_path / "other", rewrite)
    assert found.whole
    store = open_store("", tmp_path / "other" / "mailer.db")
    assert check(store, heads[0].sha256).whole
    assert not check(store, heads[1].sha256).whole
    store.close()


def tampered(folder: Path, tamper: Callable[[sqlite3.Connection], object]) -> tuple[AuditCheck, list[AuditHead]]:
    """Check a trail of six entries after somebody had the file to themselves; return its heads of before, too."""
    store = open_store("", folder / "mailer.db")
    heads = fill(store, 6)
    store.close()
    database = sqlite3.connect(folder / "mailer.db")
    for name in ("keep", "stay", "follow"):
        database.execute(f"DROP TRIGGER audit_entry_{name}")
    tamper(database)
    database.commit()
    database.close()
    store = open_store("", folder / "mailer.db")
    found = check(store)
    store.close()
    return found, heads
