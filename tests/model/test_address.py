"""One strict reading of an address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import AddressError
from mailer.model.address import parse_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("reader@firm.example", "reader@firm.example"),
        (" Reader@FIRM.Example ", "Reader@firm.example"),
        ("ｒｅａｄｅｒ＠ｆｉｒｍ．ｅｘａｍｐｌｅ", "reader@firm.example"),
        ("reader@\u200bfirm.example", "reader@firm.example"),
        ("读者@某公司.example", "读者@xn--55qx5dn33a.example"),
        ("a+b=c@x.test", "a+b=c@x.test"),
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
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    assert caught.value.message


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
