"""Reads the staff's own table of working days (calendar.csv); one wrong row and nothing is read."""

from datetime import date
from pathlib import Path

from mailer.errors import SheetError
from mailer.i18n import _
from mailer.model.working_days import StaffCalendar, StaffDay, parse_day
from mailer.sources.csv_records import Record, fold_heading, read_records

HEADINGS: dict[str, tuple[str, ...]] = {
    "date": ("日期", "公历日期", "date", "day"),
    "kind": ("休|班", "休/班", "休班", "班休", "班|休", "班/休", "off|work", "off/work", "work|off", "work/off", "kind",
             "安排", "类型"),
    "note": ("备注", "说明", "note", "remark"),
}  # fmt: skip
WORDS = {
    "休": False, "休息": False, "放假": False, "假": False, "off": False, "free": False, "holiday": False,
    "班": True, "上班": True, "补班": True, "调休上班": True, "work": True, "working": True, "on": True,
}  # fmt: skip
YEARS = range(1950, 2101)  # beyond them a year is a slip of the hand


def read_calendar(file: Path) -> StaffCalendar:
    """Return the days staff decided themselves, in the order of the sheet; blank rows are skipped.

    Raises SheetError naming file, line, field and cure for a missing or unknown column, a date or word that is not
    understood, and a day that stands twice.
    """
    records = read_records(file)
    if not records:
        raise SheetError(_("the sheet is empty"), file=file, line=1, cure=_first_row())
    columns = _read_headings(records[0], file)
    lines: dict[date, int] = {}
    days: list[StaffDay] = []
    for record in records[1:]:
        found = _read_day(record, columns, records[0].cells, file)
        if found.day in lines:
            raise SheetError(
                _("{day} is on line {first} already").format(day=found.day, first=lines[found.day]),
                file=file,
                line=record.line,
                field=records[0].cells[columns["date"]].strip(),
                cure=_("keep one of the two rows, line {first} or line {second}").format(
                    first=lines[found.day], second=record.line
                ),
            )
        lines[found.day] = record.line
        days.append(found)
    return StaffCalendar(tuple(days))


def _first_row() -> str:
    return _("write the headings on its first row: {headings}").format(headings="日期,休|班,备注 / date,off|work,note")


def _read_headings(record: Record, file: Path) -> dict[str, int]:
    columns: dict[str, int] = {}
    for at, cell in enumerate(record.cells):
        folded = fold_heading(cell)
        if not folded:
            continue
        field = next((name for name, known in HEADINGS.items() if folded in known), None)
        if field is None or field in columns:
            wrong = _("unknown column") if field is None else _("this column is there twice")
            raise SheetError(wrong, file=file, line=record.line, field=cell.strip(), cure=_first_row())
        columns[field] = at
    for field in ("date", "kind"):
        if field not in columns:
            raise SheetError(
                _("there is no such column"), file=file, line=record.line, field=HEADINGS[field][0], cure=_first_row()
            )
    return columns


def _read_day(record: Record, columns: dict[str, int], headings: list[str], file: Path) -> StaffDay:
    if any(cell.strip() for cell in record.cells[len(headings) :]):
        raise SheetError(
            _("the row has more cells than there are headings"),
            file=file,
            line=record.line,
            cure=_('put a value that holds a comma between "double quotes"'),
        )
    values = {
        field: record.cells[at].strip() if at < len(record.cells) else "" for field, at in columns.items()
    }  # fmt: skip
    day = _parse_day(values["date"])
    if day is None:
        raise SheetError(
            _("“{text}” is not a day").format(text=values["date"][:40]),
            file=file,
            line=record.line,
            field=headings[columns["date"]].strip(),
            cure=_("write it as 2026-02-14, 2026/2/14 or 2026年2月14日"),
        )
    works = WORDS.get(fold_heading(values["kind"]))
    if works is None:
        raise SheetError(
            _("“{text}” says neither working day nor day off").format(text=values["kind"][:40]),
            file=file,
            line=record.line,
            field=headings[columns["kind"]].strip(),
            cure=_("write 休 or off for a day off, 班 or work for a working day"),
        )
    return StaffDay(day, works, " ".join(values.get("note", "").split())[:200])


def _parse_day(text: str) -> date | None:
    try:
        day = parse_day(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


class CalendarFile:
    """The staff's table as it is now: the sheet is read again only when it was written anew."""

    def __init__(self) -> None:
        self._known: tuple[tuple[Path, int, int, int], StaffCalendar] | None = None

    def read(self, file: Path) -> StaffCalendar:
        """Return the table of a file; an empty one where there is no such file. Raises SheetError as read_calendar."""
        try:
            found = file.stat()
        except FileNotFoundError:
            return StaffCalendar()
        except OSError:
            return read_calendar(file)  # which says why it cannot be
        stamp = (file, found.st_mtime_ns, found.st_size, found.st_ino)
        known = self._known
        if known is None or known[0] != stamp:
            known = self._known = (stamp, read_calendar(file))
        return known[1]
