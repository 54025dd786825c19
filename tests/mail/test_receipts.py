"""Delivery reports asked for in the envelope (RFC 3461): only where DSN is offered, as the settings say."""

import pytest

from mailer.mail.envelope import Envelope, write_xtext
from mailer.mail.smtp import SmtpSession, open_session
from mailer.model.outcome import Accepted
from tests.mail.line_server import BYE, ENVELOPE, HELLO, playing
from tests.mail.test_smtp_faults import QUICK, relay_to, yes

ANY_ENVELOPE = ENVELOPE.replace("RCPT TO:<*>", "RCPT TO:<*>*")
DSN = HELLO.replace("S 250-relay.test\n", "S 250-relay.test\nS 250-DSN\nS 250-PIPELINING\n")
BODY = b"Subject: hi\r\n\r\nbody\r\n"


async def said(
    recipient: str, envelope_id: str = "token", hello: str = DSN, *, reports_letters: bool = False, **settings: object
) -> tuple[str, str]:
    """Return the MAIL and RCPT lines of one accepted message."""
    if reports_letters:
        hello = hello.replace("S 250-DSN", "S 250-SMTPUTF8\nS 250-8BITMIME\nS 250-DSN")
    async with playing(f"{hello}{ANY_ENVELOPE}BODY\nS 250 ok{BYE}") as server:
        session = await open_session(relay_to(server, **settings), "", QUICK)
        assert isinstance(session, SmtpSession)
        envelope = Envelope("b@news.example", recipient, len(BODY), envelope_id)
        assert isinstance(await session.send(envelope, BODY, yes), Accepted)
        await session.quit()
    return server.commands[1], server.commands[2]


async def test_reports_are_asked_for_with_envid_and_the_original_recipient() -> None:
    mail, rcpt = await said("zhang@firm.example")
    assert mail == "MAIL FROM:<b@news.example> SIZE=21 RET=HDRS ENVID=token"
    assert rcpt == "RCPT TO:<zhang@firm.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;zhang@firm.example"


async def test_plus_and_equals_in_an_address_are_xtext() -> None:
    _mail, rcpt = await said("zhang+news=1@firm.example")
    assert rcpt.endswith(" ORCPT=rfc822;zhang+2Bnews+3D1@firm.example")
    assert rcpt.startswith("RCPT TO:<zhang+news=1@firm.example> ")


async def test_an_envelope_id_is_xtext_and_left_out_where_it_is_too_long() -> None:
    assert (await said("z@firm.example", "a+b=c"))[0].endswith(" RET=HDRS ENVID=a+2Bb+3Dc")
    assert (await said("z@firm.example", "x" * 101))[0].endswith(" RET=HDRS")
    assert (await said("z@firm.example", ""))[0].endswith(" RET=HDRS")


@pytest.mark.parametrize(
    ("receipts", "notify"), [("all", " NOTIFY=SUCCESS,FAILURE,DELAY"), ("failures", " NOTIFY=FAILURE,DELAY")]
)
async def test_the_setting_says_which_reports(receipts: str, notify: str) -> None:
    _mail, rcpt = await said("z@firm.example", receipts=receipts)
    assert notify in rcpt


async def test_none_asks_for_none() -> None:
    mail, rcpt = await said("z@firm.example", receipts="none")
    assert (mail, rcpt) == ("MAIL FROM:<b@news.example> SIZE=21", "RCPT TO:<z@firm.example>")


async def test_without_dsn_nothing_is_asked() -> None:
    mail, rcpt = await said("z@firm.example", hello=HELLO)
    assert (mail, rcpt) == ("MAIL FROM:<b@news.example> SIZE=21", "RCPT TO:<z@firm.example>")


async def test_an_address_in_other_letters_has_no_original_recipient() -> None:
    mail, rcpt = await said("张三@firm.example", reports_letters=True)
    assert mail.endswith(" BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=token")
    assert rcpt == "RCPT TO:<张三@firm.example> NOTIFY=SUCCESS,FAILURE,DELAY"


def test_xtext_is_printable_ascii_without_plus_and_equals() -> None:
    assert write_xtext("a b\t+=~!") == "a+20b+09+2B+3D~!"
