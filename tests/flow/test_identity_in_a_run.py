"""A database that is put back, exchanged or copied under a sender that works; and houses on PostgreSQL."""

import asyncio
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from mailer.app import House, relays
from mailer.errors import HouseHeldError
from mailer.model.identity import Verdict
from tests.flow.newsletter import Newsletter
from tests.flow.test_one_sender import store as store
from tests.relay import Relay


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "BEAT_S", 0.2)
    monkeypatch.setattr(relays, "HELD_LOOK_S", 0.2)


def begun(folder: Path, relay: Relay) -> House:
    """A house with a mailing that runs and lasts some seconds."""
    news = Newsletter.make(folder, relay.port, relay="connections = 1\n")
    news.approve()
    relay.data_wait_s = 0.4
    house = House(news.folder)
    house.mailings.start(house.mailings.schedule("2020-07").id)
    return house


async def wait_for_copies(relay: Relay, count: int) -> None:
    async with asyncio.timeout(20):
        while relay.taken.total() < count:
            await asyncio.sleep(0.02)


async def test_what_is_on_the_wire_ends_and_nothing_more_is_begun(tmp_path: Path, relay: Relay) -> None:
    house = begun(tmp_path / "news", relay)
    stop = asyncio.Event()
    running = asyncio.create_task(house.relays.deliver(stop))
    await wait_for_copies(relay, 2)
    with closing(sqlite3.connect(house.var / "mailer.db", timeout=20)) as database:
        database.execute("UPDATE house SET generation = 0")
        database.commit()
    await asyncio.sleep(1.5)
    taken = relay.taken.total()
    await asyncio.sleep(1.5)
    assert relay.taken.total() == taken < 10
    assert not running.done(), "the sender of `serve` waits"
    glance = await asyncio.to_thread(house.mailings.glance, "last")
    assert glance.progress.remaining == 10 - taken, "what was on the wire is on record"
    await asyncio.to_thread(house.confirm, "主编")
    relay.data_wait_s = 0
    await wait_for_copies(relay, 10)
    stop.set()
    await asyncio.wait_for(running, 30)
    assert set(relay.taken.values()) == {1}
    house.close()


async def test_a_send_that_waits_ends_with_the_reason(tmp_path: Path, relay: Relay) -> None:
    house = begun(tmp_path / "news", relay)
    running = asyncio.create_task(house.relays.deliver(asyncio.Event(), 1))
    await wait_for_copies(relay, 1)
    with closing(sqlite3.connect(house.var / "mailer.db", timeout=20)) as database:
        database.execute("UPDATE house SET instance_id = 'of another'")
        database.commit()
    with pytest.raises(HouseHeldError, match="another copy"):
        await asyncio.wait_for(running, 30)
    assert relay.taken.total() < 10
    house.close()


async def test_an_older_file_put_in_the_place_of_the_open_one_is_noticed(tmp_path: Path, relay: Relay) -> None:
    house = begun(tmp_path / "news", relay)
    assert house.identity.beat() is None
    backup = tmp_path / "backup.db"
    with closing(sqlite3.connect(house.var / "mailer.db")) as source, closing(sqlite3.connect(backup)) as copy:
        source.backup(copy)
    stop = asyncio.Event()
    running = asyncio.create_task(house.relays.deliver(stop))
    await wait_for_copies(relay, 2)
    shutil.copy(backup, house.var / "mailer.db.restored")
    for rest in ("mailer.db-wal", "mailer.db-shm"):
        (house.var / rest).unlink(missing_ok=True)
    (house.var / "mailer.db.restored").replace(house.var / "mailer.db")
    await asyncio.sleep(2)
    taken = relay.taken.total()
    assert taken < 10
    await asyncio.sleep(1.5)
    assert relay.taken.total() == taken, "held, although the open file was another"
    hold = await asyncio.to_thread(house.identity.look)
    assert hold is not None
    assert hold.verdict is Verdict.OLDER
    assert not running.done()
    stop.set()
    await asyncio.wait_for(running, 30)
    house.close()


