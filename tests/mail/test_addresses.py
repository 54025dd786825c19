"""No address that an import takes is refused on its way: by the composer, the envelope, or a strict server."""

import asyncio
import email
import email.policy
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.config import RelayConfig
from mailer.errors import AddressError
from mailer.mail.message import make_composer
from mailer.mail.smtp import SmtpSession, open_session
from mailer.model.address import Address, parse_address
from mailer.model.delivery import Recipient
from mailer.model.outcome import Accepted
from mailer.sources.address_cells import read_address_cell
from tests.mail.carried import carried, yes
from tests.mail.line_server import free_port
from tests.mail.test_message import make_delivery, make_edition, make_letterhead
from tests.mail.test_smtp_faults import QUICK


class Keeper:
    """Keeps to whom it was said to go."""

    def __init__(self) -> None:
        self.recipients: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.recipients += envelope.rcpt_tos
        return "250 taken"


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, Keeper]]:
    """A real server that reads addresses by the grammar of RFC 5321 and RFC 6531."""
    keeper = Keeper()
    controller = Controller(keeper, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=True)
    controller.start()
    yield controller.port, keeper
    controller.stop()


ATEXT = "abcXYZ019!#$%&'*+-/=?^_`{|}~."
LOCAL = (
    st.text(ATEXT, min_size=1, max_size=66)
    | st.text(min_size=1, max_size=30)
    | st.text("读者éßΐ\u0301ﬀ①\u200b\u200d\u2028\xa0", max_size=30)
)
LABEL = st.text("abz09-某公司é.。．Ⅷ", min_size=1, max_size=64)
ADDRESS = st.builds(
    lambda local, label, end: f"{local}@{label}{end}", LOCAL, LABEL, st.sampled_from((".example", ".test", "", ".中国"))
)
SOURCE = ADDRESS | st.text(max_size=60) | st.text('a@b.example<>()"\\;, \r\n=?', max_size=30)


def taken_from(texts: list[str]) -> list[Address]:
    """Return the addresses that cells and words give."""
    found = [token.address for text in texts for token in read_address_cell(text) if token.address is not None]
    for text in texts:
        try:
            found.append(parse_address(text))
        except AddressError:
            continue
    return found


async def _send(port: int, addresses: list[Address]) -> None:
    relay = RelayConfig.model_validate({"host": "127.0.0.1", "port": port, "security": "none"})
    session = await open_session(relay, "", QUICK)
    assert isinstance(session, SmtpSession), session
    for one in addresses:
        envelope, wire = carried("bulletin@news.example", one.text, b"Subject: hi\r\n\r\nbody\r\n")
        result = await session.send(envelope, wire, yes)
        assert isinstance(result, Accepted), (one, result)
    await session.quit()


@settings(max_examples=60)
@given(st.lists(SOURCE, max_size=25))
@example(["a/b=c?d!#$%&'*+^_`{|}~-@x.example", "读者@某公司.example", "-@x.example", "=@x.example", "a=?b@x.example"])
def test_what_an_import_takes_a_strict_server_takes(server: tuple[int, Keeper], texts: list[str]) -> None:
    port, keeper = server
    addresses = taken_from(texts)
    keeper.recipients.clear()
    asyncio.run(_send(port, addresses))
    assert keeper.recipients == [one.text for one in addresses]


COMPOSER = make_composer(make_edition(), make_letterhead())


@settings(max_examples=150)
@given(SOURCE)
@example("=?utf-8?q?=0d=0aBcc:_x?=@x.example")
@example("a" * 64 + "@" + ".".join(["b" * 60] * 3) + ".example")
def test_what_an_import_takes_can_stand_in_the_header(text: str) -> None:
    for one in taken_from([text]):
        message = COMPOSER.compose(make_delivery(Recipient(one.text, "张三", "经理", "某公司", "杭州")))
        head = email.message_from_bytes(message, policy=email.policy.SMTPUTF8)
        assert [name.lower() for name in head].count("to") == 1
        assert "bcc" not in [name.lower() for name in head]
        line = next(
            part for part in message.split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").split(b"\r\n") if part[:3] == b"To:"
        )
        assert line == f"To: {one.text}".encode()
