"""Nothing that a sheet holds is lost unseen: columns nobody knows, rows that were refused, our own exports."""

import csv
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from mailer.app.contacts import ImportOrder
from mailer.errors import SheetError, UsageError
from mailer.model.contact_import import ChangeKind, ImportReport
from mailer.model.contact_sheet import EXPORT_HEADINGS, RefusedCell
from mailer.model.delivery import Contact
from mailer.model.listed import ContactFilter
from mailer.store.database import Store, open_store
from mailer.store.schema import consent_entry, subscription
from tests.audience.test_importing import Office, kinds
from tests.audience.test_importing import office as office

NOTED = (
    "序号,单位,姓名,邮箱,备注,传真,\n"
    "1,甲,张某,a@firm.example,老会员,,x\n"
    "2,乙,李某,坏,新会员,0571-1,\n"
    "3,丙,王某,c@firm.example,,,\n"
    "4,丁,赵某,a@firm.example,重复的,,\n"
    '5,戊,钱某,A@firm.example,"又\n一行",,\n'
)


def bring(
    office: Office, file: Path, *mapping: str, refused: Path | None = None, dry_run: bool = False
) -> ImportReport:
    office.clock[0] += timedelta(hours=1)
    order = ImportOrder(file, "members", mapping, refused=refused)
    return office.contacts.import_sheet(order, "某编辑", dry_run=dry_run)


def written(folder: Path, text: str, name: str = "s.csv") -> Path:
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def table(file: Path) -> list[dict[str, str]]:
    """The rows of a sheet by heading; of two columns with one heading the first counts."""
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows: Sequence[Sequence[object]] = list(csv.reader(stream))
    else:
        sheet = openpyxl.load_workbook(file).active
        assert sheet is not None
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    head = [str(cell) for cell in rows[0]]
    found: list[dict[str, str]] = []
    for row in rows[1:]:
        one: dict[str, str] = {}
        for heading, cell in zip(head, row, strict=True):
            one.setdefault(heading, "" if cell is None else str(cell))
        found.append(one)
    return found


def known(office: Office, text: str) -> Contact:
    (one,) = office.contacts.find(ContactFilter(text=text), 9)
    return one.contact


def test_a_column_nobody_knows_is_said_with_how_much_of_it_is_not_kept(office: Office) -> None:
    report = bring(office, written(office.folder, NOTED), dry_run=True)
    assert [(one.place.letter, one.place.heading, one.cells) for one in report.not_kept] == [
        ("E", "备注", 4), ("F", "传真", 1), ("G", "", 1),
    ]  # fmt: skip
    assert [place.heading for one in report.columns for place in one.unused] == ["备注", "传真"]


def test_such_a_column_is_kept_as_an_attribute_on_wish_and_taken_back_with_the_import(office: Office) -> None:
    file = written(office.folder, NOTED)
    bring(office, file, "备注=attribute", "F=-", "G=-")
    assert known(office, "a@").attributes == (("备注", "老会员"),)
    assert known(office, "c@").attributes == ()
    again = bring(office, file, "备注=attribute:说明", "传真=属性", "G=-")
    assert (kinds(again), again.not_kept) == ({"changed": 1, "unchanged": 1}, ())
    (change,) = again.changes[ChangeKind.CHANGED]
    assert [(one.field, one.was, one.now) for one in change.fields] == [("attribute:说明", "", "老会员")]
    assert known(office, "a@").attributes == (("备注", "老会员"), ("说明", "老会员")), "what a sheet does not say stays"
    assert again.number is not None
    office.contacts.undo_import(again.number, "某编辑")
    assert known(office, "a@").attributes == (("备注", "老会员"),)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_refused_stands_in_its_sheet_with_all_columns(office: Office, kind: str) -> None:
    back = office.folder / f"退回.{kind}"
    bring(office, written(office.folder, NOTED), refused=back)
    first, twice, thrice = table(back)
    assert {name: first[name] for name in ("单位", "邮箱", "序号", "备注", "传真", "(G)")} == {
        "单位": "乙", "邮箱": "坏", "序号": "2", "备注": "新会员", "传真": "0571-1", "(G)": "",
    }  # fmt: skip
    assert (twice["备注"], twice["先见于"], twice["序号"]) == ("重复的", "2", "4")
    assert (thrice["备注"], thrice["先见于"]) == ("又\n一行", "2")
    mend(back, "坏", "b@firm.example")
    report = bring(office, back, "备注=attribute", "传真=attribute")
    assert kinds(report) == {"new": 1}
    assert known(office, "b@").attributes == (("传真", "0571-1"), ("备注", "新会员"))
    assert report.not_kept == ()


