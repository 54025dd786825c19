"""A mailing through a real Postfix that wants STARTTLS and a login, and the receipts that come back from it.

Postfix asks a private Dovecot who may log in, keeps the mailboxes of reader.test itself, gives those of imap.test to
Dovecot by LMTP, and passes sink.test on to a server without receipts.
"""

import asyncio
import json
import os
import re
import shutil
import smtplib
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from benchmarks.bench_world import running_sink
from mailer.app import House
from mailer.store.schema import delivery, event
from tests.conftest import need
from tests.flow.newsletter import Newsletter
from tests.mail.certificates import Certificates
from tests.mail.dovecot import Dovecot, start_dovecot, stop_dovecot
from tests.mail.postfix import Postfix, start_postfix, stop_postfix

pytestmark = pytest.mark.peer
PASSWORD = "密码 of the tests"
DELIVERED = ("zhang@reader.test", "li@reader.test", "张三@reader.test", "wang@imap.test")
RELAYED, LOST, UNKNOWN = "office@sink.test", "gone@imap.test", "nobody@reader.test"


@dataclass(frozen=True)
class Peers:
    """The servers of this file."""

    postfix: Postfix
    dovecot: Dovecot
    authority: Path


@pytest.fixture(scope="module")
def peers(certificates: Certificates) -> Iterator[Peers]:
    """Postfix, Dovecot and smtp-sink, each private, for this file's tests."""
    need(shutil.which("postfix") is not None, "Postfix", "install the package postfix")
    need(shutil.which("dovecot") is not None, "Dovecot", "install the packages dovecot-imapd and dovecot-lmtpd")
    need(os.geteuid() == 0, "root, which Postfix and Dovecot want to start,", "run these tests as root in a container")
    homes = [Path(tempfile.mkdtemp(prefix=f"jianbao-{name}-")) for name in ("dovecot", "postfix")]
    for home in homes:
        home.chmod(0o755)
    logins = {"bulletin": PASSWORD, "wang": "another", "returned": PASSWORD}
    dovecot = start_dovecot(homes[0], logins, certificates.good)
    try:
        with running_sink("-N") as sink_port:  # offers no DSN
            settings = submission_settings(dovecot, sink_port)
            postfix = start_postfix(homes[1], certificates, ("zhang", "li", "张三", "bounce", "editor"), settings)
            try:
                yield Peers(postfix, dovecot, certificates.authority)
            finally:
                stop_postfix(postfix)
    finally:
        stop_dovecot(dovecot)
        shutil.rmtree(homes[0], ignore_errors=True)


def submission_settings(dovecot: Dovecot, sink_port: int) -> dict[str, str]:
    """What makes of a Postfix one that takes mail only over TLS and from who has logged in."""
    ways = [f"imap.test = lmtp:inet:127.0.0.1:{dovecot.lmtp_port}", f"sink.test = smtp:[127.0.0.1]:{sink_port}"]
    return {
        "recipient_delimiter": "+",
        "mynetworks": "",
        "smtpd_tls_security_level": "encrypt",
        "smtpd_tls_auth_only": "yes",
        "smtpd_sasl_auth_enable": "yes",
        "smtpd_sasl_type": "dovecot",
        "smtpd_sasl_path": str(dovecot.login_socket),
        "smtpd_sender_restrictions": "permit_sasl_authenticated, reject",
        "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
        "lmtp_assume_final": "yes",  # else Postfix reports what Dovecot took as relayed, not as delivered
        "transport_maps": f"inline:{{ {', '.join(f'{{ {way} }}' for way in ways)} }}",
    }


