"""Turns the rows of sheets as staff have them into contacts, refused cells and doubts, one row at a time."""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from mailer.errors import SheetError
from mailer.i18n import _
from mailer.model.contact_sheet import (
    CONSENT_HEADINGS,
    FIELDS,
    LIST_HEADING,
    STATUS_HEADING,
    AsideKind,
    CellPlace,
    DoubtfulCell,
    RefusedCell,
    RowAside,
    SaidConsent,
    SheetContact,
    SheetItem,
    SheetLeftOut,
    refuse_twice,
)
from mailer.sources import row_kinds
from mailer.sources.address_cells import AddressToken, read_address_cell
from mailer.sources.contact_values import attributes_of, read_values, to_contact, unwrap_cell
from mailer.sources.csv_records import fold_heading
from mailer.sources.headings import HEADINGS, check_mapping, field_of
from mailer.sources.sheet_layout import SheetLayout, describe_columns, find_layout
from mailer.sources.workbook import SheetRow

LOOKED_THROUGH = 40  # rows among which the headings are sought


def read_contacts(
    rows: Iterable[SheetRow | tuple[str, bool]],
    *,
    file: Path,
    mapping: Mapping[str, str] | None = None,
    other_lists: Collection[str] = (),
) -> Iterator[SheetItem]:
    """Yield what the rows of a file say, in their order. mapping: as `headings.parse_mapping` gives it.

    other_lists: rows of an export that say they are of one of these are put aside. A row that is refused in any of its
    cells gives no contact. The same address twice is not noticed here. Raises SheetError where no sheet has a column
    of addresses, or none has a column that the mapping names.
    """
    reader = _Reader(file, dict(mapping or {}), frozenset(other_lists))
    for row in rows:
        if isinstance(row, tuple):
            yield from reader.begin_sheet(*row)
        else:
            yield from reader.take(row)
    yield from reader.end_sheet()
    reader.finish()


class _Reader:
    """Where the reading of one file stands."""

    def __init__(self, file: Path, mapping: dict[str, str], other_lists: frozenset[str]) -> None:
        self._file = file
        self._mapping = mapping
        self._other_lists = other_lists
        self._sheet = ""
        self._hidden = False
        self._waiting: list[SheetRow] = []
        self._layout: SheetLayout | None = None
        self._gave_up = False
        self._seen: set[str] = set()
        self._first: CellPlace | None = None
        self._any = False

    def begin_sheet(self, sheet: str, hidden: bool) -> Iterator[SheetItem]:
        """End the sheet before, and begin another."""
        yield from self.end_sheet()
        self._sheet, self._hidden = sheet, hidden

    def take(self, row: SheetRow) -> Iterator[SheetItem]:
        """Yield what a row says; rows wait until the headings are found."""
        if self._layout is not None:
            yield from _read_row(row, self._layout, self._other_lists)
        elif not self._gave_up:
            self._waiting.append(row)
            if len(self._waiting) >= LOOKED_THROUGH:
                yield from self._lay_out()

    def end_sheet(self) -> Iterator[SheetItem]:
        """Read what waits, and say so where the sheet had nothing for us."""
        if self._layout is None and self._waiting and not self._gave_up:
            yield from self._lay_out()
        if self._layout is not None:
            yield from self._layout.not_kept(self._sheet)
        if self._hidden or (self._gave_up and self._sheet):
            yield SheetLeftOut(self._sheet, self._hidden)
        self._layout, self._gave_up, self._hidden = None, False, False
        self._waiting = []

    def _lay_out(self) -> Iterator[SheetItem]:
        found = find_layout(self._waiting, self._mapping)
        waiting, self._waiting = self._waiting, []
        if self._first is None:
            self._first = CellPlace(waiting[0].sheet, waiting[0].line or waiting[0].number)
        if found is None:
            self._gave_up = True
            for row in islice(waiting, 5):
                self._seen |= {fold_heading(cell) for cell in row.cells if 0 < len(fold_heading(cell)) <= 20}
            return
        layout, after = found
        self._layout = layout
        self._any = True
        self._seen |= set(layout.folded) - {""}
        for row in waiting[: max(after - 1, 0)]:
            grouped = sum(field_of(cell) is not None for cell in row.cells) > 1
            kind = AsideKind.HEADING if grouped else AsideKind.TITLE
            yield RowAside(CellPlace(row.sheet, row.number), kind, _text_of(row))
        yield describe_columns(self._sheet, layout)
        for row in waiting[after:]:
            yield from _read_row(row, layout, self._other_lists)

    def finish(self) -> None:
        """Raise SheetError where the whole file had no addresses for us, or not what the mapping names."""
        if self._first is None:
            raise SheetError(
                _("the sheet is empty"),
                file=self._file,
                line=1,
                cure=_("write the headings on its first row: {headings}").format(headings=heading_row()),
            )
        check_mapping(self._mapping, self._seen, self._file, self._first)
        if not self._any:
            near = [one for one in sorted(self._seen) if difflib.get_close_matches(one, HEADINGS["address"], 1, 0.5)]
            raise SheetError(
                _("there is no column of addresses"),
                file=self._file,
                line=self._first.row,
                field="邮箱",
                cure=_("should “{near}” be 邮箱?").format(near=near[0])
                if near
                else _("head the column of e-mail addresses 邮箱 or email; or name it: --map HEADING=address"),
            )


