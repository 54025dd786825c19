"""The sink of rehearsals: takes everything, offers what good relays offer, and counts."""

import asyncio
import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.config import RelayConfig
from mailer.mail.envelope import Envelope
from mailer.mail.sink import HOST, LONGEST_LINE, Sink
from mailer.mail.smtp import SmtpSession, open_session
from mailer.model.outcome import Accepted
from tests.mail.carried import yes

MESSAGE = b"Subject: x\r\nMessage-ID: <m%d@zsia.example>\r\n\r\nbody\r\n"


async def say(sink: Sink, *parts: bytes) -> bytes:
    """Send octets in pieces on a connection of their own, and return all that came back."""
    reader, writer = await asyncio.open_connection(HOST, sink.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0)
    writer.write_eof()
    said = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return said


async def test_our_client_hands_over_with_pipelining_and_dsn_and_is_counted() -> None:
    async with Sink() as sink:
        relay = RelayConfig(host=HOST, port=sink.port, security="none")
        session = await open_session(relay)
        assert isinstance(session, SmtpSession)
        assert session.pipelining
        assert {"DSN", "SMTPUTF8", "8BITMIME", "SIZE"} <= set(session.offers)
        envelopes = [
            Envelope("bulletin@zsia.example", address, 60)
            for address in ("a@firm.example", "b@firm.example", "用户@firm.example", "a@firm.example")
        ]
        waiting = envelopes[1:]
        for number, envelope in enumerate(envelopes):
            result = await session.send(envelope, MESSAGE % number, yes, lambda: waiting.pop(0) if waiting else None)
            assert isinstance(result, Accepted)
        await session.quit()
    assert (sink.messages, sink.recipients) == (4, 3)
    assert sink.octets == 4 * len(MESSAGE % 0)
    assert sink.largest == len(MESSAGE % 0)
    assert sink.twice == {"a@firm.example"}
    assert sink.beyond_ascii == 1


async def test_a_dialogue_cut_anywhere_is_understood_the_same() -> None:
    whole = (
        b"EHLO x\r\nMAIL FROM:<a@b.example> SIZE=9\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"
        b"Message-ID: <1@x>\r\n\r\n.\r\n.x\r\n\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n.\r\nQUIT\r\n"
    )
    # the first dot alone on a line ends the message; what follows are commands
    async with Sink() as sink:
        told = await say(sink, whole)
        taken = (sink.messages, sink.octets)
        for cut in range(1, len(whole)):
            assert await say(sink, whole[:cut], whole[cut:]) == told
        assert (sink.messages, sink.octets) == (taken[0] * len(whole), taken[1] * len(whole))
    assert told.count(b"250 2.0.0 taken") == 2
    assert told.endswith(b"221 2.0.0 bye\r\n")


async def test_commands_out_of_turn_are_refused_and_the_dialogue_goes_on() -> None:
    async with Sink() as sink:
        told = await say(sink, b"DATA\r\nRCPT TO:<a@b.example>\r\nVRFY x\r\nNOOP\r\nMAIL FROM:nobody\r\nQUIT\r\n")
    codes = [line[:3] for line in told.splitlines()]
    assert codes == [b"220", b"503", b"503", b"502", b"250", b"503", b"221"]


async def test_a_line_without_end_ends_the_connection() -> None:
    async with Sink() as sink:
        reader, writer = await asyncio.open_connection(HOST, sink.port)
        writer.write(b"x" * (LONGEST_LINE + 1))
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 5) in (b"", b"220 sink.invalid takes everything\r\n")
        writer.close()
    assert sink.messages == 0


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=200), max_size=6))
def test_any_octets_do_no_harm(parts: list[bytes]) -> None:
    async def play() -> None:
        async with Sink() as sink:
            await say(sink, *parts)
            assert b"250 2.0.0 ok" in await say(sink, b"NOOP\r\n")

    asyncio.run(play())
