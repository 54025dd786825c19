"""How a sheet is laid out: where its headings stand, which column is what, and whether it is one of ours."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailer.model.contact_sheet import EXPORT_HEADINGS, GUARD_HEADING, REFUSED_HEADINGS, CellPlace, SheetColumns
from mailer.sources.csv_records import fold_heading
from mailer.sources.headings import apply_mapping, field_of, guess_columns, is_known_heading
from mailer.sources.workbook import SheetRow

_OWN = (EXPORT_HEADINGS, REFUSED_HEADINGS)


@dataclass(slots=True)
class SheetLayout:
    """How one sheet is laid out: its columns (from 0) by field, and what holds for the rows that follow.

    row: of the headings, 0 where there are none; city: that of the rows below the last one that named a city.
    """

    headings: list[str]
    row: int
    columns: dict[int, str]
    city: str = ""
    own: bool = False  # the sheet is one of ours
    guarded: bool = False  # and its texts may stand behind apostrophes
    exported: bool = False  # and says how contacts stand with a list
    folded: tuple[str, ...] = field(default=())
    addresses: list[int] = field(default_factory=list)
    others: list[tuple[str, int]] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        bare = tuple(heading.strip() for heading in self.headings)
        self.guarded = bare[-1:] == (GUARD_HEADING,)
        bare = bare[:-1] if self.guarded else bare
        self.own, self.exported = bare in _OWN, bare == EXPORT_HEADINGS
        self.folded = tuple(fold_heading(heading) for heading in self.headings)
        self.titles = [" ".join(heading.split()) for heading in self.headings]
        self.addresses = [at for at, name in self.columns.items() if name == "address"]
        self.others = [(name, at) for at, name in self.columns.items() if name != "address"]

    def heading(self, at: int) -> str:
        """Return the heading of a column on one line; empty where it has none."""
        return self.titles[at] if at < len(self.titles) else ""


def find_layout(rows: list[SheetRow], mapping: Mapping[str, str]) -> tuple[SheetLayout, int] | None:
    """Return the layout of a sheet and how many of its first rows stand before the data; None for no addresses.

    Headings may stand below titles and take two rows, as merged cells do. Without any, a mapping by letters will do.
    """
    for at, row in enumerate(rows):
        headings = list(row.cells)
        columns = apply_mapping(headings, guess_columns(headings), mapping)
        if "address" not in columns.values() or not _is_heading(row, columns, mapping):
            continue
        below = rows[at + 1] if at + 1 < len(rows) else None
        if below is not None and below.carried and _continues(row, below):
            at, row = at + 1, below
            headings = [cell or _above(headings, column) for column, cell in enumerate(row.cells)]
        elif at > 0 and any(not cell.strip() for cell in headings) and _groups(rows[at - 1], headings):
            above = rows[at - 1].cells
            headings = [cell.strip() or _above(above, column) for column, cell in enumerate(headings)]
        columns = apply_mapping(headings, guess_columns(headings), mapping)
        return SheetLayout(headings, row.number, columns), at + 1
    # data from the first row on: only letters can say what is what
    width = max(len(row.cells) for row in rows)
    columns = apply_mapping([""] * width, {}, mapping)
    if "address" in columns.values():
        return SheetLayout([""] * width, 0, columns), 0
    return None


def _is_heading(row: SheetRow, columns: Mapping[int, str], mapping: Mapping[str, str]) -> bool:
    """A row of headings has no address in it, and names a column of addresses by itself or by the mapping."""
    texts = [cell for cell in row.cells if cell.strip()]
    if any("@" in unicodedata.normalize("NFKC", cell) and field_of(cell) is None for cell in texts):
        return False
    named = {field_of(cell) or mapping.get(fold_heading(cell)) for cell in texts} - {None}
    by_letter = any(name == "address" and row.cells[at].strip() for at, name in columns.items())
    # a title of the sheet may speak of addresses too
    return ("address" in named or (by_letter and bool(named))) and (len(texts) > 1 or len(texts[0].strip()) <= 10)


def _continues(row: SheetRow, below: SheetRow) -> bool:
    """Whether the row below is the second row of the headings: the address's heading is merged over both."""
    return any(
        at in below.carried and field_of(cell) == "address"
        for at, cell in enumerate(row.cells)
        if at < len(below.cells)
    )


def _groups(above: SheetRow, headings: list[str]) -> bool:
    return any(
        field_of(cell) is not None and at < len(headings) and not headings[at].strip()
        for at, cell in enumerate(above.cells)
    )


def _above(cells: list[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""


def describe_columns(sheet: str, layout: SheetLayout) -> SheetColumns:
    """Return which columns of a sheet are used, and which that are headed are not."""
    used = tuple(
        (name, CellPlace(sheet, layout.row, at + 1, layout.heading(at))) for at, name in sorted(layout.columns.items())
    )
    unused = tuple(
        CellPlace(sheet, layout.row, at + 1, layout.heading(at))
        for at, heading in enumerate(layout.headings)
        if at not in layout.columns and not layout.own and not is_known_heading(heading)
    )
    return SheetColumns(sheet, layout.row, used, unused)
