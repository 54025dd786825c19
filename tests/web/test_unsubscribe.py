"""The unsubscribe page over HTTP: GET shows, POST acts, and neither tells a stranger anything."""

import random
import socket
from collections.abc import Callable, Iterator

import httpx
import pytest

from mailer.config import Config
from mailer.tokens import Purpose
from tests.web.conftest import Desk, Running, make_config

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_a_get_shows_a_form_and_a_hundred_change_nothing(client: httpx.Client, desk: Desk) -> None:
    for _ in range(100):
        page = client.get(f"/u/{desk.token(1)}")
        assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert desk.acted == []


def test_a_head_answers_without_body_and_changes_nothing(client: httpx.Client, desk: Desk) -> None:
    shown, head = client.get(f"/u/{desk.token(1)}"), client.head(f"/u/{desk.token(1)}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(shown.content))
    assert client.head(f"/u/{desk.token(99)}").status_code == 404
    assert desk.acted == []


@pytest.mark.parametrize("body", ["form", "multipart", "empty"])
def test_a_post_acts_without_cookie_or_login(client: httpx.Client, desk: Desk, body: str) -> None:
    sent: dict[str, dict[str, object]] = {
        "form": {"data": ONE_CLICK},
        "multipart": {"files": {"List-Unsubscribe": (None, "One-Click")}},
        "empty": {},
    }
    page = client.post(f"/u/{desk.token(1)}", **sent[body])  # type: ignore[arg-type]
    assert page.status_code == 200
    assert not page.has_redirect_location
    assert "set-cookie" not in page.headers
    assert desk.left == {1}


def test_a_second_post_answers_as_the_first(client: httpx.Client, desk: Desk) -> None:
    first, second = (client.post(f"/u/{desk.token(1)}", data=ONE_CLICK) for _ in range(2))
    assert (first.status_code, first.text) == (second.status_code, second.text) == (200, first.text)
    assert desk.left == {1}


def test_the_page_is_the_same_before_and_after_leaving(client: httpx.Client, desk: Desk) -> None:
    before = client.get(f"/u/{desk.token(1)}")
    client.post(f"/u/{desk.token(1)}", data=ONE_CLICK)
    after = client.get(f"/u/{desk.token(1)}")
    assert (before.status_code, before.text) == (after.status_code, after.text)


def forged_tokens(desk: Desk) -> Iterator[str]:
    good = desk.token(1)
    yield desk.token(99)  # well signed, but of nobody
    yield desk.token(1, Purpose.BOUNCE)
    yield good[:-1]
    yield good + "a"
    yield "a" * 201
    yield "a" * 5000
    yield from ("1", "%00", "%ff", "..%2f..%2fetc%2fpasswd", "%3Cscript%3E", "{token}", "读者")
    dice = random.Random(7)
    for place in range(len(good)):
        letter = dice.choice([char for char in "abcdefghijklmnopqrstuvwxyz234567" if char != good[place]])
        yield good[:place] + letter + good[place + 1 :]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_token_is_a_page_of_its_own_with_404(client: httpx.Client, desk: Desk, method: str) -> None:
    for token in forged_tokens(desk):
        page = client.request(method, f"/u/{token}")
        assert page.status_code == 404, token
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert 'class="publisher"' in page.text
        assert "grey1.example" not in page.text
    assert desk.acted == []


def test_the_address_is_masked_on_every_page(client: httpx.Client, desk: Desk) -> None:
    for page in (client.get(f"/u/{desk.token(1)}"), client.post(f"/u/{desk.token(1)}", data=ONE_CLICK)):
        assert "r***r@grey1.example" in page.text
        assert "reader@" not in page.text


def test_every_answer_forbids_scripts_caches_and_referrers(client: httpx.Client, desk: Desk) -> None:
    answers = [
        client.get(f"/u/{desk.token(1)}"),
        client.post(f"/u/{desk.token(1)}"),
        client.get("/u/forged"),
        client.get("/nothing"),
        client.put(f"/u/{desk.token(1)}"),
        client.post(f"/u/{desk.token(1)}", content=b"a" * 5000),
        client.get("/healthz"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 404, 405, 413, 200]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers
        assert "server" not in answer.headers
        assert "<script" not in answer.text


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/openapi.json", "/archive/", "/u", "/u/", "/healthz/", "/static/x"]
)
def test_there_is_nothing_else(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_sign_of_life_is_plain(client: httpx.Client) -> None:
    assert client.get("/healthz").text == "ok\n"


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "Forwarded"])
def test_a_forged_host_reaches_no_page(client: httpx.Client, desk: Desk, name: str) -> None:
    for path in (f"/u/{desk.token(1)}", f"/u/{desk.token(1)}/", "/u/forged", "/healthz/"):
        for method in ("GET", "POST"):
            answer = client.request(method, path, headers={name: "evil.example"})
            assert "evil.example" not in answer.text + str(answer.headers)
            assert "location" not in answer.headers


def test_a_body_that_is_too_long_changes_nothing(client: httpx.Client, desk: Desk) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(50):
            yield b"a" * 100

    assert client.post(f"/u/{desk.token(1)}", content=b"a" * 4097).status_code == 413
    assert client.post(f"/u/{desk.token(1)}", content=chunks()).status_code == 413
    assert desk.acted == []
    assert client.post(f"/u/{desk.token(1)}", content=b"a" * 4096).status_code == 200


def test_a_body_that_never_ends_is_given_up(server: Running, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailer.web.body.BODY_SECONDS", 0.2)
    head = f"POST /u/{desk.token(1)} HTTP/1.1\r\nHost: x.example\r\nContent-Length: 26\r\n\r\nList-"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 408")
    assert desk.acted == []


def test_a_body_cut_off_by_its_sender_changes_nothing(server: Running, client: httpx.Client, desk: Desk) -> None:
    head = f"POST /u/{desk.token(1)} HTTP/1.1\r\nHost: x.example\r\nContent-Length: 26\r\n\r\nList-"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.encode())
    assert client.get("/healthz").status_code == 200
    assert desk.acted == []


HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "</title><b>", "a&b;c"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_escaped(serve: Callable[[Config], Running], desk: Desk, text: str) -> None:
    desk.list_title = text
    desk.addresses[3] = f"{text}@grey1.example"
    desk.addresses[4] = f"reader@{text}"
    url = serve(make_config("en", publisher=text)).url
    with httpx.Client(trust_env=False) as client:
        for number in (1, 3, 4, 99):
            for method in ("GET", "POST"):
                page = client.request(method, f"{url}/u/{desk.token(number)}").text
                assert text not in page or text == "{{ 7*7 }}"
                assert "49" not in page
                for tag in ("<script", "<img", "<b>"):
                    assert tag not in page


def test_a_fault_inside_is_a_page_without_its_reasons(client: httpx.Client, desk: Desk) -> None:
    desk.broken = True
    for method in ("GET", "POST"):
        page = client.request(method, f"/u/{desk.token(1)}")
        assert page.status_code == 500
        assert "Something went wrong" in page.text
        assert "secret-place" not in page.text
        assert "Traceback" not in page.text
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_event_loop_never_touches_the_store(client: httpx.Client, desk: Desk) -> None:
    client.get(f"/u/{desk.token(1)}")
    client.post(f"/u/{desk.token(1)}")
    assert desk.threads
    assert "loop of the server" not in desk.threads
