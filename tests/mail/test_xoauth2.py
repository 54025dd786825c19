"""XOAUTH2: tokens that a command prints, asked for again when one is refused, and shown nowhere (faults F10)."""

import asyncio
import base64
import logging
import shlex
import sys
from pathlib import Path

import pytest

from mailer.mail import credentials as credentials_room
from mailer.mail.credentials import Credentials, CredentialsError
from mailer.mail.smtp import SmtpSession, open_session
from mailer.model.outcome import Action, Phase, RelayFailure, ReplyClass
from tests.mail.certificates import Certificates
from tests.mail.line_server import BYE, LineServer, playing
from tests.mail.test_smtp_faults import QUICK, relay_to, starttls

OFFER = "TLS\nC EHLO *\nS 250-relay.test\nS 250 AUTH LOGIN XOAUTH2\n"
REFUSED = "S 334 eyJzdGF0dXMiOiI0MDAifQ==\nC \nS 535 5.7.8 bad token\n"


def counting_command(folder: Path) -> str:
    """A command that prints token-1, token-2 and so on."""
    script = folder / "token.py"
    script.write_text(
        "import pathlib\n"
        f"kept = pathlib.Path({str(folder / 'count')!r})\n"
        "number = int(kept.read_text()) + 1 if kept.exists() else 1\n"
        "kept.write_text(str(number))\n"
        "print(f'token-{number}')\n"
    )
    return shlex.join([sys.executable, str(script)])


def shell(line: str) -> str:
    return shlex.join(["sh", "-c", line])


async def log_in(
    certificates: Certificates, credentials: Credentials, steps: str
) -> tuple[SmtpSession | RelayFailure, LineServer]:
    async with playing(starttls(OFFER + steps), tls=certificates.good.server_context()) as server:
        relay = relay_to(
            server,
            security="starttls",
            ca_file=str(certificates.authority),
            username="u@x.example",
            auth="xoauth2",
            token_command="unused here",
        )
        session = await open_session(relay, credentials, QUICK)
        if isinstance(session, SmtpSession):
            await session.quit()
        return session, server


def tokens(server: LineServer) -> list[str]:
    said = [line.removeprefix("AUTH XOAUTH2 ") for line in server.commands if line.startswith("AUTH XOAUTH2 ")]
    plain = [base64.b64decode(one).decode() for one in said]
    assert all(one.startswith("user=u@x.example\1auth=Bearer ") and one.endswith("\1\1") for one in plain)
    return [one.partition("Bearer ")[2].rstrip("\1") for one in plain]


async def test_a_token_logs_in(certificates: Certificates, tmp_path: Path) -> None:
    credentials = Credentials(token_command=counting_command(tmp_path))
    session, server = await log_in(certificates, credentials, "C AUTH *\nS 235 ok" + BYE)
    assert isinstance(session, SmtpSession)
    assert tokens(server) == ["token-1"]


async def test_a_refused_token_is_asked_for_anew_once(certificates: Certificates, tmp_path: Path) -> None:
    credentials = Credentials(token_command=counting_command(tmp_path))
    session, server = await log_in(certificates, credentials, f"C AUTH *\n{REFUSED}C AUTH *\nS 235 ok{BYE}")
    assert isinstance(session, SmtpSession)
    assert tokens(server) == ["token-1", "token-2"]
    session, server = await log_in(certificates, credentials, "C AUTH *\nS 235 ok" + BYE)
    assert isinstance(session, SmtpSession)
    assert tokens(server) == ["token-2"], "what worked is kept"


@pytest.mark.parametrize("refusal", [REFUSED, "S 535 5.7.8 bad token\n"])
async def test_f10_a_token_refused_twice_stops_and_asks(
    certificates: Certificates, tmp_path: Path, refusal: str
) -> None:
    credentials = Credentials(token_command=counting_command(tmp_path))
    session, server = await log_in(certificates, credentials, f"C AUTH *\n{refusal}C AUTH *\n{refusal}C *")
    assert isinstance(session, RelayFailure)
    assert (session.reply.phase, session.reply.code) == (Phase.AUTH, 535)
    assert session.meaning.action is Action.STOP_AND_ASK
    assert tokens(server) == ["token-1", "token-2"]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (shell("echo secret-token; exit 3"), "status 3"),
        (shell("echo secret-token >&2"), "no token"),
        (shell("exec sleep 30"), "more than"),
        (shell("echo secret-token; sleep 30 & sleep 30"), "more than"),
        (shell("echo '令牌 secret-token'"), "no token"),
        ("/no/such/command secret-token", "cannot be run"),
        ("sh -c 'echo secret-token", "quotes"),
        ("", "empty"),
    ],
)
async def test_a_command_that_gives_no_token_is_told_without_what_it_printed(
    certificates: Certificates,
    command: str,
    why: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(credentials_room, "LONGEST_COMMAND_S", 1.0)
    caplog.set_level(logging.DEBUG)
    session, server = await log_in(certificates, Credentials(token_command=command or " "), "C *")
    assert isinstance(session, RelayFailure)
    assert (session.reply.phase, session.meaning.reply_class) == (Phase.AUTH, ReplyClass.AUTH)
    assert session.meaning.action is Action.STOP_AND_ASK
    assert why in session.reply.text
    assert "secret-token" not in session.reply.text + caplog.text
    assert tokens(server) == []


async def test_a_token_that_comes_in_pieces_is_read_whole() -> None:
    credentials = Credentials(token_command=shell("printf half-; sleep 0.2; echo other-half; echo more"))
    assert await credentials.fetch() == "half-other-half"


async def test_a_command_that_prints_on_and_on_does_not_hang() -> None:
    credentials = Credentials(token_command=shell("echo token; head -c 3000000 /dev/zero"))
    with pytest.raises(CredentialsError):
        await asyncio.wait_for(credentials.fetch(), 20)


async def test_connections_that_ask_at_once_run_the_command_once(tmp_path: Path) -> None:
    credentials = Credentials(token_command=counting_command(tmp_path))
    assert set(await asyncio.gather(*(credentials.fetch() for _number in range(5)))) == {"token-1"}
    assert set(await asyncio.gather(*(credentials.fetch("token-1") for _number in range(5)))) == {"token-2"}


def test_credentials_do_not_show_themselves() -> None:
    assert "geheim" not in repr(Credentials("geheim")) + repr(Credentials(token_command="geheim"))
