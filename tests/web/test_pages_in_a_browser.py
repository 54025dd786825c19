"""The public pages as a reader sees them, in Chromium with scripts switched off.

LOOK=DIR keeps a picture of every page.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from mailer.config import Config
from mailer.tokens import Purpose
from tests.web.conftest import CONFIRMED_AT, Desk, Running, make_config

pytestmark = pytest.mark.browser
CONTRAST = 4.5  # WCAG 2.2, 1.4.3


SIZES = [(375, 720), (1280, 800)]
OpenPage = Callable[[str, int, int, str], Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens an address in a fresh profile without scripts, at a size and in a colour scheme."""
    contexts = []

    def open_it(url: str, width: int, height: int, scheme: str) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=False,
            locale="zh-CN",
            device_scale_factor=2 if os.environ.get("LOOK") else 1,
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(url)
        return page

    yield open_it
    for context in contexts:
        context.close()


def keep_picture(page: Page, name: str) -> None:
    if folder := os.environ.get("LOOK"):
        page.screenshot(path=Path(folder) / f"{name}.png")


MEASURE = """() => {
  const rgb = (text) => text.match(/[0-9.]+/g).map(Number);
  const lightness = ([red, green, blue]) => [red, green, blue].map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (node) => {
    const colour = rgb(getComputedStyle(node).backgroundColor);
    return colour[3] === 0 ? ground(node.parentElement) : colour;
  };
  return [...document.querySelectorAll("body *:not(svg *)")].map((node) => {
    const box = node.getBoundingClientRect();
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    const pair = [lightness(rgb(getComputedStyle(node).color)), lightness(ground(node))].sort((a, b) => b - a);
    return {
      name: node.tagName.toLowerCase(), left: box.left, right: box.right, height: box.height,
      contrast: own ? (pair[0] + 0.05) / (pair[1] + 0.05) : null,
    };
  }).concat({
    name: "page", left: 0, right: document.documentElement.scrollWidth, height: 0, contrast: null,
  });
}"""


def assert_well_laid(page: Page, width: int) -> None:
    """Nothing sticks out sideways, all text can be read, and what is pressed is large enough for a thumb."""
    measured = page.evaluate(MEASURE)
    assert len(measured) > 6
    for node in measured:
        assert node["left"] >= 0, node
        assert node["right"] <= width + 0.5, node
        assert node["contrast"] is None or node["contrast"] >= CONTRAST, node
        assert node["name"] != "button" or node["height"] >= 44, node


@pytest.mark.parametrize(
    ("width", "height", "scheme", "language"),
    [
        (375, 720, "light", "zh_CN"), (375, 720, "dark", "zh_CN"), (1280, 800, "light", "zh_CN"),
        (1280, 800, "dark", "zh_CN"), (375, 720, "light", "en"),
    ],
)  # fmt: skip
def test_a_reader_leaves_by_the_button_with_scripts_off(
    serve: Callable[[Config], Running],
    desk: Desk,
    open_page: OpenPage,
    width: int,
    height: int,
    scheme: str,
    language: str,
) -> None:
    url = serve(make_config(language)).url
    name = f"{language}-{width}-{scheme}"
    page = open_page(f"{url}/u/{desk.token(1)}", width, height, scheme)
    assert_well_laid(page, width)
    keep_picture(page, f"{name}-1-ask")
    assert desk.acted == []
    page.locator("button").click()
    page.locator("svg.done").wait_for()
    assert desk.acted == [1]
    assert page.locator("form:not(.quiet)").count() == 0
    assert_well_laid(page, width)
    keep_picture(page, f"{name}-2-done")
    page.goto(f"{url}/u/forged")
    assert_well_laid(page, width)
    keep_picture(page, f"{name}-3-unknown")


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_reader_confirms_receipt_by_the_button_with_scripts_off(
    serve: Callable[[Config], Running], desk: Desk, open_page: OpenPage, width: int, scheme: str
) -> None:
    url = serve(make_config("zh_CN")).url
    page = open_page(f"{url}/r/{desk.token(1, Purpose.RECEIVED)}", width, 800, scheme)
    assert_well_laid(page, width)
    keep_picture(page, f"receipt-{width}-{scheme}-1-ask")
    page.reload()
    assert desk.confirmed == {}
    page.locator("button").click()
    page.locator("svg.done").wait_for()
    assert desk.confirmed == {1: CONFIRMED_AT}
    assert_well_laid(page, width)
    keep_picture(page, f"receipt-{width}-{scheme}-2-done")


def test_the_style_is_applied_by_its_hash_and_nothing_is_refused_by_the_policy(
    server: Running, desk: Desk, open_page: OpenPage
) -> None:
    page = open_page(f"{server.url}/u/{desk.token(1)}", 1280, 800, "light")
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.reload()
    assert page.evaluate("getComputedStyle(document.querySelector('.paper')).maxWidth") == "560px"
    assert [line for line in told if "Content Security Policy" in line] == []


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_long_names_and_addresses_break_instead_of_sticking_out(
    serve: Callable[[Config], Running], desk: Desk, open_page: OpenPage, width: int, height: int
) -> None:
    desk.addresses[3] = f"{'a' * 60}@{'long-label-' * 5}x.{'another-label-' * 4}y.example"
    desk.list_title = "W" * 200
    url = serve(make_config("zh_CN", publisher="省软件和信息服务业高质量发展促进联合会" * 3)).url
    page = open_page(f"{url}/u/{desk.token(3)}", width, height, "light")
    assert_well_laid(page, width)
    keep_picture(page, f"long-{width}")
