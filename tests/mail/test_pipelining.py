"""PIPELINING (RFC 2920): the next envelope behind the dot, a body only behind its own 354, and what may go wrong."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mailer.mail.dialogue import Patience
from mailer.mail.envelope import Envelope
from mailer.mail.smtp import SmtpSession, open_session
from mailer.model.outcome import (
    Accepted,
    Action,
    Deferred,
    Phase,
    Refused,
    RelayFailure,
    ReplyClass,
    SendResult,
    Uncertain,
    Withheld,
)
from tests.mail.carried import carried
from tests.mail.line_server import BYE, HELLO, LineServer, playing
from tests.mail.test_smtp_faults import QUICK, SHORT, relay_to, yes

OFFERING = "\nS 220 relay.test ESMTP\nC EHLO *\nS 250-relay.test\nS 250-SIZE 5000\nS 250 PIPELINING\n"
FIRST = "C MAIL FROM:*\nC RCPT TO:<r1@*>\nC DATA\nS 250 ok\nS 250 ok\nS 354 go on\nBODY\n"
SECOND = "C MAIL FROM:*\nC RCPT TO:<r2@*>\nC DATA\n"
RIDDEN = OFFERING + FIRST + SECOND  # all of the second envelope is read before the first dot is answered
TAKEN = "S 250 ok\nS 250 ok\nS 354 go on\nBODY\nS 250 second\n"
RESET = (
    "C RSET\nC MAIL FROM:*\nC RCPT TO:<r3@*>\nC DATA\nS 250 reset\nS 250 ok\nS 250 ok\nS 354 go on\nBODY\nS 250 third\n"
)


def copies(count: int) -> list[tuple[Envelope, bytes]]:
    return [
        carried("b@news.example", f"r{n}@firm.example", b"Subject: hi\r\n\r\nbody %d\r\n" % n)
        for n in range(1, count + 1)
    ]


async def send_in_a_row(
    session: SmtpSession,
    these: list[tuple[Envelope, bytes]],
    before_dot: Callable[[], Awaitable[bool]] = yes,
) -> list[SendResult]:
    """Send one after the other, each with the next one's envelope ready to ride, while the session lasts."""
    results: list[SendResult] = []
    for index, (envelope, octets) in enumerate(these):
        following = these[index + 1][0] if index + 1 < len(these) else None
        results.append(await session.send(envelope, octets, before_dot, lambda following=following: following))  # type: ignore[misc]
        if not session.usable:
            break
    return results


async def play(
    *scripts: str, count: int = 2, patience: Patience = QUICK, **settings: object
) -> tuple[list[SendResult], SmtpSession, LineServer]:
    """Send copies in a row to a server that plays the script."""
    async with playing(*scripts) as server:
        session = await open_session(relay_to(server, **settings), "", patience)
        assert isinstance(session, SmtpSession), session
        results = await send_in_a_row(session, copies(count))
        session.was_usable = session.usable  # type: ignore[attr-defined]
        await session.quit()
        return results, session, server


def was_usable(session: SmtpSession) -> bool:
    return bool(session.was_usable)  # type: ignore[attr-defined]


def bodies(server: LineServer) -> list[str]:
    return [one.decode().splitlines()[2] for one in server.messages]


async def test_the_next_envelope_is_there_before_the_dot_is_answered() -> None:
    results, session, server = await play(RIDDEN + "S 250 first\n" + TAKEN + BYE)
    assert [type(one) for one in results] == [Accepted, Accepted]
    assert [one.reply.text for one in results if isinstance(one, Accepted)] == ["first", "second"]
    assert bodies(server) == ["body 1", "body 2"]
    assert session.sent == 2
    assert was_usable(session)


