"""The values of a row's fields but its addresses: read as they were meant, with what is wrong or doubtful in them."""

import re
import unicodedata
from collections.abc import Mapping

from mailer.i18n import _
from mailer.model.address import Address
from mailer.model.city import fold_city
from mailer.model.contact_sheet import (
    ATTRIBUTE,
    LIMITS,
    LONGEST_ATTRIBUTE,
    CellPlace,
    DoubtfulCell,
    RefusedCell,
    unguard_cell,
)
from mailer.model.delivery import Contact
from mailer.sources.names import part_title
from mailer.sources.sheet_layout import SheetLayout
from mailer.sources.workbook import SheetRow

_CONTROL = ("Cc", "Cs", "Zl", "Zp")
_LINE_END = re.compile(r"[ \t]*[\r\n\v\f\u2028\u2029\x85]+[ \t]*")
_GUARDED = re.compile(r'="([^"]*)"')  # how CSV files keep a spreadsheet from making a number of a text
_FLOAT = re.compile(r"\d{5,}\.0")
_POWER = re.compile(r"\d(?:\.\d+)?E\+\d+", re.IGNORECASE)
_ERRORS = frozenset({"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!"})
_LANGUAGES = {
    "zh_cn": "zh_CN", "zh": "zh_CN", "中文": "zh_CN", "汉语": "zh_CN", "chinese": "zh_CN",
    "en": "en", "英文": "en", "英语": "en", "english": "en",
}  # fmt: skip


def to_contact(address: Address, values: Mapping[str, str], attributes: tuple[tuple[str, str], ...] = ()) -> Contact:
    """Return the contact at an address with the values of a row's fields."""
    value_of = values.get
    return Contact(
        address.text,
        address.key,
        value_of("name", ""),
        value_of("title", ""),
        value_of("organisation", ""),
        fold_city(value_of("city", "")),
        value_of("phone", ""),
        value_of("level", ""),
        value_of("language", ""),
        attributes,
    )


def attributes_of(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the attributes among the values of a row's fields, in the order of names; blank ones say nothing."""
    named = ((name.removeprefix(ATTRIBUTE), value) for name, value in values.items() if name.startswith(ATTRIBUTE))
    return tuple(sorted((name, value) for name, value in named if value))


def read_values(row: SheetRow, layout: SheetLayout) -> tuple[dict[str, str], list[RefusedCell], list[DoubtfulCell]]:
    """Return the values of a row's fields but its addresses, with what is wrong or doubtful in them."""
    values: dict[str, str] = {}
    refused: list[RefusedCell] = []
    doubts: list[DoubtfulCell] = []
    cells, width, own = row.cells, len(row.cells), layout.own
    for name, at in layout.others:
        raw = cells[at] if at < width else ""
        if not raw:
            values.setdefault(name, "")
            continue
        value = raw if raw.isprintable() else _LINE_END.sub(" ", raw.strip())
        value = (_unwrap(value, layout) if own or value[:1] == "=" else value).strip()
        if name == "phone":
            value, doubt = read_phone(value)
            if doubt:
                doubts.append(DoubtfulCell(CellPlace(row.sheet, row.number, at + 1, layout.heading(at)), value, doubt))
            if value and values.get(name):
                value = f"{values[name]}、{value}"
        elif name == "language":
            value = read_language(value)
        fault = fault_of(name, value, exported=own and bool(layout.standing))
        if fault is not None:
            where = CellPlace(row.sheet, row.number, at + 1, layout.heading(at))
            refused.append(RefusedCell(where, value[:80], *fault))
            value = "".join(char for char in value if unicodedata.category(char) not in _CONTROL)
        values[name] = value or values.get(name, "")
    if width > len(layout.headings) and layout.row:
        beyond = next((at for at in range(len(layout.headings), width) if cells[at].strip()), None)
        if beyond is not None:
            where = CellPlace(row.sheet, row.number, beyond + 1)
            fault = _("the row has more cells than there are headings"), _("see that no value has slipped to the right")
            refused.append(RefusedCell(where, cells[beyond].strip()[:80], *fault))
    if not own:
        if layout.city and not values.get("city"):
            values["city"] = layout.city
        if values.get("name") and not values.get("title"):
            values["name"], values["title"] = part_title(values["name"])
    return values, refused, doubts


def unwrap_cell(cell: str, layout: SheetLayout) -> str:
    """Return a cell without what kept a spreadsheet from reading it as a formula or a number."""
    return _unwrap(cell, layout) if layout.own or cell[:1] == "=" else cell


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


def read_language(text: str) -> str:
    """Return a language as it is kept, whichever way a sheet says it; what is none stays as it is."""
    return _LANGUAGES.get(text.replace("-", "_").casefold(), text)


def fault_of(name: str, value: str, *, exported: bool) -> tuple[str, str] | None:
    """Return what is wrong with the value of a field and the cure, None for a good one."""
    if not value.isprintable() and any(unicodedata.category(char) in _CONTROL for char in value):
        return _("the value holds a control character"), _("type it anew")
    limit = LIMITS.get(name, LONGEST_ATTRIBUTE)
    if len(value) > limit:
        return (
            _("the value has {n} characters; at most {limit} fit").format(n=len(value), limit=limit),
            _("shorten it, and see that no other text has slipped into the cell"),
        )
    if name == "language" and value and value not in _LANGUAGES.values():
        return _("nothing is written in this language"), _("write zh_CN or en, or leave the cell empty")
    if value in _ERRORS and not exported:  # an export has no formulas: somebody is called so
        return _("the formula of this cell gives an error"), _("write the value instead of the formula")
    return None
