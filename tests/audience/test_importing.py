"""A sheet comes onto a list in one transaction, whoever left stays away, and it can be taken back exactly."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select, update

from mailer.app.contacts import Contacts, ImportOrder
from mailer.app.ground import Ground
from mailer.app.lists import Lists
from mailer.app.people import People
from mailer.errors import NotFoundError, SheetError, StateError, UsageError
from mailer.model.audit import Act
from mailer.model.consent import ConsentAct, Grounds
from mailer.model.contact_import import ChangeKind, ImportReport, KeptContact, KeptOut, KeptReason, UndoReport
from mailer.model.delivery import MailingStatus
from mailer.model.people import UserRole
from mailer.publishing.mailing import schedule_mailing
from mailer.sending.plan import plan_mailing
from mailer.store import audience, audit, mailings
from mailer.store.consents import list_consents
from mailer.store.database import Store
from mailer.store.schema import contact, contact_import_row, subscription
from mailer.tokens import hash_address
from tests.audience.statements import statements
from tests.flow.newsletter import Newsletter
from tests.sources.staff_sheets import DIRTY, write_dirty_xlsx
from tests.world import NOW, SECRET, approve, make_edition

HEAD = "单位,姓名,邮箱,电话\n"


@dataclass
class Office:
    """A newsletter folder with a list kept in the database (members), and one that follows its sheet (government)."""

    folder: Path
    store: Store
    contacts: Contacts
    lists: Lists
    people: People
    clock: list[datetime]

    @classmethod
    def open(cls, folder: Path, store: Store) -> "Office":
        made = Newsletter.make(folder, 2525)
        config = folder / "config.toml"
        lines = [line for line in config.read_text("utf-8").splitlines() if "members.csv" not in line]
        config.write_text("\n".join(lines) + "\n", "utf-8")
        clock = [NOW]
        ground = Ground(made.folder, lambda: clock[0])
        ground.store = store
        ground.secret = SECRET
        people = People(ground)
        lists = Lists(ground, people)
        return cls(folder, store, Contacts(ground, lists, people), lists, people, clock)

    def bring(
        self, rows: str, *, dry_run: bool = False, by: str = "某编辑", refused: Path | None = None
    ) -> ImportReport:
        """Import rows onto the members, an hour after what was done before."""
        self.clock[0] += timedelta(hours=1)
        file = self.folder / "名单.csv"
        file.write_text(HEAD + rows, "utf-8")
        return self.contacts.import_sheet(ImportOrder(file, "members", refused=refused), by, dry_run=dry_run)

    def dump(self) -> tuple[Sequence[Any], Sequence[Any]]:
        """All that is known of contacts and subscriptions."""
        with self.store.read() as connection:
            return (
                connection.execute(select(contact).order_by(contact.c.id)).all(),
                connection.execute(select(subscription).order_by(subscription.c.id)).all(),
            )

    def names(self) -> list[str]:
        """Who is actively on the members' list, in its order."""
        with self.store.read() as connection:
            ids = audience.find_lists(connection, ["members"])
            on = [
                one for one in audience.read_subscribers(connection, ids["members"]).values() if one.status == "active"
            ]
        return [one.contact.address for one in sorted(on, key=lambda one: one.position)]

    def leave(self, address: str) -> None:
        with self.store.write() as connection:
            ids = audience.find_lists(connection, ["members"])
            one = audience.read_subscribers(connection, ids["members"])[address]
            audience.end_subscription(connection, one.contact_id, ids["members"], "unsubscribed", self.clock[0])


@pytest.fixture
def office(tmp_path: Path, store: Store) -> Office:
    return Office.open(tmp_path / "news", store)


def kinds(report: ImportReport) -> dict[str, int]:
    return {kind.value: count for kind, count in report.counts.items() if count}


def test_a_dry_run_says_what_the_import_then_does_and_writes_nothing(office: Office) -> None:
    rows = "甲,张,a@firm.example,1\n乙,李,b@firm.example,2\n"
    with statements() as said:
        shown = office.bring(rows, dry_run=True)
    assert kinds(shown) == {"new": 2}
    assert not any(one.startswith("BEGIN IMMEDIATE") for one in said)
    assert not any("INTO contact" in one or "INTO subscription" in one for one in said)
    assert office.dump() == ([], [])
    done = office.bring(rows)
    assert replace(done, number=None) == shown
    assert office.names() == ["a@firm.example", "b@firm.example"]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # where a writer shuts out every other
