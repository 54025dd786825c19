"""Faults of facts/faults.md at the socket: what a server can do to us, and what we then say of the message."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from mailer.config import RelayConfig
from mailer.mail.dialogue import Patience
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
from tests.mail.carried import carried, yes
from tests.mail.certificates import Certificates
from tests.mail.line_server import BYE, ENVELOPE, HELLO, MESSAGE, LineServer, free_port, playing

BODY = b"Subject: hi\r\n\r\nbody\r\n"
QUICK = Patience(connect_s=5, command_s=5, dot_s=5, quit_s=0.2)
LONG = Patience(connect_s=5, command_s=30, dot_s=30, quit_s=0.2)  # where no wait is to be
SHORT = Patience(connect_s=5, command_s=0.3, dot_s=0.3, quit_s=0.2)  # where the wait itself is tested
READER = "zhang@member.example"


def relay_to(server: LineServer, **settings: object) -> RelayConfig:
    return RelayConfig.model_validate({"host": "127.0.0.1", "port": server.port, "security": "none", **settings})


async def opened(server: LineServer, patience: Patience = QUICK) -> SmtpSession:
    session = await open_session(relay_to(server), "", patience)
    assert isinstance(session, SmtpSession), session
    return session


async def send(
    session: SmtpSession,
    recipient: str = READER,
    message: bytes = BODY,
    before_dot: Callable[[], Awaitable[bool]] = yes,
) -> SendResult:
    return await session.send(*carried("bulletin@news.example", recipient, message), before_dot)


async def one_message(*scripts: str, patience: Patience = QUICK) -> tuple[SendResult, SmtpSession]:
    """Send one message to a server that plays the scripts."""
    async with playing(*scripts) as server:
        session = await opened(server, patience)
        result = await send(session)
        usable = session.usable
        await session.quit()
        session.was_usable = usable  # type: ignore[attr-defined]
        return result, session


def was_usable(session: SmtpSession) -> bool:
    return bool(session.was_usable)  # type: ignore[attr-defined]


# connecting and greeting


async def test_f01_a_refused_connection_is_the_relays_failure() -> None:
    relay = RelayConfig(host="127.0.0.1", port=free_port(), security="none")
    result = await open_session(relay, "", QUICK)
    assert isinstance(result, RelayFailure)
    assert result.reply.phase is Phase.CONNECT
    assert result.meaning.action is Action.PAUSE_RELAY


async def test_f01_a_connection_closed_before_its_banner_is_the_relays_failure() -> None:
    async with playing("HANGUP") as server:
        result = await open_session(relay_to(server), "", QUICK)
    assert isinstance(result, RelayFailure)
    assert (result.reply.phase, result.meaning.action) == (Phase.BANNER, Action.PAUSE_RELAY)


@pytest.mark.parametrize(
    ("banner", "action", "reply_class"),
    [
        ("421 4.3.2 come back later", Action.PAUSE_RELAY, ReplyClass.TEMPORARY),  # F02
        ("554 5.7.1 you may not come in", Action.STOP_AND_ASK, ReplyClass.IP_POLICY),  # F03
        ("554 no SMTP service here", Action.STOP_AND_ASK, ReplyClass.IP_POLICY),
        ("550 5.1.1 user unknown", Action.STOP_AND_ASK, ReplyClass.IP_POLICY),  # whatever it says, no reader is meant
    ],
)
async def test_f02_f03_a_refusing_banner_is_never_a_readers_fault(
    banner: str, action: Action, reply_class: ReplyClass
) -> None:
    async with playing(f"S {banner}\nHANGUP") as server:
        result = await open_session(relay_to(server), "", QUICK)
    assert isinstance(result, RelayFailure)
    assert (result.meaning.action, result.meaning.reply_class) == (action, reply_class)
    assert not result.meaning.permanent
    assert result.reply.code == int(banner[:3])


@pytest.mark.parametrize("script", ["WAIT 30", "SLOW 0.2 220 relay.test ESMTP with a long and winding greeting"])
async def test_f04_f36_a_banner_that_never_comes_or_drips_meets_one_deadline(script: str) -> None:
    async with playing(script) as server:
        begun = time.monotonic()
        result = await open_session(relay_to(server), "", SHORT)
        assert time.monotonic() - begun < 6, "all of it takes ten"
    assert isinstance(result, RelayFailure)
    assert (result.reply.phase, result.reply.code) == (Phase.BANNER, 0)


async def test_f05_helo_serves_where_neither_tls_nor_login_is_wanted() -> None:
    plain = f"S 220 hi\nC EHLO *\nS 502 what?\nC HELO *\nS 250 relay.test\n{MESSAGE}{BYE}"
    result, _session = await one_message(plain)
    assert isinstance(result, Accepted)


async def test_f05_helo_is_no_way_round_starttls() -> None:
    async with playing("S 220 hi\nC EHLO *\nS 502 what?\nC *") as server:
        result = await open_session(relay_to(server, security="starttls"), "", QUICK)
    assert isinstance(result, RelayFailure)
    assert result.meaning.action is Action.STOP_AND_ASK
    assert server.commands[1:] == []


async def test_f37_a_host_that_does_not_exist_is_told_from_one_that_is_down() -> None:
    result = await open_session(RelayConfig(host="no-such-relay.invalid", port=25, security="none"), "", QUICK)
    assert isinstance(result, RelayFailure)
    assert result.reply.phase is Phase.CONNECT
    assert result.meaning.reply_class in (ReplyClass.CONFIG, ReplyClass.TEMPORARY)  # without DNS it is the second


# MAIL


@pytest.mark.parametrize(
    ("line", "action", "reply_class"),
    [
        ("451 4.3.0 local error", Action.PAUSE_RELAY, ReplyClass.TEMPORARY),  # F12
        ("452 4.3.1 disk full", Action.PAUSE_RELAY, ReplyClass.TEMPORARY),
        ("452 4.2.2 mailbox full", Action.PAUSE_RELAY, ReplyClass.TEMPORARY),
        ("550 5.7.1 not you", Action.STOP_AND_ASK, ReplyClass.SENDER_POLICY),  # F13
        ("550 5.1.1 user unknown", Action.STOP_AND_ASK, ReplyClass.SENDER_POLICY),
        ("530 5.7.0 login first", Action.STOP_AND_ASK, ReplyClass.AUTH),
        ("552 5.3.4 too big", Action.STOP_AND_ASK, ReplyClass.CONTENT),
        ("421 4.3.2 bye", Action.RECONNECT, ReplyClass.TEMPORARY),
        ("554 MI:STC 163 smtp1", Action.PAUSE_RELAY, ReplyClass.RATE_ACCOUNT),
    ],
)
async def test_f12_f13_a_refused_sender_touches_no_recipient(
    line: str, action: Action, reply_class: ReplyClass
) -> None:
    result, session = await one_message(f"{HELLO}C MAIL FROM:*\nS {line}\nC QUIT\nS 221 bye")
    assert isinstance(result, RelayFailure)
    assert result.reply.phase is Phase.MAIL
    assert (result.meaning.action, result.meaning.reply_class) == (action, reply_class)
    assert not result.meaning.permanent
    assert was_usable(session) == (not line.startswith("421"))


# RCPT

REFUSED_RCPT = "C MAIL FROM:*\nS 250 ok\nC RCPT TO:*\n{}\nC RSET\nS 250 ok\n" + MESSAGE + BYE


@pytest.mark.parametrize(
    ("lines", "kind", "reply_class", "action"),
    [
        ("S 450 4.2.0 busy", Deferred, ReplyClass.TEMPORARY, Action.RETRY),  # F14
        ("S 451 4.7.1 Greylisted, come back in 5 minutes", Deferred, ReplyClass.GREYLISTED, Action.RETRY),
        ("S 550 5.1.1 no such user", Refused, ReplyClass.GONE, Action.SUPPRESS),  # F15
        ("S 552 5.2.2 mailbox full", Deferred, ReplyClass.FULL, Action.SUPPRESS_AFTER),  # F16
        ("S 552 no room", Deferred, ReplyClass.FULL, Action.SUPPRESS_AFTER),
        ("S 550 4.2.2 over quota", Deferred, ReplyClass.FULL, Action.SUPPRESS_AFTER),  # F19
        ("S 550 4.1.1 who?", Refused, ReplyClass.UNKNOWN, Action.SUPPRESS_AFTER),
        ("S 450 5.1.1 who?", Deferred, ReplyClass.TEMPORARY, Action.RETRY),
        ("S 550 Domain frequency limited [x]", Deferred, ReplyClass.RATE_DOMAIN, Action.SLOW_DOMAIN),  # F20
        ("S 554 Reject by behaviour spam, too frequently sending", Deferred, ReplyClass.RATE_ACCOUNT,
         Action.PAUSE_RELAY),
        ("S 550-5.1.1 The account\nS 550-5.1.1 does not\nS 550 5.1.1 exist", Refused, ReplyClass.GONE,
         Action.SUPPRESS),  # F22
        ("S 550 5.7.1 only members may write to this group", Refused, ReplyClass.SENDER_POLICY, Action.NONE),
    ],
)  # fmt: skip
async def test_f14_f15_f16_f19_f20_a_refused_reader_leaves_the_session_good_for_the_next(
    lines: str, kind: type[SendResult], reply_class: ReplyClass, action: Action
) -> None:
    async with playing(HELLO + REFUSED_RCPT.format(lines)) as server:
        session = await opened(server)
        result = await send(session)
        assert isinstance(result, Deferred | Refused)
        assert type(result) is kind
        assert (result.meaning.reply_class, result.meaning.action) == (reply_class, action)
        assert result.reply.phase is Phase.RCPT
        assert isinstance(await send(session, "li@member.example"), Accepted) or not session.usable
        await session.quit()


async def test_f14_the_servers_hint_is_the_wait() -> None:
    result, _session = await one_message(HELLO + REFUSED_RCPT.format("S 450 4.7.1 Greylisted for 600 seconds"))
    assert isinstance(result, Deferred)
    assert result.meaning.retry_after_s == 600


async def test_f17_too_many_recipients_reconnects_and_blames_nobody() -> None:
    result, session = await one_message(HELLO + REFUSED_RCPT.format("S 452 4.5.3 too many recipients"))
    assert isinstance(result, Deferred)
    assert result.meaning.action is Action.RECONNECT
    assert not was_usable(session)


async def test_f18_a_421_at_rcpt_is_the_relays_failure() -> None:
    result, session = await one_message(f"{HELLO}C MAIL FROM:*\nS 250 ok\nC RCPT *\nS 421 4.3.2 closing\nWAIT 0.3")
    assert isinstance(result, RelayFailure)
    assert (result.reply.phase, result.reply.code) == (Phase.RCPT, 421)
    assert result.meaning.action is Action.RECONNECT
    assert not was_usable(session)


async def test_f18_a_421_about_the_readers_domain_slows_that_domain() -> None:
    line = "S 421 4.7.28 unusual rate of unsolicited mail"
    result, session = await one_message(f"{HELLO}C MAIL FROM:*\nS 250 ok\nC RCPT *\n{line}\nWAIT 0.3")
    assert isinstance(result, Deferred)
    assert result.meaning.action is Action.SLOW_DOMAIN
    assert not was_usable(session)


@pytest.mark.parametrize("end", ["DROP", "HANGUP"])
async def test_f18_a_connection_lost_at_rcpt_says_nothing_of_the_reader(end: str) -> None:
    result, session = await one_message(f"{HELLO}C MAIL FROM:*\nS 250 ok\nC RCPT *\n{end}")
    assert isinstance(result, RelayFailure)
    assert (result.reply.phase, result.reply.code, result.meaning.permanent) == (Phase.RCPT, 0, False)
    assert not was_usable(session)


GBK = "该用户不存在".encode("gbk")
ESCAPED = "".join(f"\\x{octet:02x}" for octet in GBK)


@pytest.mark.parametrize("words", [ESCAPED, "该用户不存在"])
async def test_f21_replies_in_gbk_and_utf8_are_read_and_understood(words: str) -> None:
    result, _session = await one_message(HELLO + REFUSED_RCPT.format(f"S 550 {words}"))
    assert isinstance(result, Refused)
    assert result.reply.text == "该用户不存在"
    assert result.meaning.reply_class is ReplyClass.GONE


async def test_f21_a_banner_and_a_dot_reply_in_gbk_do_no_harm() -> None:
    script = f"S 220 {ESCAPED}\nC EHLO *\nS 250 {ESCAPED}\n{ENVELOPE}BODY\nS 250 {ESCAPED}{BYE}"
    result, _session = await one_message(script)
    assert isinstance(result, Accepted)
    assert result.reply.text == "该用户不存在"


@pytest.mark.parametrize(
    "steps",
    [
        "S 999 what",
        "S ",
        "S hello",
        "S 550-5.1.1 a\nS 250 ok",
        "S 250-a\nS 550 b",
        f"S 550 {'x' * 20000}",
        "RAW " + "x" * 20000,
        "\n".join(["S 550-a"] * 200),
        "S 354 go on",
        "S 150 hm",
        "S 55",
        "S 550x",
    ],
)  # fmt: skip
async def test_f22_what_is_no_reply_is_a_protocol_failure_and_ends_the_session(steps: str) -> None:
    begun = time.monotonic()
    result, session = await one_message(f"{HELLO}C MAIL FROM:*\nS 250 ok\nC RCPT *\n{steps}\nWAIT 30", patience=LONG)
    assert time.monotonic() - begun < 10
    assert isinstance(result, RelayFailure)
    assert result.meaning.reply_class is ReplyClass.PROTOCOL
    assert not result.meaning.permanent
    assert len(result.reply.text) <= 1000
    assert not was_usable(session)


@pytest.mark.parametrize("line", ["251 will forward", "252 cannot verify", "250 ok"])
async def test_f23_every_2yz_to_rcpt_is_success(line: str) -> None:
    envelope = ENVELOPE.replace("S 250 2.1.5 ok", f"S {line}")
    result, _session = await one_message(f"{HELLO}{envelope}BODY\nS 250 ok{BYE}")
    assert isinstance(result, Accepted)


# DATA and the body


@pytest.mark.parametrize(
    ("line", "kind", "reply_class"),
    [
        ("451 4.3.0 not now", Deferred, ReplyClass.TEMPORARY),
        ("554 5.1.1 no valid recipients", Refused, ReplyClass.GONE),
        ("503 5.5.1 bad sequence", Deferred, ReplyClass.PROTOCOL),
    ],
)
async def test_f24_a_refused_data_sends_no_body(line: str, kind: type[SendResult], reply_class: ReplyClass) -> None:
    script = f"{HELLO}C MAIL *\nS 250 ok\nC RCPT *\nS 250 ok\nC DATA\nS {line}\nC RSET\nS 250 ok{BYE}"
    result, session = await one_message(script)
    assert isinstance(result, Deferred | Refused)
    assert type(result) is kind
    assert result.meaning.reply_class is reply_class
    assert was_usable(session)


async def test_f24_a_250_to_data_gets_no_body() -> None:
    result, session = await one_message(f"{HELLO}C MAIL *\nS 250 ok\nC RCPT *\nS 250 ok\nC DATA\nS 250 ok\nC *")
    assert isinstance(result, RelayFailure)
    assert result.meaning.reply_class is ReplyClass.PROTOCOL
    assert not was_usable(session)


LARGE = BODY + b"x" * 70 + b"\r\n" + (b"y" * 76 + b"\r\n") * 200_000  # more than the kernel's buffers hold


async def never() -> bool:
    raise AssertionError("the dot must not be asked for")


@pytest.mark.parametrize("end", ["DROP", "HANGUP"])
async def test_f25_a_drop_in_the_body_is_not_sent(end: str) -> None:
    async with playing(f"{HELLO}{ENVELOPE}PART 5000\n{end}") as server:
        session = await opened(server, Patience(command_s=5))
        result = await send(session, message=LARGE, before_dot=never)
    assert isinstance(result, RelayFailure)
    assert (result.reply.phase, result.meaning.action) == (Phase.BODY, Action.RECONNECT)
    assert server.messages == []


async def test_f26_a_server_that_stops_reading_meets_the_write_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailer.mail.dialogue.SLOWEST", 10**9)
    async with playing(f"{HELLO}{ENVELOPE}STALL") as server:
        session = await opened(server, SHORT)
        begun = time.monotonic()
        result = await send(session, message=LARGE, before_dot=never)
        assert time.monotonic() - begun < 15
    assert isinstance(result, RelayFailure)
    assert result.reply.phase is Phase.BODY


# the dot


async def test_nothing_is_handed_over_when_the_dot_is_denied() -> None:
    async def no() -> bool:
        await asyncio.sleep(0.01)
        return False

    async with playing(f"{HELLO}{ENVELOPE}BODY") as server:
        session = await opened(server)
        result = await send(session, before_dot=no)
        assert isinstance(result, Withheld)
        assert not session.usable
        await asyncio.sleep(0.1)
        assert server.messages == []


async def test_an_error_before_the_dot_closes_the_connection_and_is_raised() -> None:
    async def fail() -> bool:
        raise OSError("disk full")

    async with playing(f"{HELLO}{ENVELOPE}BODY") as server:
        session = await opened(server)
        with pytest.raises(OSError, match="disk full"):
            await send(session, before_dot=fail)
        assert not session.usable
        await asyncio.sleep(0.1)
        assert server.messages == []


async def test_a_cancelled_send_closes_the_connection_without_a_dot() -> None:
    waiting = asyncio.Event()

    async def wait() -> bool:
        waiting.set()
        await asyncio.sleep(30)
        return True

    async with playing(f"{HELLO}{ENVELOPE}BODY") as server:
        session = await opened(server)
        task = asyncio.create_task(send(session, before_dot=wait))
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not session.usable
        await asyncio.sleep(0.1)
        assert server.messages == []


async def test_the_server_leaving_while_the_dot_waits_means_not_sent() -> None:
    async def slow() -> bool:
        await asyncio.sleep(0.2)
        return True

    async with playing(f"{HELLO}{ENVELOPE}PART {len(BODY)}\nHANGUP") as server:
        result = await send(await opened(server), before_dot=slow)
    assert isinstance(result, RelayFailure)
    assert result.reply.phase is Phase.BODY


@pytest.mark.parametrize(("line", "kind"), [("552 5.3.4 too big", Refused), ("421 4.4.2 timeout", RelayFailure)])
async def test_a_reply_before_the_dot_is_never_taken_for_the_dots(line: str, kind: type[SendResult]) -> None:
    async def slow() -> bool:
        await asyncio.sleep(0.2)
        return True

    async with playing(f"{HELLO}{ENVELOPE}PART 5\nS {line}\nWAIT 1") as server:
        session = await opened(server)
        result = await send(session, before_dot=slow)
        assert type(result) is kind
        assert isinstance(result, Refused | RelayFailure)
        assert result.reply.phase is Phase.BODY
        assert not session.usable
    assert server.messages == []


@pytest.mark.parametrize("steps", ["WAIT 2", "DROP", "HANGUP", "RAW 25\nHANGUP", "S 250-half a reply\nHANGUP"])
async def test_f27_f28_no_reply_to_the_dot_is_uncertain(steps: str) -> None:
    result, session = await one_message(f"{HELLO}{ENVELOPE}BODY\n{steps}", patience=SHORT)
    assert isinstance(result, Uncertain)
    assert (result.reply.phase, result.reply.code) == (Phase.DOT, 0)
    assert result.reply.text
    assert not was_usable(session)


@pytest.mark.parametrize("line", ["999 hm", "", "hello", "354 again?"])
async def test_nonsense_after_the_dot_is_uncertain(line: str) -> None:
    result, session = await one_message(f"{HELLO}{ENVELOPE}BODY\nS {line}\nWAIT 1")
    assert isinstance(result, Uncertain)
    assert not was_usable(session)


@pytest.mark.parametrize(
    ("line", "kind", "reply_class", "action"),
    [
        ("451 4.3.0 try later", Deferred, ReplyClass.TEMPORARY, Action.RETRY),
        ("452 4.3.1 no space", Deferred, ReplyClass.TEMPORARY, Action.RETRY),
        ("552 5.3.4 too big", Refused, ReplyClass.CONTENT, Action.STOP_AND_ASK),
        ("552 too big", Refused, ReplyClass.CONTENT, Action.STOP_AND_ASK),
        ("554 DT:SPM 163 smtp12,EMCow", Refused, ReplyClass.CONTENT, Action.STOP_AND_ASK),
        ("554 5.7.1 spam", Refused, ReplyClass.CONTENT, Action.STOP_AND_ASK),
        ("451 DT:SPM ,please try again", Deferred, ReplyClass.CONTENT, Action.RETRY),
        ("550 MI:STC day", Deferred, ReplyClass.RATE_ACCOUNT, Action.PAUSE_RELAY),
        ("550 5.1.1 user unknown", Refused, ReplyClass.GONE, Action.SUPPRESS),
    ],
)
async def test_f29_a_refused_message_suppresses_nobody_unless_the_mailbox_is_gone(
    line: str, kind: type[SendResult], reply_class: ReplyClass, action: Action
) -> None:
    result, session = await one_message(f"{HELLO}{ENVELOPE}BODY\nS {line}{BYE}")
    assert isinstance(result, Deferred | Refused)
    assert type(result) is kind
    assert (result.meaning.reply_class, result.meaning.action) == (reply_class, action)
    assert was_usable(session)


async def test_f30_a_slow_reply_to_the_dot_is_waited_for() -> None:
    patience = Patience(command_s=0.3, dot_s=5)
    result, _session = await one_message(f"{HELLO}{ENVELOPE}BODY\nWAIT 0.8\nS 250 ok{BYE}", patience=patience)
    assert isinstance(result, Accepted)


async def test_f31_250_then_421_counts_as_sent_and_ends_the_session() -> None:
    async with playing(f"{HELLO}{ENVELOPE}BODY\nS 250 ok\nS 421 bye\nHANGUP") as server:
        session = await opened(server)
        assert isinstance(await send(session), Accepted)
        await asyncio.sleep(0.05)
        assert not session.usable
        assert session.sent == 1


# between messages


@pytest.mark.parametrize("end", ["S 421 enough\nHANGUP", "HANGUP", "DROP"])
async def test_f32_a_server_that_closes_after_some_messages_loses_and_doubles_none(end: str) -> None:
    async with playing(f"{HELLO}{MESSAGE}{MESSAGE}{end}", f"{HELLO}{MESSAGE}{MESSAGE}{MESSAGE}{BYE}") as server:
        session, results = await opened(server), []
        for number in range(4):
            message = BODY + f"{number}\r\n".encode()
            for _try in range(2):
                if not session.usable:
                    session = await opened(server)
                result = await send(session, message=message)
                if not isinstance(result, RelayFailure):
                    break
                assert result.meaning.action is Action.RECONNECT
            results.append(type(result))
        await session.quit()
    assert results == [Accepted] * 4
    assert [one.splitlines()[3] for one in server.messages] == [b"0", b"1", b"2", b"3"]


@pytest.mark.parametrize("steps", ["WAIT 0.1\nHANGUP", "WAIT 0.1\nDROP", "WAIT 0.1\nS 421 idle too long\nWAIT 1"])
async def test_f33_an_idle_session_that_ended_is_seen_before_mail(steps: str) -> None:
    async with playing(f"{HELLO}{MESSAGE}{steps}") as server:
        session = await opened(server)
        assert isinstance(await send(session), Accepted)
        usable = [session.usable]
        await asyncio.sleep(0.3)
        usable.append(session.usable)
        assert usable == [True, False]
        result = await send(session)
        assert isinstance(result, RelayFailure)
        assert (result.reply.phase, result.meaning.action) == (Phase.MAIL, Action.RECONNECT)


@pytest.mark.parametrize("end", ["C QUIT\nDROP", "C QUIT\nHANGUP", "C QUIT\nWAIT 1", "HANGUP"])
async def test_f34_what_happens_at_quit_is_ignored(end: str) -> None:
    result, _session = await one_message(f"{HELLO}{MESSAGE}{end}")
    assert isinstance(result, Accepted)


async def test_f35_no_reply_is_taken_for_anothers() -> None:
    # a server one reply ahead: its "250" to DATA would be RCPT's, and "354" the dot's
    result, session = await one_message(f"{HELLO}C MAIL *\nS 250 ok\nS 250 ok\nC *\nS 354 go\nC *")
    assert isinstance(result, RelayFailure)
    assert result.meaning.reply_class is ReplyClass.PROTOCOL
    assert not was_usable(session)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
async def test_f36_a_dripping_reply_meets_the_commands_deadline(step: str) -> None:
    drip = "SLOW 0.3 250 2.0.0 ok but very slowly told"
    script = {
        "MAIL": f"C MAIL *\n{drip}",
        "RCPT": f"C MAIL *\nS 250 ok\nC RCPT *\n{drip}",
        "DATA": f"C MAIL *\nS 250 ok\nC RCPT *\nS 250 ok\nC DATA\n{drip}",
    }[step]
    begun = time.monotonic()
    result, _session = await one_message(HELLO + script, patience=SHORT)
    assert time.monotonic() - begun < 6, "all of it takes eleven"
    assert isinstance(result, RelayFailure)
    assert result.reply.phase.value == step.lower()


async def test_a_server_that_floods_us_is_cut_off() -> None:
    async with playing("\n".join(["RAW " + "x" * 9000] * 20)) as server:
        result = await open_session(relay_to(server), "", QUICK)
    assert isinstance(result, RelayFailure)


# encryption


def starttls(after: str = "TLS\nC EHLO *\nS 250 relay.test\n", offer: str = "S 250 STARTTLS") -> str:
    return f"S 220 hi\nC EHLO *\nS 250-relay.test\n{offer}\nC STARTTLS\nS 220 go\n{after}"


async def test_f06_starttls_not_offered_sends_nothing() -> None:
    async with playing(f"S 220 hi\nC EHLO *\nS 250-relay.test\nS 250 AUTH PLAIN\nC *{MESSAGE}") as server:
        relay = relay_to(server, security="starttls", username="u", password_env="P")
        result = await open_session(relay, "geheim", QUICK)
    assert isinstance(result, RelayFailure)
    assert (result.reply.phase, result.meaning.action) == (Phase.STARTTLS, Action.STOP_AND_ASK)
    assert len(server.commands) == 1  # EHLO


@pytest.mark.parametrize(
    ("steps", "action"),
    [
        ("S 454 4.7.0 not now", Action.PAUSE_RELAY),
        ("S 554 5.7.3 never", Action.STOP_AND_ASK),
        ("DROP", Action.PAUSE_RELAY),
        ("HANGUP", Action.PAUSE_RELAY),
        ("S 220 go\nRAW garbage that is no TLS at all\\r\\n\nWAIT 1", None),
        ("S 220 go\nWAIT 0.05\nRAW garbage that is no TLS at all\\r\\n\nWAIT 1", Action.PAUSE_RELAY),
        ("S 220 go\nWAIT 2", Action.PAUSE_RELAY),
    ],
)
async def test_f07_starttls_that_fails_is_never_downgraded(steps: str, action: Action | None) -> None:
    async with playing(f"S 220 hi\nC EHLO *\nS 250-relay.test\nS 250 STARTTLS\nC STARTTLS\n{steps}") as server:
        result = await open_session(relay_to(server, security="starttls"), "", SHORT)
    assert isinstance(result, RelayFailure)
    assert action is None or result.meaning.action is action
    assert server.commands[1:] == ["STARTTLS"]


async def test_f08_words_slipped_in_before_the_handshake_end_it(certificates: Certificates) -> None:
    script = (
        "S 220 hi\nC EHLO *\nS 250-relay.test\nS 250 STARTTLS\nC STARTTLS\nRAW 220 go\\r\\n250 injected\\r\\n\nTLS\nC *"
    )
    async with playing(script, tls=certificates.good.server_context()) as server:
        relay = relay_to(server, security="starttls", ca_file=str(certificates.authority))
        result = await open_session(relay, "", QUICK)
    assert isinstance(result, RelayFailure)
    assert (result.reply.phase, result.meaning.action) == (Phase.STARTTLS, Action.STOP_AND_ASK)
    assert server.commands[1:] == ["STARTTLS"]


@pytest.mark.parametrize("which", ["good", "expired", "other_host", "self_signed"])
@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("pinned", [True, False])
async def test_f09_only_a_certificate_that_verifies_gets_mail(
    certificates: Certificates, which: str, security: str, pinned: bool
) -> None:
    context = getattr(certificates, which).server_context()
    rest = f"{MESSAGE}{BYE}"
    script = starttls() + rest if security == "starttls" else "TLS\n" + HELLO + rest
    async with playing(script, tls=context) as server:
        ca_file = str(certificates.authority) if pinned else ""
        session = await open_session(relay_to(server, security=security, ca_file=ca_file), "", QUICK)
        if which == "good" and pinned:
            assert isinstance(session, SmtpSession)
            assert isinstance(await send(session), Accepted)
            await session.quit()
        else:
            assert isinstance(session, RelayFailure)
            assert session.meaning.reply_class is ReplyClass.CONFIG
            assert session.meaning.action is Action.STOP_AND_ASK
    assert len(server.messages) == (which == "good" and pinned)


async def test_a_self_signed_certificate_is_taken_where_it_is_the_ca_file(certificates: Certificates) -> None:
    async with playing("TLS\n" + HELLO + BYE, tls=certificates.self_signed.server_context()) as server:
        relay = relay_to(server, security="tls", ca_file=str(certificates.self_signed.certificate))
        session = await open_session(relay, "", QUICK)
        assert isinstance(session, SmtpSession)
        await session.quit()


async def test_a_ca_file_that_is_not_there_is_named() -> None:
    async with playing("WAIT 1") as server:
        result = await open_session(relay_to(server, security="tls", ca_file="no/such.pem"), "", QUICK)
    assert isinstance(result, RelayFailure)
    assert "no/such.pem" in result.reply.text
    assert result.meaning.action is Action.STOP_AND_ASK


# login

LOGGED_IN = "TLS\nC EHLO *\nS 250-relay.test\nS 250 AUTH {}\n"


async def log_in(certificates: Certificates, ways: str, steps: str) -> tuple[SmtpSession | RelayFailure, LineServer]:
    script = starttls(LOGGED_IN.format(ways) + steps)
    async with playing(script, tls=certificates.good.server_context()) as server:
        relay = relay_to(
            server, security="starttls", ca_file=str(certificates.authority), username="u@x.example", password_env="P"
        )
        session = await open_session(relay, "授权码", QUICK)
        if isinstance(session, SmtpSession):
            await session.quit()
        return session, server


async def test_auth_plain_is_said_within_tls(certificates: Certificates) -> None:
    session, server = await log_in(certificates, "LOGIN PLAIN", "C AUTH PLAIN *\nS 235 ok\nC QUIT\nS 221 bye")
    assert isinstance(session, SmtpSession)
    assert server.commands[3] == "AUTH PLAIN AHVAeC5leGFtcGxlAOaOiOadg+eggQ=="


async def test_auth_login_serves_where_plain_is_not_offered(certificates: Certificates) -> None:
    steps = "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC dUB4LmV4YW1wbGU=\nS 334 UGFzc3dvcmQ6\nC 5o6I5p2D56CB\nS 235 ok"
    session, _server = await log_in(certificates, "LOGIN", steps + BYE)
    assert isinstance(session, SmtpSession)


async def test_a_login_we_do_not_know_is_a_matter_of_settings(certificates: Certificates) -> None:
    session, server = await log_in(certificates, "GSSAPI", "C *")
    assert isinstance(session, RelayFailure)
    assert session.meaning.action is Action.STOP_AND_ASK
    assert "GSSAPI" in session.reply.text
    assert len(server.commands) == 3


@pytest.mark.parametrize(
    ("line", "action", "reply_class"),
    [
        ("535 5.7.8 Error: authentication failed", Action.STOP_AND_ASK, ReplyClass.AUTH),  # F10
        (
            "535 Error: \\xc7\\xeb\\xca\\xb9\\xd3\\xc3\\xca\\xda\\xc8\\xa8\\xc2\\xeb",
            Action.STOP_AND_ASK,
            ReplyClass.AUTH,
        ),
        ("526 Authentication failure", Action.STOP_AND_ASK, ReplyClass.AUTH),
        ("454 4.7.0 Temporary authentication failure", Action.PAUSE_RELAY, ReplyClass.TEMPORARY),  # F11
        ("451 too much fail authentication", Action.STOP_AND_ASK, ReplyClass.AUTH),
    ],
)
async def test_f10_f11_a_refused_login_stops_and_a_temporary_one_waits(
    certificates: Certificates, line: str, action: Action, reply_class: ReplyClass
) -> None:
    session, server = await log_in(certificates, "PLAIN", f"C AUTH PLAIN *\nS {line}\nC *")
    assert isinstance(session, RelayFailure)
    assert (session.meaning.action, session.meaning.reply_class) == (action, reply_class)
    assert session.reply.phase is Phase.AUTH
    assert len([one for one in server.commands if one.startswith("AUTH")]) == 1  # not hammered


async def test_a_password_is_never_sent_in_the_clear() -> None:
    async with playing("S 220 hi\nC EHLO *\nS 250 AUTH PLAIN\nC *") as server:
        relay = relay_to(server).model_copy(update={"username": "u", "password_env": "P"})
        result = await open_session(relay, "geheim", QUICK)
    assert isinstance(result, RelayFailure)
    assert not any("AUTH" in one for one in server.commands)
