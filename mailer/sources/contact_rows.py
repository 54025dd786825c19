"""Turns the rows of sheets as staff have them into contacts, refused cells and doubts, one row at a time."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from mailer.errors import SheetError
from mailer.i18n import _
from mailer.model.address import Address
from mailer.model.contact_sheet import (
    EXPORT_HEADINGS,
    FIELDS,
    LIMITS,
    AsideKind,
    CellPlace,
    DoubtfulCell,
    RefusedCell,
    RowAside,
    SheetContact,
    SheetItem,
    SheetLeftOut,
    unguard_cell,
)
from mailer.model.delivery import Contact
from mailer.sources import row_kinds
from mailer.sources.address_cells import AddressToken, read_address_cell
from mailer.sources.csv_records import fold_heading
from mailer.sources.headings import HEADINGS, check_mapping, field_of
from mailer.sources.names import part_title
from mailer.sources.sheet_layout import SheetLayout, describe_columns, find_layout
from mailer.sources.workbook import SheetRow

LOOKED_THROUGH = 40  # rows among which the headings are sought
_CONTROL = ("Cc", "Cs", "Zl", "Zp")
_LINE_END = re.compile(r"[ \t]*[\r\n\v\f\u2028\u2029\x85]+[ \t]*")
_GUARDED = re.compile(r'="([^"]*)"')  # how CSV files keep a spreadsheet from making a number of a text
_FLOAT = re.compile(r"\d{5,}\.0")
_POWER = re.compile(r"\d(?:\.\d+)?E\+\d+", re.IGNORECASE)
_STATUS = EXPORT_HEADINGS.index("状态")
_ERRORS = frozenset({"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!"})


def read_contacts(
    rows: Iterable[SheetRow | tuple[str, bool]], *, file: Path, mapping: Mapping[str, str] | None = None
) -> Iterator[SheetItem]:
    """Yield what the rows of a file say, in their order. mapping: as `headings.parse_mapping` gives it.

    A row that is refused in any of its cells gives no contact. The same address twice is not noticed here. Raises
    SheetError where no sheet has a column of addresses, or none has a column that the mapping names.
    """
    reader = _Reader(file, dict(mapping or {}))
    for row in rows:
        if isinstance(row, tuple):
            yield from reader.begin_sheet(*row)
        else:
            yield from reader.take(row)
    yield from reader.end_sheet()
    reader.finish()


class _Reader:
    """Where the reading of one file stands."""

    def __init__(self, file: Path, mapping: dict[str, str]) -> None:
        self._file = file
        self._mapping = mapping
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
            yield from _read_row(row, self._layout)
        elif not self._gave_up:
            self._waiting.append(row)
            if len(self._waiting) >= LOOKED_THROUGH:
                yield from self._lay_out()

    def end_sheet(self) -> Iterator[SheetItem]:
        """Read what waits, and say so where the sheet had nothing for us."""
        if self._layout is None and self._waiting and not self._gave_up:
            yield from self._lay_out()
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
            yield from _read_row(row, layout)

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
    return ",".join(EXPORT_HEADINGS[: len(FIELDS)])


def _text_of(row: SheetRow) -> str:
    return " ".join(" ".join(row.cells).split())[:200]


def _read_row(row: SheetRow, layout: SheetLayout) -> Iterator[SheetItem]:
    place = CellPlace(row.sheet, row.number)
    cells = row.cells
    written = [cells[at] for at in layout.addresses if at < len(cells) and cells[at] and not cells[at].isspace()]
    if not written or (not layout.own and not any("@" in cell or "＠" in cell for cell in written)):
        aside = _read_aside(row, layout, has_address=bool(written))
        if aside is not None:
            yield aside
            return
    values, refused, doubts = _read_values(row, layout)
    tokens: list[tuple[int, AddressToken]] = []
    for at in layout.addresses:
        if at < len(cells) and cells[at]:
            cell = _unwrap(cells[at], layout)
            tokens += [(at, token) for token in read_address_cell(cell)]
    if row.hidden:
        reason = _("the row is hidden in the sheet")
        cure = _("show it if it is to be taken (clear the filter), or delete it")
        cell = "; ".join(token.text for _at, token in tokens)
        yield RefusedCell(place, cell, reason, cure, {**values, "address": cell})
        return
    if layout.exported and len(cells) > _STATUS and cells[_STATUS].strip() not in ("", "active"):
        where = CellPlace(row.sheet, row.number, _STATUS + 1, EXPORT_HEADINGS[_STATUS])
        reason, cure = _("the sheet says that this reader is not subscribed"), _("take the row out")
        cell = "; ".join(token.text for _at, token in tokens)
        yield RefusedCell(where, cells[_STATUS].strip(), reason, cure, {**values, "address": cell})
        return
    shared = {name: value for name, value in values.items() if name != "address"}
    if not tokens:
        yield _no_address(row, layout, shared)
    for at, token in tokens:
        where = CellPlace(row.sheet, row.number, at + 1, layout.heading(at))
        if token.address is None:
            yield _refuse_token(where, token, shared)
        elif refused:
            # the address is good, but the row is not: it is given back with each of its faults
            yield from (
                RefusedCell(one.place, one.value, one.reason, one.cure, {**shared, "address": token.address.text})
                for one in refused
            )
        else:
            if token.suggestion:
                yield DoubtfulCell(where, token.address.text, _("the domain looks mistyped"), token.suggestion)
            yield from doubts
            doubts = []
            yield SheetContact(to_contact(token.address, shared), where)


def to_contact(address: Address, values: Mapping[str, str]) -> Contact:
    """Return the contact at an address with the values of a row's fields."""
    return Contact(
        address.text,
        address.key,
        values.get("name", ""),
        values.get("title", ""),
        values.get("organisation", ""),
        values.get("city", ""),
        values.get("phone", ""),
        values.get("level", ""),
    )


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


