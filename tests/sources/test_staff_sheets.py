"""Sheets as staff have them: every good row comes in, every bad cell is named with its place and cure."""

import csv
import io
import subprocess
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import SheetError, UsageError
from mailer.model.contact_sheet import (
    AsideKind,
    DoubtfulCell,
    RefusedCell,
    RowAside,
    SheetColumns,
    SheetContact,
    SheetItem,
    SheetLeftOut,
    guard_cell,
    unguard_cell,
)
from mailer.sources.address_cells import read_address_cell, suggest_domain
from mailer.sources.headings import field_of, parse_mapping
from mailer.sources.names import part_title
from mailer.sources.office import find_office
from mailer.sources.row_kinds import city_of, find_kind
from mailer.sources.sheets import read_items
from mailer.sources.text_file import open_text
from mailer.sources.workbook import is_workbook, spool_workbook, write_value
from tests.conftest import need
from tests.sources.staff_sheets import (
    DIRTY,
    DIRTY_HEAD,
    GBK_SHEET,
    dirty_rows,
    utf16,
    write_dirty_xlsx,
    write_merged_xlsx,
)


def read(file: Path, *mapping: str, only: str = "") -> list[SheetItem]:
    spool = None
    if is_workbook(file):
        spool = file.with_suffix(".rows")
        spool_workbook(file, spool, only)
    return list(read_items(file, spool=spool, mapping=parse_mapping(mapping)))


def contacts(items: list[SheetItem]) -> list[SheetContact]:
    return [one for one in items if isinstance(one, SheetContact)]


def refused(items: list[SheetItem]) -> list[RefusedCell]:
    return [one for one in items if isinstance(one, RefusedCell)]


def write(folder: Path, content: str | bytes, name: str = "s.csv") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_a_sheet_as_excel_writes_it_in_gbk(tmp_path: Path) -> None:
    items = read(write(tmp_path, GBK_SHEET))
    assert [(one.contact.organisation, one.contact.name, one.contact.address, one.contact.phone, one.place.row)
            for one in contacts(items)] == [
        ("某软件股份有限公司（杭州）", "张某", "zhang@firm1.example", "0571-00000001", 2),
        ("一、二、三，\"四\"公司", "李某", "li@firm2.example", "057100000002", 3),
        ("一、二、三，\"四\"公司", "李某", "li2@firm2.example", "057100000002", 3),
        ("镕基喆科技", "王某", "wang@firm3.example", "1.38E+10", 4),
    ]  # fmt: skip
    assert refused(items) == []
    (doubt,) = [one for one in items if isinstance(one, DoubtfulCell)]
    assert (doubt.place.letter, doubt.place.heading, doubt.value) == ("F", "电话", "1.38E+10")
    assert "lost digits" in doubt.doubt


def test_a_workbook_with_merged_cells_and_rows_of_cities(tmp_path: Path) -> None:
    items = read(write_merged_xlsx(tmp_path / "m.xlsx"))
    found = [
        (one.contact.city, one.contact.organisation, one.contact.name, one.contact.title, one.contact.phone,
         one.contact.address)
        for one in contacts(items)
    ]  # fmt: skip
    assert found == [
        ("杭州", "甲公司", "张某", "处长", "13800000001", "a1@firm1.example"),
        ("杭州", "甲公司", "李某", "主任", "13800000002", "a2@firm1.example"),
        ("杭州", "甲公司", "欧阳某某", "", "138-0000-0003", "a3@firm1.example"),
        ("杭州", "乙公司", "张", "处长", "", "b1@firm2.example"),
        ("温州", "丙公司", "赵某", "", "", "c1@firm3.example"),
    ]
    # a formula that was never calculated has no value; a hidden row is named, not mailed
    assert [(one.place.sheet, one.place.row, one.place.letter, one.value) for one in refused(items)] == [
        ("会员", 12, "E", ""), ("会员", 13, "", "hidden@firm5.example"),
    ]  # fmt: skip
    assert [(one.place.row, one.kind) for one in items if isinstance(one, RowAside)] == [
        (1, AsideKind.TITLE), (2, AsideKind.HEADING), (4, AsideKind.CITY), (9, AsideKind.CITY), (11, AsideKind.HEADING),
        (14, AsideKind.TOTAL), (15, AsideKind.NOTE),
    ]  # fmt: skip
    assert [one for one in items if isinstance(one, SheetLeftOut)] == [
        SheetLeftOut("填表说明", hidden=False), SheetLeftOut("旧", hidden=True)
    ]  # fmt: skip
    (columns,) = [one for one in items if isinstance(one, SheetColumns)]
    assert [(name, place.letter) for name, place in columns.used] == [
        ("organisation", "B"), ("name", "C"), ("phone", "D"), ("address", "E"),
    ]  # fmt: skip
    assert [place.heading for place in columns.unused] == ["入会日期"]