def test_a_dry_run_waits_for_nobody_who_writes(office: Office) -> None:
    office.bring("甲,张,a@firm.example,1\n")
    with office.store.write() as connection:
        audience.suppress_address(connection, "0" * 64, "gone", "test", NOW)
        assert kinds(office.bring("乙,李,b@firm.example,2\n", dry_run=True)) == {"new": 1}


def test_new_changed_moved_and_unchanged_are_told_apart(office: Office) -> None:
    office.bring("甲,张,a@firm.example,1\n乙,李,b@firm.example,2\n丙,王,c@firm.example,3\n丁,赵,d@firm.example,\n")
    rows = "乙,李某,b@firm.example,22\n甲,张,a@firm.example,1\n戊,王,c@firm.example,\n己,新,n@firm.example,\n丁,赵,d@firm.example,\n"
    shown = office.bring(rows, dry_run=True)
    report = office.bring(rows)
    assert replace(report, number=None) == shown
    assert kinds(report) == {"new": 1, "changed": 1, "moved": 1, "reordered": 1, "unchanged": 1}
    (changed,) = report.changes[ChangeKind.CHANGED]
    assert [(one.field, one.was, one.now) for one in changed.fields] == [("name", "李", "李某"), ("phone", "2", "22")]
    (moved,) = report.changes[ChangeKind.MOVED]
    assert [(one.field, one.was, one.now) for one in moved.fields] == [("organisation", "丙", "戊")]
    assert moved.contact.phone == "3", "a blank cell leaves what is known"
    assert office.names() == ["b@firm.example", "a@firm.example", "c@firm.example", "d@firm.example", "n@firm.example"]


def test_nobody_is_taken_off_a_list_and_an_import_that_changes_nothing_is_not_on_record(office: Office) -> None:
    office.bring("甲,张,a@firm.example,1\n乙,李,b@firm.example,2\n")
    before = office.dump()
    report = office.bring("乙,李,b@firm.example,2\n")
    assert (kinds(report), report.number) == ({"unchanged": 1}, None)
    assert office.dump() == before
    assert len(office.contacts.imports(9)) == 1


def test_who_left_or_is_suppressed_does_not_come_back(office: Office) -> None:
    office.bring("甲,张,a@firm.example,1\n乙,李,b@firm.example,2\n")
    office.leave("a@firm.example")
    with office.store.write() as connection:
        for address in ("s@firm.example", "b@firm.example"):
            audience.suppress_address(connection, hash_address(SECRET, address), "gone", "test", NOW)
    before = office.dump()
    report = office.bring("新,新,a@firm.example,9\n丙,王,s@firm.example,3\n新,新,b@firm.example,2\n")
    assert kinds(report) == {"kept_out": 3}
    reasons = [(one.contact.address, one.kept_out) for one in report.changes[ChangeKind.KEPT_OUT]]
    assert reasons == [
        ("a@firm.example", KeptOut.LEFT), ("s@firm.example", KeptOut.SUPPRESSED), ("b@firm.example", KeptOut.SUPPRESSED),
    ]  # fmt: skip
    assert office.dump() == before


def test_a_higher_list_says_who_somebody_is(office: Office) -> None:
    (office.folder / "subscribers" / "government.csv").write_text("单位,姓名,邮箱\n厅,甲处长,a@gov.example\n", "utf-8")
    office.lists.sync()
    report = office.bring("司,老甲,a@gov.example,1\n")
    assert kinds(report) == {"joined": 1}
    assert report.changes[ChangeKind.JOINED][0].fields == ()
    assert office.contacts.tell("a@gov.example").contact == report.changes[ChangeKind.JOINED][0].contact
    assert [one.list_name for one in office.contacts.tell("A@gov.example").subscriptions] == ["government", "members"]


def test_undoing_puts_everything_back_exactly(office: Office) -> None:
    office.bring("甲,张,a@firm.example,1\n乙,李,b@firm.example,2\n丙,王,c@firm.example,3\n")
    before = office.dump()
    report = office.bring(
        "丙,王某,c@firm.example,3\n丁,赵,d@firm.example,4\n甲,张,a@firm.example,1\n乙,李,b@firm.example,2\n"
    )
    assert office.dump() != before
    assert report.number is not None
    shown = office.contacts.undo_import(report.number, dry_run=True)
    assert office.dump() != before
    done = office.contacts.undo_import(report.number, "某编辑")
    assert (done.removed, done.restored, done.kept) == (shown.removed, shown.restored, ()) == (1, 3, ())
    assert office.dump() == before
    with pytest.raises(StateError, match="undone already"):
        office.contacts.undo_import(report.number, "某编辑")
    with pytest.raises(NotFoundError):
        office.contacts.undo_import(99, "某编辑")


