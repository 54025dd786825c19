"""Links are numbered with where they stand, lead to what was written, and nothing else in the mail changes."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.model.edition import (
    EMPTY_PICTURE,
    Edition,
    Slot,
    edition_from_json,
    edition_to_json,
    fill_segments,
    lead_straight,
)
from mailer.model.issue import Article, Imprint, Issue, Link, Note, Paragraph, Section, Text
from mailer.model.reading import MOST_LINKS, TrackedLink, Tracking
from mailer.rendering.preflight.addresses import check_addresses
from mailer.rendering.sentinels import Manifest, split_html
from mailer.rendering.tracked import TrackingPlan, add_parameters, track_links
from tests.rendering.pages import find, render
from tests.rendering.samples import VALUES, make_config, make_issue

URL = "https://news.example.org"


def link(target: str, text: str = "说明全文") -> Link:
    return Link((Text(text),), target)


def issue_with(*parts: tuple[str, list[Any]]) -> Issue:
    """An issue of one section whose articles hold these, by their titles."""
    articles = tuple(Article(title, (Paragraph(tuple(nodes)),)) for title, nodes in parts)
    return dataclasses.replace(make_issue(), sections=(Section("要闻", articles),), imprint=Imprint())


def tracked(issue: Issue, tracking: str = "full", **settings: Any) -> Edition:
    lists = {"members": {"title": "会员", "role": "送", "file": "m.csv", "tracking": tracking}}
    return render(issue, make_config(lists=lists, public_url=URL, **settings))


def hrefs(edition: Edition) -> list[str]:
    return [str(one.get("href")) for one in find(fill_segments(edition.html, VALUES), "//a[@href]")]


def test_links_are_numbered_in_reading_order_with_the_article_they_stand_in() -> None:
    edition = tracked(
        issue_with(
            ("第一件", [link("https://a.example/x?p=1&q=2"), Note((link("https://same.example/", "注的出处"),))]),
            ("第二件", [link("https://same.example/", "再看"), link("mailto:a@b.example"), link("tel:+86571")]),
        )
    )
    assert edition.links == (
        TrackedLink("https://a.example/x?p=1&q=2", "说明全文", "a1", "第一件"),
        TrackedLink("https://same.example/", "注的出处", "a1", "第一件"),
        TrackedLink("https://same.example/", "再看", "a2", "第二件"),
    )
    click = VALUES["links.click"]
    assert [one for one in hrefs(edition) if "/c/" in one] == [f"{click}/1", f"{click}/2", f"{click}/3"]
    assert {"mailto:a@b.example", "tel:+86571"} <= set(hrefs(edition))
    assert "[1] https://a.example/x?p=1&q=2" in fill_segments(edition.text, VALUES), "the text shows where a link leads"


def test_a_link_that_shows_an_address_leads_there_itself() -> None:
    plain = ["https://a.example/x", "www.a.example", "a.example/x", "A.example"]
    edition = tracked(issue_with(("一", [link("https://a.example/x", shown) for shown in plain])))
    assert edition.links == ()
    assert hrefs(edition).count("https://a.example/x") == len(plain)


@pytest.mark.parametrize(("tracking", "links", "pictures"), [("off", 0, 0), ("clicks", 1, 0), ("full", 1, 1)])
def test_the_policy_of_the_list_decides_what_is_in_the_mail(tracking: str, links: int, pictures: int) -> None:
    edition = tracked(issue_with(("一", [link("https://a.example/")])), tracking)
    names = [part.name for part in edition.html if isinstance(part, Slot)]
    assert (names.count("links.click"), names.count("links.open")) == (links, pictures)
    found = find(fill_segments(edition.html, VALUES), "//img[@width='1']")
    assert [one.get("src") for one in found] == [f"{VALUES['links.open']}.gif"] * pictures
    assert check_addresses(edition, make_config(public_url=URL)) == []


def test_a_tally_names_no_reader() -> None:
    config = make_config(public_url=URL, tracking={"aggregate": True})
    edition = render(issue_with(("一", [link("https://a.example/")])), config)
    names = {part.name for part in edition.html if isinstance(part, Slot)}
    assert {"links.tally_click", "links.tally_open"} <= names
    assert not names & {"links.click", "links.open"}


def test_without_a_public_url_nothing_is_counted() -> None:
    edition = render(issue_with(("一", [link("https://a.example/")])), make_config(public_url=""))
    assert (edition.tracking, edition.links) == (Tracking.OFF, ())
    assert "https://a.example/" in hrefs(edition)
    assert find(fill_segments(edition.html, VALUES), "//img[@width='1']") == []


def test_led_straight_an_edition_is_the_same_as_one_that_counts_nothing() -> None:
    issue = issue_with(("一", [link("https://a.example/x?p=1&q=“2”"), link("https://b.example/路/径#片")]))
    counted, plain = tracked(issue, "clicks"), tracked(issue, "off")
    assert len(counted.links) == 2
    assert fill_segments(lead_straight(counted).html, VALUES) == fill_segments(plain.html, VALUES)
    pictures = find(fill_segments(lead_straight(tracked(issue)).html, VALUES), "//img[@width='1']")
    assert [one.get("src") for one in pictures] == [EMPTY_PICTURE]


def test_links_are_a_part_of_what_is_approved() -> None:
    edition = tracked(issue_with(("一", [link("https://a.example/")])))
    stored = edition_to_json(edition)
    assert edition_from_json(stored, {}) == edition
    stored["links"][0][0] = "https://evil.example/"
    assert edition_from_json(stored, {}).sha256 != edition.sha256


def test_editions_of_older_formats_keep_their_meaning() -> None:
    stored = edition_to_json(tracked(issue_with(("一", []))))
    for old, now in ((True, Tracking.FULL), (False, Tracking.OFF)):
        older = {**stored, "format": 2, "tracking": old}
        del older["links"]
        assert (edition_from_json(older, {}).tracking, edition_from_json(older, {}).links) == (now, ())


def test_utm_parameters_are_added_by_choice_and_only_where_something_may_be_counted() -> None:
    utm = {"utm": {"source": "简报", "medium": "email", "campaign": "{issue}", "content": "{list}"}}
    issue = issue_with(
        ("一", [link("https://a.example/x?a=1#b"), link("mailto:a@b.example"), link("https://a.example")])
    )
    added = "utm_source=%E7%AE%80%E6%8A%A5&utm_medium=email&utm_campaign=2020-07&utm_content=members"
    edition = render(issue, make_config(public_url="", tracking=utm))
    assert f"https://a.example/x?a=1&{added}#b" in hrefs(edition)
    assert "mailto:a@b.example" in hrefs(edition)
    counted = render(issue, make_config(public_url=URL, tracking=utm))
    assert [one.target for one in counted.links] == [
        f"https://a.example/x?a=1&{added}#b", f"https://a.example?{added}",
    ]  # fmt: skip
    lists = {"members": {"title": "会员", "role": "送", "file": "m.csv", "tracking": "off"}}
    assert "utm_" not in "".join(hrefs(render(issue, make_config(lists=lists, tracking=utm))))


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("https://a.example", "https://a.example?utm_source=n"),
        ("https://a.example/?", "https://a.example/?utm_source=n"),
        ("https://a.example/?a=1&", "https://a.example/?a=1&utm_source=n"),
        ("HTTP://a.example/#/route?x=1", "HTTP://a.example/?utm_source=n#/route?x=1"),
        ("https://a.example/?utm_source=theirs", "https://a.example/?utm_source=theirs"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("tel:+86571", "tel:+86571"),
    ],
)
def test_parameters_leave_the_rest_of_an_address_as_it_is(target: str, wanted: str) -> None:
    assert add_parameters(target, {"utm_source": "n"}) == wanted


def test_links_beyond_the_most_lead_straight() -> None:
    issue = issue_with(("一", [link(f"https://a.example/{number}") for number in range(MOST_LINKS + 3)]))
    edition = tracked(issue, "clicks")
    assert len(edition.links) == MOST_LINKS
    assert [one for one in hrefs(edition) if "//a.example" in one] == [
        f"https://a.example/{number}" for number in range(MOST_LINKS, MOST_LINKS + 3)
    ]


PLAN = TrackingPlan(Tracking.FULL, counted=True, aggregate=False, own=f"{URL}/", utm={"utm_source": "n"})
PIECES = st.sampled_from(
    ['<a href="https://a.example/?a=1&amp;b=2#c">全文</a>', "<a href='http://b.example'><b>x</b></a>", "<a>y</a>",
     '<a href="#a1">z</a>', '<a href="javascript:x">j</a>', "<!-- <a href=\"https://c.example\">c</a> -->",
     '<style>a{}</style>', "</a>", "<a href=https://e.example>e</a>", "text", '<p id="a1">'],
)  # fmt: skip


@given(st.lists(PIECES, max_size=12))
def test_whatever_the_markup_only_quoted_links_of_tags_change(pieces: list[str]) -> None:
    page = "<body>" + "".join(pieces) + "</body>"
    manifest = Manifest("0123456789abcdef0123")
    counted, links = track_links(page, manifest, PLAN, [])
    segments = split_html(counted, manifest)
    edition = dataclasses.replace(render(), html=segments, links=links)
    plain, _none = track_links(page, Manifest("0123456789abcdef0123"), dataclasses.replace(PLAN, counted=False), [])
    straight = "".join(part for part in lead_straight(edition).html if isinstance(part, str))
    assert straight.replace(straight[straight.rfind("<img ") : straight.rfind("</body>")], "") == plain
    assert all(link.target.startswith(("http://", "https://")) for link in links)