def test_columns_of_several_sheets_and_twice_the_same_heading_all_come_back(office: Office) -> None:
    book = openpyxl.Workbook()
    one, two = book.active, book.create_sheet("乙")
    assert one is not None
    one.title = "甲"
    for cells in (("邮箱", "备注", "备注", "'=坏"), ("坏1", "左", "右", "'=1+1")):
        one.append(cells)
    for row in (("邮箱", "类别", "备注"), ("坏2", "会员", "又")):
        two.append(row)
    book.save(office.folder / "两表.xlsx")
    back = office.folder / "退回.csv"
    bring(office, office.folder / "两表.xlsx", refused=back)
    with back.open(encoding="utf-8-sig", newline="") as stream:
        head, first, second = csv.reader(stream)
    assert head[15:] == ["备注", "备注", "''=坏", "类别", "文字前有'"]
    assert (first[15:19], second[15:19]) == (["左", "右", "''=1+1", ""], ["又", "", "", "会员"])


def mend(file: Path, wrong: str, right: str) -> None:
    if file.suffix == ".csv":
        file.write_text(file.read_text("utf-8-sig").replace(f",{wrong},", f",{right},", 1), "utf-8-sig")
        return
    book = openpyxl.load_workbook(file)
    assert book.active is not None
    cell = next(cell for row in book.active.iter_rows() for cell in row if cell.value == wrong)
    cell.value = right
    book.save(file)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_refused_duplicate_left_unmended_overwrites_nothing(office: Office, kind: str) -> None:
    back, again = office.folder / f"退回.{kind}", office.folder / f"再退回.{kind}"
    file = written(office.folder, "单位,姓名,邮箱\n甲,张某,a@firm.example\n乙,李某,A@firm.example\n")
    bring(office, file, refused=back)
    steps: tuple[tuple[Path, Path | None], ...] = ((back, again), (again, None))
    for sheet, next_one in steps:
        report = bring(office, sheet, refused=next_one)
        assert kinds(report) == {}
        (refused,) = report.refused
        assert isinstance(refused, RefusedCell)
        assert "row 3" not in refused.reason
        assert (refused.value, refused.first, refused.place.heading) == ("A@firm.example", "2", "邮箱")
        assert known(office, "a@").name == "张某"
    # with an address of its own it is another contact; and who wants it instead of the first says so
    mend(again, "A@firm.example", "b@firm.example")
    assert kinds(bring(office, again)) == {"new": 1}
    mend(back, "2", "")
    assert kinds(bring(office, back)) == {"moved": 1}


def test_a_sheet_of_headings_alone_is_bad_input(office: Office) -> None:
    for text in ("单位,邮箱\n", "单位,邮箱\n,\n", "会员名单\n单位,邮箱\n"):
        with pytest.raises(SheetError, match="no row below the headings") as caught:
            bring(office, written(office.folder, text), dry_run=True)
        assert caught.value.cure
    assert office.contacts.imports(9) == []


def consents(store: Store) -> list[tuple[object, ...]]:
    with store.read() as connection:
        columns = (consent_entry.c.basis, consent_entry.c.source, consent_entry.c.at, consent_entry.c.what)
        return [tuple(row) for row in connection.execute(select(*columns).order_by(consent_entry.c.id))]


RICH = (
    "单位,姓名,职务,城市,级别,邮箱,电话,语言,属性:行业,属性：规模\n"
    "甲,张某,处长,杭州市,市,a@firm.example,1,英文,软件,=大\n"
    "乙,李某,,温州,,b@firm.example,,zh-CN,,\n"
    "丙,王总,,某某市,,c@firm.example,,,芯片,\n"
)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_imported_into_the_same_house_changes_nothing(office: Office, kind: str) -> None:
    bring(office, written(office.folder, RICH, "会员.csv"))
    one = known(office, "a@")
    assert (one.language, one.city, one.attributes) == ("en", "杭州", (("行业", "软件"), ("规模", "=大")))
    assert known(office, "b@").language == "zh_CN"
    file = office.folder / f"名单.{kind}"
    office.contacts.export(file, (), "某编辑")
    before, log = office.dump(), consents(office.store)
    report = bring(office, file)
    assert kinds(report) == {"unchanged": 3}
    assert (report.refused_count, report.doubt_count, report.aside_count, report.not_kept) == (0, 0, 0, ())
    assert (office.dump(), consents(office.store)) == (before, log)
    assert (report.number, report.said_count) == (None, 0)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_is_the_same_again_in_another_house(office: Office, tmp_path: Path, kind: str) -> None:
    bring(office, written(office.folder, RICH, "会员.csv"))
    bring(office, written(office.folder, "单位,邮箱\n丁,d@firm.example\n", "书面.csv"))
    first = office.folder / f"名单.{kind}"
    office.contacts.export(first, ["members"], "某编辑")
    store = open_store("", tmp_path / "other.db")
    other = Office.open(tmp_path / "other", store)
    other.clock[0] = office.clock[0] + timedelta(days=400)
    report = bring(other, first)
    assert (kinds(report), report.said_count, report.unknown_basis_count) == ({"new": 4}, 4, 0)
    second = other.folder / f"名单.{kind}"
    other.contacts.export(second, ["members"], "某编辑")
    one, two = table(first), table(second)
    sources = [row.pop("订阅来源") for row in two]
    said = [(row["订阅依据"], row.pop("订阅来源"), row["订阅时间"]) for row in one]
    assert two == one, "also basis and time"
    assert sources == [f"import 1: {first.name}, which said: {', '.join(words)}" for words in said]
    with store.read() as connection:
        since = set(connection.execute(select(subscription.c.since)).scalars())
    assert other.clock[0] not in since
    assert {(basis, source) for basis, source, _at, _what in consents(store)} == {
        ("membership", source) for source in sources
    }
    assert {at for _basis, _source, at, _what in consents(store)} == {other.clock[0]}, "the log says when it was done"
    assert report.number is not None
    done = other.contacts.undo_import(report.number, "某编辑")
    assert (done.removed, done.kept_count) == (4, 0)
    store.close()


