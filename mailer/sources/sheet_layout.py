"""How a sheet is laid out: where its headings stand, which column is what, and whether it is one of ours."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailer.model.contact_sheet import (
    ATTRIBUTE,
    CONSENT_HEADINGS,
    EXPORT_HEADINGS,
    FIELDS,
    GUARD_HEADING,
    REFUSED_HEADINGS,
    STANDING_HEADINGS,
    CellPlace,
    ColumnNotKept,
    SheetColumns,
    attribute_of,
    column_letter,
    unguard_cell,
)
from mailer.sources.csv_records import fold_heading
from mailer.sources.headings import apply_mapping, field_of, guess_columns, is_number_heading
from mailer.sources.workbook import SheetRow

_ORIGIN = REFUSED_HEADINGS.index("原值"), REFUSED_HEADINGS.index("先见于")


@dataclass(slots=True)
class SheetLayout:
    """How one sheet is laid out: its columns (from 0) by field, and what holds for the rows that follow.

    row: of the headings, 0 where there are none; city: that of the rows below the last one that named a city.
    mapping: what staff say of columns.
    """

    headings: list[str]
    row: int
    columns: dict[int, str]
    mapping: Mapping[str, str] = field(default_factory=dict)
    city: str = ""
    own: bool = False  # the sheet is one of ours
    guarded: bool = False  # and its texts may stand behind apostrophes
    origin: tuple[int, int] | None = None  # of rows once refused: where the refused value and the first place stand
    folded: tuple[str, ...] = field(default=())
    addresses: list[int] = field(default_factory=list)
    others: list[tuple[str, int]] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    standing: dict[str, int] = field(default_factory=dict)  # how contacts stand with a list, where the sheet says it
    has_attributes: bool = False
    beside: list[int] = field(default_factory=list)  # columns that are no field
    lost: dict[int, int] = field(default_factory=dict)  # those to be said, each with how many cells were met

    def __post_init__(self) -> None:
        core = own_width(self.headings)
        self.own = core > 0
        self.guarded = self.own and self.headings[-1].strip() == GUARD_HEADING
        self.origin = _ORIGIN if core == len(REFUSED_HEADINGS) else None
        if self.guarded:
            self.headings = [unguard_cell(heading) for heading in self.headings]
        self.folded = tuple(fold_heading(heading) for heading in self.headings)
        self.titles = [" ".join(heading.split()) for heading in self.headings]
        self.addresses = [at for at, name in self.columns.items() if name == "address"]
        self.others = [(name, at) for at, name in self.columns.items() if name != "address"]
        self.has_attributes = any(name.startswith(ATTRIBUTE) for name in self.columns.values())
        bare = [heading.strip() for heading in self.headings]
        if set(CONSENT_HEADINGS) <= set(bare):
            self.standing = {name: bare.index(name) for name in STANDING_HEADINGS if name in bare}
        meta = set(range(len(FIELDS), core)) if self.origin is not None else set()
        meta |= {len(bare) - 1} if self.guarded else set()
        self.beside = [at for at in range(len(bare)) if at not in self.columns and at not in meta]
        silent = {at for at in self.beside if is_number_heading(bare[at]) or self._is_ignored(at)}
        self.lost = dict.fromkeys((at for at in self.beside if at not in silent | set(self.standing.values())), 0)

    def _is_ignored(self, at: int) -> bool:
        # by apply_mapping it is no column any more
        return self.folded[at] in self.mapping or column_letter(at + 1).casefold() in self.mapping

    def heading(self, at: int) -> str:
        """Return the heading of a column on one line; empty where it has none."""
        return self.titles[at] if at < len(self.titles) else ""

    def cell(self, row: SheetRow, at: int | None) -> str:
        """Return a cell as it was meant; empty for no column."""
        text = row.cells[at].strip() if at is not None and at < len(row.cells) else ""
        return unguard_cell(text) if self.guarded else text

    def count_lost(self, cells: list[str]) -> None:
        """Count what a row holds of which nothing is kept."""
        width = len(cells)
        for at in self.lost:
            if at < width and cells[at] and not cells[at].isspace():
                self.lost[at] += 1

    def read_beside(self, row: SheetRow) -> tuple[str, ...]:
        """Return the cells of a row in the columns that are no field; () where all are blank."""
        cells, width = row.cells, len(row.cells)
        found = tuple([cells[at] if at < width else "" for at in self.beside])
        if not any(found):
            return ()
        return tuple(map(unguard_cell, found)) if self.guarded else found

    def headed_beside(self, cells: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Return those cells with the headings of their columns; none where all are blank."""
        return tuple(zip(self.beside_headings, cells, strict=True)) if cells else ()

    @property
    def beside_headings(self) -> tuple[str, ...]:
        """The headings of the columns that are no field; one that has none goes by its letter."""
        return tuple(self.heading(at) or f"({column_letter(at + 1)})" for at in self.beside)

    def not_kept(self, sheet: str) -> list[ColumnNotKept]:
        """Return the columns that hold something of which nothing is kept."""
        return [
            ColumnNotKept(CellPlace(sheet, self.row, at + 1, self.heading(at)), count)
            for at, count in self.lost.items()
            if count
        ]


