"""Issues and pictures over HTTP: who may see them, what may run in them, and what others may keep of them."""

import httpx
import pytest
from playwright.sync_api import Browser

from mailer.tokens import Purpose
from mailer.web.actions import PictureView
from tests.rendering.dialogs import watch_dialogs
from tests.web.conftest import Desk, Running

HOSTILE = """<!DOCTYPE html><html lang="zh-CN"><head><title>简报</title><style>p{color:#123456}</style></head><body>
<p id="words">正文</p><script>alert("script")</script><img src="/p/x.png" onerror="alert(1)"><svg onload="alert(2)"></svg>
<form action="/u/x" method="post"><button>press</button></form><a href="#words">to</a>
<img id="inside" alt="" src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7">
</body></html>"""
SHA = "a" * 64


@pytest.fixture
def shown(desk: Desk) -> Desk:
    desk.pages[7] = HOSTILE
    desk.issues["2020-07"] = HOSTILE
    desk.pictures[SHA] = PictureView("image/png", b"\x89PNG of a chart")
    return desk


def test_a_reader_sees_the_page_by_the_token_for_it_and_for_nothing_else(client: httpx.Client, shown: Desk) -> None:
    answer = client.get(f"/v/{shown.token(7, Purpose.VIEW)}")
    assert (answer.status_code, answer.text) == (200, HOSTILE)
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert client.get(f"/v/{shown.token(7, Purpose.UNSUBSCRIBE)}").status_code == 404
    assert client.get(f"/v/{shown.token(8, Purpose.VIEW)}").status_code == 404
    assert client.get("/v/" + "a" * 2000).status_code == 404
    assert all(name.startswith("AnyIO") for name in shown.threads), "never in the event loop"


def test_everybody_sees_a_public_issue_and_no_other(client: httpx.Client, shown: Desk) -> None:
    answer = client.get("/i/2020-07")
    assert (answer.status_code, answer.text) == (200, HOSTILE)
    assert "x-robots-tag" not in answer.headers
    head = client.head("/i/2020-07")
    assert (head.status_code, head.content) == (200, b"")
    for slug in ("2020-08", "..%2f2020-07", "x" * 500):
        missing = client.get(f"/i/{slug}")
        assert missing.status_code == 404
        assert "There is no such page" in missing.text


@pytest.mark.parametrize("path", ["/i/2020-07", "view"])
def test_a_page_may_run_nothing_and_fetch_nothing(client: httpx.Client, shown: Desk, path: str) -> None:
    answer = client.get(f"/v/{shown.token(7, Purpose.VIEW)}" if path == "view" else path)
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert {"allow-scripts", "allow-same-origin", "allow-forms"}.isdisjoint(policy["sandbox"].split())
    assert (policy["default-src"], policy["img-src"], policy["form-action"]) == ("'none'", "data:", "'none'")
    assert "script-src" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_picture_has_its_type_and_may_be_kept_for_ever(client: httpx.Client, shown: Desk) -> None:
    answer = client.get(f"/p/{SHA}.png")
    assert (answer.status_code, answer.content) == (200, b"\x89PNG of a chart")
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    for name in (f"{SHA}.jpg", f"{SHA}.html", SHA, f"{'b' * 64}.png", f"{SHA.upper()}.png", "..%2f..%2fconfig.toml"):
        assert client.get(f"/p/{name}").status_code == 404, name


@pytest.mark.browser
def test_a_hostile_page_shows_its_text_and_pictures_and_runs_nothing(
    browser: Browser, server: Running, shown: Desk
) -> None:
    context = browser.new_context()
    page = context.new_page()
    dialogs = watch_dialogs(page)
    asked: list[str] = []
    page.on("requestfinished", lambda one: asked.append(one.url))
    page.goto(f"{server.url}/v/{shown.token(7, Purpose.VIEW)}")
    assert page.inner_text("#words") == "正文"
    assert page.evaluate("getComputedStyle(document.querySelector('#words')).color") == "rgb(18, 52, 86)"
    assert page.evaluate("document.querySelector('#inside').naturalWidth") == 1
    page.click("text=press")
    page.click("text=to")
    assert page.url.endswith("#words")
    assert [url for url in asked if not url.startswith("data:")] == [page.url.removesuffix("#words")]
    assert dialogs == []
    assert shown.acted == []
    context.close()


def test_the_page_of_an_issue_leads_to_its_correction(client: httpx.Client, shown: Desk) -> None:
    assert "has been corrected" not in client.get("/i/2020-07").text
    shown.corrections["2020-07"] = "2020-07-correction"
    answer = client.get("/i/2020-07", headers={"Accept-Language": "en"})
    _head, _body, rest = answer.text.partition("<body>")
    assert rest.startswith('<p role="note"')
    assert 'href="/i/2020-07-correction"' in rest.partition("</p>")[0]
    assert "This issue has been corrected." in rest
    assert answer.text.replace(rest.partition("</p>")[0] + "</p>", "") == HOSTILE, "the page itself is as it was frozen"
    assert answer.headers["content-security-policy"]
    assert client.get("/i/2020-08").status_code == 404
