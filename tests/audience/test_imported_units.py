"""Imported contacts belong to organisations as synced ones do, and the consent log tells how they came and went."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mailer.app.contacts import ImportOrder
from mailer.model.contact_import import ChangeKind, ImportReport
from mailer.store import audience
from mailer.store.consents import list_consents
from mailer.store.database import Store
from mailer.store.schema import organisation
from tests.audience.test_importing import Office

HEAD = "单位,城市,级别,姓名,邮箱\n"


@pytest.fixture
def office(tmp_path: Path, store: Store) -> Office:
    return Office.open(tmp_path / "news", store)


def bring(office: Office, rows: str, *, dry_run: bool = False) -> ImportReport:
    file = office.folder / "单位.csv"
    file.write_text(HEAD + rows, "utf-8")
    return office.contacts.import_sheet(ImportOrder(file, "members"), "某编辑", dry_run=dry_run)


def units(office: Office) -> Sequence[Any]:
    with office.store.read() as connection:
        wanted = select(organisation.c.name, organisation.c.city, organisation.c.level).order_by(organisation.c.id)
        return [tuple(row) for row in connection.execute(wanted)]


def consents(office: Office, key: str) -> list[tuple[str, str, str, str]]:
    with office.store.read() as connection:
        return [(one.what.value, one.basis, one.source, one.by) for one in list_consents(connection, key)]


def test_imported_contacts_belong_to_units_with_one_level_each(office: Office) -> None:
    rows = "甲局,杭州,,张,a@firm.example\n甲局,杭州,市,李,b@firm.example\n甲局,宁波,县,王,c@firm.example\n,,省,赵,d@firm.example\n"
    shown = bring(office, rows, dry_run=True)
    assert replace(bring(office, rows), number=None) == shown
    assert units(office) == [("甲局", "杭州", "市"), ("甲局", "宁波", "县")]
    again = bring(office, rows)
    assert again.counts[ChangeKind.UNCHANGED] == 4
    assert again.number is None


def test_a_level_said_anew_is_a_change_of_all_who_belong_to_the_unit_and_can_be_undone(office: Office) -> None:
    many = "".join(f"甲局,杭州,{{}},某{n},r{n}@firm.example\n" for n in range(1500))
    bring(office, many.replace("{}", ""))
    office.clock[0] = office.clock[0].replace(hour=9)
    shown = bring(office, many.replace("{}", "市"), dry_run=True)
    report = bring(office, many.replace("{}", "市"))
    assert report.counts == shown.counts
    assert report.counts[ChangeKind.CHANGED] == 1500
    assert units(office) == [("甲局", "杭州", "市")]
    assert report.number is not None
    assert office.contacts.undo_import(report.number, "某编辑").restored == 1500
    assert units(office) == [("甲局", "杭州", "")]


def test_undoing_takes_out_the_units_that_the_import_brought(office: Office) -> None:
    bring(office, "甲局,杭州,市,张,a@firm.example\n")
    office.clock[0] = office.clock[0].replace(hour=9)
    report = bring(office, "乙局,杭州,县,张,a@firm.example\n丙局,,,新,n@firm.example\n")
    assert {name for name, _city, _level in units(office)} == {"甲局", "乙局", "丙局"}
    assert report.number is not None
    office.contacts.undo_import(report.number, "某编辑")
    assert units(office) == [("甲局", "杭州", "市")]
    with office.store.read() as connection:
        back = audience.find_contact(connection, "a@firm.example")
    assert back is not None
    assert (back.organisation, back.level) == ("甲局", "市")


def test_a_blank_level_is_not_that_of_another_unit_and_what_no_sheet_says_stays(office: Office) -> None:
    bring(office, "甲局,杭州,市,张,a@firm.example\n")
    with office.store.write() as connection:
        known = audience.find_contact(connection, "a@firm.example")
        number = audience.contact_id(connection, "a@firm.example")
        assert known is not None
        assert number is not None
        said = replace(known, language="en", attributes=(("行业", "软件"),))
        audience.change_contacts(connection, [(number, said)], office.clock[0])
    bring(office, "甲局,杭州,,张三,a@firm.example\n")
    with office.store.read() as connection:
        same = audience.find_contact(connection, "a@firm.example")
    assert same == replace(said, name="张三")
    bring(office, "乙局,杭州,,张三,a@firm.example\n")
    with office.store.read() as connection:
        moved = audience.find_contact(connection, "a@firm.example")
    assert moved == replace(said, name="张三", organisation="乙局", level="")


def test_the_consent_log_tells_of_imports_and_of_their_undoing(office: Office) -> None:
    first = bring(office, "甲局,杭州,,张,a@firm.example\n")
    assert consents(office, "a@firm.example") == [("joined", "membership", "import 1: 单位.csv", "某编辑")]
    with office.store.write() as connection:
        ids = audience.find_lists(connection, ["members"])
        one = audience.read_subscribers(connection, ids["members"])["a@firm.example"]
        audience.drop_subscriptions(connection, [one.subscription_id], office.clock[0])
    office.clock[0] = office.clock[0].replace(hour=9)
    second = bring(office, "甲局,杭州,,张,a@firm.example\n乙局,杭州,,新,n@firm.example\n")
    assert second.number is not None
    assert first.number is not None
    office.contacts.undo_import(second.number, "某编辑")
    log = consents(office, "a@firm.example")
    assert [what for what, *_rest in log] == ["joined", "dropped", "returned", "dropped"]
    assert log[2:] == [
        ("returned", "membership", "import 2: 单位.csv", "某编辑"),
        ("dropped", "", "undo of import 2", "某编辑"),
    ]
    assert consents(office, "n@firm.example") == []
