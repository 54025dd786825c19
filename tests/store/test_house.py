"""The identity of a house in its database, and what tells one PostgreSQL database from another."""

import threading
import uuid
from datetime import timedelta
from pathlib import Path

import psycopg
from sqlalchemy import insert, make_url

from mailer.model.identity import HouseIdentity
from mailer.store import house
from mailer.store.database import Store, open_store
from mailer.store.schema import house as table
from tests.databases import create_database
from tests.world import NOW


def test_a_house_gets_one_instance_and_is_counted_on(store: Store) -> None:
    with store.read() as connection:
        assert house.read_identity(connection) == HouseIdentity()
    with store.write() as connection:
        connection.execute(insert(table).values(id=1, fingerprint="f"))
        assert house.read_identity(connection) == HouseIdentity()
        assert house.begin_identity(connection, "a") == "a"
        assert house.begin_identity(connection, "b") == "a", "the first counts"
        assert house.count_on(connection, "a", 0, NOW) == 1
        assert house.count_on(connection, "a", 1, NOW) == 2
        assert house.count_on(connection, "a", 3, NOW) is None, "it is behind"
        assert house.count_on(connection, "b", 0, NOW) is None, "it is another"
        house.note_clock(connection, NOW + timedelta(minutes=1))
    with store.read() as connection:
        assert house.read_identity(connection) == HouseIdentity("a", 2, NOW, NOW + timedelta(minutes=1))
    with store.write() as connection:
        house.confirm_identity(connection, "c", 9, "主编", NOW)
    with store.read() as connection:
        known = house.read_identity(connection)
        assert (known.instance_id, known.generation, known.confirmed_by, known.confirmed_at) == ("c", 9, "主编", NOW)


def test_two_at_once_count_each_their_own(store: Store) -> None:
    with store.write() as connection:
        connection.execute(insert(table).values(id=1, fingerprint="f"))
        house.begin_identity(connection, "a")
    found: list[int | None] = []

    def count() -> None:
        for _number in range(20):
            with store.write() as connection:
                found.append(house.count_on(connection, "a", 0, NOW))

    threads = [threading.Thread(target=count) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(one for one in found if one is not None) == list(range(1, 41))


def test_a_postgresql_database_is_told_by_its_cluster_and_name(postgresql: str) -> None:
    addresses = [create_database(postgresql) for _number in range(2)]
    with psycopg.connect(postgresql) as connection:
        row = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
    assert row is not None
    for address in addresses:
        opened = open_store(address, Path("unused"))
        with opened.read() as reading:
            assert house.name_database(reading) == f"{row[0]}/{make_url(address).database}"
        opened.close()


def test_where_the_server_does_not_let_us_ask_its_address_stands_in(postgresql: str) -> None:
    address, role = create_database(postgresql), f"r{uuid.uuid4().hex[:12]}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
        connection.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    opened = open_store(address.replace("//postgres:", f"//{role}:"), Path("unused"))
    with opened.read() as reading:
        told = house.name_database(reading)
        assert told.endswith(f"/{make_url(address).database}")
        assert not told.split("/")[0].isdigit()
        assert house.read_identity(reading) == HouseIdentity(), "the connection is still good"
    opened.close()


def test_a_sender_that_lives_is_seen_from_another_connection_only(postgresql: str) -> None:
    opened, copy = (open_store(create_database(postgresql), Path("unused")) for _number in range(2))
    with opened.read() as looking:
        assert not house.is_sender_alive(looking)
    with opened.hold() as sender:
        assert house.try_sender_lock(sender)
        assert not house.is_sender_alive(sender), "itself is no other"
        with opened.read() as looking, copy.read() as elsewhere:
            assert house.is_sender_alive(looking)
            assert not house.is_sender_alive(elsewhere), "a copy has no living sender"
    opened.close()
    copy.close()
