"""Reads a sheet of contacts (CSV) as offices keep them; one wrong row and nothing is read."""

import difflib
import unicodedata
from pathlib import Path

from mailer.errors import AddressError, SheetError
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.delivery import Contact
from mailer.sources.csv_records import Record, fold_heading, read_records

# headings as offices write them, compared without blanks, width and case; the first is what a new sheet gets
HEADINGS: dict[str, tuple[str, ...]] = {
    "organisation": ("单位", "单位名称", "organisation", "organization", "company", "公司", "企业名称"),
    "name": ("姓名", "联系人", "name", "contact"),
    "title": ("职务", "职位", "title", "position"),
    "level": ("级别", "层级", "level"),
    "city": ("城市", "地市", "所属地区", "city"),
    "address": ("邮箱", "地址", "电子邮箱", "邮箱地址", "邮件地址", "电子邮件", "email", "e-mail", "mail", "address"),
    "phone": ("电话", "手机", "联系电话", "phone", "tel", "mobile"),
}
_FIELD_OF = {heading: field for field, headings in HEADINGS.items() for heading in headings}
LIMITS = {
    "name": 200,
    "title": 200,
    "organisation": 200,
    "city": 100,
    "phone": 100,
    "level": 40,
}  # characters the database takes
# columns that sheets often have and that are none of our business
OTHER_HEADINGS = (
    "备注",
    "序号",
    "编号",
    "传真",
    "邮编",
    "通讯地址",
    "地区",
    "类别",
    "note",
    "remark",
    "no.",
    "#",
    "fax",
)
_CONTROL = ("Cc", "Cs", "Zl", "Zp")


def read_sheet(file: Path) -> tuple[Contact, ...]:
    """Return the contacts of a CSV sheet in its order; blank rows are skipped, columns of other headings not used.

    Raises SheetError naming file, line, field and cure when the sheet has no column of addresses, a row has no valid
    address, a value holds a control character or line end or is longer than LIMITS, or two rows have the same address.
    """
    records = read_records(file)
    if not records:
        raise SheetError(
            _("the sheet is empty"),
            file=file,
            line=1,
            cure=_("write the headings on its first row: {headings}").format(headings=heading_row()),
        )
    columns = _read_headings(records[0], file)
    contacts: list[Contact] = []
    lines: dict[str, int] = {}
    for record in records[1:]:
        contact = _read_contact(record, columns, records[0].cells, file)
        if contact.key in lines:
            raise SheetError(
                _("“{address}” is on line {first} already").format(address=contact.address, first=lines[contact.key]),
                file=file,
                line=record.line,
                field=records[0].cells[columns["address"]].strip(),
                cure=_("keep one of the two rows, line {first} or line {second}").format(
                    first=lines[contact.key], second=record.line
                ),
            )
        lines[contact.key] = record.line
        contacts.append(contact)
    return tuple(contacts)


def heading_row() -> str:
    """Return the heading row a new sheet gets."""
    return ",".join(headings[0] for headings in HEADINGS.values())


def _read_headings(record: Record, file: Path) -> dict[str, int]:
    columns: dict[str, int] = {}
    for at, cell in enumerate(record.cells):
        field = _FIELD_OF.get(fold_heading(cell))
        if field is None:
            continue
        if field in columns:
            other = record.cells[columns[field]].strip()
            raise SheetError(
                _("two columns mean the same: {first} and {second}").format(first=other, second=cell.strip()),
                file=file,
                line=record.line,
                field=cell.strip(),
                cure=_("keep one of them, or give the other another heading"),
            )
        columns[field] = at
    if "address" not in columns:
        headings = [fold_heading(cell) for cell in record.cells]
        near = [
            cell.strip()
            for cell, folded in zip(record.cells, headings, strict=True)
            if folded and difflib.get_close_matches(folded, HEADINGS["address"], 1, 0.5)
        ]
        cure = (
            _("should “{near}” be 邮箱?").format(near=near[0])
            if near
            else _("head the column of e-mail addresses 邮箱 or email, on the first row")
        )
        raise SheetError(_("there is no column of addresses"), file=file, line=record.line, field="邮箱", cure=cure)
    for cell in record.cells:
        if fold_heading(cell) not in _FIELD_OF:
            _refuse_unknown(cell, record, file)
    return columns


def _refuse_unknown(cell: str, record: Record, file: Path) -> None:
    """Refuse a heading that is neither ours nor one of the usual others: a misspelt column would be lost unseen."""
    folded = fold_heading(cell)
    if not folded or folded.startswith(OTHER_HEADINGS):
        return
    near = difflib.get_close_matches(folded, _FIELD_OF, 1, 0.5)
    cure = (
        _("should it be {near}?").format(near=near[0])
        if near
        else _("columns are: {headings}; a column that is only for you begins with 备注").format(
            headings="、".join(headings[0] for headings in HEADINGS.values())
        )
    )
    raise SheetError(_("unknown column"), file=file, line=record.line, field=cell.strip(), cure=cure)


def _read_contact(record: Record, columns: dict[str, int], headings: list[str], file: Path) -> Contact:
    if any(cell.strip() for cell in record.cells[len(headings) :]):
        raise SheetError(
            _("the row has more cells than there are headings"),
            file=file,
            line=record.line,
            cure=_('put a value that holds a comma between "double quotes"'),
        )
    values: dict[str, str] = {}
    for field, at in columns.items():
        value = record.cells[at].strip(" \t") if at < len(record.cells) else ""
        if any(unicodedata.category(char) in _CONTROL for char in value):
            raise SheetError(
                _("the value holds a line end or control character"),
                file=file,
                line=record.line,
                field=headings[at].strip(),
                cure=_("type it anew on one line"),
            )
        values[field] = value = value.strip()
        if field in LIMITS and len(value) > LIMITS[field]:
            raise SheetError(
                _("the value has {n} characters; at most {limit} fit").format(n=len(value), limit=LIMITS[field]),
                file=file,
                line=record.line,
                field=headings[at].strip(),
                cure=_("shorten it, and see that no other text has slipped into the cell"),
            )
    try:
        address = parse_address(values.pop("address"))
    except AddressError as error:
        raise SheetError(
            error.message,
            file=file,
            line=record.line,
            field=headings[columns["address"]].strip(),
            cure=error.cure or _("correct the address, or take the row out"),
        ) from None
    return Contact(
        address.text,
        address.key,
        name=values.get("name", ""),
        title=values.get("title", ""),
        organisation=values.get("organisation", ""),
        city=values.get("city", ""),
        phone=values.get("phone", ""),
        level=values.get("level", ""),
    )
