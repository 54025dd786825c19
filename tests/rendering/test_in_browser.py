"""The HTML edition in Chromium: no sideways scroll on any screen, dark mode, readable with every style removed, axe."""

import base64
import re
import tomllib
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from mailer.model.edition import fill_segments, lead_straight
from mailer.rendering.edition import render_edition
from mailer.sources.issue_files import load_files
from mailer.sources.issue_folder import load_issue
from tests.conftest import REPOSITORY
from tests.rendering.samples import TEMPLATES, VALUES, make_config

pytestmark = pytest.mark.browser

FOLDERS = {
    "sample": REPOSITORY / "issues" / "2020-07",
    "everything": REPOSITORY / "tests" / "golden" / "01-everything",
}
# a mail is no page of a site: it stands in a page that has these landmarks
NOT_FOR_MAIL = {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}


def render(folder: Path) -> str:
    """Return a filled copy whose pictures are in it, as a mail program shows them."""
    own = folder / "config.toml"
    config = make_config(**(tomllib.loads(own.read_text("utf-8")) if own.exists() else {}))
    issue = load_issue(folder)
    edition = render_edition(issue, "members", config.lists["members"], config, TEMPLATES, load_files(folder, issue))
    html = fill_segments(lead_straight(edition).html, VALUES)
    for asset in edition.inline:
        html = html.replace(
            f"cid:{asset.cid}", f"data:{asset.media_type};base64,{base64.b64encode(asset.content).decode()}"
        )
    return html


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {name: render(folder) for name, folder in FOLDERS.items()}


@pytest.fixture(scope="module")
def html(pages: dict[str, str]) -> str:
    return pages["sample"]


def open_page(browser: Browser, html: str, width: int = 800, *, dark: bool = False) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", offline=True
    )
    page = context.new_page()
    page.set_content(html)
    return page


def without_styles(html: str) -> str:
    return re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("look", ["light", "dark", "without styles"])
def test_nothing_runs_out_of_the_screen(browser: Browser, pages: dict[str, str], look: str, name: str) -> None:
    source = without_styles(pages[name]) if look == "without styles" else pages[name]
    page = open_page(browser, source, dark=look == "dark")
    assert page.evaluate("document.compatMode") == "CSS1Compat"
    for width in (800, 600, 375, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # no cell's text runs out of its cell either, and every picture shows, at the shape it has
        assert page.evaluate(
            "[...document.querySelectorAll('.figures th, .figures td')].every(c => c.scrollWidth <= c.clientWidth + 1)"
        )
        assert page.evaluate("""[...document.images].every(i => i.complete && i.naturalWidth > 0 &&
            Math.abs(i.clientWidth / i.clientHeight - i.naturalWidth / i.naturalHeight) < .02)""")
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


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("dark", [False, True])
def test_every_text_stands_out_from_its_ground(browser: Browser, pages: dict[str, str], dark: bool, name: str) -> None:
    page = open_page(browser, pages[name], dark=dark)
    found = contrasts(page)
    assert len(found) > 100
    assert min(found) >= 4.5
    page.context.close()


@pytest.mark.parametrize(("name", "dark"), [("sample", False), ("everything", False), ("everything", True)])
def test_axe_finds_nothing(browser: Browser, pages: dict[str, str], name: str, dark: bool) -> None:
    page = open_page(browser, pages[name], 375 if dark else 800, dark=dark)
    found = Axe().run(page, options={"rules": NOT_FOR_MAIL})
    assert [(each["id"], each["nodes"][0]["html"]) for each in found.response["violations"]] == []
    assert len(found.response["passes"]) > 20
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


def test_the_code_keeps_its_white_ground_in_the_dark(browser: Browser, pages: dict[str, str]) -> None:
    page = open_page(browser, pages["everything"], dark=True)
    corner = page.evaluate("""() => { const code = document.querySelector('.code img');
        const canvas = document.createElement('canvas'); canvas.width = canvas.height = 8;
        const pen = canvas.getContext('2d'); pen.drawImage(code, 0, 0, 8, 8, 0, 0, 8, 8);
        return [[...pen.getImageData(2, 2, 1, 1).data], code.clientWidth] }""")
    assert corner == [[255, 255, 255, 255], 104]
    page.context.close()


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
    tops = page.evaluate("""[...document.querySelectorAll('.entry a[href^="#"]')].map(a =>
        document.getElementById(a.getAttribute('href').slice(1)).getBoundingClientRect().top)""")
    assert len(tops) == 15
    assert tops == sorted(tops)
    page.context.close()


def test_every_mark_leads_to_its_note_and_back(browser: Browser, pages: dict[str, str]) -> None:
    page = open_page(browser, pages["everything"])
    marks = page.evaluate("""[...document.querySelectorAll('sup a')].map(a => {
        const note = document.getElementById(a.getAttribute('href').slice(1)).parentElement;
        const back = note.querySelector('a[href]').getAttribute('href').slice(1);
        return [a.textContent, note.className, document.getElementById(back).nextElementSibling === a.parentElement]
        })""")
    assert marks == [["[1]", "note", True], ["[2]", "note", True]]
    page.context.close()
