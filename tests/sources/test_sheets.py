"""A sheet of contacts is read whole or not at all, and what is wrong is named by line and field."""

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.errors import SheetError
from mailer.model.contact_sheet import LIMITS
from mailer.model.delivery import Contact
from mailer.sources.sheets import heading_row, read_sheet
from mailer.store import schema
from tests.conftest import REPOSITORY
from tests.sources.refusals import refusal

CHINESE = "单位,姓名,职务,城市,邮箱,电话\n某司,信息部,主任,杭州,a@b.example,0571-1\n"


def write(folder: Path, content: str | bytes) -> Path:
    file = folder / "s.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_the_projects_own_lists_hold_6_and_71_readers_at_reserved_domains() -> None:
    government = read_sheet(REPOSITORY / "subscribers" / "government.csv")
    members = read_sheet(REPOSITORY / "subscribers" / "members.csv")
    assert (len(government), len(members)) == (6, 71)
    assert len({contact.key for contact in government + members}) == 77
    assert all(contact.key.endswith((".example", ".test")) for contact in government + members)
    assert [contact.city for contact in members[:11]][::10] == ["杭州", "宁波"]
    wanted = {"reader@grey1.example", "reader@grey2.example", "reader@grey3.example", "gone@dept.example",
              "full@box.example", "closed@gbk.example", "late@bounce.example"}  # fmt: skip
    companies = {contact.address for contact in members[11:]}
    assert wanted <= companies
    assert sum(address.endswith("@freq.example") for address in companies) == 5


CONTACT = Contact("a@b.example", "a@b.example", "信息部", "主任", "某司", "杭州", "0571-1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_sheet_is_read_in_every_encoding_offices_use(tmp_path: Path, encoding: str) -> None:
    assert read_sheet(write(tmp_path, CHINESE.encode(encoding))) == (CONTACT,)


@pytest.mark.parametrize(
    "text",
    [
        CHINESE,
        CHINESE.replace("\n", "\r\n"),
        CHINESE.replace(",", ";"),
        CHINESE.replace(",", "\t"),
        "phone,city,Organisation,NAME,title, E-Mail\n0571-1,杭州,某司,信息部,主任,ａ@B.example\n",
        '序号,单位,联系人,职务,城市,电子邮箱,电话,备注\n1,某司,信息部,主任,杭州,a@b.example,0571-1,"多\n行"\n',
        "\n,,,\n" + CHINESE + ",,,,,\n\n",
    ],
)
def test_headings_may_be_chinese_or_english_in_any_order(tmp_path: Path, text: str) -> None:
    (contact,) = read_sheet(write(tmp_path, text))
    assert contact == CONTACT


def test_columns_may_be_missing_but_not_the_address(tmp_path: Path) -> None:
    assert read_sheet(write(tmp_path, "email\na@b.example\n")) == (Contact("a@b.example", "a@b.example"),)
    assert read_sheet(write(tmp_path, "email,name\na@b.example\n")) == (Contact("a@b.example", "a@b.example"),)


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        (CHINESE + "乙,,,,不是地址,\n", 3, "邮箱", "不是地址"),
        (CHINESE + "\n乙,,,,,\n", 4, "邮箱", "no address"),
        (CHINESE + "乙,,,,a@b.example;c@d.example,\n", 3, "邮箱", "line 2"),
        (CHINESE + "乙,,,,x@b.example;无,\n", 3, "邮箱", "not an e-mail"),
        (CHINESE + "乙,,,,x@b.example,\n丙,,,,A@B.Example,\n", 4, "邮箱", "line 2"),
        (CHINESE + '"x\n",,,,a1@b.example,\n乙,,,,x@b.example\x00,\n', None, None, "text file"),
        (CHINESE + "乙\x07,,,,x@b.example,\n", 3, "单位", "control"),
        (CHINESE + "乙,,,,x@b.example\x0b,\n", 3, "邮箱", "control"),
        (CHINESE + "乙" * 201 + ",,,,x@b.example,\n", 3, "单位", "201 characters; at most 200"),
        (CHINESE + f"乙,{'名' * 201},,,x@b.example,\n", 3, "姓名", "at most 200"),
        (CHINESE + f"乙,,{'职' * 201},,x@b.example,\n", 3, "职务", "at most 200"),
        (CHINESE + f"乙,,,{'城' * 101},x@b.example,\n", 3, "城市", "at most 100"),
        (CHINESE + f"乙,,,,x@b.example,{'1' * 101}\n", 3, "电话", "at most 100"),
        (CHINESE + "乙,,,,x@b.example,1,2\n", 3, "G", "more cells"),
        (CHINESE + '乙,"未完\n', 3, None, "CSV"),
        ("单位,姓名\n某司,某部\n", 1, "邮箱", "no column"),
        ("", 1, None, "empty"),
        (",,\n \n", 1, None, "empty"),
    ],
)
def test_one_wrong_row_is_named_and_nothing_is_read(
    tmp_path: Path, text: str, line: int | None, field: str | None, said: str
) -> None:
    file = write(tmp_path, text)
    with pytest.raises(SheetError) as caught:
        read_sheet(file)
    assert (caught.value.file, caught.value.line, caught.value.field) == (file, line, field)
    assert said in caught.value.message
    assert caught.value.cure