def test_who_was_dropped_from_a_sheet_comes_back_and_goes_again_with_the_undoing(office: Office) -> None:
    first = office.bring("甲,张,a@firm.example,1\n")
    with office.store.write() as connection:
        ids = audience.find_lists(connection, ["members"])
        one = audience.read_subscribers(connection, ids["members"])["a@firm.example"]
        audience.drop_subscriptions(connection, [one.subscription_id], NOW)
    before = office.dump()
    report = office.bring("甲,张,a@firm.example,1\n")
    assert kinds(report) == {"joined": 1}
    assert office.names() == ["a@firm.example"]
    assert report.number is not None
    office.contacts.undo_import(report.number, "某编辑")
    assert office.dump() == before
    assert first.number is not None


def undo(office: Office, report: ImportReport) -> UndoReport:
    """Undo an import an hour later, after a dry run that must foretell it."""
    assert report.number is not None
    office.clock[0] += timedelta(hours=1)
    shown = office.contacts.undo_import(report.number, dry_run=True)
    done = office.contacts.undo_import(report.number, "某编辑")
    assert done == shown
    return done


def told(kept: Sequence[KeptContact]) -> dict[str, KeptReason]:
    return {one.address.partition("@")[0]: one.reason for one in kept}


def rows_of(names: str, title: str = "") -> str:
    return "".join(f"单位,{one}{title},{one}@firm.example,1\n" for one in names)


def write_government(office: Office, *rows: str) -> None:
    sheet = office.folder / "subscribers" / "government.csv"
    sheet.write_text("单位,姓名,邮箱\n" + "".join(f"{one}\n" for one in rows), "utf-8")
    office.lists.sync()


def mail(office: Office) -> int:
    """Have a mailing to all lists begin now."""
    office.clock[0] += timedelta(hours=1)
    with office.store.write() as connection:
        ids = office.lists.declare(connection)
        approval = approve(connection, "0" * 64, [make_edition(name) for name in ids], "主编", office.clock[0])
        mailing_id = schedule_mailing(connection, approval, list(ids.items()), None, office.clock[0])
        assert mailings.move_mailing(connection, mailing_id, MailingStatus.RUNNING, office.clock[0])
        plan_mailing(connection, mailing_id, SECRET, "zsia.example", office.clock[0])
    return mailing_id


def test_undoing_takes_off_the_list_whom_the_import_put_on_it_whatever_has_happened_since(office: Office) -> None:
    report = office.bring(rows_of("abcd"))
    office.leave("a@firm.example")
    office.bring(rows_of("b", "某"))
    write_government(office, "单位,c,c@firm.example")
    done = undo(office, report)
    assert office.names() == []
    assert (done.removed, done.taken_off, done.restored, done.kept) == (1, 2, 0, ())
    assert told(done.stay) == {"a": KeptReason.LEFT, "b": KeptReason.CHANGED, "c": KeptReason.OTHER_LIST}
    found = office.contacts.tell("c@firm.example").subscriptions
    assert [(one.list_name, one.status) for one in found] == [("government", "active")]
    with pytest.raises(NotFoundError):
        office.contacts.tell("d@firm.example")
    with pytest.raises(StateError, match="undone already"):
        office.contacts.undo_import(1, "某编辑")


def test_undoing_ends_the_subscription_of_who_was_mailed_and_keeps_the_history(office: Office) -> None:
    write_government(office, "单位,b,b@firm.example")
    report = office.bring(rows_of("ab"))
    mailing_id = mail(office)
    second = office.bring(rows_of("c"))
    done = undo(office, report)
    assert office.names() == ["c@firm.example"]
    assert (done.removed, done.taken_off, told(done.stay)) == (0, 2, {"a": KeptReason.MAILED})
    a, b = (office.contacts.tell(f"{one}@firm.example") for one in "ab")
    assert [one.mailing_id for one in (*a.deliveries, *b.deliveries)] == [mailing_id] * 2
    (standing,) = a.subscriptions
    assert (standing.status, standing.left_reason, standing.left_at) == ("left", "import undone", office.clock[0])
    assert [one.list_name for one in b.subscriptions] == ["government"], "by this list nothing went to b"
    with office.store.read() as connection:
        entry = list_consents(connection, "a@firm.example")[-1]
    assert (entry.what, entry.source, entry.detail, entry.by) == (
        "dropped", "undo of import 1", "import undone", "某编辑",
    )  # fmt: skip
    assert undo(office, second).removed == 1
    again = office.bring(rows_of("a"))
    assert kinds(again) == {"joined": 1}, "a reader who said nothing may be brought in by a better sheet"
    assert undo(office, again).taken_off == 1
    assert office.contacts.tell("a@firm.example").subscriptions == (standing,)


