"""The plain paths of our SMTP client against aiosmtpd, and what goes over the wire octet by octet."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from mailer.config import RelayConfig
from mailer.mail.dialogue import Patience
from mailer.mail.envelope import Envelope
from mailer.mail.message import compose_message
from mailer.mail.smtp import SmtpSession, open_session
from mailer.model.edition import freeze_edition
from mailer.model.outcome import Accepted, Phase, Refused, RelayFailure, ReplyClass
from tests.mail.carried import carried, yes
from tests.mail.line_server import BYE, ENVELOPE, HELLO, LineServer, free_port, playing
from tests.mail.test_message import make_delivery, make_edition, make_letterhead

QUICK = Patience(connect_s=2, command_s=2, dot_s=2, quit_s=1)
BODY = b"Subject: hi\r\n\r\nbody\r\n"


@dataclass
class Keeper:
    """Keeps what aiosmtpd took."""

    taken: list[tuple[str, list[str], bytes]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 2.0.0 kept"


@pytest.fixture
def keeper() -> Iterator[tuple[Keeper, RelayConfig]]:
    """A running aiosmtpd and the relay settings that reach it."""
    keeper = Keeper()
    controller = Controller(keeper, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=True)
    controller.start()
    yield keeper, RelayConfig(host="127.0.0.1", port=controller.port, security="none")
    controller.stop()


async def opened(relay: RelayConfig) -> SmtpSession:
    session = await open_session(relay, "", QUICK)
    assert isinstance(session, SmtpSession), session
    return session


async def test_a_composed_message_arrives_unchanged(keeper: tuple[Keeper, RelayConfig]) -> None:
    message = compose_message(make_edition(), make_delivery(), make_letterhead())
    session = await opened(keeper[1])
    for _number in range(3):
        result = await session.send(*carried("bulletin@news.example", "zhang@member.example", message), yes)
        assert isinstance(result, Accepted)
        assert (result.reply.code, result.reply.enhanced, result.reply.text) == (250, "2.0.0", "kept")
        assert result.reply.phase is Phase.DOT
    assert session.sent == 3
    await session.quit()
    assert keeper[0].taken == [("bulletin@news.example", ["zhang@member.example"], message)] * 3


async def test_an_address_beyond_ascii_goes_where_smtputf8_is_offered(keeper: tuple[Keeper, RelayConfig]) -> None:
    session = await opened(keeper[1])
    assert isinstance(await session.send(*carried("b@news.example", "张三@member.example", BODY), yes), Accepted)
    await session.quit()
    assert keeper[0].taken[0][1] == ["张三@member.example"]


async def test_an_address_beyond_ascii_is_refused_by_us_where_it_is_not() -> None:
    async with playing(HELLO + BYE) as server:
        session = await opened(relay_to(server))
        result = await session.send(*carried("b@news.example", "张三@member.example", BODY), yes)
        assert isinstance(result, Refused)
        assert result.meaning.permanent
        assert not result.meaning.reply_class.hard
        assert "SMTPUTF8" in result.reply.text
        await session.quit()
    assert [line.split()[0] for line in server.commands] == ["EHLO", "QUIT"]


def relay_to(server: LineServer) -> RelayConfig:
    return RelayConfig(host="127.0.0.1", port=server.port, security="none")


async def test_size_is_said_where_offered_and_an_oversized_message_is_not_begun() -> None:
    hello = HELLO.replace("100000000", "100")
    script = (
        f"{hello}C MAIL FROM:<b@news.example> SIZE={len(BODY)}\nS 250 ok\nC RCPT *\nS 550 5.1.1 no\nC RSET\nS 250 ok"
    )
    async with playing(script) as server:
        session = await opened(relay_to(server))
        large = await session.send(*carried("b@news.example", "a@x.example", BODY * 10), yes)
        assert isinstance(large, RelayFailure)
        assert large.meaning.reply_class is ReplyClass.CONTENT
        assert isinstance(await session.send(*carried("b@news.example", "a@x.example", BODY), yes), Refused)
        await session.quit()


async def test_the_null_sender_can_be_used() -> None:
    script = HELLO + ENVELOPE.replace("C MAIL FROM:<*>*", "C MAIL FROM:<> SIZE=*") + "BODY\nS 250 ok" + BYE
    async with playing(script) as server:
        session = await opened(relay_to(server))
        assert isinstance(await session.send(*carried("", "a@x.example", BODY), yes), Accepted)
        await session.quit()


ODD = [
    "",
    "a",
    "a@x.example\r\nRCPT TO:<v@y.example>",
    "a@x.example\nDATA",
    "a@x.example> SIZE=1",
    "<a@x.example>",
    "a b@x.example",
    "a@x.example\0",
    "a@x.example\u2028",
    "a@x.example\x85",
    "a\t@x.example",
    "a@",
    "@x.example",
    "a@x@y.example",
    "a@x.example ",
    "a\ud800@x.example",
]


@pytest.mark.parametrize("address", ODD)
async def test_an_address_that_could_inject_a_command_never_reaches_the_wire(address: str) -> None:
    async with playing(HELLO + BYE) as server:
        session = await opened(relay_to(server))
        result = await session.send(*carried("b@news.example", address, BODY), yes)
        assert isinstance(result, Refused)
        assert result.reply.phase is Phase.RCPT
        assert "\n" not in result.reply.text
        if address:
            failure = await session.send(*carried(address, "a@x.example", BODY), yes)
            assert isinstance(failure, RelayFailure)
            assert failure.meaning.reply_class is ReplyClass.CONFIG
        await session.quit()
    assert [line.split()[0] for line in server.commands] == ["EHLO", "QUIT"]


SMUGGLING = ("a\n.\r\nMAIL FROM:<v@x.example>\r\n", "a\r.\rb", "a\r\n.\nb", "a\n.\nb", ".", ".\r\n", "..\r\n.a\r\n")


@pytest.mark.parametrize("words", SMUGGLING)
async def test_no_words_of_an_issue_end_the_message_early(words: str) -> None:
    edition = freeze_edition(replace(make_edition(), text=(words,), html=(words,)))
    message = compose_message(edition, make_delivery(), make_letterhead())
    async with playing(HELLO + ENVELOPE + "BODY\nS 250 ok" + BYE) as server:
        session = await opened(relay_to(server))
        result = await session.send(Envelope("b@news.example", "a@x.example", len(message)), message, yes)
        assert isinstance(result, Accepted)
        await session.quit()
    raw = server.octets
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert raw.count(b"\r\n.\r\n") == 1
    assert server.wrong == []
    assert len(server.messages) == 1
