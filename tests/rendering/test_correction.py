"""A correction says at its top, in every form, that it is one and what was wrong."""

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from mailer.model.edition import fill_segments
from mailer.model.issue import Archive, Issue
from mailer.model.numbering import IssueNumber
from mailer.model.report import Severity
from mailer.rendering.correction import mark_subject
from mailer.rendering.edition import render_edition
from mailer.rendering.forms import Forms, render_forms
from mailer.rendering.preflight.correction import check_correction, check_notice
from mailer.rendering.preflight.numbering import check_numbering
from mailer.rendering.preflight.parity import bare_text, visible_text
from mailer.rendering.preview import embed_pictures
from tests.rendering.full_issue import FILES, HOSTILE, make_full_issue
from tests.rendering.samples import TEMPLATES, VALUES, make_config, make_issue
from tests.rendering.test_in_browser import NOT_FOR_MAIL, open_page

WHAT = f"第一篇中“18.5%”应为“15.8%”。{HOSTILE}"
CONFIG = make_config(public_url="https://news.zsia.example", language="zh_CN")


def corrected(issue: Issue) -> Issue:
    return replace(issue, slug="2020-07-correction", corrects="2020-07", correction=WHAT)


@pytest.fixture(scope="module")
def forms() -> Forms:
    issue = corrected(make_full_issue(archive=Archive.PUBLIC))
    return render_forms(issue, ["members"], CONFIG, TEMPLATES, FILES, pdf=True, others=True)


def test_every_form_begins_with_what_was_wrong(forms: Forms) -> None:
    (edition,) = forms.editions
    html, text = fill_segments(edition.html, VALUES), fill_segments(edition.text, VALUES)
    with pypdfium2.PdfDocument(io.BytesIO(forms.pdf)) as document:
        paper = document[0].get_textpage().get_text_bounded()
    shown = [
        visible_text(html),
        bare_text(text),
        visible_text(forms.page),
        bare_text(paper),
        visible_text(forms.wechat),
    ]
    for one in shown:
        title = (
            one.index("简报2020年", one.index("简报2020年") + 1)
            if "简报2020年" in one[:60]
            else one.index("简报2020年")
        )
        assert "本期为更正版" in one[:title]
        assert one.index("更正内容：第一篇中“18.5%”应为“15.8%”。") < title
    assert "<script>alert" not in html + forms.page + forms.wechat
    assert fill_segments(edition.subject, VALUES).startswith("更正：")
    assert "<title>更正：" in forms.page


def test_other_issues_have_no_such_notice() -> None:
    usual = render_edition(make_issue(), "members", CONFIG.lists["members"], CONFIG, TEMPLATES)
    assert "更正" not in fill_segments(usual.html, VALUES) + fill_segments(usual.text, VALUES)
    assert "erratum" not in fill_segments(usual.html, VALUES).partition("<body")[2]


def test_english_readers_are_told_the_same() -> None:
    config = make_config(language="en")
    edition = render_edition(corrected(make_issue()), "members", config.lists["members"], config, TEMPLATES)
    text = fill_segments(edition.text, VALUES)
    assert "This issue takes the place of 2020, No. 7 (issue 113), which you were sent before." in text
    assert f"What was wrong: {WHAT}" in text
    assert fill_segments(edition.subject, VALUES).startswith("Correction: ")


@pytest.mark.parametrize(
    ("subject", "marked"),
    [
        ("简报第7期", "更正：简报第7期"),
        ("更正：简报第7期", "更正：简报第7期"),
        ("广告：展会邀请", "广告：更正：展会邀请"),
        ("（广告）展会邀请", "（广告）更正：展会邀请"),
        ("AD: Fair", "AD: 更正：Fair"),
        ("Address book", "更正：Address book"),
    ],
)
def test_the_subject_is_marked_at_its_head_once_and_advertising_stays_before(subject: str, marked: str) -> None:
    assert mark_subject(subject, "更正：") == marked
    assert mark_subject(subject, "") == subject


def number(issue: Issue, slug: str, corrects: str = "") -> IssueNumber:
    head = issue.masthead
    return IssueNumber(slug, head.year, head.number, head.total, head.date, head.supplement, corrects=corrects)


def test_a_correction_bears_the_number_of_its_issue_and_counts_as_no_other() -> None:
    issue = make_issue()
    correction = corrected(issue)
    others = [number(issue, "2020-07"), number(issue, "2020-07-correction", "2020-07")]
    assert check_correction(correction, others) == check_numbering(correction, others) == []
    assert check_numbering(issue, others) == []
    august = replace(issue, slug="2020-08", masthead=replace(issue.masthead, number=8, total=114))
    assert check_numbering(august, others) == []
    assert check_correction(issue, others) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: replace(one, correction=" "), "does not say what was wrong"),
        (lambda one: replace(one, corrects="2020-06"), "no issue 2020-06"),
        (lambda one: replace(one, corrects="2020-07-first"), "is a correction itself"),
        (lambda one: replace(one, corrects=one.slug), "no issue 2020-07-correction"),
        (lambda one: replace(one, masthead=replace(one.masthead, number=8)), "bears the number"),
    ],
)
def test_what_is_amiss_with_a_correction_is_an_error_with_its_cure(change: Callable[[Issue], Issue], said: str) -> None:
    issue = make_issue()
    others = [number(issue, "2020-07"), number(issue, "2020-07-first", "2020-07")]
    others.append(number(issue, "2020-07-correction", "2020-07"))
    (finding,) = check_correction(change(corrected(issue)), others)
    assert said in finding.text
    assert finding.severity is Severity.ERROR
    assert finding.cure


def test_a_template_without_the_notice_is_an_error(tmp_path: Path) -> None:
    issue = corrected(make_issue())
    folder = tmp_path / "templates"
    shutil.copytree(TEMPLATES, folder)
    whole = render_edition(issue, "members", CONFIG.lists["members"], CONFIG, folder)
    assert check_notice(whole, issue) == []
    (folder / "parts" / "correction.mjml.j2").write_text("")
    lacking = render_edition(issue, "members", CONFIG.lists["members"], CONFIG, folder)
    (finding,) = check_notice(lacking, issue)
    assert (finding.severity, "HTML" in finding.place) == (Severity.ERROR, True)


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("kind", ["mail", "page"])
def test_the_notice_is_seen_first_fits_and_is_read_out(browser: Browser, forms: Forms, kind: str, dark: bool) -> None:
    (edition,) = forms.editions
    mail = embed_pictures(fill_segments(edition.html, VALUES), edition)
    for width in (1280, 375, 320):
        page = open_page(browser, mail if kind == "mail" else forms.page, width, dark=dark)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        box = page.locator(".erratum").bounding_box()
        assert box is not None
        assert box["y"] < 160, "at the top, before anything else of the issue"
        assert box["width"] > 0.4 * min(width, 640)
        colours = page.evaluate(
            "(e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color])(document.querySelector('.erratum'))"
        )
        assert colours[0] != colours[1]
        rules = {"rules": NOT_FOR_MAIL} if kind == "mail" else None
        result = Axe().run(page, context=".erratum", options=rules)
        assert result.violations_count == 0, result.generate_report()
        page.context.close()
