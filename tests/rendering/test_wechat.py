"""What is pasted into WeChat's editor: only what it keeps; and the page that copies it."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import html5lib
import pytest
from playwright.sync_api import sync_playwright

from mailer.model.issue import Article, Section
from mailer.rendering.wechat import render_article, render_wechat
from tests.browser import CHROMIUM, FLAGS
from tests.conftest import need
from tests.rendering.dialogs import watch_dialogs
from tests.rendering.full_issue import FILES, HOSTILE, make_full_issue
from tests.rendering.samples import TEMPLATES, make_config, paragraph

CONFIG = make_config(language="zh_CN")
KEPT = {"section", "p", "span", "strong", "em", "br", "img", "table", "tbody", "tr", "td", "th"}
ATTRIBUTES = {"style", "src", "alt", "rowspan", "colspan"}


class Tags(HTMLParser):
    """Collects elements, their attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _value in attrs}
        if tag not in ("br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def article() -> str:
    return render_article(make_full_issue(), CONFIG, TEMPLATES, FILES)


def test_it_holds_only_what_the_editor_keeps(article: str) -> None:
    found = Tags(article)
    assert found.names <= KEPT
    assert found.attributes <= ATTRIBUTES
    assert found.open == [], "every element is closed"
    assert not re.search(r"position:|float:|url\(|@|var\(", article.replace("@zsia.example", ""))
    assert "\n" not in article, "a line end between two blocks shows as an empty line"


def test_nothing_of_the_issue_is_missing_and_addresses_are_text(article: str) -> None:
    text = Tags(article).text
    for words in ("内部资料", "网络安全专刊", "栏目之前的一段。", "编者按", "（一）总体情况", "图1 各月收入", "来源：某某网",
                  "据公开数据。", "末页的注。", "合计", "秘书处", "编辑部", "更多内容", "报：省政府办公厅", "1. ", HOSTILE,
                  "（https://www.example.org/notice?a=1&b=2）"):  # fmt: skip
        assert words in text, words


def test_pictures_travel_in_it_and_the_page_names_their_files(article: str) -> None:
    assert article.count('<img src="data:image/') == 2
    page = render_wechat(make_full_issue(), CONFIG, TEMPLATES, FILES)
    html5lib.HTMLParser(strict=True).parse(page)
    assert "<li>pictures/chart.png</li>" in page
    assert article in page


@pytest.mark.browser
def test_the_button_copies_the_article_as_it_is(article: str, tmp_path: Path) -> None:
    need(CHROMIUM.exists(), "Chromium", "apt-get install chromium fonts-noto-cjk")
    file = tmp_path / "wechat.html"
    file.write_text(render_wechat(make_full_issue(), CONFIG, TEMPLATES, FILES), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        page = context.new_page()
        wrong = watch_dialogs(page)
        page.on("console", lambda message: wrong.append(message.text))
        page.goto(file.as_uri())
        page.click("#copy")
        assert page.inner_text("#said").startswith("Copied")
        page.set_content("<main></main><div id=here contenteditable style='width:600px;height:200px'></div>")
        page.click("#here")
        page.keyboard.press("Control+V")
        assert page.evaluate("document.querySelectorAll('#here td, #here th').length") > 20
        assert page.evaluate("document.querySelectorAll('#here img').length") == 2
        assert "末页的注。" in page.inner_text("#here")
        assert wrong == []
        browser.close()


@pytest.mark.browser
def test_a_long_address_does_not_push_the_page_sideways_on_a_phone(tmp_path: Path) -> None:
    need(CHROMIUM.exists(), "Chromium", "apt-get install chromium fonts-noto-cjk")
    long = Article("附件", (paragraph("见https://news.example/" + "path/" * 20 + "。"),))
    issue = replace(make_full_issue(), sections=(Section("要闻", (long,)),))
    file = tmp_path / "wechat.html"
    file.write_text(render_wechat(issue, CONFIG, TEMPLATES, FILES), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(viewport={"width": 375, "height": 700})
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == 375
        assert page.evaluate("getComputedStyle(document.getElementById('copy')).fontSize") == "16px"
        browser.close()
