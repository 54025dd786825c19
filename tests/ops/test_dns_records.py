"""What the DNS is found to say, asked of a real name server on this machine."""

import socket
from collections.abc import Mapping
from contextlib import closing

import pytest

from mailer.i18n import use_language
from mailer.model.dkim import DnsRecord
from mailer.model.report import Finding, Severity
from mailer.ops import dns_records
from mailer.ops.dns_records import Ask, DnsUnansweredError, ask_texts
from tests.ops.name_server import name_server

LONG = "k" * 300
KEY = DnsRecord("a._domainkey.zsia.example", f"v=DKIM1; k=rsa; p={LONG}")


@pytest.fixture(autouse=True)
def english() -> None:
    use_language("en")


def look(texts: Mapping[str, list[str]], what: str) -> list[Finding]:
    with name_server(texts) as resolver:
        ask: Ask = lambda name: ask_texts(name, resolver)  # noqa: E731
        match what:
            case "spf":
                return list(dns_records.look_at_spf("zsia.example", ask))
            case "dmarc":
                return list(dns_records.look_at_dmarc("news.zsia.example", ask))
            case _:
                return list(dns_records.look_at_dkim([KEY], ask))


@pytest.mark.parametrize(
    ("texts", "severity", "words"),
    [
        ([], Severity.WARNING, "no SPF"),
        (['"google-site=1"', '"v=spf10 -all"'], Severity.WARNING, "no SPF"),
        (['"v=spf1 include:relay.example -all"'], None, ""),
        (['"v=spf1 ip4:203.0.113.1" " -all"'], None, ""),
        (['"v=spf1 -all"', '"V=SPF1 ~all"'], Severity.ERROR, "2 SPF records"),
        (['"v=spf1 mx +all"'], Severity.WARNING, "lets everybody"),
    ],
)
def test_spf_is_one_record_that_does_not_let_everybody(texts: list[str], severity: Severity | None, words: str) -> None:
    found = look({"zsia.example": texts}, "spf")
    assert [one.severity for one in found] == ([severity] if severity else [])
    assert words in "".join(one.text for one in found)


def test_a_domain_that_is_not_there_has_no_record() -> None:
    assert "no SPF" in look({}, "spf")[0].text
    assert "no DMARC" in look({}, "dmarc")[0].text


@pytest.mark.parametrize("name", ["_dmarc.news.zsia.example", "_dmarc.zsia.example"])
def test_dmarc_may_stand_above(name: str) -> None:
    assert look({name: ['"v=DMARC1; p=none"']}, "dmarc") == []


def test_a_key_is_published_as_it_is_whatever_its_pieces() -> None:
    at = KEY.name
    halves = f'"v=DKIM1;k=rsa; p={LONG[:200]}" "{LONG[200:]}"'
    assert look({at: [halves]}, "dkim") == []
    assert "does not have this key" in look({at: []}, "dkim")[0].text
    (other,) = look({at: ['"v=DKIM1; p=other"']}, "dkim")
    assert (other.severity, other.place) == (Severity.ERROR, at)
    assert "another key" in other.text


def test_a_server_that_fails_is_no_answer() -> None:
    with name_server({}, broken=True) as resolver, pytest.raises(DnsUnansweredError):
        ask_texts("zsia.example", resolver)


def test_a_relay_on_which_nothing_listens_is_found() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        assert list(dns_records.look_at_port("[relays.main]", "127.0.0.1", port)) == []
    (found,) = dns_records.look_at_port("[relays.main]", "127.0.0.1", port)
    assert (found.severity, found.place) == (Severity.ERROR, "[relays.main]")
    assert str(port) in found.text
    assert list(dns_records.look_at_port("[relays.main]", "no such host", port)) == [], "that is said of the host"


def test_hosts_are_looked_for() -> None:
    assert list(dns_records.look_at_host("[relays.main]", "127.0.0.1")) == []
    (found,) = dns_records.look_at_host("[relays.main]", "no such host")
    assert found.place == "[relays.main]"