def make_newsletter(
    folder: Path, peers: Peers, password: str = PASSWORD, ca_file: str | None = None, *, by_imap: bool = False
) -> Newsletter:
    """A newsletter that sends through the real Postfix and reads its returned mail from the Maildir it keeps, or by IMAP."""
    folder.mkdir()
    (folder / "password").write_text(password, "utf-8")
    (folder / "password").chmod(0o600)
    ca_file = str(peers.authority) if ca_file is None else ca_file
    returned = "returned@imap.test" if by_imap else "bounce@reader.test"
    relay = (
        f'username = "bulletin"\npassword_file = "{folder}/password"\nca_file = "{ca_file}"\nconnections = 2\n'
        f'envelope = "{returned.replace("@", "+{token}@")}"\n'
    )
    bounces = f'[bounces]\nmaildir = "{peers.postfix.home}/mail/bounce"\n'
    if by_imap:
        bounces = (
            f'[bounces]\nimap_host = "127.0.0.1"\nimap_port = {peers.dovecot.imap_port}\nimap_username = "returned"\n'
            f'imap_ca_file = "{peers.authority}"\nimap_password_file = "{folder}/password"\n'
            'done_folder = "已处理"\nforward_answers_to = "editor@reader.test"\n'
        )
    news = Newsletter.make(folder / "news", peers.postfix.port, bounces, relay)
    news.set_config('security = "none"', 'security = "starttls"')
    readers = [*DELIVERED, RELAYED, LOST, UNKNOWN]
    rows = "".join(f"会员{number},办公室,{address}\n" for number, address in enumerate(readers))
    (news.folder / "subscribers" / "members.csv").write_text(f"单位,姓名,邮箱\n{rows}", "utf-8")
    news.approve()
    return news


def found(pattern: bytes, raw: bytes) -> bytes:
    """The part of a mail that a pattern's group names."""
    match = re.search(pattern, raw, re.MULTILINE)
    assert match is not None, raw
    return match[1]


def poll(news: Newsletter) -> list[dict[str, Any]]:
    """Read the mailbox of returned mail by the command for it."""
    return [json.loads(line) for line in news.run("bounces", "poll", "--json").stdout.splitlines()]


def events_of(folder: Path) -> dict[str, list[str]]:
    """What became known of each recipient after the relay had answered: kinds, with + where it is about a dead address."""
    house = House(folder)
    with house.store.read() as connection:
        rows = connection.execute(
            select(delivery.c.address, event.c.kind, event.c.hard).join_from(
                event, delivery, event.c.delivery_id == delivery.c.id
            )
        ).all()
    house.close()
    found: dict[str, list[str]] = {}
    for one in rows:
        found.setdefault(one.address, []).append(one.kind + "+" * one.hard)
    return found


def test_every_reader_gets_a_copy_and_every_receipt_finds_its_delivery(tmp_path: Path, peers: Peers) -> None:
    news = make_newsletter(tmp_path / "office", peers)
    figures = news.json("send", "2020-07", "--list", "members", "--wait")
    assert (figures["planned"], figures["accepted"], figures["refused"]) == (7, 6, 1), figures
    (reason,) = figures["lists"]["members"]["reasons"]
    assert (reason["class"], reason["count"]) == ("gone", 1)
    assert f"550 5.1.1 <{UNKNOWN}>" in reason["example"]

    reports = peers.postfix.mailbox("bounce", len(DELIVERED) + 2)
    assert len(reports) == len(DELIVERED) + 2, "the one that was refused in the dialogue makes no report"
    for name in ("zhang", "li", "张三"):
        (stored,) = peers.postfix.mailbox(name)
        assert b"with ESMTPSA" in stored or b"with UTF8SMTPSA" in stored, "over TLS, logged in"
    assert len(peers.dovecot.mails("wang")) == 1
    for raw in reports:  # what was asked for with MAIL and RCPT comes back: ENVID, which is VERP's token too, and ORCPT
        token = found(rb"^To: bounce\+([a-z2-7]{40})@reader\.test", raw)
        assert found(rb"^Original-Envelope-Id: (\S+)", raw) == token
        assert b"Content-Type: message/global" in raw or b"\nOriginal-Recipient: rfc822;" in raw

    read = poll(news)
    assert Counter(one["kind"] for one in read) == {"delivered": 4, "relayed": 1, "bounce": 1}
    assert all(one["recorded"] and one["delivery"] for one in read)
    assert [one["file"] for one in read if one["suppressed"]] == [
        one["file"] for one in read if one["kind"] == "bounce"
    ]
    assert events_of(news.folder) == {
        **{address: ["delivered"] for address in DELIVERED},
        RELAYED: ["relayed"],
        LOST: ["bounce+"],
    }
    assert poll(news) == [], "what was understood is marked as seen"