async def test_dot_and_next_envelope_leave_in_one_segment() -> None:
    segments: list[bytes] = []
    left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        await reader.readline()
        writer.write(b"250-relay.test\r\n250 PIPELINING\r\n")
        await reader.readuntil(b"DATA\r\n")
        writer.write(b"250 ok\r\n250 ok\r\n354 go\r\n")
        await reader.readuntil(b"body 1\r\n")
        segments.append(await reader.read(4096))
        writer.write(b"250 first\r\n250 ok\r\n250 ok\r\n354 go\r\n")
        await reader.readuntil(b"body 2\r\n")
        segments.append(await reader.read(4096))
        writer.write(b"250 second\r\n")
        await reader.readuntil(b"QUIT\r\n")
        writer.close()
        await writer.wait_closed()
        left.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    session = await open_session(relay_to(LineServer([], port=port)), "", QUICK)
    assert isinstance(session, SmtpSession)
    await send_in_a_row(session, copies(2))
    await session.quit()
    await asyncio.wait_for(left.wait(), 5)
    server.close()
    assert segments == [
        b".\r\nMAIL FROM:<b@news.example>\r\nRCPT TO:<r2@firm.example>\r\nDATA\r\n",
        b".\r\n",
    ]


async def test_a_body_waits_for_its_own_354() -> None:
    asked = "S 250 first\nS 250 ok\nS 250 ok\nWAIT 0.2\nS 354 go on\nBODY\nS 250 second\n"
    async with playing(RIDDEN + asked + BYE) as server:
        session = await open_session(relay_to(server), "", QUICK)
        assert isinstance(session, SmtpSession)
        sending = asyncio.create_task(send_in_a_row(session, copies(2)))
        while len(server.commands) < 7:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert bodies(server) == ["body 1"]
        assert not server.octets.rpartition(b"DATA\r\n")[2], "nothing of the second body yet"
        assert [type(one) for one in await sending] == [Accepted, Accepted]
        await session.quit()


@pytest.mark.parametrize("data", ["503 5.5.1 no valid recipients", "554 5.5.1 no valid recipients", "451 4.5.1 no"])
async def test_a_refused_reader_with_data_refused_is_followed_by_rset(data: str) -> None:
    rest = f"S 250 first\nS 250 ok\nS 550 5.1.1 no such user\nS {data}\n"
    results, _session, server = await play(RIDDEN + rest + RESET + BYE, count=3)
    assert [type(one) for one in results] == [Accepted, Refused, Accepted]
    refused = results[1]
    assert isinstance(refused, Refused)
    assert (refused.reply.phase, refused.meaning.reply_class) == (Phase.RCPT, ReplyClass.GONE)
    assert bodies(server) == ["body 1", "body 3"]


@pytest.mark.parametrize("answer", ["554 5.5.1 no valid recipients", "503 what?", "250 2.0.0 ok", "451 later"])
async def test_a_refused_reader_with_354_gets_the_lone_dot_and_no_body(answer: str) -> None:
    third = "C MAIL FROM:*\nC RCPT TO:<r3@*>\nC DATA\nS 250 ok\nS 250 ok\nS 354 go on\nBODY\nS 250 third\n"
    rest = f"S 250 first\nS 250 ok\nS 550 5.1.1 no such user\nS 354 go on\nC .\nS {answer}\n"
    results, _session, server = await play(RIDDEN + rest + third + BYE, count=3)
    assert [type(one) for one in results] == [Accepted, Refused, Accepted]
    assert bodies(server) == ["body 1", "body 3"]


@pytest.mark.parametrize("end", ["S 421 bye\nHANGUP", "HANGUP", "DROP", "S 999 what\nWAIT 1"])
async def test_a_lone_dot_that_is_answered_by_nothing_good_leaves_the_refusal_as_it_is(end: str) -> None:
    rest = f"S 250 first\nS 250 ok\nS 550 5.1.1 no such user\nS 354 go on\nC .\n{end}"
    results, _session, server = await play(RIDDEN + rest, count=2)
    assert [type(one) for one in results] == [Accepted, Refused]
    assert bodies(server) == ["body 1"]


