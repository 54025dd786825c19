"""Writes a sheet of contacts as a workbook (.xlsx), every cell a text, row by row."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from mailer.errors import StateError
from mailer.i18n import _

MOST_ROWS = 1_048_576  # of a sheet, headings included (Excel's specifications)
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # such a sequence stands for a character (ECMA-376 22.9.2.19)


@contextmanager
def open_workbook(file: Path, headings: Sequence[str], title: str) -> Iterator["_XlsxRows"]:
    """Give what takes the rows of a new workbook of one sheet; it is written at the end."""
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
