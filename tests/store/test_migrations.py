"""What was in a database before a migration is there after it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from mailer.errors import StoreError
from mailer.store import audience, schedules
from mailer.store.consents import list_consents
from mailer.store.database import alembic_config, open_store
from tests.databases import create_database
from tests.world import make_contact

DUE = datetime(2020, 7, 31, 2, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_occurrences_on_record_stay_so_when_they_get_a_time_of_day(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = tmp_path / "mailer.db"
    address = "" if kind == "sqlite" else create_database(request.getfixturevalue("postgresql"), "template1")
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:", 1) or f"sqlite:///{path}")
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0003")
        for name, day in (("monthly", "2020-06-30"), ("monthly", "2020-07-31"), ("other", "2020-07-31")):
            row = "VALUES (:name, :day, '2020-07-31 02:00:00', '2020-07-31 02:00:05', 'planned')"
            columns = "schedule, local_date, due_at, fired_at, result"
            connection.execute(text(f"INSERT INTO occurrence ({columns}) {row}"), {"name": name, "day": day})
        connection.execute(text("INSERT INTO schedule_seen VALUES ('monthly', '2020-06-01 00:00:00')"))
    engine.dispose()
    store = open_store(address, path)
    with store.write() as connection:
        fired = schedules.fired_since(connection, "monthly", date(2020, 6, 1))
        assert {one.local_at.date() for one in fired} == {date(2020, 6, 30), date(2020, 7, 31)}
        assert len(schedules.last_occurrences(connection, 9)) == 3
        seen = schedules.first_seen(connection, "monthly", "last working day; 10:00; Asia/Shanghai", DUE)
        assert seen == datetime(2020, 6, 1, tzinfo=UTC), "it is the schedule it was"
        again = DUE + timedelta(days=31)
        assert schedules.fire_occurrence(connection, "monthly", again, again) is not None
        assert schedules.fire_occurrence(connection, "monthly", again, again) is None
        assert schedules.fire_occurrence(connection, "monthly", again + timedelta(hours=5), again) is not None
    with pytest.raises(StoreError, match="refused"), store.write() as connection:
        twice = (
            "INSERT INTO occurrence (schedule, local_at, due_at, fired_at) SELECT schedule, local_at, due_at, fired_at"
        )
        connection.execute(text(f"{twice} FROM occurrence"))
    store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_readers_on_record_keep_their_unit_and_begin_the_consent_log(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = tmp_path / "mailer.db"
    address = "" if kind == "sqlite" else create_database(request.getfixturevalue("postgresql"), "template1")
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:", 1) or f"sqlite:///{path}")
    people = (("a", "甲公司", "杭州"), ("b", "甲公司", "杭州"), ("c", "甲公司", "宁波"), ("d", "", "宁波"))
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0011")
        connection.execute(
            text(
                "INSERT INTO distribution_list (id, name, title, role, position) VALUES (1, 'members', '会员', '送', 0)"
            )
        )
        for number, (name, unit, city) in enumerate(people, 1):
            row = {"address": f"{name}@firm.example", "unit": unit, "city": city}
            connection.execute(
                text(
                    "INSERT INTO contact (address, address_key, organisation, city, changed_at) "
                    "VALUES (:address, :address, :unit, :city, '2020-07-01 00:00:00')"
                ),
                row,
            )
            left = "'left', '2020-07-09 00:00:00', 'unsubscribed'" if name == "b" else "'active', NULL, ''"
            connection.execute(
                text(
                    "INSERT INTO subscription (contact_id, list_id, position, basis, source, since, status, left_at, "
                    f"left_reason) VALUES (:id, 1, :id, 'sheet', 'members.csv', '2020-07-02 00:00:00', {left})"
                ),
                {"id": number},
            )
    engine.dispose()
    store = open_store(address, path)
    with store.read() as connection:
        known = {key: one.contact for key, one in audience.read_subscribers(connection, 1).items()}
        log = [[(one.what.value, one.at) for one in list_consents(connection, key)] for key in sorted(known)]
        units = connection.execute(text("SELECT name, city FROM organisation ORDER BY id")).all()
    assert [(one.organisation, one.city) for _key, one in sorted(known.items())] == [one[1:] for one in people]
    assert [tuple(one) for one in units] == [("甲公司", "杭州"), ("甲公司", "宁波")]
    joined, left_at = ("joined", datetime(2020, 7, 2, tzinfo=UTC)), ("left", datetime(2020, 7, 9, tzinfo=UTC))
    assert log == [[joined], [joined, left_at], [joined], [joined]]
    with store.write() as connection:
        ids = audience.save_contacts(connection, [make_contact("e@firm.example")], DUE)
        audience.subscribe_contacts(connection, 1, [(ids["e@firm.example"], 9)], "sheet", "test", DUE)
    store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_one_city_by_two_names_becomes_one_and_so_do_its_organisations(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = tmp_path / "mailer.db"
    address = "" if kind == "sqlite" else create_database(request.getfixturevalue("postgresql"), "template1")
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:", 1) or f"sqlite:///{path}")
    units = ((1, "甲", "杭州", ""), (2, "甲", "杭州市", "省"), (3, "乙", "温州市", "市"), (4, "丙", "某某市", ""))
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0022")
        for number, name, city, level in units:
            row = {"id": number, "name": name, "city": city, "level": level, "key": f"r{number}@firm.example"}
            columns, times = "id, name, city, level, created_at", "'2020-07-01 00:00:00'"
            connection.execute(
                text(f"INSERT INTO organisation ({columns}) VALUES (:id, :name, :city, :level, {times})"), row
            )
            connection.execute(
                text(
                    "INSERT INTO contact (address, address_key, organisation_id, city, created_at, changed_at) "
                    f"VALUES (:key, :key, :id, :city, {times}, {times})"
                ),
                row,
            )
    engine.dispose()
    store = open_store(address, path)
    with store.read() as connection:
        found = [audience.find_contact(connection, f"r{number}@firm.example") for number, *_rest in units]
        kept = connection.execute(text("SELECT id, city FROM organisation ORDER BY id")).all()
    assert [(one.organisation, one.city, one.level) for one in found if one is not None] == [
        ("甲", "杭州", "省"), ("甲", "杭州", "省"), ("乙", "温州", "市"), ("丙", "某某市", ""),
    ]  # fmt: skip
    assert [tuple(one) for one in kept] == [(1, "杭州"), (3, "温州"), (4, "某某市")]
    store.close()
