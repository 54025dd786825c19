"""One strict reading of an address."""

import re

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import AddressError
from mailer.model.address import parse_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("reader@firm.example", "reader@firm.example"),
        (" Reader@FIRM.Example ", "Reader@firm.example"),
        ("ｒｅａｄｅｒ＠ｆｉｒｍ\uff0eｅｘａｍｐｌｅ", "reader@firm.example"),
        ("reader@\u200bfirm.example", "reader@firm.example"),
        ("读者@某公司.example", "读者@xn--55qx5dn33a.example"),
        ("a+b=c@x.test", "a+b=c@x.test"),
        ("a－b@x－y.example", "a-b@x-y.example"),
        ("иван@пример.example", "иван@xn--e1afmkfd.example"),
        ("a@某公司abc.example", "a@xn--abc-tw1em0j244b.example"),
        ("a@例えabc.example", "a@xn--abc-763b408n.example"),
    ],
)
def test_what_sheets_hold_is_read_as_one_address(text: str, expected: str) -> None:
    parsed = parse_address(text)
    assert parsed.text == expected
    assert parsed.key == expected.casefold()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "reader",
        "reader@firm",
        "a@x.example, b@x.example",
        "a@x.example、b@x.example",
        "Reader <reader@firm.example>",
        "alice@gov.example]<bob@evil.example>",
        '"a b"@firm.example',
        "a@b\r\nRCPT TO:<v@x.example>",
        "a@firm.example\n",
        "a\x00@firm.example",
        "a@firm.example\u2028",
        "a@[127.0.0.1]",
        "a@-firm.example",
        "a..b@firm.example",
        "x" * 65 + "@firm.example",
        "a@" + "b" * 250 + ".example",
        "读" * 22 + "@firm.example",
        "ΐ" * 32 + "@" + "b" * 60 + "." + "c" * 60 + "." + "d" * 50 + ".example",
        "=?utf-8?q?=0d=0a?=@firm.example",
        "a@firm.example>",
        "<a@firm.example>",
        "a@firm.example(c)",
        "a(c)@firm.example",
        "a@b@firm.example",
        "@firm.example",
        "a@",
        "a@firm.example.",
        ".a@firm.example",
        "a.@firm.example",
        "a@firm_x.example",
        "a@xn--.example",
        "a@\u202efirm.example",
        "a\u202e@firm.example",
        "a@firm.example\u0000",
        "a%0d%0aRCPT@firm.example\r\n",
        "a@firm.example,b@firm.example",
        "alice@gov.example;bob@evil.example",
        "undisclosed:alice@gov.example;",
        "@relay.example:alice@gov.example",
        '"alice@gov.example"@evil.example',
        "alice@gov.example\\@evil.example",
        "a@1.2.3.4",
        "a@localhost",
        "-\uff0e\uff0e@firm.example",
        "a@fi\u00adrm..example",
        "d98@test",
        "a@firm.e",
        "a@firm.е",  # a Cyrillic е
        "a@аpple.example",  # a Cyrillic а among Latin letters, and the same as DNS writes it
        "a@xn--pple-43d.example",
        "a@ρaypal.example",
        "аlice@firm.example",
        "a\u2010b@firm.example",
        "a\u2011b@firm.example",
        "a—b@firm.example",
        "a、b@firm.example",
        "’a@firm.example",
        "a★b@firm.example",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    assert caught.value.message


@given(st.from_regex(r"[A-Za-z0-9_+.-]{0,70}@[A-Za-z0-9.-]{0,80}", fullmatch=True))
def test_what_is_told_at_a_glance_is_what_the_library_says(text: str) -> None:
    try:
        parsed = parse_address(text).text
    except AddressError:
        parsed = ""
    try:
        checked = validate_email(text, check_deliverability=False, test_environment=True, strict=True)
        wanted = f"{checked.local_part}@{checked.ascii_domain.lower()}"
        if not re.search(r"@.+\.[^.]{2,}$", wanted):
            wanted = ""  # a host of a network, or an end of a name that cannot be: we are stricter
    except EmailNotValidError:
        wanted = ""
    assert parsed == (wanted if len(wanted) <= 254 else "")


def test_an_address_that_needs_smtputf8_is_marked() -> None:
    assert parse_address("读者@firm.example").is_international
    assert not parse_address("reader@某公司.example").is_international


@given(st.text(max_size=80) | st.from_regex(r"[^@]{0,20}@[^@]{0,20}\.example"))
def test_what_is_accepted_can_be_written_on_the_wire(text: str) -> None:
    try:
        parsed = parse_address(text)
    except AddressError:
        return
    assert not any(char in parsed.text for char in '<>()[],;:\\" \r\n\t\0')
    assert parsed.text.count("@") == 1
    assert parsed.domain.isascii()
    assert parse_address(parsed.text) == parsed
