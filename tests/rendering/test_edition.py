"""An issue becomes one frozen edition per list: whole, literal, small enough, and the same each time."""

import dataclasses
import hashlib
import re
import shutil
from pathlib import Path

import pytest

from mailer.errors import ConfigError, IssueError, TemplateError
from mailer.i18n import LOCALES, current_language
from mailer.model.edition import (
    SLOT_NAMES,
    Edition,
    Slot,
    SlotContext,
    edition_from_json,
    edition_to_json,
    fill_segments,
)
from mailer.model.issue import Issue, Link, Paragraph, Section, Text
from mailer.model.reading import Tracking
from mailer.rendering.edition import render_edition
from mailer.sources.issue_files import load_files
from mailer.sources.issue_folder import load_issue
from tests.conftest import REPOSITORY, need
from tests.rendering.pages import parse, render, texts, words
from tests.rendering.samples import TEMPLATES, VALUES, make_config, make_issue, make_table

HOSTILE = "{{ 7*7 }}{% raw %}<script>alert(1)</script>\"'&<!--[if mso]>&lt;\\\u3000</title></style>-->"


@pytest.fixture(scope="module")
def real() -> Edition:
    folder = REPOSITORY / "issues" / "2020-07"
    issue = load_issue(folder)
    return render(issue, files=load_files(folder, issue))


def test_the_same_input_gives_the_same_bytes() -> None:
    first, second = render(), render()
    assert first == second
    assert edition_from_json(edition_to_json(first), {}).sha256 == first.sha256


def test_each_part_of_the_input_counts() -> None:
    config = make_config()
    hashes = {
        render().sha256,
        render(make_issue(text="另一段。")).sha256,
        render(name="government").sha256,
        render(config=make_config(language="en")).sha256,
        render(config=make_config(public_url="https://news.example.org")).sha256,
        render(config=config.model_copy(update={"sender": config.sender.model_copy(update={"name": "协会"})})).sha256,
    }
    assert len(hashes) == 6


def test_no_sentinel_is_left_in_a_filled_copy(real: Edition) -> None:
    for segments in (real.subject, real.html, real.text):
        filled = fill_segments(segments, VALUES)
        assert "tk.invalid" not in filled
        assert not re.search(r"zz[0-9a-f]{8,}", filled, re.IGNORECASE)
        assert all(part.name in SLOT_NAMES for part in segments if isinstance(part, Slot))


def test_the_real_issue_fits_under_gmails_limit(real: Edition) -> None:
    html = fill_segments(real.html, VALUES)
    assert 20_000 < len(html.encode()) < 80_000
    assert html.startswith("<!DOCTYPE html>")


def test_every_word_of_the_real_issue_is_in_both_editions(real: Edition) -> None:
    issue = load_issue(REPOSITORY / "issues" / "2020-07")
    html = words(parse(fill_segments(real.html, VALUES)))
    text = fill_segments(real.text, VALUES)
    for article in issue.articles:
        assert html.count(article.title) >= 2  # contents and head
        assert text.count(article.title) >= 2
    for figure in ("32", "187", "127", "717"):
        assert figure in html
        assert figure in text
    for line in issue.circulation:
        assert "、".join(line.bodies) in html
        assert "、".join(line.bodies) in text


def test_contents_lead_to_the_articles() -> None:
    page = parse(fill_segments(render().html, VALUES))
    targets = [str(each)[1:] for each in page.xpath("//a[starts-with(@href,'#')]/@href")]  # type: ignore[union-attr]
    assert targets == ["a1", "a2", "a3"]
    for target in targets:
        anchor = page.find(f".//a[@name='{target}']")
        assert anchor is not None
        assert anchor.get("id") == target
        assert words(anchor) == ""  # Gmail and Outlook want an empty one


def test_the_table_is_a_table_with_scopes_and_a_caption() -> None:
    html = fill_segments(render().html, VALUES)
    assert texts(html, "//table[@class='figures']/caption") == ["7月“双软评估”统计（单位：家、件）"]
    assert texts(html, "//th[@scope='colgroup'][@colspan='2']") == ["软件企业", "软件产品"]
    assert texts(html, "//th[@scope='rowgroup'][@rowspan='5']") == ["“双软评估”统计"]
    assert texts(html, "//tr[last()]/th[@scope='row']")[-1] == "合计"
    assert texts(html, "//td[contains(@class,'total')]") == ["31", "179", "124", "669"]
    assert not texts(html, "//table[not(@role='presentation') and not(@class='figures')]")


def test_every_style_that_matters_is_in_the_elements(real: Edition) -> None:
    bare = re.sub(r"<style.*?</style>", "", fill_segments(real.html, VALUES), flags=re.DOTALL)
    for wanted in ("#C8161D", "#F2EFEA", "text-indent:2em", "border-collapse:collapse", "letter-spacing:18px"):
        assert wanted in bare


def test_title_and_subject_are_the_same() -> None:
    edition = render(make_issue(subject="七月 & <简报>"))
    assert fill_segments(edition.subject, VALUES) == "七月 & <简报>"
    assert texts(fill_segments(edition.html, VALUES), "//title") == ["七月 & <简报>"]


