"""The writer thread: many askers, few commits, and nobody is told of what was not written."""

import asyncio
import sqlite3
import threading
from functools import partial

import pytest
from sqlalchemy import func, insert, select, text

from mailer.errors import StoreError
from mailer.sending.ledger import Ledger
from mailer.store.database import Connection, Store
from mailer.store.schema import schedule_seen
from tests.world import NOW


def count(store: Store) -> int:
    with store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(schedule_seen)).scalar_one())


async def test_what_many_ask_at_once_is_all_written(store: Store) -> None:
    ledger = Ledger(store, lambda: NOW)

    def put(number: int, connection: Connection) -> int:
        connection.execute(insert(schedule_seen).values(name=f"s{number}", first_seen_at=NOW))
        return number

    answers = await asyncio.gather(*(ledger.write(partial(put, n)) for n in range(300)))
    assert answers == list(range(300))
    assert count(store) == 300
    await ledger.close()


async def test_one_that_fails_is_rolled_back_alone(store: Store) -> None:
    ledger = Ledger(store, lambda: NOW)

    def put(name: str, connection: Connection) -> None:
        connection.execute(insert(schedule_seen).values(name=name, first_seen_at=NOW))
        if name == "bad":
            raise RuntimeError("after the insert")

    results = await asyncio.gather(*(ledger.write(partial(put, n)) for n in ("a", "bad", "b")), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), RuntimeError, type(None)]
    assert count(store) == 2
    await ledger.close()


async def test_a_database_that_cannot_be_written_is_said_to_every_asker(store: Store) -> None:
    if not store.is_sqlite:
        pytest.skip("a file can be locked by anyone, a server’s rows cannot")
    assert store.path is not None
    impatient = Store(store.url, busy_timeout_s=0.1)
    ledger = Ledger(impatient, lambda: NOW)
    await ledger.write(lambda connection: None)
    blocker = sqlite3.connect(store.path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    results = await asyncio.gather(*(ledger.write(lambda c: None) for _n in range(3)), return_exceptions=True)
    assert all(isinstance(result, StoreError) for result in results)
    blocker.execute("ROLLBACK")
    blocker.close()
    assert await ledger.write(lambda connection: 7) == 7, "it goes on when the lock is gone"
    await ledger.close()
    impatient.close()


async def test_a_job_that_nobody_waits_for_is_not_begun_and_the_thread_lives_on(store: Store) -> None:
    ledger = Ledger(store, lambda: NOW)
    gate = threading.Event()
    first = asyncio.create_task(ledger.write(lambda _connection: gate.wait(5)))
    await asyncio.sleep(0.1)
    unwanted = asyncio.create_task(
        ledger.write(lambda connection: connection.execute(insert(schedule_seen).values(name="x", first_seen_at=NOW)))
    )
    await asyncio.sleep(0.05)
    unwanted.cancel()
    first.cancel()
    await asyncio.gather(first, unwanted, return_exceptions=True)
    gate.set()
    assert await asyncio.wait_for(ledger.write(lambda _connection: 7), 5) == 7
    assert count(store) == 0
    await ledger.close()


async def test_f38_f39_want_of_room_or_of_a_server_is_a_store_error_to_all_and_passes(store: Store) -> None:
    ledger = Ledger(store, lambda: NOW)

    def fail(connection: Connection) -> None:
        if store.is_sqlite:
            connection.execute(text("PRAGMA max_page_count = 1"))  # as small as the file is now
            connection.execute(insert(schedule_seen).values(name="x" * 10**6, first_seen_at=NOW))
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    def put(connection: Connection) -> None:
        if store.is_sqlite:
            connection.execute(text("PRAGMA max_page_count = 1000000"))
        connection.execute(insert(schedule_seen).values(name="good", first_seen_at=NOW))

    results = await asyncio.gather(ledger.write(fail), ledger.write(fail), return_exceptions=True)
    assert [type(one) for one in results] == [StoreError, StoreError]
    assert not ledger.trouble, "nothing is owed, so whoever comes next finds out"
    await asyncio.wait_for(ledger.write(put), 10)
    assert count(store) == 1
    await ledger.close()
