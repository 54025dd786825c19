"""Links are followed to public web servers only, whatever a name, a number or a redirect says (facts S05)."""

import asyncio
import dataclasses
import ipaddress
import socket
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.model.report import Severity
from mailer.ops.links import Reach, Verdict, check_links_online, follow_link, follow_links, is_public, link_findings
from tests.mail.certificates import Certificates
from tests.ops.web_server import WebServer

HERE = ipaddress.ip_address("127.0.0.1")


def near(*ports: int, names: Mapping[str, Sequence[str]] | None = None) -> Reach:
    """A reach that takes this machine for the public internet, and knows a few names of its own."""

    async def resolve(host: str, port: int) -> list[str]:
        known = {"a.test": ["127.0.0.1"], "10.0.0.1": ["10.0.0.1"], "localhost": ["127.0.0.1"]}
        found: dict[str, Sequence[str]] = {**known, **(names or {})}
        if host not in found:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return list(found[host])

    return Reach(frozenset(ports), lambda address: address == HERE, resolve, total_s=5)


def follow(target: str, reach: Reach | None = None) -> tuple[Verdict, str]:
    return asyncio.run(follow_link(target, reach or Reach(total_s=5)))


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://2130706433/",
        "http://017700000001/",
        "http://0/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b:1::1]/",
        "http://[2002:7f00:1::]/",
        "http://[::127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://192.0.2.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "https://127.0.0.1/",
    ],
)
def test_an_address_that_is_not_public_is_never_asked(target: str) -> None:
    assert follow(target)[0] is Verdict.FORBIDDEN


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700:4700::1111", True), ("::ffff:8.8.8.8", True), ("64:ff9b::808:808", True),
        ("2002:808:808::", True), ("2002:a00:1::", False), ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False), ("ff0e::1", False), ("::", False), ("240.0.0.1", False),
    ],
)  # fmt: skip
def test_what_is_public(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


@given(st.ip_addresses(v=4))
def test_no_form_of_ipv6_makes_a_private_address_public(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    forms = (0xFFFF << 32 | number, int(ipaddress.ip_address("64:ff9b::")) | number, 0x2002 << 112 | number << 80)
    for form in forms:
        assert is_public(ipaddress.IPv6Address(form)) <= is_public(address)


@pytest.mark.parametrize("scheme", ["ftp", "file", "gopher", "javascript"])
def test_other_schemes_are_not_followed(scheme: str) -> None:
    assert follow(f"{scheme}://a.test/")[0] is Verdict.FORBIDDEN


def test_other_ports_are_not_asked() -> None:
    assert follow("http://127.0.0.1:25/")[0] is Verdict.UNKNOWN


def test_one_private_address_among_many_is_enough() -> None:
    reach = near(80, names={"a.test": ["127.0.0.1", "10.0.0.1"]})
    assert follow("http://a.test/", reach) == (Verdict.FORBIDDEN, "a.test = 10.0.0.1")


def test_a_name_that_does_not_exist() -> None:
    assert follow("http://nowhere.test/", near(80)) == (Verdict.NO_HOST, "nowhere.test")


async def serve_and_follow(pages: dict[str, tuple[int, str, bytes]], path: str = "/") -> tuple[Verdict, WebServer]:
    async with WebServer(pages).serve() as server:
        verdict, _detail = await follow_link(f"http://a.test:{server.port}{path}", near(server.port))
        return verdict, server


@pytest.mark.parametrize(
    ("pages", "verdict", "asked"),
    [
        ({"/": (200, "", b"x")}, Verdict.FINE, ["HEAD /"]),
        ({"HEAD /": (405, "", b""), "GET /": (200, "", b"x")}, Verdict.FINE, ["HEAD /", "GET /"]),
        ({"HEAD /": (404, "", b""), "GET /": (200, "", b"x")}, Verdict.FINE, ["HEAD /", "GET /"]),
        ({}, Verdict.GONE, ["HEAD /", "GET /"]),
        ({"/": (410, "", b"")}, Verdict.GONE, ["HEAD /", "GET /"]),
        ({"/": (403, "", b"")}, Verdict.UNKNOWN, ["HEAD /", "GET /"]),
        ({"/": (503, "", b"")}, Verdict.UNKNOWN, ["HEAD /", "GET /"]),
        ({"/": (302, "Location: /b\r\n", b""), "/b": (200, "", b"x")}, Verdict.FINE, ["HEAD /", "HEAD /b"]),
        ({"/": (302, "Location: /\r\n", b"")}, Verdict.LOOPS, ["HEAD /"] * 6),
        ({"/": (302, "Location: http://10.0.0.1/\r\n", b"")}, Verdict.UNKNOWN, ["HEAD /"]),
        ({"/": (302, "Location: file:///etc/passwd\r\n", b"")}, Verdict.FORBIDDEN, ["HEAD /"]),
        ({"/": (302, "", b"")}, Verdict.FINE, ["HEAD /"]),
        ({"/": (302, "Location: http://[::1\r\n", b"")}, Verdict.UNKNOWN, ["HEAD /"]),
    ],
)
def test_what_a_server_answers(pages: dict[str, tuple[int, str, bytes]], verdict: Verdict, asked: list[str]) -> None:
    found, server = asyncio.run(serve_and_follow(pages))
    assert found is verdict
    assert server.asked == asked


def test_a_redirect_to_this_machine_is_not_followed() -> None:
    async def story() -> tuple[Verdict, list[str]]:
        async with WebServer({"/": (200, "", b"x")}).serve() as inside, WebServer().serve() as outside:
            outside.pages["/"] = (302, f"Location: http://inside.test:{inside.port}/\r\n", b"")
            reach = near(inside.port, outside.port, names={"inside.test": ["169.254.169.254"]})
            verdict, _detail = await follow_link(f"http://a.test:{outside.port}/", reach)
            return verdict, inside.asked

    assert asyncio.run(story()) == (Verdict.FORBIDDEN, [])


def test_a_name_that_answers_otherwise_the_second_time_is_asked_once() -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def story() -> tuple[Verdict, list[str], list[str]]:
        async with WebServer({"/": (200, "", b"x")}).serve() as server:

            async def rebind(host: str, port: int) -> list[str]:
                return answers.pop(0)

            reach = dataclasses.replace(near(server.port), resolve=rebind)
            verdict, _detail = await follow_link(f"http://a.test:{server.port}/", reach)
            return verdict, server.asked, server.hosts

    verdict, asked, hosts = asyncio.run(story())
    assert (verdict, asked, len(answers)) == (Verdict.FINE, ["HEAD /"], 1)
    assert hosts[0].startswith("a.test:")


def test_a_page_without_end_is_read_to_the_cap_only() -> None:
    pages = {"HEAD /": (405, "", b""), "GET /": (200, "", b"x" * 20_000_000)}
    verdict, server = asyncio.run(serve_and_follow(pages))
    assert verdict is Verdict.FINE
    assert server.sent < 10_000_000


def test_a_server_that_never_answers_costs_the_time_cap_only() -> None:
    async def story() -> Verdict:
        async with WebServer({"/": (0, "", b"")}).serve() as server:
            reach = dataclasses.replace(near(server.port), total_s=0.3)
            return (await follow_link(f"http://a.test:{server.port}/", reach))[0]

    assert asyncio.run(story()) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "verdict"), [("good", Verdict.FINE), ("expired", Verdict.BAD_CERTIFICATE),
                          ("other_host", Verdict.BAD_CERTIFICATE), ("self_signed", Verdict.BAD_CERTIFICATE)],
)  # fmt: skip
def test_certificates_are_verified_for_the_name_in_the_link(
    certificates: Certificates, kind: str, verdict: Verdict
) -> None:
    async def story() -> Verdict:
        context = getattr(certificates, kind).server_context()
        async with WebServer({"/": (200, "", b"x")}).serve(context=context) as server:
            reach = dataclasses.replace(near(server.port), authorities=str(certificates.authority))
            return (await follow_link(f"https://localhost:{server.port}/", reach))[0]

    assert asyncio.run(story()) is verdict