@pytest.mark.parametrize("issue", [make_issue(subject=HOSTILE), make_issue(text=HOSTILE), make_issue(title=HOSTILE)])
def test_hostile_text_of_an_issue_comes_out_literally(issue: Issue) -> None:
    check_literal(render(issue))


def hostile_issue() -> Issue:
    plain = make_issue()
    table = make_table()
    rows = tuple(
        dataclasses.replace(row, cells=tuple(dataclasses.replace(cell, text=HOSTILE) for cell in row.cells))
        for row in table.body
    )
    issue = make_issue(title=HOSTILE, table=dataclasses.replace(table, caption=HOSTILE, body=rows))
    return dataclasses.replace(
        issue,
        masthead=dataclasses.replace(plain.masthead, organisation=HOSTILE, title=HOSTILE, publisher=HOSTILE),
        circulation=tuple(dataclasses.replace(line, bodies=(HOSTILE,)) for line in plain.circulation),
        imprint=dataclasses.replace(plain.imprint, address=HOSTILE, postcode=HOSTILE, phone=HOSTILE, note=HOSTILE),
        sections=(Section(HOSTILE, ()), *issue.sections),
        preheader=HOSTILE,
    )


def test_hostile_text_in_every_field_comes_out_literally() -> None:
    check_literal(render(hostile_issue()))


def check_literal(edition: Edition) -> None:
    html = fill_segments(edition.html, VALUES)
    page = parse(html)
    assert page.xpath("//script") == []
    assert page.xpath("//@onclick | //@onload") == []
    assert HOSTILE in words(page)
    assert HOSTILE in fill_segments(edition.text, VALUES) + fill_segments(edition.subject, VALUES)
    assert "{{ 7*7 }}" in html
    # the page goes on behind it: nothing closed early
    assert "zhang.san@gov.example" in words(page)


def test_hostile_values_of_a_reader_come_out_literally() -> None:
    edition = render()
    values = {**VALUES, "recipient.name": HOSTILE, "recipient.address": HOSTILE}
    page = parse(fill_segments(edition.html, values))
    assert page.xpath("//script") == []
    assert words(page).count(HOSTILE) == 2
    assert fill_segments(edition.text, values).count(HOSTILE) == 2


@pytest.mark.parametrize("char", ["\0", "\n", "\r", "\x1b", "\u2028", "\ud800", "\x85"])
def test_a_control_character_in_an_issue_becomes_a_blank(char: str) -> None:
    edition = render(make_issue(subject=f"a{char}b", text=f"一{char}二", title=f"三{char}四"))
    assert fill_segments(edition.subject, VALUES) == "a b"
    assert "一 二" in fill_segments(edition.html, VALUES)
    assert "三 四" in fill_segments(edition.text, VALUES)


@pytest.mark.parametrize("target", ["javascript:alert(1)", "data:text/html,x", "//a.example", "x", "", "https://a b"])
def test_a_link_that_is_not_one_is_refused(target: str) -> None:
    issue = make_issue()
    bad = dataclasses.replace(issue.sections[0].articles[0], blocks=(Paragraph((Link((Text("x"),), target),)),))
    with pytest.raises(IssueError) as caught:
        render(dataclasses.replace(issue, sections=(dataclasses.replace(issue.sections[0], articles=(bad,)),)))
    assert caught.value.cure


def test_an_issue_with_next_to_nothing_in_it_renders() -> None:
    issue = make_issue()
    empty = dataclasses.replace(
        issue,
        masthead=dataclasses.replace(issue.masthead, number=None, total=None),
        sections=(),
        circulation=(),
        imprint=type(issue.imprint)(),
    )
    assert "2020" in fill_segments(render(empty).subject, VALUES)


def test_the_salutation_of_the_list_is_filled_per_reader() -> None:
    edition = render()
    greeted = fill_segments(edition.text, VALUES)
    assert greeted.startswith("尊敬的张三：\n")
    assert fill_segments(edition.text, {**VALUES, "recipient.name": ""}).splitlines()[0] != "尊敬的：\n"
    assert "尊敬的" not in fill_segments(render(name="government").html, VALUES)


@pytest.mark.parametrize(
    "line", ["致{phone}：", "致{name", "致{name.title}：", "致{0}：", "致{name!r}{", "致{name:>99999999}"]
)
def test_a_salutation_with_an_unknown_field_names_its_setting(line: str) -> None:
    config = make_config(lists={"members": {"title": "会员", "role": "送", "file": "m.csv", "salutation": line}})
    if line == "致{name:>99999999}":
        assert "致张三" in fill_segments(render(config=config).text, VALUES)  # a format says nothing of a later value
        return
    with pytest.raises(ConfigError) as caught:
        render(config=config)
    assert caught.value.field == "lists.members.salutation"


def test_markup_in_a_salutation_is_text() -> None:
    config = make_config(
        lists={"members": {"title": "会员", "role": "送", "file": "m.csv", "salutation": "<b>R&D{name}"}}
    )
    assert "&lt;b&gt;R&amp;D张三" in fill_segments(render(config=config).html, VALUES)