def test_a_file_that_is_gone_for_a_moment_is_not_made_anew(tmp_path: Path) -> None:
    house = House(Newsletter.make(tmp_path / "news", 2525).folder)
    assert house.identity.beat(clock=True) is None
    file = house.var / "mailer.db"
    file.rename(tmp_path / "aside.db")
    for _number in range(2):
        hold = house.identity.beat(clock=True)
        assert hold is not None
        assert hold.verdict is Verdict.REPLACED
        assert not file.exists()
    shutil.copy(tmp_path / "aside.db", file)
    hold = house.identity.beat(clock=True)
    assert hold is not None
    assert hold.verdict is Verdict.REPLACED, "opened anew, and judged at the next"
    house.close()


# --- PostgreSQL


def use(folder: Path, address: str) -> None:
    config = folder / "config.toml"
    lines = config.read_text("utf-8").splitlines(keepends=True)
    kept = "".join(line for line in lines if not line.startswith("database ="))
    config.write_text(f'database = "{address.replace(":@", "@")}"\n{kept}', "utf-8")


@pytest.fixture
def databases(postgresql: str) -> list[str]:
    """The addresses of a database that a house may use, and of one that may be made as its copy."""
    return [postgresql.replace("/postgres?", f"/t{uuid.uuid4().hex}?") for _number in range(2)]


def copy_database(server: str, source: str, target: str) -> None:
    names = [one.rsplit("/", 1)[0] and one.split("?")[0].rsplit("/", 1)[1] for one in (target, source)]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, names)))


@pytest.fixture
def house(postgresql: str, databases: list[str], tmp_path: Path, relay: Relay) -> Iterator[House]:
    copy_database(postgresql, postgresql.replace("/postgres?", "/migrated?"), databases[0])
    news = Newsletter.make(tmp_path / "news", relay.port)
    use(news.folder, databases[0])
    news.approve()
    made = House(news.folder)
    yield made
    made.close()


def test_a_copy_of_a_postgresql_database_is_held_and_its_original_and_another_folder_are_not(
    postgresql: str, databases: list[str], house: House, tmp_path: Path
) -> None:
    assert house.identity.beat(clock=True) is None
    shutil.copytree(house.home, tmp_path / "moved")
    moved = House(tmp_path / "moved")
    assert moved.identity.look() is None, "the database says which house it is, not the folder"
    moved.close()
    house.close()
    copy_database(postgresql, databases[0], databases[1])
    original = House(house.home)
    assert original.identity.beat() is None
    original.close()
    use(tmp_path / "moved", databases[1])
    copy = House(tmp_path / "moved")
    hold = copy.identity.beat(clock=True)
    assert hold is not None
    assert hold.verdict is Verdict.ELSEWHERE
    confirmed = copy.confirm("主编")
    assert copy.identity.beat() is None
    assert confirmed.instance_id != house.identity.report().known.instance_id
    copy.close()


def test_a_postgresql_database_restored_under_the_same_name_is_held(
    postgresql: str, databases: list[str], house: House
) -> None:
    assert house.identity.beat() is None
    house.close()
    copy_database(postgresql, databases[0], databases[1])
    again = House(house.home)
    assert again.identity.beat() is None
    again.close()
    name = databases[0].split("?")[0].rsplit("/", 1)[1]
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
    copy_database(postgresql, databases[1], databases[0])
    restored = House(house.home)
    hold = restored.identity.beat()
    assert hold is not None
    assert hold.verdict is Verdict.OLDER
    restored.close()


async def test_a_second_machine_joins_a_database_that_lives_and_both_stay(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = asyncio.Event()
    sending = asyncio.create_task(house.relays.deliver(stop))
    await asyncio.sleep(0.8)
    monkeypatch.setenv("MAILER_STATE_DIR", str(tmp_path / "another machine"))
    second = House(house.home)
    hold = await asyncio.to_thread(second.identity.beat)
    assert hold is not None
    assert hold.verdict is Verdict.ELSEWHERE
    before = (await asyncio.to_thread(second.identity.report)).known.instance_id
    confirmed = await asyncio.to_thread(second.confirm, "主编")
    assert confirmed.instance_id == before, "its lock shows that it is this very database, no copy of it"
    for _number in range(3):
        assert await asyncio.to_thread(second.identity.beat, clock=True) is None
        assert await asyncio.to_thread(house.identity.beat, clock=True) is None
    assert not sending.done()
    stop.set()
    await asyncio.wait_for(sending, 30)
    second.close()
