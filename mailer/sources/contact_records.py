"""Turns records that another program gives into contacts and refusals: as strict as a sheet, and one contact each."""

from collections.abc import Iterable, Iterator, Mapping

from mailer.errors import AddressError
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.contact_sheet import LIMITS, CellPlace, DoubtfulCell, RefusedCell, SheetContact, SheetItem
from mailer.sources.address_cells import suggest_address, suggest_domain
from mailer.sources.contact_values import fault_of, read_language, read_phone, to_contact


def read_records(records: Iterable[Mapping[str, str]]) -> Iterator[SheetItem]:
    """Yield what records of fields say, in their order; a place has the record's number from 1, and its field.

    A record has one address, bare: what a cell of a sheet may hold besides is refused. A field that is absent says
    nothing, as a blank one.
    """
    for number, record in enumerate(records, 1):
        yield from _read_record(number, record)


def _read_record(number: int, record: Mapping[str, str]) -> Iterator[SheetItem]:
    values = {name: record.get(name, "").strip() for name in LIMITS}
    phone, lost = read_phone(values["phone"])
    values["phone"], values["language"] = phone, read_language(values["language"])
    text = record.get("address", "")
    faults = [(name, value, fault) for name, value in values.items() if (fault := fault_of(name, value, exported=True))]
    try:
        address = parse_address(text)
    except AddressError as error:
        near = suggest_address(text)
        cure = _("should it be {address}?").format(address=near) if near else error.cure
        yield RefusedCell(_place(number, "address"), text[:80], error.message, cure, {**values, "address": text})
        return
    if faults:
        name, value, (reason, cure) = faults[0]
        yield RefusedCell(_place(number, name), value[:80], reason, cure, {**values, "address": address.text})
        return
    if domain := suggest_domain(address.domain):
        near = f"{address.text.rpartition('@')[0]}@{domain}"
        yield DoubtfulCell(_place(number, "address"), address.text, _("the domain looks mistyped"), near)
    if lost:
        yield DoubtfulCell(_place(number, "phone"), phone, lost)
    yield SheetContact(to_contact(address, values), _place(number, "address"))


def _place(number: int, field: str) -> CellPlace:
    return CellPlace("", number, 0, field)
