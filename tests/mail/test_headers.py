"""Header lines: what may stand in one, and that nothing can get out of one."""

import email
import email.policy
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import InputError
from mailer.mail.headers import check_line, write_list_id, write_mailbox, write_text, write_tokens

BREAKING = ["\r", "\n", "\r\n", "\0", "\v", "\f", "\x85", "\u2028", "\u2029", "\x1b", "\x7f", "\ud800"]
HIDDEN = [
    "hi=?UTF-8?Q?=0A?=Bcc: v@x.example",
    "=?utf-8?q?=0D=0A?=",
    "=?UTF-8?B?DQpCY2M6IHZAeC5leGFtcGxl?=",
    "=?gb18030?b?Cg==?=",
    "=?UTF-8?B?Cg?=",
    "=?iso-8859-1?q?=85?=",
    "=?utf-8?q?=E2=80=A8?=",
    "=?utf-16?b?AAoA?=",
]


def unfold(line: bytes) -> str:
    """What a reader's program sees of one header."""
    parsed = email.message_from_bytes(line + b"\r\n", policy=email.policy.default)
    assert len(parsed.items()) == 1
    return str(parsed.values()[0])


@pytest.mark.parametrize("char", BREAKING)
def test_a_control_character_in_any_header_is_refused(char: str) -> None:
    writers: list[Callable[[str], bytes]] = [
        lambda text: write_text("Subject", text),
        lambda text: write_mailbox("From", text, "a@x.example"),
        lambda text: write_mailbox("From", "", text),
        lambda text: write_list_id(text, "l.x.example"),
        lambda text: write_tokens("X-Own", text),
    ]
    for write in writers:
        for text in (f"a{char}Bcc: v@x.example", f"a{char}", f"{char}a"):
            with pytest.raises(InputError):
                write(text)


@pytest.mark.parametrize("text", HIDDEN)
def test_a_control_character_hidden_in_an_encoded_word_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        check_line(text, "Subject")
    assert caught.value.field == "Subject"
    assert caught.value.cure


def test_a_harmless_encoded_word_is_shown_as_it_was_typed() -> None:
    assert unfold(write_text("Subject", "about =?UTF-8?Q?hi?= and more")) == "about =?UTF-8?Q?hi?= and more"


def test_ascii_stays_plain() -> None:
    assert write_text("Subject", "Monthly bulletin 7") == b"Subject: Monthly bulletin 7\r\n"
    assert write_mailbox("From", "Office", "a@x.example") == b"From: Office <a@x.example>\r\n"
    assert write_mailbox("To", "", "a@x.example") == b"To: a@x.example\r\n"


def test_only_the_display_name_is_encoded() -> None:
    line = write_mailbox("From", "某省软件行业协会", "a@x.example")
    assert line.endswith(b"?= <a@x.example>\r\n")
    assert line.startswith(b"From: =?UTF-8?B?")
    assert unfold(line) == "某省软件行业协会 <a@x.example>"


def test_a_name_with_specials_is_quoted() -> None:
    line = write_mailbox("From", 'Office, "East" <b@y.example>', "a@x.example")
    parsed = email.message_from_bytes(line + b"\r\n", policy=email.policy.default)
    addresses = parsed["From"].addresses
    assert [(one.display_name, one.addr_spec) for one in addresses] == [('Office, "East" <b@y.example>', "a@x.example")]


@pytest.mark.parametrize(
    "address", ["", "a", "a@x.example, b@y.example", "<a@x.example>", "a@x.example]<b@evil.example>", "a b@x.example"]
)
def test_an_address_header_takes_one_bare_address_only(address: str) -> None:
    with pytest.raises(InputError):
        write_mailbox("To", "", address)


def test_a_list_needs_a_dotted_name() -> None:
    assert unfold(write_list_id("会员", "members.x.example")) == "会员 <members.x.example>"
    with pytest.raises(InputError):
        write_list_id("t", "members")


def test_a_word_longer_than_a_line_may_be_is_refused() -> None:
    with pytest.raises(InputError):
        write_tokens("X-Own", "a" * 1000)


@given(st.text(max_size=300))
def test_every_subject_is_refused_or_read_back_as_written(text: str) -> None:
    try:
        line = write_text("Subject", text)
    except InputError:
        return
    physical = line.decode("ascii").split("\r\n")
    assert physical.pop() == ""
    assert all("\r" not in part and "\n" not in part for part in physical)
    assert all(part.startswith(" ") and part.strip() for part in physical[1:])
    assert all(len(part) <= 76 for part in physical if "=?UTF-8?B?" in part)
    assert unfold(line) == text.strip()


@given(st.text(max_size=120))
def test_every_display_name_is_refused_or_yields_one_address(name: str) -> None:
    try:
        line = write_mailbox("From", name, "a@x.example")
    except InputError:
        return
    parsed = email.message_from_bytes(line + b"\r\n", policy=email.policy.default)
    assert parsed.keys() == ["From"]
    assert [one.addr_spec for one in parsed["From"].addresses] == ["a@x.example"]
