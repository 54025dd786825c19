"""The HTML is well formed to a browser and to Outlook, says what each picture is, and loads nothing from elsewhere."""

import itertools
import re

import html5lib
import pytest
from lxml import etree

from mailer.model.edition import Edition, Slot, SlotContext, fill_segments
from tests.rendering.samples import VALUES
from tests.rendering.test_golden import CASES, render_case

_CONDITION = re.compile(r"<!--\[if ([^\]]*)\]>(.*?)<!\[endif\]-->", re.DOTALL)
_TAG = re.compile(r"<(/?)([a-z][a-z0-9:]*)\b[^>]*?(/?)>", re.IGNORECASE)
_VOID = {"br", "img", "hr", "meta", "link", "col", "input", "o:allowoverlap", "o:pixelsperinch"}


@pytest.fixture(params=CASES, scope="module")
def edition(request: pytest.FixtureRequest) -> Edition:
    return render_case(request.param)


@pytest.fixture(scope="module")
def html(edition: Edition) -> str:
    return fill_segments(edition.html, VALUES)


def parse(html: str) -> etree._Element:
    return etree.HTML(html)


def find(html: str, path: str) -> list[etree._Element]:
    found = parse(html).xpath(path)
    assert isinstance(found, list)
    return [each for each in found if isinstance(each, etree._Element)]


def test_a_parser_of_browsers_finds_no_fault(html: str) -> None:
    parser = html5lib.HTMLParser(strict=False)
    parser.parse(html)
    assert parser.errors == []


def test_what_outlook_sees_is_balanced(html: str) -> None:
    seen = re.sub(r"<!--\[if !mso[^\]]*\]><!-->.*?<!--<!\[endif\]-->", "", html, flags=re.DOTALL)
    seen = _CONDITION.sub(lambda match: match[2] if "mso" in match[1] and "!mso" not in match[1] else "", seen)
    seen = re.sub(r"<!--.*?-->|<style.*?</style>|<xml>.*?</xml>", "", seen, flags=re.DOTALL)
    inside: list[str] = []
    for closing, name, itself in _TAG.findall(seen):
        if name.lower() in _VOID or itself:
            continue
        if closing:
            assert inside, f"</{name}> closes nothing"
            assert inside.pop() == name.lower()
        else:
            inside.append(name.lower())
    assert inside == []
    assert "<![endif]" not in seen
    assert "mso" in html


def test_every_picture_has_its_words_and_its_size_in_pixels(html: str) -> None:
    for image in find(html, "//img"):
        assert image.get("alt") is not None
        assert str(image.get("width")).isdecimal()
        assert str(image.get("height")).isdecimal()
        assert int(str(image.get("width"))) <= 576


def test_tables_are_for_figures_or_for_the_eye(html: str) -> None:
    for table in find(html, "//table"):
        if table.get("role") == "presentation":
            assert not table.xpath("./thead | ./tbody/tr/th | ./tr/th | ./caption")
        else:
            assert str(table.get("class")).startswith("figures")
            assert table.xpath(".//th[@scope]") or not table.xpath(".//thead")


def test_language_and_direction_are_said(html: str) -> None:
    root = parse(html)
    assert root.get("lang") in ("zh-CN", "en")
    assert root.get("dir") == "ltr"


def test_ids_are_ascii_and_unique_and_every_inner_link_has_its_end(html: str) -> None:
    root = parse(html)
    ids = [str(each) for each in root.xpath("//@id")]  # type: ignore[union-attr]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]\d+", each) for each in ids)
    for target in root.xpath("//a[starts-with(@href, '#')]/@href"):  # type: ignore[union-attr]
        (anchor,) = find(html, f"//a[@name='{str(target)[1:]}']")
        assert anchor.get("id") == str(target)[1:]
        assert not "".join(str(part) for part in anchor.itertext())


def test_headings_go_down_one_step_at_a_time(html: str) -> None:
    levels = [int(each.tag[1]) for each in find(html, "//*[self::h1 or self::h2 or self::h3 or self::h4 or self::h5]")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_nothing_is_loaded_but_our_own_pictures(edition: Edition, html: str) -> None:
    cids = {asset.cid for asset in edition.inline}
    hosted = {asset.sha256 for asset in edition.hosted}
    for image in find(html, "//img"):
        source = str(image.get("src"))
        if source.startswith("cid:"):
            assert source[4:] in cids
        elif source != f"{VALUES['links.open']}.gif":
            assert source.removeprefix("https://news.zsia.example/p/").partition(".")[0] in hosted
    used = {str(image.get("src"))[4:] for image in find(html, "//img") if str(image.get("src")).startswith("cid:")}
    assert used == cids, "a copy carries no picture it does not show"
    assert not find(html, "//link | //script | //iframe | //object | //embed | //form")
    assert "url(" not in html
    assert "@import" not in html


def test_links_of_a_reader_are_whole_addresses(edition: Edition) -> None:
    slots = [part for part in edition.html if isinstance(part, Slot) and part.name.startswith("links.")]
    assert slots
    assert {slot.context for slot in slots} == {SlotContext.URL}


def test_a_copy_stays_under_the_limit_of_gmail(html: str) -> None:
    assert len(html.encode()) < 102_000