async def test_with_mail_refused_and_the_rest_taken_the_connection_is_closed_without_a_dot() -> None:
    rest = "S 250 first\nS 550 5.7.1 not you\nS 250 ok\nS 354 go on\nC *\n"
    results, session, server = await play(RIDDEN + rest)
    assert isinstance(results[1], RelayFailure)
    assert (results[1].reply.phase, results[1].meaning.action) == (Phase.MAIL, Action.STOP_AND_ASK)
    assert not was_usable(session)
    assert server.commands[-1] == "DATA", "neither a dot nor a body, which would be an empty message"


@pytest.mark.parametrize(
    ("replies", "phase"),
    [
        ("S 421 4.3.2 bye\nHANGUP", Phase.MAIL),
        ("S 250 ok\nS 421 4.3.2 bye\nHANGUP", Phase.RCPT),
        ("S 250 ok\nS 250 ok\nS 421 4.3.2 bye\nHANGUP", Phase.DATA),
    ],
)
async def test_f18_f31_f32_a_421_to_what_rode_is_the_relays_and_the_copy_before_is_sent(
    replies: str, phase: Phase
) -> None:
    results, session, _server = await play(f"{RIDDEN}S 250 first\n{replies}")
    assert isinstance(results[0], Accepted)
    if len(results) == 1:  # the end of the connection was seen before it was asked
        assert not was_usable(session)
        return
    assert isinstance(results[1], RelayFailure)
    assert (results[1].reply.phase, results[1].reply.code) == (phase, 421)
    assert results[1].meaning.action is Action.RECONNECT
    assert not was_usable(session)


@pytest.mark.parametrize("end", ["HANGUP", "DROP"])
@pytest.mark.parametrize(
    ("replies", "phase"),
    [("", Phase.MAIL), ("S 250 ok\n", Phase.RCPT), ("S 250 ok\nS 250 ok\n", Phase.DATA)],
)
async def test_f32_f35_a_connection_lost_under_what_rode_doubts_neither_copy(
    end: str, replies: str, phase: Phase
) -> None:
    # the pause lets the client read what was said before the end, as over a real network
    results, session, server = await play(f"{RIDDEN}S 250 first\nWAIT 0.05\n{replies}WAIT 0.05\n{end}")
    assert isinstance(results[0], Accepted)
    assert isinstance(results[1], RelayFailure)
    assert (results[1].reply.phase, results[1].reply.code) == (phase, 0)
    assert not results[1].meaning.permanent
    assert not was_usable(session)
    assert bodies(server) == ["body 1"]


@pytest.mark.parametrize("end", ["HANGUP", "DROP", "RAW 25\nHANGUP", "S 250-half\nDROP", "WAIT 2"])
async def test_f27_f35_a_dot_without_reply_is_uncertain_and_what_rode_is_untouched(end: str) -> None:
    results, session, server = await play(f"{RIDDEN}{end}", patience=SHORT)
    assert [type(one) for one in results] == [Uncertain]
    assert not was_usable(session)
    assert session.riding is not None, "said, but nothing of it was answered"
    assert bodies(server) == ["body 1"]


async def test_f31_a_250_and_a_421_in_one_segment_is_sent_and_ends_the_session() -> None:
    results, session, _server = await play(f"{RIDDEN}RAW 250 first\\r\\n421 4.3.2 bye\\r\\n\nHANGUP")
    assert isinstance(results[0], Accepted)
    assert all(isinstance(one, RelayFailure) and one.meaning.action is Action.RECONNECT for one in results[1:])
    assert not was_usable(session)


@pytest.mark.parametrize(("line", "kind"), [("451 4.3.0 later", Deferred), ("554 5.7.1 spam", Refused)])
async def test_f29_a_refused_message_does_not_disturb_what_rides_behind_it(line: str, kind: type[SendResult]) -> None:
    results, session, server = await play(f"{RIDDEN}S {line}\n{TAKEN}{BYE}")
    assert [type(one) for one in results] == [kind, Accepted]
    assert bodies(server) == ["body 1", "body 2"]
    assert session.sent == 1


