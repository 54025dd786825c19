"""Writes sheets of contacts (CSV, xlsx) that spreadsheets open without calculating anything, row by row.

A CSV file has a mark for UTF-8, or Excel would read it as GBK, and a cell that a spreadsheet would take for a formula
stands behind an apostrophe; in an .xlsx every cell is text by its type and needs none.
"""

import csv
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from mailer.errors import StateError, UsageError
from mailer.i18n import _
from mailer.model.contact_sheet import GUARD_HEADING, guard_cell
from mailer.model.os_words import say_os_error


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
            with _csv_sheet(made, headings) if suffix == ".csv" else _workbook(made, headings, title) as writer:
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
        csv.writer(stream).writerow([*map(guard_cell, headings), GUARD_HEADING])
        yield writer


def _workbook(file: Path, headings: Sequence[str], title: str) -> AbstractContextManager[RowWriter]:
    from mailer.reports.contact_workbook import open_workbook  # openpyxl is slow to load

    return open_workbook(file, headings, title)


class _CsvRows:
    def __init__(self, stream: object) -> None:
        self._writer = csv.writer(stream)  # type: ignore[arg-type]

    def write(self, cells: Sequence[str]) -> None:
        self._writer.writerow([guard_cell(cell) for cell in cells] + [""])