def test_a_workbook_of_excel_97_says_the_same(tmp_path: Path) -> None:
    program = find_office()
    need(program is not None, "LibreOffice", "install it")
    assert program is not None
    made = write_merged_xlsx(tmp_path / "m.xlsx")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [program, profile, "--headless", "--convert-to", "xls", "--outdir", str(tmp_path), str(made)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    need((tmp_path / "m.xls").exists(), "LibreOffice Calc", "install it")
    found = [
        (one.contact.organisation, one.contact.city, one.contact.address) for one in contacts(read(tmp_path / "m.xls"))
    ]
    assert found[:2] == [("甲公司", "杭州", "a1@firm1.example"), ("甲公司", "杭州", "a2@firm1.example")]
    assert ("丁公司", "温州", "d1@firm4.example") in found, "LibreOffice has calculated the formula"


def test_an_open_document_spreadsheet_is_read(tmp_path: Path) -> None:
    rows = [("单位", "邮箱"), ("甲", "a@b.example")]
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    with zipfile.ZipFile(tmp_path / "s.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f"<office:document-content{names}><office:body><office:spreadsheet>"
            f'<table:table table:name="名单">{cells}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    (one,) = contacts(read(tmp_path / "s.ods"))
    assert (one.contact.organisation, one.contact.address, one.place.sheet) == ("甲", "a@b.example", "名单")


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_thirty_kinds_of_dirty_cells(tmp_path: Path, kind: str) -> None:
    if kind == "xlsx":
        file = write_dirty_xlsx(tmp_path / "d.xlsx")
    else:
        lines = [",".join('"' + ("" if cell is None else str(cell)) + '"' for cell in row) for row in dirty_rows()]
        file = write(tmp_path, "\n".join([",".join(DIRTY_HEAD), *lines]))
    assert len(DIRTY) >= 30
    items = read(file)
    for at, (_cell, taken, wrong) in enumerate(DIRTY):
        row = at + 2
        wanted = list(taken or (["GOOD@firm.example"] if at == 30 else []))
        assert [one.contact.address for one in contacts(items) if one.place.row == row] == wanted, row
        named = [one for one in refused(items) if one.place.row == row]
        if at == 30:  # a repeated address is noticed where all of them are together
            continue
        assert [one.value for one in named] == [value for value, _cure in wrong], row
        for one, (_value, cure) in zip(named, wrong, strict=True):
            assert (one.place.letter, one.place.heading) == ("C", "电子邮箱")
            assert cure in one.cure
            assert one.values["organisation"] == f"单位{at}"
    (typo,) = [one for one in items if isinstance(one, DoubtfulCell)]
    assert (typo.value, typo.suggestion) == ("typo@163.con", "typo@163.com")


@pytest.mark.parametrize(
    "content",
    [
        "名单 2026\n\n单位,邮箱\n甲,a@b.example\n",
        "单位;邮箱\n甲;a@b.example\n",
        "单位\t邮箱\n甲\ta@b.example\n",
        "Organisation,E-Mail Address\n甲,a@b.example\n",
        "企业名称（全称）,地址,联系人邮箱*\n甲,某路1号,a@b.example\n",
        "单位,邮箱\r甲,a@b.example\r",
        utf16("单位,邮箱\n甲,a@b.example\n"),
        "\ufeff单位,邮箱\n甲,a@b.example\n",
        "单位,邮箱\n甲,a@b.example\n".encode("gbk"),
    ],
)
def test_whatever_the_file_is_like_the_row_is_found(tmp_path: Path, content: str | bytes) -> None:
    (one,) = contacts(read(write(tmp_path, content)))
    assert (one.contact.organisation, one.contact.address) == ("甲", "a@b.example")


def test_the_encoding_is_decided_on_the_whole_file(tmp_path: Path) -> None:
    # the first megabytes are good UTF-8 by chance, the last line is not
    head = "单位,邮箱\n".encode("gbk") + "联通,a{n}@b.example\n".encode("gbk") * 80_000
    file = write(tmp_path, head + "某省某某,z@b.example\n".encode("gbk"))
    with open_text(file) as text:
        assert text.readline() == "单位,邮箱\n"
    (last,) = contacts(read(write(tmp_path, "单位,邮箱\n".encode("gbk") + b"\xc4\xe3,z@b.example\n")))
    assert last.contact.organisation == "你"


def test_columns_are_what_staff_say(tmp_path: Path) -> None:
    file = write(tmp_path, "名称甲,联络,备用,邮箱\n甲,a@b.example,x,旧@b.example\n")
    (one,) = contacts(read(file, "名称甲=organisation", "B=address", "C=-"))
    assert (one.contact.organisation, one.contact.address) == ("甲", "a@b.example")
    (headless,) = contacts(read(write(tmp_path, "甲,a@b.example\n"), "A=单位", "B=邮箱"))
    assert (headless.contact.organisation, headless.place.row) == ("甲", 1)


def test_a_mapping_that_fits_nothing_is_an_error_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as wrong:
        parse_mapping(["邮箱=adress"])
    assert "邮箱=address" in wrong.value.cure
    with pytest.raises(SheetError) as missing:
        read(write(tmp_path, "单位,邮箱\n甲,a@b.example\n"), "单住=organisation")
    assert "单位" in missing.value.cure


def test_several_columns_of_addresses_and_of_phones(tmp_path: Path) -> None:
    file = write(tmp_path, "单位,邮箱1,邮箱2,手机,办公电话\n甲,a@b.example,c@b.example,1,2\n乙,d@b.example,,,3\n")
    items = read(file, "邮箱1=address", "邮箱2=address")
    assert [(one.contact.address, one.contact.phone) for one in contacts(items)] == [
        ("a@b.example", "1、2"), ("c@b.example", "1、2"), ("d@b.example", "3"),
    ]  # fmt: skip


def test_an_address_in_a_wrong_column_and_a_value_that_slipped_are_named(tmp_path: Path) -> None:
    items = read(
        write(
            tmp_path,
            "单位,姓名,邮箱\n甲,a@b.example,\n乙,某,c@b.example,x\n丙,#REF!,d@b.example\n丁,甲\x07,e@b.example\n",
        )
    )
    assert contacts(items) == []
    assert [(one.place.row, one.place.letter, one.value) for one in refused(items)] == [
        (2, "B", "a@b.example"), (3, "D", "x"), (4, "B", "#REF!"), (5, "B", "甲\x07"),
    ]  # fmt: skip


def test_a_line_end_in_a_name_becomes_a_blank(tmp_path: Path) -> None:
    (one,) = contacts(read(write(tmp_path, '单位,邮箱\n"某公司\n（杭州）",a@b.example\n')))
    assert one.contact.organisation == "某公司 （杭州）"


@pytest.mark.parametrize(
    ("text", "name", "title"),
    [
        ("张某 处长", "张某", "处长"),
        ("张某\u3000副处长", "张某", "副处长"),
        ("张某（办公室主任）", "张某", "办公室主任"),
        ("张某/总经理", "张某", "总经理"),
        ("张处长", "张", "处长"),
        ("王总", "王", "总"),
        ("李主任", "李", "主任"),
        ("陈副秘书长", "陈", "副秘书长"),
        ("欧阳某主任", "欧阳某", "主任"),
        ("张某处长", "张某", "处长"),
        # not sure: an office, a product of work, a town, a whole name
        ("办公室主任", "办公室主任", ""),
        ("安全主任", "安全主任", ""),
        ("项目经理", "项目经理", ""),
        ("高级工程师", "高级工程师", ""),
        ("副主任", "副主任", ""),
        ("总经理", "总经理", ""),
        ("马桥镇长", "马桥镇长", ""),
        ("李科", "李科", ""),
        ("某总", "某总", ""),
        ("张某 李某", "张某 李某", ""),
        ("张某（女）", "张某（女）", ""),
        ("办公室", "办公室", ""),
        ("Zhang Director", "Zhang Director", ""),
    ],
)
def test_titles_in_names(text: str, name: str, title: str) -> None:
    assert part_title(text) == (name, title)


@pytest.mark.parametrize(
    ("text", "city"),
    [("杭州市", "杭州市"), ("杭州", "杭州"), ("一、杭州市（12家）", "杭州市"), ("延边自治州", "延边自治州"), ("温州市会员单位", "温州市"),
     ("杭州市信息主管部门", ""), ("某公司", ""), ("省级部门", ""), ("城市", "")],
)  # fmt: skip
def test_cities_of_rows(text: str, city: str) -> None:
    assert city_of(text) == city


@pytest.mark.parametrize(
    ("cells", "kind"),
    [(["合 计", "35"], AsideKind.TOTAL), (["Total:"], AsideKind.TOTAL), (["注：以上"], AsideKind.NOTE), (["填表人：某"], AsideKind.NOTE),
     (["一、政府部门"], AsideKind.SECTION), (["共35家"], AsideKind.NOTE)],
)  # fmt: skip
def test_rows_that_hold_no_contact(cells: list[str], kind: AsideKind) -> None:
    found = find_kind(cells)
    assert found is not None
    assert found[0] is kind


def test_a_unit_without_an_address_is_named_not_lost(tmp_path: Path) -> None:
    (one,) = refused(read(write(tmp_path, "单位,邮箱\n某公司,\n")))
    assert (one.place.row, one.reason) == (2, "the row has no address")


@pytest.mark.parametrize(
    ("heading", "field"),
    [("电子邮箱（必填）", "address"), ("E-mail", "address"), ("联系人邮箱", "address"), ("邮编", None), ("通讯地址", None),
     ("企业联系电话", "phone"), ("联系人姓名", "name"), ("姓名及职务", "name"), ("所在城市", "city"), ("参会单位", "organisation"),
     ("备注（邮箱已停用）", None)],
)  # fmt: skip
def test_headings(heading: str, field: str | None) -> None:
    assert field_of(heading) == field


@pytest.mark.parametrize(
    ("domain", "meant"),
    [("163.con", "163.com"), ("qq.co", "qq.com"), ("gmial.com", "gmail.com"), ("126.cm", "126.com"), ("firm.con", "firm.com"),
     ("qq.com", ""), ("sina.cn", ""), ("163.net", ""), ("firm.example", ""), ("zjgov.cm", "")],
)  # fmt: skip
def test_likely_slips(domain: str, meant: str) -> None:
    assert suggest_domain(domain) == meant


@pytest.mark.parametrize(
    ("cell", "taken", "doubt"),
    [
        ("'a@firm.example", "a@firm.example", "the mark ' before the address was taken off"),
        ("‘a@firm.example", "a@firm.example", "the mark ‘ before"),
        ("zhang\u2011san@firm.example", "zhang-san@firm.example", "only looks like a hyphen"),
        ("a@firm\u2010one.example", "a@firm-one.example", "only looks like a hyphen"),
        ("a–b@firm.example;c@firm.example", "a-b@firm.example", "only looks like a hyphen"),
        ("'a—b@firm.example", "a-b@firm.example", "taken off; a sign that only looks like"),
    ],
)
def test_what_is_mended_in_an_address_is_said(tmp_path: Path, cell: str, taken: str, doubt: str) -> None:
    items = read(write(tmp_path, f"单位,邮箱\n甲,{cell}\n"))
    assert contacts(items)[0].contact.address == taken
    (said,) = [one for one in items if isinstance(one, DoubtfulCell)]
    assert doubt in said.doubt
    assert said.value == cell.partition(";")[0]


@given(st.text(max_size=40))
def test_a_guarded_cell_is_no_formula_and_comes_back(text: str) -> None:
    guarded = guard_cell(text)
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert unguard_cell(guarded) == text


@given(st.text(max_size=60))
def test_no_cell_breaks_the_reading_of_addresses(text: str) -> None:
    for token in read_address_cell(text):
        assert (token.address is None) == (token.error is not None)
        assert token.text


@given(st.lists(st.lists(st.text("甲@;，a.b \n杭州市合计1邮箱=", max_size=12), max_size=5), max_size=8))
def test_no_sheet_breaks_the_reader(rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([["单位", "邮箱"], *rows])
    with tempfile.TemporaryDirectory() as name:
        items = read(write(Path(name), stream.getvalue()))
    held = {at + 2 for at, row in enumerate(rows) if any(cell.strip() for cell in row)}
    named = {one.place.row for one in items if not isinstance(one, SheetColumns | SheetLeftOut)}
    assert held == named, "each row that holds anything is taken, refused or said to hold no contact"


def test_numbers_are_written_as_people_read_them() -> None:
    assert [write_value(13800000000.0), write_value(0.5), write_value(True)] == ["13800000000", "0.5", "TRUE"]


def test_files_that_are_no_workbooks(tmp_path: Path) -> None:
    broken = write(tmp_path, b"PK\x03\x04 no more", "b.xlsx")
    with pytest.raises(SheetError, match="workbook"):
        spool_workbook(broken, tmp_path / "rows")
    page = write(tmp_path, "<html><table><tr><td>邮箱</td></tr></table></html>", "page.xls")
    with pytest.raises(SheetError, match="web page"):
        read(page)
    made = write_merged_xlsx(tmp_path / "m.xlsx")
    with pytest.raises(SheetError, match="no sheet") as caught:
        spool_workbook(made, tmp_path / "rows", "会 员")
    assert "会员" in caught.value.cure
