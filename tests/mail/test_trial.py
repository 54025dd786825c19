"""A log-in tried by itself: each step is told, what refused names its cure, and no secret is ever shown."""

import base64
from datetime import UTC, datetime

import pytest

from mailer.config import RelayConfig
from mailer.i18n import use_language
from mailer.mail.credentials import Credentials
from mailer.mail.trial import try_log_in
from mailer.model.outcome import ReplyClass
from mailer.model.relay_trial import LogInTrial, TrialStepKind, say_trial_cure
from tests.mail.certificates import Certificates
from tests.mail.line_server import BYE, HELLO, LineServer, free_port, playing

PASSWORD = "hunter two"
PLAIN = base64.b64encode(f"\0office\0{PASSWORD}".encode()).decode()
K = TrialStepKind
TLS_HELLO = """
TLS
S 220 relay.test ESMTP
C EHLO *
S 250-relay.test
S 250-SIZE 1000
S 250 AUTH PLAIN LOGIN
"""


async def trial(server: LineServer, **settings: object) -> LogInTrial:
    use_language("en")
    relay = RelayConfig.model_validate({"host": "127.0.0.1", "port": server.port, "security": "none", **settings})
    return await try_log_in(relay, Credentials(PASSWORD))


def kinds(one: LogInTrial) -> list[TrialStepKind]:
    return [step.kind for step in one.steps]


async def test_a_relay_without_log_in_is_told_step_by_step() -> None:
    async with playing(HELLO + BYE) as server:
        found = await trial(server)
    assert kinds(found) == [K.CONNECT, K.BANNER, K.EHLO, K.QUIT]
    assert (found.good, found.logged_in, found.tls_version, found.certificate_until) == (True, False, "", None)
    assert found.offers == (("ENHANCEDSTATUSCODES", ""), ("SIZE", "100000000"))
    assert found.steps[1].said == "220 relay.test ESMTP"
    assert say_trial_cure(found, "main") == ""


async def test_tls_and_log_in_are_told_with_the_certificates_end(certificates: Certificates) -> None:
    script = TLS_HELLO + "C AUTH PLAIN *\nS 235 2.7.0 welcome\n" + BYE
    async with playing(script, tls=certificates.good.server_context()) as server:
        found = await trial(server, security="tls", username="office", ca_file=str(certificates.authority))
    assert kinds(found) == [K.CONNECT, K.TLS, K.BANNER, K.EHLO, K.AUTH, K.QUIT]
    assert (found.good, found.logged_in) == (True, True)
    assert found.tls_version.startswith("TLSv1.")
    assert found.certificate_until == datetime(2049, 12, 31, tzinfo=UTC)
    assert server.commands[1] == f"AUTH PLAIN {PLAIN}", "it is the sender's own way in"


async def test_starttls_is_told_between_two_greetings(certificates: Certificates) -> None:
    script = (
        "S 220 relay.test\nC EHLO *\nS 250-relay.test\nS 250 STARTTLS\nC STARTTLS\nS 220 go\nTLS\nC EHLO *\n"
        "S 250 relay.test\n" + BYE
    )
    async with playing(script, tls=certificates.good.server_context()) as server:
        found = await trial(server, security="starttls", ca_file=str(certificates.authority))
    assert kinds(found) == [K.CONNECT, K.BANNER, K.EHLO, K.STARTTLS, K.TLS, K.EHLO, K.QUIT]
    assert found.good


@pytest.mark.parametrize(
    "said",
    [PLAIN, PASSWORD, f"you said {PLAIN} or {PASSWORD}!"],
)
async def test_a_relay_that_repeats_the_password_does_not_have_it_shown(said: str, certificates: Certificates) -> None:
    script = TLS_HELLO + f"C AUTH PLAIN *\nS 535 5.7.8 wrong: {said}\n" + BYE
    async with playing(script, tls=certificates.good.server_context()) as server:
        found = await trial(server, security="tls", username="office", ca_file=str(certificates.authority))
    assert (found.failed_at, found.reply_class) == (K.AUTH, ReplyClass.AUTH)
    assert kinds(found) == [K.CONNECT, K.TLS, K.BANNER, K.EHLO, K.AUTH]
    assert found.steps[-1].said.startswith("535 5.7.8 wrong: ")
    assert "\u2022" in found.steps[-1].said
    assert PASSWORD not in repr(found)
    assert PLAIN not in repr(found)
    assert "授权码" in say_trial_cure(found, "main")


async def test_the_words_of_auth_login_are_hidden_too(certificates: Certificates) -> None:
    word = base64.b64encode(PASSWORD.encode()).decode()
    script = (
        TLS_HELLO.replace("PLAIN LOGIN", "LOGIN")
        + f"C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC *\nS 334 UGFzc3dvcmQ6\nC {word}\nS 535 {word} is {PASSWORD}\n"
    )
    async with playing(script, tls=certificates.good.server_context()) as server:
        found = await trial(server, security="tls", username="office", ca_file=str(certificates.authority))
    assert found.failed_at is K.AUTH
    assert PASSWORD not in repr(found)
    assert word not in repr(found)


@pytest.mark.parametrize("which", ["expired", "other_host", "self_signed"])
async def test_a_certificate_that_is_not_to_be_trusted_fails_at_tls(which: str, certificates: Certificates) -> None:
    context = getattr(certificates, which).server_context()
    async with playing(TLS_HELLO, tls=context) as server:
        found = await trial(server, security="tls", username="office", ca_file=str(certificates.authority))
    assert (found.failed_at, kinds(found)) == (K.TLS, [K.CONNECT, K.TLS])
    assert "ca_file" in say_trial_cure(found, "main")
    assert not any(line.startswith("AUTH") for line in server.commands)


@pytest.mark.parametrize(
    ("script", "failed", "settings"),
    [
        ("S 554 5.7.1 no", K.BANNER, {}),
        ("S 220 hi\nC EHLO *\nS 550 go away", K.EHLO, {}),
        ("S 220 hi\nC EHLO *\nS 250 relay.test", K.STARTTLS, {"security": "starttls"}),
        ("S 220 hi\nC EHLO *\nS 250-relay.test\nS 250 STARTTLS\nC STARTTLS\nS 454 later", K.STARTTLS,
         {"security": "starttls"}),
        ("HANGUP", K.BANNER, {}),
    ],
)  # fmt: skip
async def test_the_step_that_failed_is_named_with_a_cure(
    script: str, failed: TrialStepKind, settings: dict[str, object]
) -> None:
    async with playing(script) as server:
        found = await trial(server, **settings)
    assert (found.failed_at, found.steps[-1].kind, found.good) == (failed, failed, False)
    assert say_trial_cure(found, "main")


async def test_nobody_there_is_told_without_waiting() -> None:
    found = await trial(LineServer([], port=free_port()))
    assert (found.failed_at, found.offers) == (K.CONNECT, ())
    assert "[relays.main]" in say_trial_cure(found, "main")
