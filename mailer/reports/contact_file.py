"""Writes sheets of contacts (CSV, xlsx) that spreadsheets open without calculating anything, row by row.

A CSV file has a mark for UTF-8, or Excel would read it as GBK, and a cell that a spreadsheet would take for a formula
stands behind an apostrophe; in an .xlsx every cell is text by its type and needs none.
"""

import csv
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from mailer.errors import StateError, UsageError
from mailer.i18n import _
from mailer.model.contact_sheet import GUARD_HEADING, guard_cell
from mailer.model.os_words import say_os_error

MOST_ROWS = 1_048_576  # of a sheet, headings included (Excel's specifications)
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # such a sequence stands for a character (ECMA-376 22.9.2.19)


class RowWriter(Protocol):
    """Takes the rows of a sheet, the headings first."""

    def write(self, cells: Sequence[str]) -> None:
        """Add a row."""


@contextmanager
def open_sheet(file: Path, headings: Sequence[str], title: str) -> Iterator[RowWriter]:
    """Give a writer for a new sheet, by the file's ending; it takes its place when all is written, and not before.

    Raises UsageError for another ending than .csv or .xlsx, StateError where the file cannot be written. The file is
    its owner's alone (mode 0600): it holds personal data.
    """
    suffix = file.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise UsageError(
            _("{file} is neither .csv nor .xlsx").format(file=file.name), cure=_("name a file that ends in one of them")
        )
    try:
        number, name = tempfile.mkstemp(prefix=".", suffix=suffix, dir=file.parent)
        os.close(number)
        made = Path(name)
        try:
            with _csv_sheet(made, headings) if suffix == ".csv" else _xlsx_sheet(made, headings, title) as writer:
                yield writer
            os.replace(made, file)
        finally:
            made.unlink(missing_ok=True)
    except OSError as error:
        raise StateError(
            _("cannot be written: {why}").format(why=say_os_error(error)),
            file=file,
            cure=_("see that the folder is there and may be written"),
        ) from None


@contextmanager
def _csv_sheet(file: Path, headings: Sequence[str]) -> Iterator[RowWriter]:
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = _CsvRows(stream)
        stream.write(",".join([*headings, GUARD_HEADING]) + "\r\n")
        yield writer


class _CsvRows:
    def __init__(self, stream: object) -> None:
        self._writer = csv.writer(stream)  # type: ignore[arg-type]

    def write(self, cells: Sequence[str]) -> None:
        self._writer.writerow([guard_cell(cell) for cell in cells] + [""])


@contextmanager
def _xlsx_sheet(file: Path, headings: Sequence[str], title: str) -> Iterator[RowWriter]:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for at, heading in enumerate(headings):
        sheet.column_dimensions[openpyxl.utils.get_column_letter(at + 1)].width = 32 if heading == "邮箱" else 18
    writer = _XlsxRows(sheet)
    writer.write(headings)
    try:
        yield writer
    finally:
        book.save(file)  # also after a fault: openpyxl keeps a file of its own until then


class _XlsxRows:
    def __init__(self, sheet: object) -> None:
        self._sheet = sheet
        self._count = 0

    def write(self, cells: Sequence[str]) -> None:
        self._count += 1
        if self._count > MOST_ROWS:
            raise StateError(
                _("a sheet of a workbook holds {n} rows at most").format(n=MOST_ROWS), cure=_("write a .csv file")
            )
        self._sheet.append([self._cell(cell) if cell else None for cell in cells])  # type: ignore[attr-defined]

    def _cell(self, text: str) -> object:
        kept = ILLEGAL_CHARACTERS_RE.sub("\ufffd", _ESCAPED.sub("_x005F_", text))
        cell = WriteOnlyCell(self._sheet, value=kept)
        cell.data_type = "s"  # openpyxl takes what begins with = for a formula
        cell.number_format = "@"  # and stays text when it is edited
        return cell
