"""Reads sheets of contacts: as staff have them for an import, or strictly, where one wrong row spoils the whole."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from mailer.errors import SheetError
from mailer.i18n import _
from mailer.model.contact_sheet import CellPlace, RefusedCell, SheetColumns, SheetContact, SheetItem
from mailer.model.delivery import Contact
from mailer.sources.contact_rows import heading_row, read_contacts
from mailer.sources.csv_records import fold_heading, stream_records
from mailer.sources.headings import FIELD_OF, HEADINGS, is_known_heading
from mailer.sources.workbook import SheetRow, read_spool

__all__ = ["heading_row", "read_items", "read_sheet"]

_PAGES = (b"<html", b"<!doctype html", b"<table", b"<?xml")


def read_items(
    file: Path,
    *,
    spool: Path | None = None,
    mapping: Mapping[str, str] | None = None,
    other_lists: Collection[str] = (),
) -> Iterator[SheetItem]:
    """Yield what a sheet says, row by row, in constant memory. spool: where a workbook's rows were put before.

    mapping and other_lists are as for `contact_rows.read_contacts`.

    Raises SheetError for a file that is no sheet, or has no column of addresses.
    """
    rows = read_spool(spool) if spool is not None else _csv_rows(file)
    return read_contacts(rows, file=file, mapping=mapping, other_lists=other_lists)


def _csv_rows(file: Path) -> Iterator[SheetRow]:
    for record in stream_records(file):
        if record.number == 1 and record.cells[0].lstrip().lower().encode().startswith(_PAGES):
            raise SheetError(
                _("is a web page or XML, not a sheet"),
                file=file,
                cure=_("open it in Excel or WPS and save it anew as .xlsx, or save the sheet as CSV"),
            )
        yield SheetRow("", record.number, record.cells, record.line)


def read_sheet(file: Path, *, spool: Path | None = None) -> tuple[Contact, ...]:
    """Return the contacts of a sheet in its order, where nothing in it is wrong.

    Raises SheetError naming file, line, field and cure when the sheet has no column of addresses, a column that means
    nothing to us, a row that is refused, or two rows with the same address.
    """
    contacts: list[Contact] = []
    lines: dict[str, CellPlace] = {}
    for item in read_items(file, spool=spool):
        match item:
            case RefusedCell():
                raise _refusal(file, item)
            case SheetColumns():
                _check_columns(file, item)
            case SheetContact():
                key = item.contact.key
                if key in lines:
                    raise _twice(file, item, lines[key])
                lines[key] = item.place
                contacts.append(item.contact)
    return tuple(contacts)


def _refusal(file: Path, item: RefusedCell) -> SheetError:
    return SheetError(
        item.reason,
        file=file,
        line=item.place.row,
        field=item.place.heading or item.place.letter or None,
        cure=item.cure,
    )


def _twice(file: Path, item: SheetContact, first: CellPlace) -> SheetError:
    return SheetError(
        _("“{address}” is on line {first} already").format(address=item.contact.address, first=first.row),
        file=file,
        line=item.place.row,
        field=item.place.heading or None,
        cure=_("keep one of the two rows, line {first} or line {second}").format(
            first=first.row, second=item.place.row
        ),
    )


def _check_columns(file: Path, columns: SheetColumns) -> None:
    """Refuse a heading that is neither ours nor one of the usual others: a misspelt column would be lost unseen."""
    place = next((one for one in columns.unused if not is_known_heading(one.heading)), None)
    if place is None:
        return
    near = difflib.get_close_matches(fold_heading(place.heading), FIELD_OF, 1, 0.5)
    cure = (
        _("should it be {near}?").format(near=near[0])
        if near
        else _("columns are: {headings}; a column that is only for you begins with 备注").format(
            headings="、".join(headings[0] for headings in HEADINGS.values())
        )
    )
    raise SheetError(_("unknown column"), file=file, line=place.row, field=place.heading, cure=cure)
