"""Records of other programs: read as strictly as a sheet, one contact each, each fault with its place and cure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import AddressError
from mailer.model.address import parse_address
from mailer.model.contact_sheet import DoubtfulCell, RefusedCell, SheetContact
from mailer.sources.contact_records import read_records

# S11, S13 of the security facts: what other programs send, by mistake or on purpose
HOSTILE = (
    "a@b.example\r\nRCPT TO:<c@d.example>", "alice@gov.example]<bob@evil.example>", "a@b.example,c@d.example",
    "a@b.example;c@d.example", "\"a b\"@c.example", "Name <a@b.example>", "a@b.example (note)", "a@@b.example", "a@b",
    "a@b.example\x00", "=?utf-8?q?a?=@b.example", "a" * 65 + "@b.example", "@b.example", "", " ", "a@[192.0.2.1]",
    "a@b\u2028.example", "a\u202e@b.example",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_not_one_bare_address_is_refused_with_its_place_and_cure(text: str) -> None:
    (found,) = read_records([{"address": text, "name": "某人"}])
    assert isinstance(found, RefusedCell)
    assert (found.place.row, found.place.heading) == (1, "address")
    assert found.reason
    assert found.values["name"] == "某人"


def test_a_record_is_a_contact_with_its_fields_and_a_likely_slip_is_a_doubt() -> None:
    told = {"address": " Office@Firm.Example ", "organisation": "某单位", "city": "杭州", "phone": "０５７１-12345678"}
    (contact,) = read_records([told])
    assert isinstance(contact, SheetContact)
    assert (contact.contact.address, contact.contact.key) == ("Office@firm.example", "office@firm.example")
    assert (contact.contact.organisation, contact.contact.phone) == ("某单位", "0571-12345678")
    doubt, taken = read_records([{"address": "reader@163.con"}])
    assert isinstance(doubt, DoubtfulCell)
    assert doubt.suggestion == "reader@163.com"
    assert isinstance(taken, SheetContact), "it is taken as it is"


@pytest.mark.parametrize(("field", "value"), [("name", "x" * 201), ("city", "杭\x07州"), ("phone", "1" * 101)])
def test_a_value_that_no_sheet_may_hold_is_refused_in_its_field(field: str, value: str) -> None:
    first, second = read_records([{"address": "a@b.example", field: value}, {"address": "c@d.example"}])
    assert isinstance(first, RefusedCell)
    assert (first.place.row, first.place.heading) == (1, field)
    assert isinstance(second, SheetContact)


@given(st.text(max_size=80) | st.emails())
def test_a_record_is_taken_exactly_where_the_wire_takes_its_address(text: str) -> None:
    """One validator for import, API and wire: nothing is taken that cannot be written to."""
    *_doubts, found = read_records([{"address": text}])
    try:
        wanted = parse_address(text)
    except AddressError:
        assert isinstance(found, RefusedCell)
    else:
        assert isinstance(found, SheetContact)
        assert found.contact.key == wanted.key