def test_undoing_puts_back_the_fields_that_nobody_changed_since_and_finishes_the_rest_later(office: Office) -> None:
    office.bring("甲,张,a@firm.example,1\n乙,李,b@firm.example,2\n")
    report = office.bring("甲局,张某,a@firm.example,11\n")
    later = office.bring("甲局,张三,a@firm.example,11\n")
    done = undo(office, report)
    assert (done.taken_off, done.restored) == (0, 1)
    assert [(one.address, one.reason, one.fields) for one in done.kept] == [
        ("a@firm.example", KeptReason.CHANGED, ("name",))
    ]
    now = office.contacts.tell("a@firm.example").contact
    assert now is not None
    assert (now.organisation, now.name, now.phone) == ("甲", "张三", "1")
    (record,) = [one for one in office.contacts.imports(9) if one.number == report.number]
    assert (record.undone_by, record.undone_kept) == ("某编辑", 1)
    before = office.dump()
    second = undo(office, report)
    assert (second.does_anything, second.kept) == (False, done.kept), "it tells what remains, and does no harm"
    assert office.dump() == before
    assert undo(office, later).restored == 1
    third = undo(office, report)
    assert (third.restored, third.kept) == (1, ())
    assert office.contacts.tell("a@firm.example").contact == replace(now, name="张")
    with pytest.raises(StateError, match="undone already"):
        office.contacts.undo_import(report.number or 0, "某编辑")


def test_undoing_leaves_who_came_onto_the_list_otherwise_since(office: Office) -> None:
    report = office.bring(rows_of("a"))
    office.leave("a@firm.example")
    with office.store.write() as connection:
        ids = audience.find_lists(connection, ["members"])
        number = audience.contact_id(connection, "a@firm.example")
        assert number is not None
        grounds = Grounds("double opt-in", "web")
        audience.restart_subscription(
            connection, number, ids["members"], ConsentAct.CONFIRMED, grounds, office.clock[0]
        )
    done = undo(office, report)
    assert (done.does_anything, told(done.kept)) == (False, {"a": KeptReason.SUBSCRIPTION})
    assert office.names() == ["a@firm.example"]


def test_an_import_of_before_that_has_no_record_of_what_it_wrote_is_undone_as_far_as_can_be_told(
    office: Office,
) -> None:
    office.bring("甲,张,a@firm.example,1\n乙,李,b@firm.example,2\n")
    report = office.bring("甲,张某,a@firm.example,1\n乙,李某,b@firm.example,2\n")
    with office.store.write() as connection:
        connection.execute(update(contact_import_row).values(wrote=None))
    office.bring("乙,李四,b@firm.example,2\n")
    done = undo(office, report)
    assert (done.restored, [(one.address, one.fields) for one in done.kept]) == (1, [("b@firm.example", ("name",))])


def test_it_is_on_record_who_imported_what_and_by_whose_leave(office: Office) -> None:
    office.bring("甲,张,a@firm.example,1\n,,坏,\n")
    (record,) = office.contacts.imports(9, "members")
    assert (record.by, record.file_name, record.basis, record.at) == (
        "某编辑",
        "名单.csv",
        "membership",
        office.clock[0],
    )
    assert (record.counts["new"], record.counts["refused"]) == (1, 1)
    told = office.contacts.tell("a@firm.example")
    assert [(one.basis, one.source, one.since) for one in told.subscriptions] == [
        ("membership", "import 1: 名单.csv", office.clock[0])
    ]
    assert [one.number for one in told.imports] == [1]
    with office.store.read() as connection:
        entry = audit.list_entries(connection, 1)[0]
        assert (entry.act, entry.subject.name, entry.actor.name) == (Act.IMPORT_CONTACTS, "1", "某编辑")
        assert record.file_sha256 in entry.details


