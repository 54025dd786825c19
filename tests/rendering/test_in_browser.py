"""The HTML edition in Chromium: no sideways scroll on any screen, dark mode, and readable with every style removed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from mailer.model.edition import fill_segments
from mailer.rendering.edition import render_edition
from mailer.sources.issue_folder import load_issue
from tests.conftest import REPOSITORY, need
from tests.rendering.samples import TEMPLATES, VALUES, make_config

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    need(CHROMIUM.exists(), "Chromium", "apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def html() -> str:
    config = make_config()
    issue = load_issue(REPOSITORY / "issues" / "2020-07")
    return fill_segments(render_edition(issue, "members", config.lists["members"], config, TEMPLATES).html, VALUES)


def open_page(browser: Browser, html: str, width: int = 800, *, dark: bool = False) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", offline=True
    )
    page = context.new_page()
    page.set_content(html)
    return page


def without_styles(html: str) -> str:
    return re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)


@pytest.mark.parametrize("width", [800, 600, 375, 320])
@pytest.mark.parametrize("styles", ["with styles", "without styles"])
def test_nothing_runs_out_of_the_screen(browser: Browser, html: str, width: int, styles: str) -> None:
    page = open_page(browser, html if styles == "with styles" else without_styles(html), width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.compatMode") == "CSS1Compat"
    # no cell's text runs out of its cell either
    assert page.evaluate(
        "[...document.querySelectorAll('.figures th, .figures td')].every(c => c.scrollWidth <= c.clientWidth + 1)"
    )
    page.context.close()


def contrasts(page: Page) -> list[float]:
    """Return the contrast of each text with the ground it stands on (WCAG 2.2, relative luminance)."""
    found = page.evaluate("""() => {
        const rgb = c => c.match(/[\\d.]+/g).map(Number);
        const linear = v => v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
        const lum = c => { const [r, g, b] = rgb(c).map(linear);
                           return .2126 * r + .7152 * g + .0722 * b };
        const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
                              if (rgb(c).length === 3 || rgb(c)[3] > 0) return c } return 'rgb(255,255,255)' };
        const out = [];
        for (const e of document.body.querySelectorAll('*')) {
            if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.offsetHeight) continue;
            const [a, b] = [lum(getComputedStyle(e).color), lum(ground(e))].sort((x, y) => y - x);
            out.push((a + .05) / (b + .05));
        }
        return out }""")
    return [float(value) for value in found]


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_stands_out_from_its_ground(browser: Browser, html: str, dark: bool) -> None:
    page = open_page(browser, html, dark=dark)
    found = contrasts(page)
    assert len(found) > 100
    assert min(found) >= 4.5
    page.context.close()


def test_dark_mode_has_another_ground_and_paper(browser: Browser, html: str) -> None:
    grounds = []
    for dark in (False, True):
        page = open_page(browser, html, dark=dark)
        grounds.append(
            page.evaluate(
                "['body', '.paper > table'].map(s => getComputedStyle(document.querySelector(s)).backgroundColor)"
            )
        )
        page.context.close()
    assert grounds == [["rgb(242, 239, 234)", "rgb(255, 255, 255)"], ["rgb(18, 18, 18)", "rgb(28, 28, 30)"]]


def test_it_looks_the_same_on_a_desk_with_every_style_removed(browser: Browser, html: str) -> None:
    shots = []
    for source in (html, without_styles(html)):
        page = open_page(browser, source)
        shots.append(
            page.evaluate("""[...document.querySelectorAll('h1,h2,h3,.para,.figures th,.figures td,.copies')].map(e => {
                const s = getComputedStyle(e), r = e.getBoundingClientRect();
                return [e.tagName, Math.round(r.left), Math.round(r.width), s.fontSize, s.color, s.textAlign] })""")
        )
        page.context.close()
    assert shots[0] == shots[1]
    assert len(shots[0]) > 50


def test_the_contents_lead_to_each_article(browser: Browser, html: str) -> None:
    page = open_page(browser, html)
    tops = page.evaluate("""[...document.querySelectorAll('a[href^="#"]')].map(a =>
        document.getElementById(a.getAttribute('href').slice(1)).getBoundingClientRect().top)""")
    assert len(tops) == 15
    assert tops == sorted(tops)
    page.context.close()
