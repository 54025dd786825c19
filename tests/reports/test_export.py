"""The files of a report: hostile words stay words."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from mailer.model.figures import Cell, CellKind, Column, View
from mailer.reports.export import counted_rows, defuse, write_csv, write_csv_folder, write_workbook

HOSTILE = [
    "=1+1",
    "+86 571",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1",
    "  =1",
    "　@x",
    '=HYPERLINK("http://x.test","a")',
]
COLUMNS = (Column("name", "名称", CellKind.TEXT), Column("count", "数量"), Column("share", "比例", CellKind.SHARE))
ROWS: tuple[tuple[Cell, ...], ...] = tuple((text, number, 0.5) for number, text in enumerate(HOSTILE))
VIEW = View(
    "hostile", "表/一:*?[]\\ which has a name longer than thirty-one", COLUMNS, (*ROWS, ("全部", 45, None)), total=True
)


def test_no_cell_of_a_workbook_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    write_workbook(path, [(VIEW, VIEW.rows)])
    sheet = openpyxl.load_workbook(path).worksheets[0]
    cells = [row[0] for row in sheet.iter_rows(min_row=2, max_row=1 + len(HOSTILE))]
    assert [cell.data_type for cell in cells] == ["s"] * len(HOSTILE)
    assert [str(cell.value).strip() for cell in cells] == [one.strip() for one in HOSTILE]
    assert all(cell.quotePrefix for cell in cells[:4])
    assert [sheet.cell(3, 2).value, sheet.cell(3, 3).value, sheet.cell(3, 3).number_format] == [1, 0.5, "0.0%"]


def test_letters_no_workbook_can_hold_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    write_workbook(path, [(VIEW, [("a\x00\x1bb" + "x" * 40_000, 1, None)])])
    value = openpyxl.load_workbook(path).worksheets[0].cell(2, 1).value
    assert str(value).startswith("a\ufffd\ufffdb")
    assert len(str(value)) == 32_000


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert defuse(text) == f"'{text}"
    assert defuse(f"a{text}") == f"a{text}"


def test_csv_has_stable_keys_a_mark_and_no_sums(tmp_path: Path) -> None:
    (path,) = write_csv_folder(tmp_path / "csv", [(VIEW, counted_rows(VIEW))])
    assert path.name == "hostile.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    assert rows[0] == ["name", "count", "share"]
    assert [row[0] for row in rows[1:]] == [f"'{one}" for one in HOSTILE]
    assert rows[1][1:] == ["0", "0.5000"]


def test_numbers_stay_numbers_in_csv() -> None:
    file = io.StringIO()
    write_csv(file, COLUMNS, [("甲", -3, None)])
    assert file.getvalue().splitlines()[1] == "甲,-3,"