def _read_values(row: SheetRow, layout: SheetLayout) -> tuple[dict[str, str], list[RefusedCell], list[DoubtfulCell]]:
    """Return the values of a row's fields but its addresses, with what is wrong or doubtful in them."""
    values: dict[str, str] = {}
    refused: list[RefusedCell] = []
    doubts: list[DoubtfulCell] = []
    cells = row.cells
    for name, at in layout.others:
        raw = cells[at] if at < len(cells) else ""
        if not raw:
            values.setdefault(name, "")
            continue
        value = raw if raw.isprintable() else _LINE_END.sub(" ", raw.strip())
        value = _unwrap(value, layout).strip()
        if name == "phone":
            value, doubt = read_phone(value)
            if doubt:
                doubts.append(DoubtfulCell(CellPlace(row.sheet, row.number, at + 1, layout.heading(at)), value, doubt))
        if name in values and values[name] and value and name == "phone":
            value = f"{values[name]}、{value}"
        fault = fault_of(name, value, exported=layout.exported)
        if fault is not None:
            where = CellPlace(row.sheet, row.number, at + 1, layout.heading(at))
            refused.append(RefusedCell(where, value[:80], *fault))
            value = "".join(char for char in value if unicodedata.category(char) not in _CONTROL)
        values[name] = value or values.get(name, "")
    beyond = next((at for at in range(len(layout.headings), len(cells)) if cells[at].strip()), None)
    if beyond is not None and layout.row:
        where = CellPlace(row.sheet, row.number, beyond + 1)
        fault = _("the row has more cells than there are headings"), _("see that no value has slipped to the right")
        refused.append(RefusedCell(where, cells[beyond].strip()[:80], *fault))
    if not layout.own:
        if layout.city and not values.get("city"):
            values["city"] = layout.city
        if values.get("name") and not values.get("title"):
            values["name"], values["title"] = part_title(values["name"])
    return values, refused, doubts


def _unwrap(cell: str, layout: SheetLayout) -> str:
    if layout.own:
        return unguard_cell(cell) if layout.guarded else cell
    guarded = _GUARDED.fullmatch(cell.strip()) if cell.startswith("=") else None
    return guarded[1] if guarded is not None else cell


def read_phone(text: str) -> tuple[str, str]:
    """Return a phone number with width folded, and what is doubtful in it: a spreadsheet may have rounded it."""
    folded = unicodedata.normalize("NFKC", text) if not text.isascii() else text
    if _FLOAT.fullmatch(folded):
        folded = folded[:-2]
    if _POWER.fullmatch(folded):
        return folded, _("the spreadsheet has shortened the number: it lost digits")
    return folded, ""


def fault_of(name: str, value: str, *, exported: bool) -> tuple[str, str] | None:
    """Return what is wrong with the value of a field and the cure, None for a good one."""
    if not value.isprintable() and any(unicodedata.category(char) in _CONTROL for char in value):
        return _("the value holds a control character"), _("type it anew")
    if len(value) > LIMITS[name]:
        return (
            _("the value has {n} characters; at most {limit} fit").format(n=len(value), limit=LIMITS[name]),
            _("shorten it, and see that no other text has slipped into the cell"),
        )
    if value in _ERRORS and not exported:  # an export has no formulas: somebody is called so
        return _("the formula of this cell gives an error"), _("write the value instead of the formula")
    return None
