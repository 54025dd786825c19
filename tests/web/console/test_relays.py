"""Relays tried from the console and at the command line: the log-in by itself, and a test mail."""

import json
from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest

from mailer.model.people import UserRole
from tests.relay import Relay, in_a_thread
from tests.web.console.office import NAMES, Office, text_of

TO = "it@office.example"


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A relay on this machine."""
    with in_a_thread(Relay()) as one:
        yield one


@pytest.fixture
def office(relay: Relay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office that sends through it, with a limit."""
    opened = Office.open(tmp_path_factory.mktemp("office") / "newsletter", relay.port)
    yield opened
    opened.close()


def test_a_log_in_is_tried_and_told_in_the_console(office: Office) -> None:
    page = text_of(office.admin.act("/relays/test", 200, relay="main").text)
    assert "It answers; no log-in is set." in page
    assert "220 relay.test" in page
    assert "8BITMIME" in page
    assert "there is no relay nobody" in text_of(office.admin.act("/relays/test", 422, relay="nobody").text)
    office.editor.act("/relays/test", 403, relay="main")
    assert "Test the log-in" not in text_of(office.editor.get("/relays"))
    assert "tested" in text_of(office.admin.get("/trail"))


def test_a_test_mail_goes_the_way_of_a_copy_and_its_reply_is_shown(office: Office, relay: Relay) -> None:
    office.house.people.change(NAMES[UserRole.SENDER], NAMES[UserRole.ADMIN], email=TO)
    assert f'value="{TO}"' in office.sender.get("/relays"), "the user's own address is the default"
    page = text_of(office.sender.act("/relays/mail", 200, relay="main", to="").text)
    assert f"{TO} : accepted 250 2.0.0 queued" in page
    message = message_from_bytes(relay.messages[TO], policy=policy.default)
    assert "main" in message["Subject"]
    assert (message["X-Jianbao-Proof"], message["From"].addresses[0].domain) == ("test", "zsia.example")
    body = message.get_body(("plain",))
    assert body is not None
    assert "nothing is to be done" in body.get_content()
    relay.rcpt[TO] = ["550 5.1.1 no such user <b>"]
    page = office.sender.act("/relays/mail", 200, relay="main", to=TO).text
    assert "refused" in page
    assert "no such user &lt;b&gt;" in page
    office.sender.act("/relays/mail", 422, relay="main", to="no address")
    assert office.house.suppressions.list() == [], "nothing is learnt from it"


def test_tests_are_counted_whoever_makes_them(office: Office) -> None:
    for _time in range(5):
        office.newsletter.run("relay", "test", "main", "--as", NAMES[UserRole.ADMIN])
    office.sender.act("/relays/mail", 200, relay="main", to=TO)
    assert "tested 6 times" in text_of(office.sender.act("/relays/test", 422, relay="main").text)
    assert "tested 6 times" in office.newsletter.run("relay", "mail", "main", "--to", TO, "--as", NAMES[UserRole.ADMIN], code=1).stderr  # fmt: skip


def test_the_command_line_tells_the_same(office: Office, relay: Relay) -> None:
    by = ["--as", NAMES[UserRole.ADMIN]]
    told = office.newsletter.run("relay", "test", "main", *by).stdout
    assert "Greeting: 220 relay.test" in told
    trial = json.loads(office.newsletter.run("relay", "test", "main", *by, "--json").stdout)
    assert (trial["good"], trial["steps"][-1]["step"]) == (True, "quit")
    relay.rcpt[TO] = ["450 4.2.1 later"]
    words = ["relay", "mail", "main", "--to", TO, *by]
    assert json.loads(office.newsletter.run(*words, "--json", code=1).stdout)["outcome"] == "deferred"
    assert "accepted: 250 2.0.0 queued" in office.newsletter.run(*words).stdout
    assert "may not test relays" in office.newsletter.run(*words[:-1], NAMES[UserRole.EDITOR], code=1).stderr
    assert "config.toml has: main" in office.newsletter.run("relay", "test", "x", *by, code=1).stderr
    assert "nobody to send" in office.newsletter.run("relay", "mail", "main", *by, code=2).stderr
