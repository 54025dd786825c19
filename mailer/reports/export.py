"""Writes the tables of a report as a workbook or as csv. Home of openpyxl's writing.

No cell can become a formula (facts S14): in csv what a spreadsheet would run gets an apostrophe before it, in a
workbook every text is stored as text.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from mailer.model.figures import Cell, CellKind, Column, View

FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # what begins a formula, or is taken away before one
MOST_ROWS = 1_000_000  # a sheet holds 1,048,576
MOST_TEXT = 32_000  # characters; a cell holds 32,767
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # not in XML 1.0
_FORMATS = {CellKind.COUNT: "#,##0", CellKind.SECONDS: "0.0", CellKind.RATE: "0.00", CellKind.SHARE: "0.0%"}
_HEAD_FONT, _HEAD_FILL = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="B3141B")
_NO_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")

Rows = Iterable[Sequence[Cell]]


def write_workbook(path: Path, views: Sequence[tuple[View, Rows]]) -> None:
    """Write a workbook with one sheet a view. Raises OSError. The rows may be many: they are written as they come."""
    book = Workbook(write_only=True)
    for view, rows in views:
        sheet = book.create_sheet(_NO_SHEET_NAME.sub(" ", view.title)[:31])
        assert isinstance(sheet, WriteOnlyWorksheet)
        sheet.freeze_panes = "A2"
        for at in range(len(view.columns)):
            sheet.column_dimensions[chr(ord("A") + at)].width = _width(at, view)
        sheet.append([_head(sheet, column.heading) for column in view.columns])
        count = 0
        for row in rows:
            if count == MOST_ROWS:
                break
            count += 1
            pairs = zip(view.columns, row, strict=True)
            sheet.append([_to_cell(sheet, column, value) for column, value in pairs])
        if not count and view.empty:
            sheet.append([_text(sheet, view.empty)])
        if view.note:
            sheet.append([])
            sheet.append([_text(sheet, view.note)])
    book.save(path)


def _width(at: int, view: View) -> float:
    texts = [view.columns[at].heading, *(str(row[at]) for row in view.rows[:200])]
    return min(max(map(_cells, texts)) + 3, 60)


def _cells(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def _head(sheet: WriteOnlyWorksheet, text: str) -> Any:
    cell = _text(sheet, text)
    cell.font, cell.fill = _HEAD_FONT, _HEAD_FILL
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _to_cell(sheet: WriteOnlyWorksheet, column: Column, value: Cell) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _text(sheet, value)
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = _FORMATS.get(column.kind, "General")
    return cell


def _text(sheet: WriteOnlyWorksheet, text: str) -> Any:
    cell = WriteOnlyCell(sheet)
    cell.value = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)[:MOST_TEXT]
    cell.data_type = "s"  # else a text that begins with = is a formula
    cell.quotePrefix = text.startswith(FORMULA)  # stays a text also when somebody edits it
    return cell


def write_csv_folder(folder: Path, views: Sequence[tuple[View, Rows]]) -> list[Path]:
    """Write one csv file a view into a folder, named by its key; return their paths. Raises OSError."""
    folder.mkdir(exist_ok=True)
    written = []
    for view, rows in views:
        path = folder / f"{view.key}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            write_csv(file, view.columns, rows)
        written.append(path)
    return written


def write_csv(file: IO[str], columns: Sequence[Column], rows: Rows) -> None:
    """Write one table: stable English keys at the head, numbers plain, no formula."""
    writer = csv.writer(file)
    writer.writerow([column.key for column in columns])
    writer.writerows([_plain(value) for value in row] for row in rows)


def _plain(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}"
    text = str(value)
    return defuse(text) if isinstance(value, str) else text


def defuse(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: with an apostrophe before it where it looks like one."""
    return f"'{text}" if text.lstrip(" \N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}").startswith(FORMULA) else text


def counted_rows(view: View) -> Iterator[Sequence[Cell]]:
    """Yield the rows of a view but for its sums, which a script makes itself."""
    yield from view.rows[:-1] if view.total else view.rows
