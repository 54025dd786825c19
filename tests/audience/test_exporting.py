"""A sheet of contacts holds no formula, whatever they are called, and comes back exactly as it was."""

import csv
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailer.app.contacts import ImportOrder
from mailer.errors import NotFoundError, StateError, UsageError
from mailer.model.audit import Act
from mailer.model.city import fold_city
from mailer.model.contact_import import ChangeKind
from mailer.model.contact_sheet import EXPORT_HEADINGS, FIELDS
from mailer.model.delivery import Contact
from mailer.model.listed import ContactFilter
from mailer.reports.contact_file import open_sheet
from mailer.sources.sheets import read_sheet
from mailer.sources.workbook import is_workbook, spool_workbook
from mailer.store import audience, audit
from mailer.store.database import Store
from tests.audience.test_importing import Office
from tests.audience.test_importing import office as office

HOSTILE = (
    "=1+1", '=HYPERLINK("http://evil.example","x")', "+86 571", "-1", "@SUM(1)", "＝1+1", "＋1", "－1", "＠x", "'=1", "'", "''x",
    '"', "a,b;c\t", "_x0041_", "_x005F_x0041_", "#N/A", "#REF!", "1E+5", "001", "TRUE", "2020-01-02", "合计", "张某 处长", "杭州市",
    "<b>", "&amp;", "a  b", "\u3000", "x\u3000y", '="1"', "𠮷野", "👩‍💻",
)  # fmt: skip


def written(folder: Path, kind: str, contacts: list[Contact]) -> Path:
    """A sheet as an export writes it."""
    file = folder / f"out.{kind}"
    with open_sheet(file, EXPORT_HEADINGS, "名单") as writer:
        for one in contacts:
            writer.write([*(asdict(one)[name] for name in FIELDS), "members", "active", "membership", "=x", ""])
    return file


def read_back(file: Path) -> list[Contact]:
    spool = file.with_suffix(".rows") if is_workbook(file) else None
    if spool is not None:
        spool_workbook(file, spool)
    return list(read_sheet(file, spool=spool))


def contact(number: int, text: str) -> Contact:
    kept = text.strip()
    address = f"r{number}@firm.example"
    return Contact(address, address, kept, kept, kept, fold_city(kept), "")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_hostile_values_are_no_formulas_and_come_back(tmp_path: Path, kind: str) -> None:
    contacts = [contact(at, text) for at, text in enumerate(HOSTILE)]
    file = written(tmp_path, kind, contacts)
    if kind == "csv":
        assert file.read_bytes().startswith(b"\xef\xbb\xbf")
        with file.open(encoding="utf-8-sig", newline="") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r＝＋－＠")]
    else:
        sheet = openpyxl.load_workbook(file).active
        assert sheet is not None
        found = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert {(cell.data_type, cell.number_format) for cell in found} == {("s", "@")}
        assert len(found) > len(HOSTILE) * 4
    assert read_back(file) == contacts
    assert file.stat().st_mode & 0o077 == 0


# what an import takes: no control character, no surrogate, nothing that XML cannot hold
TEXTS = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn"), exclude_characters="\ufffe\uffff"), max_size=12
)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(TEXTS | st.sampled_from(HOSTILE), max_size=6))
@example(["_x0041_x0042_", "__x0041_", "_X0041_", "_xD83D_"])
def test_any_value_comes_back_exactly(tmp_path: Path, kind: str, texts: list[str]) -> None:
    contacts = [contact(at, text) for at, text in enumerate(texts)]
    assert read_back(written(tmp_path, kind, contacts)) == contacts


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_is_imported_into_another_house_as_it_was(office: Office, kind: str) -> None:
    rows = "".join(f'单位,"{text.strip().replace(chr(34), chr(34) * 2)}",r{at}@firm.example,\n'
                   for at, text in enumerate(HOSTILE) if text not in ("#N/A", "#REF!", "张某 处长", '="1"'))  # fmt: skip
    office.bring(rows)
    office.leave("r0@firm.example")
    file = office.folder / f"名单.{kind}"
    count = office.contacts.export(file, ["members"], "某编辑")
    before = [one.contact for one in office.contacts.find(ContactFilter(("members",), "active"), 99)]
    assert count == len(before) == len(HOSTILE) - 5
    again = office.contacts.import_sheet(ImportOrder(file, "members"), "某编辑", dry_run=True)
    assert again.counts[ChangeKind.UNCHANGED] == count
    assert again.refused_count == again.doubt_count == again.aside_count == 0
    undone = office.contacts.undo_import(1, "某编辑")
    assert undone.removed == count
    office.clock[0] += timedelta(hours=1)
    office.contacts.import_sheet(ImportOrder(file, "members"), "某编辑")
    assert [one.contact for one in office.contacts.find(ContactFilter(("members",), "active"), 99)] == before


def test_who_has_left_stands_in_a_whole_export_and_is_not_brought_in_by_it(office: Office) -> None:
    office.bring("甲,张,a@firm.example,1\n乙,李,b@firm.example,2\n")
    office.leave("a@firm.example")
    file = office.folder / "all.csv"
    assert office.contacts.export(file, (), "某编辑", everyone=True) == 2
    with office.store.read() as connection:
        entry = audit.list_entries(connection, 1)[0]
    assert entry.act == Act.EXPORT_CONTACTS
    assert '"rows":2' in entry.details
    report = office.contacts.import_sheet(ImportOrder(file, "members"), "某编辑", dry_run=True)
    (refused,) = report.refused
    assert (refused.value, refused.place.heading) == ("left", "状态")


def test_a_file_that_cannot_be_written_leaves_nothing(office: Office) -> None:
    office.bring("甲,张,a@firm.example,1\n")
    with pytest.raises(UsageError, match="neither"):
        office.contacts.export(office.folder / "o.pdf", (), "某编辑")
    with pytest.raises(StateError, match="cannot be written"):
        office.contacts.export(office.folder / "none" / "o.csv", (), "某编辑")
    with pytest.raises(NotFoundError):
        office.contacts.export(office.folder / "o.csv", ["nolist"], "某编辑")
    assert not list(office.folder.glob("*o.*"))


def test_looking_somebody_up(office: Office, store: Store) -> None:
    office.bring("甲,张,a@firm.example,1\n乙,李,b@firm.example,2\n")
    assert [one.contact.name for one in office.contacts.find(ContactFilter(text="李"), 9)] == ["李"]
    assert office.contacts.find(ContactFilter(text="100%"), 9) == []
    assert len(office.contacts.find(ContactFilter(), 1)) == 1
    with pytest.raises(NotFoundError) as caught:
        office.contacts.tell("nobody@firm.example")
    assert "a@firm.example" in caught.value.cure
    with store.read() as connection:
        assert audience.find_contact(connection, "nobody@firm.example") is None