def test_links_are_followed_once_each_and_said_as_they_come() -> None:
    heard: list[tuple[int, int]] = []

    async def story() -> tuple[dict[str, Verdict], list[str]]:
        async with WebServer({"/": (200, "", b"x")}).serve() as server:
            base = f"http://a.test:{server.port}"
            targets = [f"{base}/", f"{base}/", f"{base}/gone", "mailto:a@b.example", "tel:1"]
            found = await follow_links(targets, near(server.port), lambda done, total: heard.append((done, total)))
            return {target.removeprefix(base): verdict for target, (verdict, _d) in found.items()}, server.asked

    found, asked = asyncio.run(story())
    assert found == {"/": Verdict.FINE, "/gone": Verdict.GONE}
    assert sorted(asked) == ["GET /gone", "HEAD /", "HEAD /gone"]
    assert heard == [(1, 2), (2, 2)]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_its_finding(verdict: Verdict) -> None:
    links = [("issue.md:3: 甲", "https://a.example/"), ("issue.md:9: 乙", "https://a.example/")]
    found = link_findings(links, {"https://a.example/": (verdict, "why")})
    if verdict is Verdict.FINE:
        assert found == []
        return
    assert [each.place for each in found] == ["issue.md:3: 甲", "issue.md:9: 乙"]
    assert all("https://a.example/" in each.text and "why" in each.text and each.cure for each in found)
    severe = verdict in (Verdict.GONE, Verdict.NO_HOST, Verdict.FORBIDDEN)
    assert {each.severity for each in found} == {Severity.ERROR if severe else Severity.WARNING}


def test_an_issue_without_links_needs_no_network() -> None:
    assert check_links_online([("x", "mailto:a@b.example")]) == []