def heading_row() -> str:
    """Return the heading row a new sheet gets."""
    return ",".join(HEADINGS[name][0] for name in FIELDS if name != "language")


def _text_of(row: SheetRow) -> str:
    return " ".join(" ".join(row.cells).split())[:200]


def _read_row(row: SheetRow, layout: SheetLayout, other_lists: Collection[str]) -> list[SheetItem]:
    cells, width = row.cells, len(row.cells)
    written = [cells[at] for at in layout.addresses if at < width and cells[at] and not cells[at].isspace()]
    if not written or (not layout.own and not any("@" in cell or "＠" in cell for cell in written)):
        aside = _read_aside(row, layout, has_address=bool(written))
        if aside is not None:
            return [aside]
    if other_lists and (name := layout.cell(row, layout.standing.get(LIST_HEADING))) in other_lists:
        return [RowAside(CellPlace(row.sheet, row.number), AsideKind.OTHER_LIST, name)]
    if layout.lost:
        layout.count_lost(cells)
    values, refused, doubts = read_values(row, layout)
    tokens: list[tuple[int, AddressToken]] = []
    for at in layout.addresses:
        if at < width and cells[at]:
            found = read_address_cell(unwrap_cell(cells[at], layout), exact=layout.own)
            tokens += [(at, token) for token in found]
    wrong = _refuse_row(row, layout, values, tokens)
    if wrong is not None:
        return [replace(wrong, beside=layout.headed_beside(layout.read_beside(row)))]
    return _read_tokens(row, layout, values, tokens, refused, doubts)


def _refuse_row(
    row: SheetRow, layout: SheetLayout, values: Mapping[str, str], tokens: Sequence[tuple[int, AddressToken]]
) -> RefusedCell | None:
    """Return why a row is not taken, whatever its cells hold; None where it may be."""
    cell = "; ".join(token.text for _at, token in tokens)
    shared = {**values, "address": cell}
    if row.hidden:
        reason = _("the row is hidden in the sheet")
        cure = _("show it if it is to be taken (clear the filter), or delete it")
        return RefusedCell(CellPlace(row.sheet, row.number), cell, reason, cure, shared)
    if not tokens:
        return _no_address(row, layout, values)
    if layout.standing:
        at = layout.standing.get(STATUS_HEADING)
        if at is not None and (status := layout.cell(row, at)) not in ("", "active"):
            where = CellPlace(row.sheet, row.number, at + 1, layout.heading(at))
            reason, cure = _("the sheet says that this reader is not subscribed"), _("take the row out")
            return RefusedCell(where, status, reason, cure, shared)
    if layout.origin is not None:
        value, first = (layout.cell(row, at) for at in layout.origin)
        if first and value.casefold() == cell.strip().casefold():
            # as it was refused, and the first of the two rows was taken: it must not be overwritten by this one
            at = tokens[0][0]
            where = CellPlace(row.sheet, row.number, at + 1, layout.heading(at))
            return refuse_twice(where, cell, first, shared)
    return None


