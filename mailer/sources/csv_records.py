"""Reads the rows of a CSV file as offices save it: with commas, tabs or semicolons, each row with its line."""

import csv
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from mailer.errors import SheetError
from mailer.i18n import _
from mailer.sources.text_file import open_text

_DELIMITERS = ",\t;"
_LOOKED_AT = 20  # lines among which the delimiter is sought: above the headings there may be titles without any
_LONGEST_LINE = 10_000_000  # characters; who keeps a sheet of contacts in one line has another file
_WORKBOOKS = (".xlsx", ".xls", ".et", ".ods")


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the sheet, the line of the file it begins on, and its number as spreadsheets count rows."""

    line: int
    cells: list[str]
    number: int = 0


def read_records(file: Path) -> list[Record]:
    """Return the rows of a CSV file that hold anything, the headings first.

    Raises SheetError for a workbook, a file that cannot be read, or one that is not CSV.
    """
    if file.suffix.lower() in _WORKBOOKS:
        raise SheetError(
            _("a workbook cannot be read yet"), file=file, cure=_("save the sheet as “CSV UTF-8” and name that file")
        )
    return list(stream_records(file))


def stream_records(file: Path) -> Iterator[Record]:
    """Yield the rows of a CSV file that hold anything, of any size in little memory. Raises as `read_records`."""
    with open_text(file, error=SheetError) as text:
        lines = _lines(text, file)
        head = list(islice(lines, _LOOKED_AT))
        # the first line that has any decides: further down, addresses in a cell may be parted by the same signs
        first = next((line for line in head if any(one in line for one in _DELIMITERS)), "")
        delimiter = max(_DELIMITERS, key=first.count)
        reader = csv.reader(chain(head, lines), delimiter=delimiter, strict=True)
        line = 0
        try:
            for number, cells in enumerate(reader, 1):
                if any(cell and not cell.isspace() for cell in cells):
                    yield Record(line + 1, cells, number)
                line = reader.line_num
        except csv.Error as error:
            raise SheetError(
                _("is not valid CSV: {why}").format(why=error),
                file=file,
                line=line + 1,
                cure=_('check the quotes "…" from this line on'),
            ) from None


def _lines(text: TextIO, file: Path) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise SheetError(
                _("is not valid CSV: {why}").format(why=_("a line without end")),
                file=file,
                cure=_("check that it is the right one"),
            )
        yield line


def fold_heading(heading: str) -> str:
    """Return a heading as headings are compared: without blanks, width and case."""
    return "".join(unicodedata.normalize("NFKC", heading).split()).casefold()
