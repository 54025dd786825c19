"""Our client and a real Postfix over STARTTLS: what arrives is what we composed, octet for octet."""

import pytest

from mailer.config import RelayConfig
from mailer.mail.message import compose_message
from mailer.mail.smtp import SmtpSession, open_session
from mailer.model.delivery import Recipient
from mailer.model.outcome import Accepted, Refused, RelayFailure, ReplyClass
from tests.mail.carried import carried, yes
from tests.mail.postfix import DOMAIN, Postfix
from tests.mail.test_message import bodies, make_delivery, make_edition, make_letterhead, read

pytestmark = pytest.mark.peer
DOTTED = (
    b"Subject: dots\r\nFrom: a@news.example\r\nMessage-ID: <d@news.example>\r\n"
    b"Date: Fri, 31 Jul 2020 10:00:00 +0800\r\n\r\n.\r\n..\r\n.x\r\nend\r\n"
)


def relay_to(postfix: Postfix, ca_file: str) -> RelayConfig:
    return RelayConfig(host="127.0.0.1", port=postfix.port, security="starttls", ca_file=ca_file)


async def test_postfix_takes_messages_over_starttls_and_keeps_them_octet_for_octet(postfix: Postfix) -> None:
    session = await open_session(relay_to(postfix, str(postfix.authority)))
    assert isinstance(session, SmtpSession), session
    assert "PIPELINING" in session.offers
    message = compose_message(make_edition(), make_delivery(Recipient(f"zhang@{DOMAIN}", "张三")), make_letterhead())
    for one in (message, DOTTED):
        result = await session.send(*carried("bulletin@news.example", f"zhang@{DOMAIN}", one), yes)
        assert isinstance(result, Accepted), result
        assert result.reply.enhanced == "2.0.0"
    unknown = await session.send(*carried("bulletin@news.example", f"nobody@{DOMAIN}", message), yes)
    assert isinstance(unknown, Refused)
    assert (unknown.meaning.reply_class, unknown.reply.enhanced) == (ReplyClass.GONE, "5.1.1")
    assert isinstance(await session.send(*carried("bulletin@news.example", f"li@{DOMAIN}", message), yes), Accepted)
    assert session.sent == 3
    await session.quit()

    stored = postfix.mailbox("zhang", 2)
    kept = {one[one.index(b"From:") if b"\nSubject: dots" not in one else one.index(b"Subject:") :] for one in stored}
    assert kept == {one.replace(b"\r\n", b"\n") for one in (message, DOTTED)}
    assert all(b"Received: from [127.0.0.1]" in one and b"with ESMTPS" in one for one in stored)
    parsed = read(postfix.mailbox("li")[0])
    assert parsed["From"] == "某省软件行业协会 <bulletin@news.example>"
    assert "您好" in bodies(parsed)[0]


async def test_postfix_with_a_certificate_we_do_not_know_gets_nothing(postfix: Postfix) -> None:
    result = await open_session(relay_to(postfix, ""))
    assert isinstance(result, RelayFailure)
    assert result.meaning.reply_class is ReplyClass.CONFIG