def _read_tokens(
    row: SheetRow,
    layout: SheetLayout,
    values: Mapping[str, str],
    tokens: Sequence[tuple[int, AddressToken]],
    refused: Sequence[RefusedCell],
    doubts: Sequence[DoubtfulCell],
) -> list[SheetItem]:
    """Return a contact for each address of a row, what is refused in it, and what is doubtful."""
    items: list[SheetItem] = []
    beside = layout.read_beside(row) if layout.beside else ()
    attributes = attributes_of(values) if layout.has_attributes else ()
    for at, token in tokens:
        where = CellPlace(row.sheet, row.number, at + 1, layout.heading(at))
        if token.address is None:
            items.append(replace(_refuse_token(where, token, values), beside=layout.headed_beside(beside)))
        elif refused:
            # the address is good, but the row is not: it is given back with each of its faults
            shared = {**values, "address": token.address.text}
            headed = layout.headed_beside(beside)
            items += [RefusedCell(one.place, one.value, one.reason, one.cure, shared, headed) for one in refused]
        else:
            if token.mended:
                items.append(DoubtfulCell(where, token.text, token.mended))
            if token.suggestion:
                doubt = _("the domain looks mistyped")
                items.append(DoubtfulCell(where, token.address.text, doubt, token.suggestion))
            items += doubts
            doubts = ()
            said = _said_consent(row, layout) if layout.standing else None
            items.append(SheetContact(to_contact(token.address, values, attributes), where, beside, said))
    return items


def _said_consent(row: SheetRow, layout: SheetLayout) -> SaidConsent:
    basis, source, since = (layout.cell(row, layout.standing[name]) for name in CONSENT_HEADINGS)
    return SaidConsent(*(" ".join(one.split()) for one in (basis, source, since)))


def _read_aside(row: SheetRow, layout: SheetLayout, *, has_address: bool) -> RowAside | None:
    """Return what a row without an address is, keeping in mind the city that it may name.

    has_address: something that is no address stands in its column: it may still be the headings once more, or a total.
    """
    own = [cell for at, cell in enumerate(row.cells) if at not in row.carried and cell.strip()]
    place = CellPlace(row.sheet, row.number)
    if layout.own:
        return None
    if has_address and any(
        layout.folded[at] and at < len(row.cells) and fold_heading(row.cells[at]) == layout.folded[at]
        for at in layout.addresses
    ):
        return RowAside(place, AsideKind.HEADING, _text_of(row))
    found = row_kinds.find_kind(own)
    if has_address and found is not None and found[0] is not AsideKind.TOTAL:
        return None
    if found is None or any("@" in cell or "＠" in cell for cell in own):
        return None
    kind, text = found
    if kind is AsideKind.CITY:
        layout.city = text
    return RowAside(place, kind, " ".join(text.split())[:200])


def _no_address(row: SheetRow, layout: SheetLayout, shared: Mapping[str, str]) -> RefusedCell:
    first = layout.addresses[0]
    where = CellPlace(row.sheet, row.number, first + 1, layout.heading(first))
    astray = next((at for at, cell in enumerate(row.cells) if "@" in cell or "＠" in cell), None)
    if astray is not None:
        where = CellPlace(row.sheet, row.number, astray + 1, layout.heading(astray))
        cell = row.cells[astray].strip()
        reason = _("an address stands in another column than the addresses")
        return RefusedCell(where, cell, reason, _("move it to the column of addresses"), {**shared, "address": cell})
    reason, cure = _("the row has no address"), _("write the address, or take the row out")
    return RefusedCell(where, "", reason, cure, {**shared, "address": ""})


def _refuse_token(where: CellPlace, token: AddressToken, shared: Mapping[str, str]) -> RefusedCell:
    assert token.error is not None
    cure = (
        _("should it be {address}?").format(address=token.suggestion)
        if token.suggestion
        else token.error.cure or _("correct the address, or take the row out")
    )
    return RefusedCell(where, token.text, token.error.message, cure, {**shared, "address": token.text})