@pytest.mark.parametrize("end", ["S 421 enough\nHANGUP", "HANGUP"])
async def test_f32_a_server_that_closes_after_two_messages_loses_and_doubles_none(end: str) -> None:
    closing = f"{RIDDEN}S 250 first\n{TAKEN.replace('S 250 second', 'C MAIL *')}S 250 second\n{end}"
    rest = OFFERING + FIRST.replace("r1@", "r3@") + "S 250 third\n" + BYE
    three = copies(3)
    async with playing(closing, rest) as server:
        done: list[type[SendResult]] = []
        while len(done) < 3:
            session = await open_session(relay_to(server), "", QUICK)
            assert isinstance(session, SmtpSession)
            found = await send_in_a_row(session, three[len(done) :])
            assert all(isinstance(one, Accepted | RelayFailure) for one in found)
            done += [type(one) for one in found if isinstance(one, Accepted)]
            await session.quit()
    assert bodies(server) == ["body 1", "body 2", "body 3"]
    assert server.connections == 2


@pytest.mark.parametrize(
    "replies",
    [
        "S 250 first\nS 250 extra\nS 250 ok\nS 250 ok\nS 354 go\nC *\n",  # one ahead
        "S 250 first\nS 250 ok\nS 354 go\nC *\n",  # MAIL's or RCPT's is missing
        "S 250 first\nS 250 ok\nS 250 ok\nS 250 ok\nC *\n",  # DATA is not understood
        "S 250 first\nS 354 go\nS 250 ok\nS 250 ok\nC *\n",
    ],
)
async def test_f35_replies_that_do_not_fit_are_never_shifted(replies: str) -> None:
    results, session, server = await play(RIDDEN + replies)
    assert isinstance(results[0], Accepted)
    assert isinstance(results[1], RelayFailure)
    assert results[1].meaning.reply_class is ReplyClass.PROTOCOL
    assert not results[1].meaning.permanent
    assert not was_usable(session)
    assert bodies(server) == ["body 1"]
    assert server.commands[-1] == "DATA", "no body and no dot"


async def test_f35_a_word_before_the_dot_is_never_the_dots_reply() -> None:
    async def slow() -> bool:
        await asyncio.sleep(0.15)
        return True

    early = FIRST.replace("BODY\n", "PART 5\nS 250 too soon\nWAIT 1\n")
    async with playing(OFFERING + early) as server:
        session = await open_session(relay_to(server), "", QUICK)
        assert isinstance(session, SmtpSession)
        (result,) = await send_in_a_row(session, copies(2), slow)
        assert isinstance(result, RelayFailure)
        assert (result.reply.phase, result.meaning.reply_class) == (Phase.BODY, ReplyClass.PROTOCOL)
        assert session.riding is None
    assert server.messages == []


async def test_f36_replies_split_anywhere_are_read_as_they_are_meant() -> None:
    replies = "250-first\\r\\n250 first\\r\\n250 ok\\r\\n250 ok\\r\\n354 go on\\r\\n"
    for cut in ("250-fir", "250-first\\r", "250-first\\r\\n25", "250-first\\r\\n250 first\\r\\n250 ok\\r\\n250"):
        split = f"RAW {cut}\nWAIT 0.03\nRAW {replies.removeprefix(cut)}\nBODY\nS 250 second\n"
        results, _session, server = await play(RIDDEN + split + BYE)
        assert [type(one) for one in results] == [Accepted, Accepted]
        assert bodies(server) == ["body 1", "body 2"]