def own_width(headings: list[str]) -> int:
    """Return how many of the first columns make a sheet one of ours; 0 for any other."""
    bare = tuple(heading.strip() for heading in headings)
    return next((len(own) for own in (EXPORT_HEADINGS, REFUSED_HEADINGS) if bare[: len(own)] == own), 0)


def _guess(headings: list[str]) -> dict[int, str]:
    """Return what each column is by its heading; in a sheet of ours nothing is guessed."""
    core = own_width(headings)
    if not core:
        return guess_columns(headings)
    names = {at: attribute_of(unguard_cell(headings[at])) for at in range(core, len(headings))}
    return dict(enumerate(FIELDS)) | {at: f"{ATTRIBUTE}{name}" for at, name in names.items() if name}


def find_layout(rows: list[SheetRow], mapping: Mapping[str, str]) -> tuple[SheetLayout, int] | None:
    """Return the layout of a sheet and how many of its first rows stand before the data; None for no addresses.

    Headings may stand below titles and take two rows, as merged cells do. Without any, a mapping by letters will do.
    """
    for at, row in enumerate(rows):
        headings = list(row.cells)
        columns = apply_mapping(headings, _guess(headings), mapping)
        if "address" not in columns.values() or not _is_heading(row, columns, mapping):
            continue
        below = rows[at + 1] if at + 1 < len(rows) else None
        if below is not None and below.carried and _continues(row, below):
            at, row = at + 1, below
            headings = [cell or _above(headings, column) for column, cell in enumerate(row.cells)]
        elif at > 0 and any(not cell.strip() for cell in headings) and _groups(rows[at - 1], headings):
            above = rows[at - 1].cells
            headings = [cell.strip() or _above(above, column) for column, cell in enumerate(headings)]
        columns = apply_mapping(headings, _guess(headings), mapping)
        return SheetLayout(headings, row.number, columns, mapping), at + 1
    # data from the first row on: only letters can say what is what
    width = max(len(row.cells) for row in rows)
    columns = apply_mapping([""] * width, {}, mapping)
    if "address" in columns.values():
        return SheetLayout([""] * width, 0, columns, mapping), 0
    return None


def _is_heading(row: SheetRow, columns: Mapping[int, str], mapping: Mapping[str, str]) -> bool:
    """A row of headings has no address in it, and names a column of addresses by itself or by the mapping."""
    if own_width(row.cells):
        return True
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
    """Return which columns of a sheet are used, and which of the others could be."""
    used = tuple(
        (name, CellPlace(sheet, layout.row, at + 1, layout.heading(at))) for at, name in sorted(layout.columns.items())
    )
    unused = tuple(CellPlace(sheet, layout.row, at + 1, layout.heading(at)) for at in layout.lost if layout.heading(at))
    return SheetColumns(sheet, layout.row, used, unused, layout.beside_headings)