def test_commands_are_said_ahead_over_tls(tmp_path: Path, peers: Peers) -> None:
    before = len(peers.postfix.log())
    news = make_newsletter(tmp_path / "office", peers)
    news.run("send", "2020-07", "--list", "members", "--wait")
    counts = peers.postfix.wait_for_log(r"disconnect .* mail=\d+ rcpt=(\d+)/(\d+) data=(\d+)/(\d+)", before)
    assert counts[0] == counts[2], counts
    assert counts[1] == counts[3], "only who speaks ahead says DATA for a recipient that is refused (RFC 2920)"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"password": "guessed"}, "535 5.7.8"), ({"ca_file": ""}, "the certificate of 127.0.0.1 is not to be trusted")],
    ids=["password", "certificate"],
)
def test_a_wrong_password_or_an_unknown_certificate_stops_with_the_reason_and_gives_nothing_away(
    tmp_path: Path, peers: Peers, wrong: dict[str, str], said: str
) -> None:
    news = make_newsletter(tmp_path / "office", peers, wrong.get("password", PASSWORD), wrong.get("ca_file"))
    before = len(peers.postfix.log())
    held = news.json("send", "2020-07", "--list", "members", "--wait", code=1)
    assert held["status"] == "held"
    assert said in held["reason"]
    assert (held["planned"], held["pending"]) == (7, 7), "it says nothing of any reader"
    commands = peers.postfix.wait_for_log(r"disconnect from \S+ (.*)", before)[0]
    assert "mail=" not in commands
    assert "rcpt=" not in commands


def test_what_postfix_sends_back_is_fetched_by_imap_matched_and_told(tmp_path: Path, peers: Peers) -> None:
    news = make_newsletter(tmp_path / "office", peers, by_imap=True)
    news.run("send", "2020-07", "--list", "members", "--wait")
    news.wait_until(lambda: len(peers.dovecot.mails("returned")) == len(DELIVERED) + 2)
    read = poll(news)
    assert Counter(one["kind"] for one in read) == {"delivered": 4, "relayed": 1, "bounce": 1}
    assert all(one["recorded"] and one["tie"] == "token" for one in read)
    assert events_of(news.folder)[LOST] == ["bounce+"]
    assert peers.dovecot.mails("returned") == [], "all was understood, and moved"
    assert poll(news) == []

    (lost,) = (
        json.loads(line) for line in news.run("suppressions", "list", "--json").stdout.splitlines() if LOST in line
    )
    assert (lost["reason"], lost["note"]) == ("gone", "")
    news.run("suppressions", "lift", LOST, "--reason", "called them", "--as", "主编")
    assert LOST not in news.run("suppressions", "list").stdout
    acts = news.json("audit", "list")
    assert acts[0]["act"] == "lift"
    assert LOST not in json.dumps(acts), "the trail names no reader"


def test_an_answer_by_a_person_is_kept_and_handed_on_once(tmp_path: Path, peers: Peers) -> None:
    news = make_newsletter(tmp_path / "office", peers, by_imap=True)
    news.run("send", "2020-07", "--list", "members", "--wait")
    (message_id,) = {found(rb"^Message-ID: (\S+)", raw).decode() for raw in peers.dovecot.mails("wang")[-1:]}
    answer = (
        f"From: wang@imap.test\r\nTo: returned@imap.test\r\nSubject: Re: the bulletin\r\nIn-Reply-To: {message_id}\r\n"
        "Date: Mon, 23 Nov 2026 08:00:00 +0800\r\n\r\nPlease write to my successor.\r\n\r\n> quoted\r\n"
    )
    with smtplib.LMTP("127.0.0.1", peers.dovecot.lmtp_port) as lmtp:
        lmtp.sendmail("wang@imap.test", "returned@imap.test", answer)
    for _time in range(2):
        poll(news)
    (kept,) = (json.loads(line) for line in news.run("bounces", "list", "--answers", "--json").stdout.splitlines())
    assert (kept["sender"], kept["first_lines"]) == ("wang@imap.test", "Please write to my successor.")
    assert (kept["address"], kept["issue"]) == ("wang@imap.test", "2020-07")
    assert any(
        "successor" in path.read_text() for path in (peers.dovecot.home / "mail" / "returned").glob("[nc]*/*.*")
    ), "stays"
    house = House(news.folder)
    for _time in range(2):
        asyncio.run(house.notices.deliver())
    house.close()
    handed = BytesParser(EmailMessage, policy=policy.default).parsebytes(peers.postfix.mailbox("editor")[0])
    assert handed["Auto-Submitted"] == "auto-generated"
    (text, attached) = handed.iter_parts()
    assert "Please write to my successor." in text.get_content()
    assert attached.get_content_type() == "message/rfc822"
    assert attached.get_content()["In-Reply-To"] == message_id
