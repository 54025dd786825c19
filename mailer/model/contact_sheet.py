"""What a sheet of contacts says, cell by cell: who is in it, what cannot be taken, and what is doubtful.

Also how our own sheets are written: their headings, and the guard that keeps a cell of a CSV file from being a formula.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from mailer.i18n import _
from mailer.model.delivery import Contact

FIELDS = ("organisation", "name", "title", "city", "level", "address", "phone", "language")
# characters the database takes
LIMITS = {"name": 200, "title": 200, "organisation": 200, "city": 100, "level": 40, "phone": 100, "language": 16}
LONGEST_ATTRIBUTE = 200
LONGEST_ATTRIBUTE_NAME = 40
# headings of the sheets we write, before what stands behind them (attributes, columns of the sheet that was imported);
# a sheet with them is read back exactly, with GUARD_HEADING at its end unguarded too
FIELD_HEADINGS = ("单位", "姓名", "职务", "城市", "级别", "邮箱", "电话", "语言")
LIST_HEADING, STATUS_HEADING = "名单", "状态"
CONSENT_HEADINGS = ("订阅依据", "订阅来源", "订阅时间")
STANDING_HEADINGS = (LIST_HEADING, STATUS_HEADING, *CONSENT_HEADINGS)  # how a contact stands with a list
EXPORT_HEADINGS = (*FIELD_HEADINGS, *STANDING_HEADINGS)
REFUSED_HEADINGS = (*FIELD_HEADINGS, "原表", "原行", "原列", "原值", "先见于", "问题", "怎么改")
GUARD_HEADING = "文字前有'"  # of CSV files, and of what a spreadsheet makes of them
ATTRIBUTE = "attribute:"  # what a field that is an attribute begins with, its name behind
_ATTRIBUTE_HEADING = re.compile(r"\s*(?:属性|attribute)\s*[:：](.+)", re.IGNORECASE | re.DOTALL)
_FORMULA = re.compile("['=+\\-@\t\r\n＝＋－＠]")


def guard_cell(text: str) -> str:
    """Return a value as a cell of a CSV file of ours: behind an apostrophe where a spreadsheet would calculate it.

    A value that begins with an apostrophe gets one too, so that `unguard_cell` always gives back the value.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguard_cell(text: str) -> str:
    """Return the value of a cell that `guard_cell` wrote."""
    return text.removeprefix("'")


def attribute_heading(name: str) -> str:
    """Return what the column of an attribute is headed in a sheet of ours."""
    return f"属性:{name}"


def attribute_of(heading: str) -> str:
    """Return the name of the attribute that a heading such as 属性:行业 names; empty for any other."""
    match = _ATTRIBUTE_HEADING.fullmatch(heading)
    name = match[1].strip() if match is not None else ""
    return name if len(name) <= LONGEST_ATTRIBUTE_NAME and name.isprintable() else ""


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


class SaidConsent(NamedTuple):
    """What a sheet says of a subscription: by whose leave, from where, since when, in its own words."""

    basis: str
    source: str
    since: str


@dataclass(frozen=True, slots=True)
class SheetContact:
    """A contact and the cell of its address.

    beside: the row's cells in the columns that are no field, as in `SheetColumns.beside`; () where all are blank.
    """

    contact: Contact
    place: CellPlace
    beside: tuple[str, ...] = ()
    said: SaidConsent | None = None


@dataclass(frozen=True, slots=True)
class RefusedCell:
    """A cell for which its row is not taken: why, and the cure. values: what the row says, field by field.

    beside: heading and cell of its other columns. first: where the same address stands before, if that is why.
    """

    place: CellPlace
    value: str
    reason: str
    cure: str
    values: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[tuple[str, str], ...] = ()
    first: str = ""


@dataclass(frozen=True, slots=True)
class DoubtfulCell:
    """A cell that was taken as it is and should be looked at; suggestion is empty where there is none."""

    place: CellPlace
    value: str
    doubt: str
    suggestion: str = ""


def refuse_twice(
    where: CellPlace, address: str, first: str, values: Mapping[str, str], beside: tuple[tuple[str, str], ...] = ()
) -> RefusedCell:
    """Return the refusal of an address that stands in another row before. first: that row, as staff find it."""
    return RefusedCell(
        where,
        address,
        _("the address stands in row {row} already").format(row=first),
        _("keep one of the two rows, or write the second person’s own address"),
        values,
        beside,
        first,
    )


class AsideKind(StrEnum):
    """Why a row holds no contact and is not refused."""

    TITLE = "title"  # above the headings
    HEADING = "heading"  # headings once more
    CITY = "city"  # the city of the rows below it
    SECTION = "section"  # a numbered heading between rows
    TOTAL = "total"
    NOTE = "note"
    OTHER_LIST = "other_list"  # an export says that the row is of another list


@dataclass(frozen=True, slots=True)
class RowAside:
    """A row that holds no contact, and what it was taken for."""

    place: CellPlace
    kind: AsideKind
    text: str


@dataclass(frozen=True, slots=True)
class SheetColumns:
    """Which column of a sheet is taken for which field (there may be several), and which could be but are not.

    beside: the headings of all columns that are no field, these and others.
    """

    sheet: str
    row: int  # of the headings; 0 where there are none
    used: tuple[tuple[str, CellPlace], ...]
    unused: tuple[CellPlace, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnNotKept:
    """A column of which nothing is kept, and how many of its cells hold something."""

    place: CellPlace
    cells: int


@dataclass(frozen=True, slots=True)
class SheetLeftOut:
    """A sheet of a workbook that was not read, and whether because it is hidden or has no column of addresses."""

    sheet: str
    hidden: bool


SheetItem = SheetContact | RefusedCell | DoubtfulCell | RowAside | SheetColumns | ColumnNotKept | SheetLeftOut
