"""One sender works on a PostgreSQL database, also after its server has thrown everyone out (faults F39, F42)."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from mailer.app import House
from mailer.errors import StateError
from mailer.store.database import Store, open_store
from mailer.store.house import try_sender_lock
from tests.databases import create_database
from tests.flow.newsletter import Newsletter

OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def store(postgresql: str, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(create_database(postgresql), tmp_path / "unused.db")
    yield opened
    opened.close()


@pytest.fixture
def house(store: Store, tmp_path: Path) -> Iterator[House]:
    news = Newsletter.make(tmp_path / "news", 1)
    address = store.url.set(drivername="postgresql").render_as_string(hide_password=False).replace(":@", "@")
    config = news.folder / "config.toml"
    config.write_text(f'database = "{address}"\n' + config.read_text("utf-8"), "utf-8")
    made = House(news.folder)
    yield made
    made.close()


async def test_f39_the_lock_of_a_connection_that_was_ended_is_taken_anew(store: Store, house: House) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(house.relays.deliver(stop))
    await asyncio.sleep(0.5)
    with store.hold() as other:
        assert not try_sender_lock(other)
        other.execute(text(OTHERS))
        await asyncio.sleep(2.5)
        assert not running.done()
        assert not try_sender_lock(other), "the sender that works has it again"
    stop.set()
    await asyncio.wait_for(running, 30)
    with store.hold() as other:
        assert try_sender_lock(other)


async def test_f42_a_sender_that_another_has_replaced_meanwhile_stops(store: Store, house: House) -> None:
    running = asyncio.create_task(house.relays.deliver(asyncio.Event()))
    await asyncio.sleep(0.5)
    with store.hold() as other:
        other.execute(text(OTHERS))
        for _number in range(100):
            if try_sender_lock(other):
                break
        with pytest.raises(StateError, match="another sender works on this database"):
            await asyncio.wait_for(running, 30)
