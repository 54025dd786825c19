"""The page of a report: it loads nothing, says when there is nothing, and everybody can read it."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from axe_playwright_python.sync_playwright import Axe
from lxml import html as lxml_html
from playwright.sync_api import Browser

from mailer.i18n import use_language
from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingStatus
from mailer.model.figures import (
    ArticleFigures,
    BounceFigures,
    GroupFigures,
    HeardFigures,
    HourFigures,
    LinkFigures,
    ListFigures,
    MailingFigures,
    MissedReader,
    ReadingFigures,
    ReasonFigures,
    Report,
)
from mailer.model.issue import Role
from mailer.model.reading import Tracking
from mailer.reports.views import make_views
from mailer.web.charts import Chart, draw_chart
from mailer.web.report import draw_report
from mailer.web.report_charts import charts_of
from tests.browser import browser as browser
from tests.world import NOW

EVIL = "<script>alert(1)</script>"
MAILING = MailingRecord(
    3, "2020-07", MailingStatus.FINISHED, ("government", "members"), None, NOW, NOW, NOW + timedelta(hours=2), "", ""
)


def make_counts(**counts: int) -> dict[DeliveryStatus, int]:
    return {one: counts.get(one.value, 0) for one in DeliveryStatus}


def make_list(name: str, role: Role, tracking: Tracking | None, **counts: int) -> ListFigures:
    states = make_counts(**counts)
    return ListFigures(
        name, f"名单{name}", role, tracking, states, HeardFigures(silent=states[DeliveryStatus.ACCEPTED])
    )


def make_full() -> Report:
    members = replace(
        make_list("members", Role.SIDEWAYS, Tracking.FULL, accepted=90, refused=5, expired=1, pending=4),
        heard=HeardFigures(bounced=2, delivered=30, relayed=8, silent=50),
        reasons=(ReasonFigures(DeliveryStatus.REFUSED, "gone", 5, f"550 {EVIL}"),),
        bounces=(BounceFigures("full", False, 2, "552 full"),),
        events={"bounce": 2, "complaint": 1, "receipt": 3, "received": 0, "unsubscribe": 2},
        opens=ReadingFigures(40, 2, 5, 60, 3, 9),
        clicks=ReadingFigures(12, 0, 4, 20, 0, 60),
    )
    hours = tuple(HourFigures(NOW + timedelta(hours=n), 10 if n < 9 else 0, n % 2, n, n // 2) for n in range(30))
    groups = tuple(GroupFigures(f"城市{n}", 10, 8, 1, 2, 1, 4, 1, 1, 1.5, 0.25) for n in range(10))
    figures = MailingFigures(
        counted_at=NOW,
        lists=(make_list("government", Role.UPWARD, Tracking.OFF, accepted=6), members),
        cities=groups,
        organisations=groups,
        domains=groups,
        hours=hours,
        links=(LinkFigures("members", 1, "https://www.zsia.example/", "全文", "a1", EVIL, 12, 20, 60),),
        articles=(ArticleFigures("a1", EVIL, 12, 20),),
    )
    missed = MissedReader(
        1,
        "名单members",
        "r***r@x.example",
        EVIL,
        "处长",
        "某单位",
        "杭州",
        "0571-0",
        DeliveryStatus.REFUSED,
        False,
        "gone",
        "550",
    )
    before = replace(MAILING, id=2, issue_slug="2020-06")
    return Report(
        MAILING, "某协会", "简报", "Asia/Shanghai", figures, (missed,), ((before, figures), (MAILING, figures))
    )


def make_empty() -> Report:
    lists = (make_list("government", Role.UPWARD, Tracking.OFF), make_list("members", Role.SIDEWAYS, None))
    mailing = replace(MAILING, status=MailingStatus.SCHEDULED, started_at=None, finished_at=None)
    return Report(mailing, "某协会", "", "Asia/Shanghai", MailingFigures(NOW, lists), ())


def make_quiet() -> Report:
    """Everything taken, nothing bounced, nothing counted of reading."""
    lists = (make_list("government", Role.UPWARD, Tracking.OFF, accepted=6),)
    return Report(MAILING, "某协会", "简报", "Asia/Shanghai", MailingFigures(NOW, lists), ())


def find(page: str, path: str) -> list[Any]:
    return cast("list[Any]", lxml_html.document_fromstring(page).xpath(path))


def draw(report: Report, language: str = "en") -> str:
    use_language(language)
    return draw_report(report, make_views(report), language)


@pytest.mark.parametrize("make", [make_full, make_empty, make_quiet])
def test_a_page_holds_all_it_shows_and_runs_nothing(make: Callable[[], Report]) -> None:
    page = draw(make())
    assert not find(page, "//script|//link|//img|//iframe|//object|//form|//@onclick")
    assert not re.findall(r"(?:src|xlink:href)=|url\(|@import|@font-face", page)
    assert {href[0] for href in find(page, "//a/@href")} == {"#"}, "its only links lead within it"
    assert not find(page, "//*[local-name()='svg']//*[local-name()='a']")


def test_foreign_words_stand_in_a_page_as_text() -> None:
    page = draw(make_full())
    assert EVIL not in page
    assert page.count("&lt;script&gt;") >= 3


def test_each_chart_has_its_table_and_a_name() -> None:
    charts = find(draw(make_full()), "//*[local-name()='svg']")
    assert len(charts) == 9
    for chart in charts:
        (section,) = chart.xpath("ancestor::section")
        assert section.xpath(".//table"), section.get("id")
        assert chart.get("role") == "img"
        assert chart.get("aria-label")


def test_a_mailing_not_begun_and_one_without_a_bounce_say_so() -> None:
    empty, quiet = draw(make_empty()), draw(make_quiet())
    assert "This mailing has not begun" in empty
    assert "<svg" not in empty
    assert "Nothing was refused, deferred or bounced." in quiet
    assert "Opens and clicks are not counted on these lists." in quiet
    assert "Nobody is missing." in quiet


def test_a_count_that_is_not_the_newest_says_so() -> None:
    full = make_full()
    assert "More has become known since" in draw(replace(full, figures=replace(full.figures, newer=True)))
    assert "More has become known since" not in draw(full)


def test_a_long_table_is_cut_and_keeps_its_sums() -> None:
    full = make_full()
    groups = tuple(GroupFigures(f"单位{n}", 1, 1, 0, 0, 0, 0, 0, 0) for n in range(80))
    page = draw(replace(full, figures=replace(full.figures, organisations=groups)))
    table = find(page, "//table[@class='organisations']//tbody/tr")
    assert len(table) == 31
    assert [cell.text_content().strip() for cell in table[-1]][1] == "80"
    assert "The first 30 of 80 rows" in page


def test_the_same_chart_is_the_same_text_and_zero_has_an_axis() -> None:
    chart = Chart("x", "t", ("甲", "乙"), (("a", (0, 0)),))
    assert draw_chart(chart).svg == draw_chart(chart).svg
    assert "pygal" not in draw_chart(chart).svg
    assert ">1</text>" in draw_chart(chart).svg


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_bars_anybody_from_reading_it(browser: Browser, scheme: str) -> None:
    pages = [draw(make_full(), "zh_CN"), draw(make_empty())]
    asked: list[str] = []
    for html in pages:
        for width in (375, 1280):
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
            page.on("request", lambda request: asked.append(request.url))
            page.set_content(html)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
            assert asked == []
            page.close()


def test_no_bounced_copy_is_drawn_as_accepted_and_the_bars_are_all_that_were_planned() -> None:
    views = {view.key: view for view in make_views(make_full())}
    for key in ("lists", "cities", "domains"):
        (chart,) = charts_of(views[key])
        planned = next(at for at, column in enumerate(views[key].columns) if column.key == "planned")
        bars = [sum(parts) for parts in zip(*(values for _name, values in chart.series), strict=True)]
        assert bars == [row[planned] for row in views[key].rows[:-1]][: len(bars)]
        assert chart.series[0][0] == "accepted, not bounced"
    (lists,) = charts_of(views["lists"])
    assert [values[1] for _name, values in lists.series][:2] == [88, 8], "90 accepted and 2 of them back; 5 and 1"


@pytest.mark.browser
def test_who_was_not_reached_can_be_phoned_from_a_narrow_page(browser: Browser) -> None:
    """The name, the phone, why and what to do are within the page, and each cell says what it is."""
    for width, scheme in ((375, "light"), (375, "dark"), (1280, "light")):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        page.set_content(draw(make_full(), "zh_CN"))
        for name in ("tbody th", "td.phone", "td.reason", "td.cure"):
            box = page.locator(f"table.missed {name}").first.bounding_box()
            assert box is not None
            assert box["x"] >= 0, name
            assert box["x"] + box["width"] <= width, name
        before = "getComputedStyle(document.querySelector('table.missed td.phone'), '::before').content"
        assert page.evaluate(before) == ('"电话"' if width == 375 else "none")
        for table in page.locator(".cards table").all():
            wider = "t => t.parentElement.scrollWidth - t.parentElement.clientWidth"
            assert width > 640 or table.evaluate(wider) <= 0
        page.close()