def test_without_a_public_url_readers_leave_by_mail_and_with_one_by_link() -> None:
    for url, wanted in (("", "answer this mail"), ("https://news.example.org", "To leave the list")):
        edition = render(config=make_config(language="en", public_url=url))
        for segments in (edition.html, edition.text):
            assert wanted in fill_segments(segments, VALUES)
    slots = [part for part in edition.html if isinstance(part, Slot) and part.name == "links.unsubscribe"]
    assert [slot.context for slot in slots] == [SlotContext.URL]


def test_fixed_words_follow_the_newsletter_and_not_the_user() -> None:
    assert current_language() == "en"
    assert "In this issue" in fill_segments(render(config=make_config(language="en")).html, VALUES)
    need((LOCALES / "zh_CN/LC_MESSAGES/mailer.mo").exists(), "the zh_CN catalogue", "run make setup")
    edition = render(config=make_config(language="zh_CN"))
    html = fill_segments(edition.html, VALUES)
    assert edition.language == "zh_CN"
    assert "In this issue" not in html
    assert "2020年7月31日" in html
    assert fill_segments(edition.subject, VALUES) == "浙江省软件和信息服务业简报 2020年第7期（总第113期）"
    assert edition.sha256 == render(config=make_config(language="")).sha256
    assert current_language() == "en"


def test_chinese_stands_without_gaps(real: Edition) -> None:
    page = parse(fill_segments(real.html, VALUES))
    for path in ("//p", "//th", "//td[not(.//table)]", "//h2", "//h3"):
        for line in texts(fill_segments(real.html, VALUES), path):
            assert "\n" not in line.strip()
    assert page.get("lang") == "zh-CN"


def test_rendering_leaves_the_templates_alone() -> None:
    def snapshot() -> str:
        files = sorted(Path(TEMPLATES).rglob("*"))
        return hashlib.sha256(b"".join(file.read_bytes() for file in files if file.is_file())).hexdigest()

    before = snapshot()
    render()
    assert snapshot() == before


def test_the_list_chooses_its_template(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))
    source = (folder / "bulletin.mjml.j2").read_text("utf-8")
    (folder / "formal.mjml.j2").write_text(source.replace('{% include "parts/contents.mjml.j2" %}', ""), "utf-8")
    config = make_config(language="en")
    settings = config.lists["members"].model_copy(update={"template": "formal.mjml.j2"})
    edition = render_edition(make_issue(), "members", settings, config, folder)
    assert "In this issue" not in fill_segments(edition.html, VALUES)
    missing = settings.model_copy(update={"template": "nowhere.mjml.j2"})
    with pytest.raises(TemplateError, match=r"nowhere\.mjml\.j2"):
        render_edition(make_issue(), "members", missing, config, folder)


@pytest.mark.parametrize(
    ("role", "tracking", "public_url", "tracked"),
    [
        ("报", "", "https://news.example.org", Tracking.OFF),
        ("送", "", "https://news.example.org", Tracking.FULL),
        ("送", "on", "https://news.example.org", Tracking.FULL),
        ("报", "clicks", "https://news.example.org", Tracking.CLICKS),
        ("送", "off", "https://news.example.org", Tracking.OFF),
        ("送", "full", "", Tracking.OFF),
    ],
)
def test_an_edition_says_what_of_its_reading_is_counted(
    role: str, tracking: str, public_url: str, tracked: Tracking
) -> None:
    lists = {"members": {"title": "会员", "role": role, "file": "m.csv", "tracking": tracking}}
    assert render(config=make_config(lists=lists, public_url=public_url)).tracking is tracked


def test_articles_under_no_section_stand_without_a_heading_or_a_rule() -> None:
    issue = make_issue()
    bare = dataclasses.replace(issue, sections=(Section("", issue.sections[0].articles), *issue.sections[1:]))
    with_title, without = (fill_segments(render(each).html, VALUES) for each in (issue, bare))
    assert texts(without, "//h2[@class='section']") == ["双软评估"]
    assert texts(without, "//p[@class='category']") == ["双软评估"]
    assert texts(without, "//p[@class='entry']") == texts(with_title, "//p[@class='entry']")
    assert without.count('class="red"') == with_title.count('class="red"') - 1


@pytest.mark.parametrize(
    ("number", "total", "supplement", "line"),
    [
        (7, 113, "", "2020, No. 7 (issue 113)"),
        (1, 61, "网络安全专刊", "2020, No. 1, 网络安全专刊 (issue 61)"),
        (1, None, "增刊", "2020, No. 1, 增刊"),
        (None, 9, "增刊", "2020, 增刊 (issue 9)"),
        (None, None, "增刊", "2020, 增刊"),
        (None, None, "", "2020"),
    ],
)
def test_the_issue_line_says_what_the_masthead_knows(
    number: int | None, total: int | None, supplement: str, line: str
) -> None:
    plain = make_issue().masthead
    masthead = dataclasses.replace(plain, number=number, total=total, supplement=supplement)
    edition = render(dataclasses.replace(make_issue(), masthead=masthead), make_config(language="en"))
    assert texts(fill_segments(edition.html, VALUES), "//p[@class='line']") == [line]
