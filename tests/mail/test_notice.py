"""A notice is one plain message that no autoresponder answers and that DKIM covers."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from zoneinfo import ZoneInfo

import dkim
import pytest

from mailer.errors import InputError
from mailer.mail.dkim import make_signer
from mailer.mail.notice import NoticeHead, compose_notice
from mailer.model.dkim import KeyType

HEAD = NoticeHead(
    "浙江省软件行业协会", "bulletin@zsia.example", "editor@zsia.example", "还有3个工作日：2020-08期尚未批准",
    "schedule monthly 2020-08-31T10:00 remind 3", datetime(2020, 8, 26, 1, 0, tzinfo=UTC), ZoneInfo("Asia/Shanghai"),
)  # fmt: skip
TEXT = "第一行。\n.\n\n最后一行。\n"


def test_its_form() -> None:
    raw = compose_notice(HEAD, TEXT)
    assert raw == compose_notice(HEAD, TEXT), "the same notice is the same bytes"
    assert raw.replace(b"\r\n", b"").count(b"\n") == 0
    assert not any(line.startswith(b".") for line in raw.splitlines())
    message = message_from_bytes(raw, policy=policy.default)
    assert message["Subject"] == HEAD.subject
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"] == "Wed, 26 Aug 2020 09:00:00 +0800"
    assert message.get_content().replace("\r\n", "\n") == TEXT
    other = message_from_bytes(compose_notice(replace(HEAD, recipient="b@zsia.example"), TEXT))
    assert message["Message-ID"] != other["Message-ID"]


def test_no_value_starts_a_header() -> None:
    with pytest.raises(InputError):
        compose_notice(replace(HEAD, subject="x\r\nBcc: y@zsia.example"), TEXT)


def test_it_is_signed_as_the_bulletin_is(tmp_path: Path) -> None:
    signer = make_signer("a", "zsia.example", KeyType.RSA, tmp_path / "a.pem")
    raw = compose_notice(HEAD, TEXT, (signer,))

    def ask(_name: bytes, timeout: int = 5) -> bytes:
        return signer.record.value.encode()

    assert dkim.verify(raw, dnsfunc=ask)
    assert not dkim.verify(raw.replace(b"auto-generated", b"no"), dnsfunc=ask)


ANSWERS = {
    "plain": (b"From: li@firm.example\nSubject: Re: x\n\nNo  \tthanks.   \n.\n\n\n", "message/rfc822"),
    "eight bits": ("From: li@firm.example\n\n谢谢。\n".encode(), "application/octet-stream"),
    "bare carriage return": (b"Subject: x\n\na\rb\n", "application/octet-stream"),
    "long line": (b"Subject: x\n\n" + b"y" * 999, "application/octet-stream"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_mail_it_hands_on_travels_as_it_came_and_is_signed_too(tmp_path: Path, name: str) -> None:
    answer, kind = ANSWERS[name]
    signer = make_signer("a", "zsia.example", KeyType.RSA, tmp_path / "a.pem")
    raw = compose_notice(HEAD, TEXT, (signer,), answer)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert dkim.verify(raw, dnsfunc=lambda _name, timeout=5: signer.record.value.encode())
    (text, attached) = message_from_bytes(raw, policy=policy.default).iter_parts()
    assert text.get_content().replace("\r\n", "\n") == TEXT
    assert attached.get_content_type() == kind
    if kind == "message/rfc822":
        assert attached.get_content()["Subject"] == "Re: x"
        assert answer.replace(b"\n", b"\r\n").rstrip() in raw
    else:
        assert attached.get_payload(decode=True) == answer
