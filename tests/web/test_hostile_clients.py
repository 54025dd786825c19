"""Clients that ask too slowly, too much, too often, or in two ways at once: nothing of ours waits for them."""

import asyncio
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from mailer.tokens import Purpose
from mailer.web import connection
from mailer.web.crowding import limit_posts
from mailer.web.gauge import Gauge
from mailer.web.public import create_public_app
from mailer.web.server import serve_public
from tests.web.conftest import Desk, make_config
from tests.web.console.office import Office
from tests.web.serving import serving


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    opened = Office.open(tmp_path_factory.mktemp("office") / "newsletter")
    yield opened
    opened.close()


@pytest.fixture
def public(desk: Desk) -> Iterator[str]:
    with serving(create_public_app(desk, make_config("en"))) as url:
        yield url


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    made = socket.create_connection((parts.hostname, parts.port), timeout=10)
    made.settimeout(10)
    return made


def say(url: str, octets: bytes, wait_s: float = 10) -> tuple[bytes, float]:
    """Send octets and no more; return what comes until the server ends the connection, and after how long."""
    began = time.monotonic()
    with connect(url) as client:
        client.settimeout(wait_s)
        client.sendall(octets)
        found = b""
        try:
            while piece := client.recv(65536):
                found += piece
        except ConnectionResetError:
            pass
    return found, time.monotonic() - began


