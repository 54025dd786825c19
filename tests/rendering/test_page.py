"""The web page of an issue: one file without script, whole articles, and readable on every screen, light and dark."""

import re
from dataclasses import replace

import html5lib
import pytest
from playwright.sync_api import Browser

from mailer.model.issue import Archive
from mailer.rendering.page import render_page
from tests.rendering.dialogs import watch_dialogs
from tests.rendering.full_issue import FILES, HOSTILE, make_full_issue
from tests.rendering.samples import TEMPLATES, make_config, make_issue

CONFIG = make_config(language="zh_CN")


@pytest.fixture(scope="module")
def html() -> str:
    return render_page(make_full_issue(archive=Archive.PUBLIC), CONFIG, TEMPLATES, FILES)


def test_it_is_well_formed_and_names_no_other_file_and_no_script(html: str) -> None:
    html5lib.HTMLParser(strict=True).parse(html)
    assert html.startswith('<!DOCTYPE html>\n<html lang="zh-CN" dir="ltr">')
    sources = re.findall(r'\bsrc="([^"]{5})', html)
    assert sources == ["data:"] * 2, "the picture and the QR code are within it"
    assert not re.search(r"<(script|link|iframe|form|object|base)\b|@import|url\(", html)
    assert HOSTILE not in html


def test_the_contents_lead_to_each_article_and_notes_there_and_back(html: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', html)
    targets = re.findall(r'href="#([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(targets) <= set(ids)
    assert [name for name in ids if re.fullmatch(r"a\d+", name)] == [f"a{n}" for n in range(1, 6)]
    assert {f"a{n}" for n in range(1, 6)} <= set(targets)
    assert {"n1", "r1", "n2", "r2"} <= set(targets)


def test_articles_are_whole_where_the_mail_shortens_them() -> None:
    issue = replace(make_full_issue(archive=Archive.MEMBERS, pages=2), shorten=20)
    page = render_page(issue, CONFIG, TEMPLATES, FILES)
    assert page.count("全省各地推进数字化改革。") == 180


def test_only_a_public_page_may_be_found_by_search_engines(html: str) -> None:
    assert "noindex" not in html
    assert "noindex" in render_page(make_full_issue(archive=Archive.MEMBERS), CONFIG, TEMPLATES, FILES)


def test_the_same_input_gives_the_same_page(html: str) -> None:
    assert render_page(make_full_issue(archive=Archive.PUBLIC), CONFIG, TEMPLATES, FILES) == html


def test_an_issue_with_next_to_nothing_has_a_page() -> None:
    bare = replace(make_issue(), sections=(), circulation=())
    html5lib.HTMLParser(strict=True).parse(render_page(bare, CONFIG, TEMPLATES, {}))


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 375, 1280])
def test_nothing_runs_out_of_the_screen_and_all_text_stands_out(browser: Browser, html: str, width: int) -> None:
    for scheme in ("light", "dark"):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            offline=True,
        )
        page = context.new_page()
        page.set_content(html)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 0)")
        assert min(page.evaluate(CONTRASTS)) >= 4.5, scheme
        context.close()


@pytest.mark.browser
def test_text_that_looks_like_a_script_does_not_run(browser: Browser, html: str) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked = watch_dialogs(page)
    page.set_content(html)
    assert HOSTILE in page.inner_text("main")
    assert asked == []
    context.close()


@pytest.mark.browser
def test_axe_finds_nothing(browser: Browser, html: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context()
    page = context.new_page()
    page.set_content(html)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:100]) for one in found] == []
    context.close()


CONTRASTS = """() => {
    const rgb = c => c.match(/[\\d.]+/g).map(Number);
    const linear = v => v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
    const lum = c => { const [r, g, b] = rgb(c).map(linear); return .2126 * r + .7152 * g + .0722 * b };
    const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
                          if (rgb(c).length === 3 || rgb(c)[3] > 0) return c } return 'rgb(255,255,255)' };
    return [...document.body.querySelectorAll('*')]
        .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.offsetHeight)
        .map(e => [lum(getComputedStyle(e).color), lum(ground(e))].sort((a, b) => b - a))
        .map(([light, dark]) => (light + .05) / (dark + .05));
}"""