@pytest.mark.parametrize(
    ("replies", "phase"),
    [
        ("S 250 first\nSLOW 0.05 250 2.0.0 ok but very slowly told", Phase.MAIL),
        ("S 250 first\nS 250 ok\nSLOW 0.05 250 2.0.0 ok but very slowly told", Phase.RCPT),
        ("S 250 first\nS 250 ok\nS 250 ok\nSLOW 0.05 354 2.0.0 go on but very slowly", Phase.DATA),
    ],
)
async def test_f36_a_dripping_reply_meets_the_deadline_of_its_own_command(replies: str, phase: Phase) -> None:
    results, session, _server = await play(RIDDEN + replies, patience=SHORT)
    assert isinstance(results[0], Accepted)
    assert isinstance(results[1], RelayFailure)
    assert (results[1].reply.phase, results[1].reply.code) == (phase, 0)
    assert not was_usable(session)


@pytest.mark.parametrize(
    "rider",
    [
        carried("b@news.example", "张三@firm.example", b"Subject: hi\r\n\r\nbody\r\n"),  # without SMTPUTF8
        carried("b@news.example", "r2@firm.example", b"x" * 6000),  # over SIZE
        carried("b@news.example", "r2@firm.example\r\nRSET", b"x"),
        carried("no address", "r2@firm.example", b"x"),
    ],
    ids=["letters", "too-large", "two-lines", "sender"],
)
async def test_a_rider_that_cannot_be_sent_does_not_ride(rider: tuple[Envelope, bytes]) -> None:
    async with playing(OFFERING + FIRST + "S 250 first\n" + BYE) as server:
        session = await open_session(relay_to(server), "", QUICK)
        assert isinstance(session, SmtpSession)
        first, second = await send_in_a_row(session, [*copies(1), rider])
        assert isinstance(first, Accepted)
        assert isinstance(second, Refused | RelayFailure)
        assert second.reply.code == 0
        await session.quit()
    assert server.commands[-2:] == ["DATA", "QUIT"]


async def test_a_denied_dot_lets_nothing_ride() -> None:
    async def no() -> bool:
        return False

    async with playing(OFFERING + FIRST + "C *") as server:
        session = await open_session(relay_to(server), "", QUICK)
        assert isinstance(session, SmtpSession)
        (result,) = await send_in_a_row(session, copies(2), no)
        assert isinstance(result, Withheld)
        assert not session.usable
    assert server.messages == []
    assert [one for one in server.commands if one.startswith("MAIL")] == ["MAIL FROM:<b@news.example> SIZE=23"]


@pytest.mark.parametrize("settings", [{"pipelining": False}, {}])
async def test_without_pipelining_commands_are_said_in_turn(settings: dict[str, object]) -> None:
    turn = "C MAIL *\nS 250 ok\nC RCPT *\nS 250 ok\nC DATA\nS 354 go on\nBODY\nWAIT 0.1\nS 250 ok\n"
    offers = OFFERING if settings else HELLO
    async with playing(offers + turn + turn + BYE) as server:
        session = await open_session(relay_to(server, **settings), "", QUICK)
        assert isinstance(session, SmtpSession)
        sending = asyncio.create_task(send_in_a_row(session, copies(2)))
        while not server.messages:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)
        assert server.commands[-1] == "DATA", "nothing rides"
        assert [type(one) for one in await sending] == [Accepted, Accepted]
        await session.quit()


GBK = "".join(f"\\x{octet:02x}" for octet in "该用户不存在".encode("gbk"))


async def test_f21_gbk_on_several_lines_among_pipelined_replies_is_read_right() -> None:
    rest = f"S 250-{GBK}\nS 250 {GBK}\nS 250 ok\nS 550-{GBK}\nS 550 {GBK}\nS 503 {GBK}\n{RESET}{BYE}"
    results, _session, server = await play(RIDDEN + rest, count=3)
    assert [type(one) for one in results] == [Accepted, Refused, Accepted]
    refused = results[1]
    assert isinstance(refused, Refused)
    assert refused.reply.text == "该用户不存在 该用户不存在"
    assert refused.meaning.reply_class is ReplyClass.GONE
    assert bodies(server) == ["body 1", "body 3"]