def test_a_list_that_follows_its_sheet_takes_no_import_and_one_that_does_not_no_sync(office: Office) -> None:
    file = office.folder / "a.csv"
    file.write_text(HEAD, "utf-8")
    with pytest.raises(StateError, match="follows its sheet") as caught:
        office.contacts.import_sheet(ImportOrder(file, "government"), "某编辑")
    assert "lists sync" in caught.value.cure
    with pytest.raises(StateError, match="follows no sheet"):
        office.lists.require_sheets(["members"])
    office.bring("甲,张,a@firm.example,1\n")
    assert set(office.lists.sync()) == {"government"}
    assert office.lists.sync(["members"]) == {}, "a sending syncs its lists by name, whatever they follow"
    assert office.names() == ["a@firm.example"]


def test_only_who_keeps_the_contacts_may(office: Office) -> None:
    office.people.add("管理员", [UserRole.ADMIN])
    office.people.add("编辑甲", [UserRole.EDITOR], "管理员")
    with pytest.raises(StateError, match="may not"):
        office.bring("甲,张,a@firm.example,1\n", by="管理员")
    with pytest.raises(UsageError):
        office.contacts.export(office.folder / "o.csv")
    report = office.bring("甲,张,a@firm.example,1\n", by="编辑甲")
    assert kinds(report) == {"new": 1}
    with pytest.raises(StateError, match="may not"):
        office.contacts.undo_import(1, "管理员")


def test_a_sheet_that_breaks_off_changes_nothing(office: Office) -> None:
    with pytest.raises(SheetError):
        office.bring("甲,张,a@firm.example,1\n" * 3 + '乙,"未完\n')
    assert office.dump() == ([], [])
    assert office.contacts.imports(9) == []


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_refused_is_mended_and_imported_again(office: Office, kind: str) -> None:
    file = write_dirty_xlsx(office.folder / "脏.xlsx")
    back = office.folder / f"退回.{kind}"
    report = office.contacts.import_sheet(ImportOrder(file, "members", refused=back), "某编辑")
    wrong = sum(len(one) for _cell, _taken, one in DIRTY)
    taken = sum(len(one) for _cell, one, _wrong in DIRTY)
    assert (report.counts[ChangeKind.NEW], report.refused_count) == (taken, wrong)
    assert {(one.place.row, one.value) for one in report.refused} == {
        (at + 2, value) for at, (_cell, _taken, refused) in enumerate(DIRTY) for value, _cure in refused
    }
    unmended = office.contacts.import_sheet(ImportOrder(back, "members"), "某编辑", dry_run=True)
    assert unmended.refused_count == wrong, "also the address that stood twice: it must not overwrite the first"
    mended = _mend(back)
    again = office.contacts.import_sheet(ImportOrder(mended, "members"), "某编辑")
    assert (again.refused_count, again.counts[ChangeKind.NEW]) == (0, wrong)
    (one,) = office.contacts.find(_filter("mended0@"), 9)
    assert (one.contact.organisation, one.contact.name, one.contact.phone) == ("单位14", "某14", "0571-14")


def _filter(text: str) -> Any:
    from mailer.model.listed import ContactFilter

    return ContactFilter(text=text)


def _mend(file: Path) -> Path:
    """Write a good address into each row, as a person would."""
    if file.suffix == ".xlsx":
        book = openpyxl.load_workbook(file)
        sheet = book.active
        assert sheet is not None
        for at, row in enumerate(sheet.iter_rows(min_row=2)):
            row[5].value = f"mended{at}@firm.example"
        book.save(file)
        return file
    import csv

    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    for at, row in enumerate(rows[1:]):
        row[5] = f"mended{at}@firm.example"
    with file.open("w", encoding="gb18030", newline="") as stream:  # a Chinese Excel saves it so
        csv.writer(stream).writerows(rows)
    return file


def test_a_large_sheet_takes_few_statements(office: Office) -> None:
    rows = "".join(f"单位{n % 9},某{n},r{n}@firm{n % 7}.example,\n" for n in range(3000))
    with statements() as said:
        office.bring(rows)
    assert len(said) < 100
    with statements() as said:
        assert kinds(office.bring(rows)) == {"unchanged": 3000}
    assert len(said) < 60
    backwards = "".join(reversed(rows.splitlines(keepends=True)))
    report = office.bring(backwards)
    assert kinds(report) == {"reordered": 3000}
    assert office.names()[0] == "r2999@firm3.example"
    assert report.number is not None
    done = office.contacts.undo_import(report.number, "某编辑")
    assert (done.restored, office.names()[0]) == (3000, "r0@firm0.example")
