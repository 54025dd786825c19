"""The preview page: every view side by side, pictures seen, and nothing of an issue that could run."""

import os
import re
from pathlib import Path

import html5lib
import pytest
from playwright.sync_api import sync_playwright

from mailer.model.edition import Asset, Edition, fill_segments
from mailer.rendering.edition import render_edition
from mailer.rendering.preview import Preview, draw_preview, embed_pictures
from tests.browser import CHROMIUM, FLAGS
from tests.conftest import need
from tests.rendering.dialogs import watch_dialogs
from tests.rendering.full_issue import FILES, make_full_issue
from tests.rendering.samples import TEMPLATES, VALUES, make_config, make_issue

HOSTILE = """<p>live</p><script>parent.document.title = "taken"</script><img src=x onerror="top.hacked = 1">
<a href="javascript:alert(1)" id=link>link</a></script><!--<script><svg onload="top.hacked = 1">"""


def make_preview() -> Preview:
    config = make_config()
    edition = render_edition(make_full_issue(), "members", config.lists["members"], config, TEMPLATES, FILES)
    values = dict.fromkeys(("links.view", "links.unsubscribe_mail"), "") | VALUES
    html, text = (fill_segments(part, values) for part in (edition.html, edition.text))
    return Preview("members", "会员单位", embed_pictures(html, edition), text)


def test_pictures_of_both_kinds_stand_in_the_html() -> None:
    inside, outside = Asset("a.png", "image/png", b"inside"), Asset("b.png", "image/png", b"outside")
    html = f'<img src="cid:{inside.cid}"><img src="https://news.example/p/{outside.sha256}.png">'
    edition = Edition("2020-07", "members", "en", (), (), (), inline=(inside,), hosted=(outside,))
    assert embed_pictures(html, edition) == (
        '<img src="data:image/png;base64,aW5zaWRl"><img src="data:image/png;base64,b3V0c2lkZQ==">'
    )


def test_the_page_is_well_formed_and_a_mail_cannot_end_its_script() -> None:
    page = draw_preview(make_issue(), [Preview("a", "</script><script>alert(1)</script>", HOSTILE, HOSTILE)])
    html5lib.HTMLParser(strict=True).parse(page)
    assert len(re.findall("<script", page)) == 2
    assert page.count('sandbox=""') == 4


@pytest.mark.browser
def test_the_views_show_what_they_say_and_a_hostile_mail_does_nothing(tmp_path: Path) -> None:
    need(CHROMIUM.exists(), "Chromium", "apt-get install chromium fonts-noto-cjk")
    file = tmp_path / "preview.html"
    file.write_text(draw_preview(make_issue(), [make_preview(), Preview("b", "坏", HOSTILE, "text of b")]), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        wrong = watch_dialogs(page)
        page.on("request", lambda one: wrong.append(one.url) if one.url.startswith("http") else None)
        page.goto(file.as_uri())
        grounds = {}
        for name in ("phone", "dark", "desktop", "bare"):
            frame = page.frame_locator(f"#{name}")
            frame.locator("text=末页也有注").first.wait_for()
            grounds[name] = frame.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
            assert frame.locator("body").evaluate("() => document.querySelectorAll('style').length > 0") == (
                name != "bare"
            )
            assert frame.locator("body").evaluate("() => [...document.images].every(one => one.naturalWidth > 0)")
        assert grounds["dark"] != grounds["phone"] == grounds["desktop"]
        assert "末页也有注" in page.inner_text("#text")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280

        page.select_option("#list", "1")
        page.frame_locator("#phone").locator("text=live").wait_for()
        page.frame_locator("#phone").locator("#link").click()
        assert page.inner_text("#text") == "text of b"
        assert page.title() != "taken"
        assert page.evaluate("window.hacked") is None
        assert wrong == []
        if folder := os.environ.get("LOOK"):
            page.select_option("#list", "0")
            page.wait_for_timeout(300)
            page.screenshot(path=Path(folder) / "preview.png", full_page=True)
        browser.close()