@pytest.mark.parametrize(
    "head", [b"", b"GET / HTTP/1.1\r\nHost: loc", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: y\r\n"]
)
def test_a_head_that_does_not_come_ends_the_connection(
    public: str, head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    found, took = say(public, head)
    assert (found, took < 3) == (b"", True)


def test_a_head_that_comes_octet_by_octet_is_not_waited_for_either(
    public: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.5)
    began = time.monotonic()
    with connect(public) as client, pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        for octet in b"GET /healthz HTTP/1.1\r\nX-Slow: " + b"a" * 200:
            client.sendall(bytes([octet]))
            time.sleep(0.05)
    assert time.monotonic() - began < 5


def test_a_slow_reader_of_a_quick_request_is_served(public: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    with httpx.Client(base_url=public, trust_env=False) as client:
        assert client.get("/healthz").status_code == 200
        time.sleep(0.6)
        assert client.get("/healthz").status_code == 200, "a connection that rests between two requests goes on"


async def test_an_answer_that_is_not_taken_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STALLED_SECONDS", 0.3)
    ended = asyncio.Event()

    async def answer(scope: object, receive: object, send: object) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
            while True:
                await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})  # type: ignore[operator]
                await asyncio.sleep(0)
                if await _disconnected(receive):
                    return
        finally:
            ended.set()

    async def _disconnected(receive: object) -> bool:
        try:
            async with asyncio.timeout(0.001):
                return (await receive())["type"] == "http.disconnect"  # type: ignore[operator, no-any-return]
        except TimeoutError:
            return False

    stop = asyncio.Event()
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(serve_public(answer, "127.0.0.1", 0, stop, port.set_result))  # type: ignore[arg-type]
    _reader, writer = await asyncio.open_connection("127.0.0.1", await port, limit=1024)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    async with asyncio.timeout(10):
        await ended.wait()
    writer.close()
    stop.set()
    await running


@pytest.mark.parametrize("path", ["/login", "/look", "/u/x", "/subscribe", "/api/v1/suppressions"])
def test_a_request_with_two_lengths_is_refused(public: str, office: Office, path: str) -> None:
    """RFC 9112 §6.1: what a proxy and we would read differently; it also went past the limit of a form."""
    body = b"5\r\nname=\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    for url in (public, office.url):
        found, took = say(url, head.encode() + body)
        assert found.startswith(b"HTTP/1.1 400")
        assert found.count(b"HTTP/1.1 ") == 1, "what follows is not answered"
        assert took < 5


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 5, 6\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Host: evil.example\r\n",
        b" folded: yes\r\n",
        b"X-A: a\x00b\r\n",
    ],
)
def test_a_head_that_can_be_read_in_two_ways_is_refused(office: Office, lengths: bytes) -> None:
    found, _took = say(office.url, b"POST /login HTTP/1.1\r\nHost: localhost\r\n" + lengths + b"\r\nname=")
    assert found[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 421", b"HTTP/1.1 501"), found[:200]


def test_a_form_that_does_not_come_is_given_up(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailer.web.body.BODY_SECONDS", 0.3)
    cookie = f"mailer_session={office.editor.client.cookies['mailer_session']}"
    for path in ("/login", "/look", "/contacts/join"):
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\nContent-Length: 500\r\n"
        found, took = say(office.url, f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\nname=".encode())
        assert found.startswith(b"HTTP/1.1 408"), path
        assert b"connection: close" in found.lower()
        assert took < 5


def test_a_form_that_breaks_off_is_no_fault_of_ours(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    with connect(office.url) as client:
        client.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n")
        client.sendall(b"Content-Type: application/x-www-form-urlencoded\r\n\r\nname=")
    with office.visitor() as visitor:
        assert visitor.get("/login").status_code == 200
    time.sleep(0.2)
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


def test_too_many_fields_files_and_octets_are_refused_before_they_are_kept(office: Office) -> None:
    clerk = office.editor
    fields = {"csrf": clerk.csrf, **{f"f{number}": "x" for number in range(3000)}}
    assert clerk.client.post("/contacts/join", data=fields).status_code == 400
    files = [("file", (f"{number}.png", b"x")) for number in range(60)]
    assert clerk.client.post("/issues/2020-07/files", data={"csrf": clerk.csrf}, files=files).status_code == 400
    assert clerk.client.post("/contacts/join", content=b"x" * (3 << 20)).status_code == 413
    assert clerk.client.post("/contacts/join", content=iter([b"x"])).status_code == 413, "says no length"
    for body, kind in (
        (b"--x\r\n" * 1000, "multipart/form-data; boundary=x"),
        (b"x", "multipart/form-data"),
        (b'{"csrf":"x"}', "application/json"),
        (b"\xff\xfe=%ff&name=%ff", "application/x-www-form-urlencoded"),
    ):
        answer = clerk.client.post("/contacts/join", content=body, headers={"Content-Type": kind})
        assert answer.status_code in (400, 403), kind
    with office.visitor() as visitor:
        assert visitor.post("/login", files={"name": ("a.txt", b"x")}).status_code == 400


def test_many_cookies_are_only_cookies(office: Office) -> None:
    with office.visitor() as visitor:
        for cookies in (
            "a=b;" * 3000,
            "mailer_session=" + "x" * 12_000,
            "mailer_session=\xff",
            "; =; ;;",
            "a" * 100_000,
        ):
            answer = visitor.get("/", headers={b"Cookie": cookies.encode("latin-1")})
            assert answer.status_code in (303, 400), cookies[:20]


def test_a_network_posts_so_often_and_no_more(desk: Desk) -> None:
    """S23: on the form to join and on preferences; leaving a list is never limited (RFC 8058)."""
    app = create_public_app(desk, make_config("en"), limit_posts(Gauge(0.01, 3)))
    token, leaving = desk.token(1, Purpose.PREFERENCES), desk.token(1)
    with serving(app) as url, httpx.Client(base_url=url, trust_env=False) as client:

        def post(path: str, network: str) -> httpx.Response:
            return client.post(path, data={"act": "keep"}, headers={"X-Forwarded-For": network})

        first = [post(f"/preferences/{token}", f"192.0.2.{number}").status_code for number in range(4)]
        assert first == [200, 200, 200, 429], "the addresses of one network count together"
        refused = post("/subscribe", "192.0.2.9")
        assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)
        assert "Too many requests from your network" in refused.text
        assert "default-src 'none'" in refused.headers["content-security-policy"]
        assert post("/subscribe", "192.0.2.9, 198.51.100.1").status_code != 429, "only the proxy's word counts"
        assert post("/subscribe", "198.51.100.1, 192.0.2.9").status_code == 429, "not what the client says of itself"
        assert {post(f"/u/{leaving}", "192.0.2.1").status_code for _number in range(20)} == {200}
        assert {client.post("/subscribe").status_code for _number in range(9)} != {429}, (
            "a proxy that does not say whom"
        )
        assert 429 not in {client.get(f"/preferences/{token}").status_code for _number in range(9)}


def test_a_gauge_forgets_who_asked_longest_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailer.web.gauge.KEPT", 2)
    gauge = Gauge(0.001, 1)
    assert [gauge.take(who) > 0 for who in ("a", "a", "b", "a", "c", "b", "a")] == [
        False, True, False, True, False, False, False,
    ]  # fmt: skip
