"""What a sheet of contacts says, cell by cell: who is in it, what cannot be taken, and what is doubtful.

Also how our own sheets are written: their headings, and the guard that keeps a cell of a CSV file from being a formula.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mailer.model.delivery import Contact

FIELDS = ("organisation", "name", "title", "city", "level", "address", "phone")
# characters the database takes
LIMITS = {"name": 200, "title": 200, "organisation": 200, "city": 100, "level": 40, "phone": 100}
# headings of the sheets we write; a sheet with them is read back exactly, with GUARD_HEADING behind them unguarded too
FIELD_HEADINGS = ("单位", "姓名", "职务", "城市", "级别", "邮箱", "电话")
EXPORT_HEADINGS = (*FIELD_HEADINGS, "名单", "状态", "订阅依据", "订阅来源", "订阅时间")
REFUSED_HEADINGS = (*FIELD_HEADINGS, "原表", "原行", "原列", "原值", "问题", "怎么改")
GUARD_HEADING = "文字前有'"  # of CSV files, and of what a spreadsheet makes of them
_FORMULA = re.compile("['=+\\-@\t\r\n＝＋－＠]")


def guard_cell(text: str) -> str:
    """Return a value as a cell of a CSV file of ours: behind an apostrophe where a spreadsheet would calculate it.

    A value that begins with an apostrophe gets one too, so that `unguard_cell` always gives back the value.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguard_cell(text: str) -> str:
    """Return the value of a cell that `guard_cell` wrote."""
    return text.removeprefix("'")


def column_letter(column: int) -> str:
    """Return the letters of a column, counted from 1, as spreadsheets name it; empty for 0."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


@dataclass(frozen=True, slots=True)
class CellPlace:
    """Where a cell stands. sheet is empty in a CSV file; row and column count from 1, column 0 is the whole row."""

    sheet: str
    row: int
    column: int = 0
    heading: str = ""

    @property
    def letter(self) -> str:
        """The column as spreadsheets name it; empty for a whole row."""
        return column_letter(self.column)


@dataclass(frozen=True, slots=True)
class SheetContact:
    """A contact and the cell of its address."""

    contact: Contact
    place: CellPlace


@dataclass(frozen=True, slots=True)
class RefusedCell:
    """A cell for which its row is not taken: why, and the cure. values: what the row says, field by field."""

    place: CellPlace
    value: str
    reason: str
    cure: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DoubtfulCell:
    """A cell that was taken as it is and should be looked at; suggestion is empty where there is none."""

    place: CellPlace
    value: str
    doubt: str
    suggestion: str = ""


class AsideKind(StrEnum):
    """Why a row holds no contact and is not refused."""

    TITLE = "title"  # above the headings
    HEADING = "heading"  # headings once more
    CITY = "city"  # the city of the rows below it
    SECTION = "section"  # a numbered heading between rows
    TOTAL = "total"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class RowAside:
    """A row that holds no contact, and what it was taken for."""

    place: CellPlace
    kind: AsideKind
    text: str


@dataclass(frozen=True, slots=True)
class SheetColumns:
    """Which column of a sheet is taken for which field (there may be several), and which are not used."""

    sheet: str
    row: int  # of the headings; 0 where there are none
    used: tuple[tuple[str, CellPlace], ...]
    unused: tuple[CellPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetLeftOut:
    """A sheet of a workbook that was not read, and whether because it is hidden or has no column of addresses."""

    sheet: str
    hidden: bool


SheetItem = SheetContact | RefusedCell | DoubtfulCell | RowAside | SheetColumns | SheetLeftOut
