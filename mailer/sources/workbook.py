"""Reads workbooks (.xlsx, .xls, .et, .ods) row by row as text, as their cells show it. Home of calamine.

calamine holds a whole sheet in memory, so this runs in a child process, and its rows go to a file of ours (a spool),
from which they are read one by one.
"""

import json
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from mailer.errors import IssueError, SheetError
from mailer.i18n import _
from mailer.sources.word.markup import parse_part

MAX_UNPACKED = 2_000_000_000  # bytes of a zip's parts: some 1,000,000 rows of a sheet of contacts are a third of it
MAX_RATIO = 200
RATIO_FROM = 30_000_000  # below this size no ratio is too much
MAX_ENTRIES = 5_000
_STARTS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*>")
_NUMBER = re.compile(rb'\br="(\d+)"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_CHUNK = 1 << 20


@dataclass(slots=True)
class SheetRow:
    """A row that holds anything. line: of the file, 0 in a workbook; number as spreadsheets count.

    carried: the columns (from 0) whose value stands in a merged cell that begins in a row above.
    """

    sheet: str
    number: int
    cells: list[str]
    line: int = 0
    hidden: bool = False
    carried: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Carry:
    """Values of merged cells on their way down: by first row, column to last row; by column, last row and value."""

    beginning: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    running: dict[int, tuple[int, str]] = field(default_factory=dict)

    def apply(self, number: int, cells: list[str]) -> list[int]:
        """Fill in a row what merged cells above give it; return the columns that were filled."""
        filled = []
        for column, (last, value) in list(self.running.items()):
            if number > last:
                del self.running[column]
            elif column < len(cells) and not cells[column]:
                cells[column] = value
                filled.append(column)
        for column, last in self.beginning.pop(number, {}).items():
            if column < len(cells) and cells[column].strip():
                self.running[column] = (last, cells[column])
        return filled


def is_workbook(file: Path) -> bool:
    """Return whether a file is a workbook by its first bytes; what cannot be read is none."""
    try:
        with file.open("rb") as stream:
            return stream.read(8).startswith(_STARTS)
    except (OSError, ValueError):
        return False


def spool_workbook(file: Path, spool: Path, only: str = "") -> None:
    """Write the rows of a workbook's sheets to a spool, or those of the one sheet named `only`.

    Numbers are written without exponent or “.0”, times as ISO 8601, formulas as the values they were saved with; a
    merged cell counts in each of its rows. Raises SheetError for one that is protected, damaged or too large, or has no
    sheet of that name.
    """
    hidden_rows = _look_over(file)
    try:
        with CalamineWorkbook.from_path(str(file)) as book, spool.open("w", encoding="utf-8") as out:
            names = book.sheet_names
            if only and only not in names:
                raise SheetError(
                    _("there is no sheet {name}").format(name=only),
                    file=file,
                    cure=_("it has: {names}").format(names=_(", ").join(names)),
                )
            for meta in book.sheets_metadata:
                if only and meta.name != only:
                    continue
                hidden = meta.visible is not SheetVisibleEnum.Visible and not only
                out.write(json.dumps([meta.name, hidden]) + "\n")
                if not hidden:
                    for row in _rows(book.get_sheet_by_name(meta.name), hidden_rows.get(meta.name, frozenset())):
                        out.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
    except PasswordError:
        raise SheetError(
            _("is protected by a password"), file=file, cure=_("save it without one, or save the sheet as CSV")
        ) from None
    except (CalamineError, ValueError, OSError) as error:
        raise _damaged(file, str(error)) from None


def read_spool(spool: Path) -> Iterator[SheetRow | tuple[str, bool]]:
    """Yield what `spool_workbook` wrote: (name, hidden) before the rows of each sheet."""
    sheet = ""
    with spool.open(encoding="utf-8") as stream:
        for line in stream:
            found = json.loads(line)
            if len(found) == 2:
                sheet = found[0]
                yield found[0], found[1]
            else:
                number, cells, carried, hidden = found
                yield SheetRow(sheet, number, cells, 0, bool(hidden), frozenset(carried))


def _rows(sheet: CalamineSheet, hidden: frozenset[int]) -> Iterator[tuple[int, list[str], list[int], bool]]:
    carry = _Carry()
    left = sheet.start[1] if sheet.start else 0
    for (top, first), (bottom, _last) in sheet.merged_cell_ranges or ():
        if bottom > top:
            carry.beginning[top + 1][first] = bottom + 1
    for number, values in enumerate(sheet.iter_rows(), 1):
        cells = [""] * left + [value if isinstance(value, str) else write_value(value) for value in values]
        held = any(cell and not cell.isspace() for cell in cells)
        filled = carry.apply(number, cells)
        if held:
            yield number, cells, filled, number in hidden


def write_value(value: str | float | bool | date | time | timedelta) -> str:
    """Return the text of a cell's value: a whole number as people read it, a day without midnight."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer() and abs(value) < 1e18:
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ")
        case date() | time():
            return value.isoformat()
    return str(value)


def _look_over(file: Path) -> dict[str, frozenset[int]]:
    """Refuse a zip that unpacks to too much; return the hidden rows of an .xlsx, which calamine leaves out."""
    if not zipfile.is_zipfile(file):
        return {}
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            unpacked = sum(info.file_size for info in entries)
            if unpacked > MAX_UNPACKED or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * file.stat().st_size):
                raise SheetError(
                    _("unpacks to {n} MB").format(n=unpacked // 1_000_000),
                    file=file,
                    cure=_("check that it is the right one"),
                )
            if len(entries) > MAX_ENTRIES:
                raise _damaged(file, _("holds more than {n} parts").format(n=MAX_ENTRIES))
            parts = _sheet_parts(archive, file)
            return {name: _hidden_rows(archive, part) for name, part in parts.items()}
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, EOFError, NotImplementedError) as error:
        raise _damaged(file, str(error)) from None


def _sheet_parts(archive: zipfile.ZipFile, file: Path) -> dict[str, str]:
    """Return the parts of an .xlsx that hold its sheets, by the sheets' names (ECMA-376 part 1, 18.2)."""
    known = set(archive.namelist())
    book, links = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    if not {book, links} <= known:
        return {}
    try:
        relations = parse_part(archive.read(links), file=file, part=links)
        sheets = parse_part(archive.read(book), file=file, part=book)
    except IssueError:
        return {}
    targets = {one.get("Id") or "": (one.get("Target") or "").lstrip("/") for one in relations}
    found = {}
    for element in sheets.iter():
        name = element.get("name")
        if not str(element.tag).endswith("}sheet") or not name:
            continue
        link = next((value for key, value in element.items() if str(key).endswith("}id")), "")
        target = targets.get(str(link), "")
        part = next((one for one in (target, f"xl/{target}") if one in known), "")
        if part:
            found[name] = part
    return found


def _hidden_rows(archive: zipfile.ZipFile, part: str) -> frozenset[int]:
    hidden: set[int] = set()
    rest = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            text = rest + chunk
            if b"hidden=" in text:
                for match in _ROW.finditer(text):
                    number = _NUMBER.search(match[0])
                    if number is not None and _HIDDEN.search(match[0]):
                        hidden.add(int(number[1]))
            rest = text[max(text.rfind(b"<"), 0) :][-_CHUNK:]
    return frozenset(hidden)


def _damaged(file: Path, why: str) -> SheetError:
    return SheetError(
        _("cannot be read as a workbook: {why}").format(why=why[:200]),
        file=file,
        cure=_("open it in Excel or WPS and save it anew as .xlsx, or save the sheet as CSV"),
    )
