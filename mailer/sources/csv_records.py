"""Reads the rows of a CSV file as offices save it: with commas, tabs or semicolons, each row with its line."""

import csv
import io
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from mailer.errors import SheetError
from mailer.i18n import _
from mailer.sources.text_file import read_text_file

_DELIMITERS = ",\t;"
_WORKBOOKS = (".xlsx", ".xls", ".et", ".ods")


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the sheet and the line of the file it begins on."""

    line: int
    cells: list[str]


def read_records(file: Path) -> list[Record]:
    """Return the rows of a CSV file that hold anything, the headings first.

    Raises SheetError for a workbook, a file that cannot be read, or one that is not CSV.
    """
    if file.suffix.lower() in _WORKBOOKS:
        raise SheetError(
            _("a workbook cannot be read yet"), file=file, cure=_("save the sheet as “CSV UTF-8” and name that file")
        )
    text = read_text_file(file, error=SheetError)
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records: list[Record] = []
    line = 0
    try:
        for cells in reader:
            records.append(Record(line + 1, cells))
            line = reader.line_num
    except csv.Error as error:
        raise SheetError(
            _("is not valid CSV: {why}").format(why=error),
            file=file,
            line=line + 1,
            cure=_('check the quotes "…" from this line on'),
        ) from None
    return [record for record in records if any(map(str.strip, record.cells))]


def fold_heading(heading: str) -> str:
    """Return a heading as headings are compared: without blanks, width and case."""
    return "".join(unicodedata.normalize("NFKC", heading).split()).casefold()