def test_a_basis_nobody_knows_and_a_time_to_come_are_words_only(office: Office) -> None:
    head = ",".join(EXPORT_HEADINGS)
    rows = (
        ",,,,,a@firm.example,,,members,active,consent,letter of 2019,2019-03-02 10:00\n"
        ",,,,,b@firm.example,,,members,active,he said so,=x,2999-01-01 00:00\n"
        ",,,,,c@firm.example,,,,,,,\n"
    )
    report = bring(office, written(office.folder, f"{head}\n{rows}", "旧.csv"))
    assert (kinds(report), report.said_count, report.unknown_basis_count) == ({"new": 3}, 1, 1)
    found = {one.contact.address[0]: one for one in office.contacts.find(ContactFilter(("members",)), 9)}
    assert (found["a"].basis, found["a"].source) == (
        "consent", "import 1: 旧.csv, which said: consent, letter of 2019, 2019-03-02 10:00"
    )  # fmt: skip
    assert found["a"].since is not None
    assert found["a"].since.isoformat() == "2019-03-02T02:00:00+00:00"
    assert (found["b"].basis, found["b"].since) == ("membership", office.clock[0])
    assert found["b"].source.endswith("which said: he said so, =x, 2999-01-01 00:00")
    assert (found["c"].basis, found["c"].source) == ("membership", "import 1: 旧.csv")


def test_rows_of_another_list_stay_out_of_this_one(office: Office) -> None:
    head = ",".join([*EXPORT_HEADINGS, "属性:行业"])
    rows = (
        ",,,,,g@gov.example,,,government,active,official duty,sheet,,\n,,,,,a@firm.example,,,members,active,,,,软件\n"
    )
    file = written(office.folder, f"{head}\n{rows}")
    report = bring(office, file)
    assert (kinds(report), [one.text for one in report.aside]) == ({"new": 1}, ["government"])
    file.write_text(f"{head}\n{rows.splitlines()[0]}\n", "utf-8")
    with pytest.raises(SheetError, match="another list: government"):
        bring(office, file)


def test_who_left_elsewhere_is_not_brought_in_by_the_sheet_of_refused_rows(office: Office) -> None:
    head = ",".join(EXPORT_HEADINGS)
    back = office.folder / "退回.csv"
    row: Mapping[str, str] = {"邮箱": "a@firm.example", "状态": "left", "订阅依据": "consent"}
    bring(
        office,
        written(office.folder, f"{head}\n{','.join(row.get(one, '') for one in EXPORT_HEADINGS)}\n"),
        refused=back,
    )
    assert table(back)[0]["订阅依据"] == "consent"
    report = bring(office, back)
    assert (kinds(report), report.refused[0].value) == ({}, "left")


def test_one_city_by_two_names_is_one(office: Office) -> None:
    bring(office, written(office.folder, "单位,城市,邮箱\n甲,杭州市,a@firm.example\n甲,杭州,b@firm.example\n"))
    assert {known(office, text).city for text in ("a@", "b@")} == {"杭州"}
    assert len(office.contacts.find(ContactFilter(text="杭州市"), 9)) == 2
    again = bring(office, written(office.folder, "单位,城市,邮箱\n甲,杭州,a@firm.example\n甲,杭州市,b@firm.example\n"))
    assert kinds(again) == {"unchanged": 2}


@pytest.mark.parametrize("dry_run", [True, False])
def test_no_sheet_that_is_read_is_written_over(office: Office, tmp_path: Path, dry_run: bool) -> None:
    file = written(tmp_path, NOTED)
    with pytest.raises(UsageError, match="overwritten"):
        bring(office, file, refused=file, dry_run=dry_run)
    assert file.read_text("utf-8") == NOTED
