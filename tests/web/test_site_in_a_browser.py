"""The pages of a real house as readers see and use them, in Chromium with scripts switched off; axe at every stop.

LOOK=DIR keeps a picture of every page, at two widths, light and dark.
"""

import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from mailer.store import audience
from mailer.tokens import Purpose
from tests.web.site import PublicSite, make_page
from tests.web.test_pages_in_a_browser import SIZES, assert_well_laid
from tests.world import make_contact

pytestmark = pytest.mark.browser
HEADINGS = (
    "2020“中国开放数林指数”发布，浙江位居省级综合指数排行榜首位",
    "2020年先进制造业集群竞赛浙江5个入选 居全国第一",
    "我国上半年软件业务收入35609亿元，同比增长6.7%",
    "全省产业集群数字化推进大会在温州召开",
    "安恒信息获全球工业互联网大奖“湛卢奖”",
    "我协会多家会员单位荣获2019年度浙江省科学技术奖",
    "杭州成立全国首家跨境贸易法庭",
)
AXE = Axe().axe_script
READER = "reader@firm1.example"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublicSite]:
    made = PublicSite.open(tmp_path_factory.mktemp("looked-at") / "news")
    house = made.house
    with house.store.write() as connection:
        ids = house.lists.declare(connection)
        contacts = audience.save_contacts(connection, [make_contact(READER)], house.now(), keep={READER})
        audience.subscribe_contacts(connection, ids["friends"], [(contacts[READER], 1)], "consent", "test", house.now())
    for month in range(1, 13):
        title = f"浙江省软件和信息服务业简报 2019年第{month}期（总第{94 + month}期）"
        made.publish(f"2019-{month:02d}", make_page(title, HEADINGS[: month % 4]), date(2019, month, 28))
    for month in range(1, 10):
        title = f"浙江省软件和信息服务业简报 2020年第{month}期（总第{106 + month}期）"
        made.publish(f"2020-{month:02d}", make_page(title, HEADINGS[month % 4 :]), date(2020, month, 28))
    made.publish("2020-09-c", make_page("更正：" + title, HEADINGS[:1]), date(2020, 9, 28), corrects="2020-09")
    yield made
    made.close()


class Walk:
    """A reader with scripts off; every page is looked at in all sizes and colours."""

    def __init__(self, browser: Browser, site: PublicSite, language: str) -> None:
        self.site = site
        self._language = language
        self._context = browser.new_context(java_script_enabled=False, locale=language)
        self.page: Page = self._context.new_page()
        self._examined = browser.new_page()  # of its own, as axe is a script
        self.refused: list[str] = []
        self.page.on("console", lambda message: self.refused.append(message.text))

    def open(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def look(self, name: str) -> None:
        self._examined.set_content(self.page.content())
        self._examined.evaluate(AXE)
        for width, height in SIZES:
            for scheme in ("light", "dark"):
                for page in (self.page, self._examined):
                    page.set_viewport_size({"width": width, "height": height})
                    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                assert_well_laid(self.page, width)
                assert violations(self._examined) == [], f"{name} {width} {scheme}"
                if folder := os.environ.get("LOOK"):
                    file = Path(folder) / f"public_{name}-{self._language}-{width}-{scheme}.png"
                    self.page.screenshot(path=file, full_page=True)
        assert self.page.evaluate("document.cookie") == ""

    def close(self) -> None:
        assert [line for line in self.refused if "Content Security Policy" in line] == []
        self._context.close()
        self._examined.close()


def violations(page: Page) -> list[tuple[Any, Any]]:
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then((result) => result.violations)")
    return [(one["id"], one["nodes"][0]["html"]) for one in found]


@pytest.fixture(params=["zh-CN", "en"] if os.environ.get("LOOK") else ["zh-CN"])
def walk(request: pytest.FixtureRequest, browser: Browser, site: PublicSite) -> Iterator[Walk]:
    made = Walk(browser, site, request.param)
    yield made
    made.close()


def test_a_visitor_looks_for_an_issue_and_reads_it(walk: Walk, site: PublicSite) -> None:
    page = walk.page
    walk.open("/archive")
    walk.look("archive")
    page.fill("#q", "湛卢奖 温州")
    page.press("#q", "Enter")
    assert page.locator("mark").count() > 0
    walk.look("found")
    page.locator(".issues h3 a").first.click()
    assert page.url.startswith(f"{site.url}/i/20")
    page.go_back()
    page.fill("#q", "没有这样的话")
    page.locator(".search button").click()
    assert page.locator(".issues").count() == 0
    walk.look("nothing-found")
    walk.open("/archive?page=2")
    walk.look("archive-2")
    walk.open("/privacy")
    walk.look("privacy")
    walk.open("/no-such-page")
    walk.look("missing")


def test_a_visitor_subscribes(walk: Walk, site: PublicSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailer.app.joining.FORM_SECONDS", (0, 7200))
    page = walk.page
    before = len(site.mails())
    walk.open("/archive")
    page.locator("footer a[href='/subscribe']").click()
    walk.look("subscribe")
    assert not page.locator("#website").is_visible()
    page.fill("#address", f"new.reader{before}@firm9.example")
    page.locator("main form button").click()
    page.locator(".wrong").wait_for()
    assert page.input_value("#address") == f"new.reader{before}@firm9.example"
    walk.look("subscribe-wrong")
    page.locator("fieldset label").first.click()
    page.locator("main form button").click()
    page.locator("svg.done").wait_for()
    walk.look("subscribe-done")
    (link,) = re.findall(r"(/s/[a-z2-7]+)", site.mails()[before])
    walk.open(link)
    walk.look("confirm")
    page.locator("main form button").click()
    page.locator("svg.done").wait_for()
    walk.look("confirmed")


def test_a_reader_chooses_lists_leaves_comes_back_and_says_why(walk: Walk, site: PublicSite) -> None:
    page = walk.page
    number = site.publish("2021-01", make_page("简报"), date(2021, 1, 29), lists=("friends",))
    with site.house.store.write() as connection:
        standing = audience.standing_of_delivery(connection, number)
    assert standing is not None
    assert standing.address == READER
    walk.open(f"/u/{site.token(Purpose.UNSUBSCRIBE, number)}")
    walk.look("leave")
    page.locator("main .note a").click()
    walk.look("preferences")
    page.locator("fieldset label").last.click()
    page.locator("main form button").click()
    page.locator("svg.done").wait_for()
    walk.look("preferences-kept")
    page.locator("main .note a").click()
    assert page.locator("fieldset input:checked").count() == 3
    walk.open(f"/u/{site.token(Purpose.UNSUBSCRIBE, number)}")
    page.locator("main form button").click()
    page.locator("svg.done").wait_for()
    walk.look("left")
    assert not site.standing(number).active
    page.locator("form[action$='/back'] button").click()
    page.locator("svg.done").wait_for()
    walk.look("back")
    assert site.standing(number).active
    walk.open(f"/u/{site.token(Purpose.UNSUBSCRIBE, number)}")
    page.locator("main form button").click()
    page.locator("form[action$='/why'] label").first.click()
    page.locator("form[action$='/why'] button").click()
    page.locator("svg.done").wait_for()
    assert page.locator("fieldset").count() == 0