def test_values_as_long_as_the_database_takes_are_read(tmp_path: Path) -> None:
    columns = {name: schema.contact.c[name] for name in LIMITS if name in schema.contact.c}
    columns |= {"organisation": schema.organisation.c.name, "level": schema.organisation.c.level}
    assert {name: getattr(column.type, "length", None) for name, column in columns.items()} == LIMITS
    row = f"{'单' * 200},{'名' * 200},{'职' * 200},{'城' * 100},x@b.example,{'1' * 100}\n"
    (_first, contact) = read_sheet(write(tmp_path, CHINESE + row))
    assert (len(contact.organisation), len(contact.city)) == (200, 100)


def test_a_duplicate_names_both_lines(tmp_path: Path) -> None:
    with pytest.raises(SheetError) as caught:
        read_sheet(write(tmp_path, "email\na@b.example\n\nA@b.example\n"))
    assert "2" in caught.value.cure
    assert "4" in caught.value.cure


def test_a_misspelt_address_column_is_pointed_out(tmp_path: Path) -> None:
    with pytest.raises(SheetError) as caught:
        read_sheet(write(tmp_path, "name,emial\n某部,a@b.example\n"))
    assert "emial" in caught.value.cure


def test_missing_files_folders_workbooks_and_other_bytes_are_errors(tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04")
    (tmp_path / "other.csv").write_bytes(b"\xff\xff\x81")
    for name in ("none.csv", "book.xlsx", "other.csv", ""):
        with pytest.raises(SheetError) as caught:
            read_sheet(tmp_path / name)
        assert caught.value.file == tmp_path / name
        assert caught.value.cure


def test_a_new_sheets_heading_row_is_one_that_is_read(tmp_path: Path) -> None:
    assert read_sheet(write(tmp_path, heading_row() + "\n")) == ()


VALUES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=8).map(str.strip)


@given(st.lists(st.tuples(VALUES, VALUES, VALUES).filter(lambda row: "#VALUE!" not in row), max_size=5))
def test_what_is_written_as_csv_is_read_the_same(rows: list[tuple[str, str, str]]) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(["单位", "姓名", "邮箱", "城市"])
    for number, (organisation, name, city) in enumerate(rows):
        writer.writerow([organisation, name, f"r{number}@x.example", city])
    with tempfile.TemporaryDirectory() as folder:
        contacts = read_sheet(write(Path(folder), stream.getvalue()))
    assert [(contact.organisation, contact.name, contact.city) for contact in contacts] == rows


@given(
    st.one_of(st.binary(), st.text().map(str.encode), st.text('",;\t\r\n a@b.example邮箱', max_size=60).map(str.encode))
)
@example(b"email\n" + b"a" * 200_000)
@example(b'"\n"email\n')
def test_no_bytes_whatever_break_the_reader(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for head in (b"", "邮箱,姓名\n".encode()):
            error = refusal(read_sheet, write(Path(folder), head + content))
            assert error is None or error.cure


def test_a_misspelt_column_is_not_lost_unseen(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="unknown column") as caught:
        read_sheet(write(tmp_path, "单位,电活,邮箱\n某部,1,a@b.example\n"))
    assert (caught.value.field, caught.value.line) == ("电活", 1)
    assert "电话" in caught.value.cure
    with pytest.raises(SheetError) as caught:
        read_sheet(write(tmp_path, "部门,邮箱\n某部,a@b.example\n"))
    assert "备注" in caught.value.cure


def test_columns_that_are_only_for_the_staff_are_left_out(tmp_path: Path) -> None:
    (contact,) = read_sheet(write(tmp_path, "序号,单位,邮箱,备注：旧,\n1,某部,a@b.example,看过,\n"))
    assert contact.organisation == "某部"
