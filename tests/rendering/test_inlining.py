"""Styles go into the elements, what must stay stays byte for byte, and no connection is made."""

import http.server
import threading
from collections.abc import Iterator

import pytest

from mailer.rendering.inlining import inline_styles

DARK = "@media (prefers-color-scheme: dark) { .a, .a > table { color: #fff !important; } }"
PAGE = (
    "<!doctype html><html><head><style>STYLE</style>"
    f'<style data-premailer="ignore">{DARK}</style>'
    "<style>@media only screen and (min-width:480px) { .b { width:100% !important; } }</style></head>"
    '<body>BODY<!--[if mso | IE]><table><tr><td><![endif]--><p class="a">x</p>'
    "<!--[if mso | IE]></td></tr></table><![endif]--></body></html>"
)


def inline(style: str = ".a { color: red; mso-line-height-rule: exactly; }", body: str = "") -> str:
    return inline_styles(PAGE.replace("STYLE", style).replace("BODY", body))


def test_the_page_stays_in_standards_mode() -> None:
    assert inline().startswith("<!DOCTYPE html>")


def test_styles_are_written_into_the_elements_with_outlooks_own() -> None:
    assert '<p class="a" style="color:red; mso-line-height-rule:exactly">' in inline()


def test_dark_mode_and_media_queries_stay_byte_for_byte() -> None:
    html = inline()
    assert DARK in html
    assert "@media only screen and (min-width:480px) { .b { width:100% !important; } }" in html


def test_outlooks_comments_stay_byte_for_byte() -> None:
    html = inline()
    assert "<!--[if mso | IE]><table><tr><td><![endif]-->" in html
    assert "<!--[if mso | IE]></td></tr></table><![endif]-->" in html


def test_links_inside_the_page_and_in_chinese_stay_usable() -> None:
    html = inline(body='<a href="#a1">x</a><a name="a1" id="a1"></a>')
    assert 'href="#a1"' in html
    assert 'name="a1"' in html


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    hits: list[str] = []

    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", hits
        server.shutdown()
        thread.join()


def test_nothing_is_fetched(listener: tuple[str, list[str]]) -> None:
    url, hits = listener
    inline(
        f"@import url({url}/import.css); .a {{ background: url({url}/a.png); }}",
        f'<link rel="stylesheet" href="{url}/link.css"><img src="{url}/i.png" alt="">',
    )
    assert hits == []
