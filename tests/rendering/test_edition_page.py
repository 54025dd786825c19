"""Where an issue has a web page, the mail leads there; a long article never ends without saying so."""

import dataclasses

import pytest

from mailer.model.edition import (
    Edition,
    Slot,
    fill_segments,
    lead_straight,
)
from mailer.model.issue import Archive, Issue
from tests.rendering.pages import find, render, words
from tests.rendering.samples import VALUES, make_config, make_issue


def with_archive(archive: Archive, **changes: object) -> Issue:
    return dataclasses.replace(make_issue(), archive=archive, **changes)  # type: ignore[arg-type]


def slots_of(edition: Edition) -> set[str]:
    return {part.name for part in (*edition.html, *edition.text) if isinstance(part, Slot)}


@pytest.mark.parametrize(
    ("archive", "url", "wanted"),
    [
        (Archive.PUBLIC, "https://news.example.org", "https://news.example.org/i/2020-07"),
        (Archive.MEMBERS, "https://news.example.org", VALUES["links.view"]),
        (Archive.OFF, "https://news.example.org", ""),
        (Archive.PUBLIC, "", ""),
        (Archive.MEMBERS, "", ""),
    ],
)
def test_the_way_to_the_page_is_shown_where_there_is_a_page(archive: Archive, url: str, wanted: str) -> None:
    edition = lead_straight(render(with_archive(archive), make_config(language="en", public_url=url)))
    html, text = fill_segments(edition.html, VALUES), fill_segments(edition.text, VALUES)
    assert ("View it in the browser" in html) is bool(wanted)
    assert ("View it in the browser" in text) is bool(wanted)
    assert f'href="{wanted}"' in html or not wanted
    assert wanted in text
    assert ("links.view" in slots_of(edition)) is (wanted == VALUES["links.view"])
    assert edition.archive is archive


@pytest.mark.parametrize("archive", [Archive.PUBLIC, Archive.MEMBERS])
def test_a_shortened_article_leads_to_the_rest_in_both_editions(archive: Archive) -> None:
    config = make_config(language="en", public_url="https://news.example.org")
    issue = with_archive(archive, shorten=20)
    edition = lead_straight(render(issue, config))
    html, text = fill_segments(edition.html, VALUES), fill_segments(edition.text, VALUES)
    target = VALUES["links.view"] if archive is Archive.MEMBERS else "https://news.example.org/i/2020-07#a1"
    button = find(html, "//td[@class='button']//a")[0]
    assert (button.get("href"), words(button).strip()) == (target, "Read on")
    assert f"Read on: {target}\n" in text
    assert "数据可用不可见" not in html + text
    assert html.count("Read on") == text.count("Read on: ") == 2


@pytest.mark.parametrize(("archive", "url"), [(Archive.OFF, "https://news.example.org"), (Archive.PUBLIC, "")])
def test_without_a_page_no_article_is_shortened(archive: Archive, url: str) -> None:
    edition = render(with_archive(archive, shorten=20), make_config(language="en", public_url=url))
    text = fill_segments(edition.text, VALUES)
    assert "数据可用不可见" in text
    assert "Read on" not in text + fill_segments(edition.html, VALUES)


def test_a_list_that_leaves_by_reply_is_given_no_link_of_ours() -> None:
    lists = {"members": {"title": "会员", "role": "送", "file": "m.csv", "leave": "reply"}}
    edition = render(config=make_config(language="en", public_url="https://news.example.org", lists=lists))
    assert slots_of(edition) & {"links.unsubscribe", "links.unsubscribe_mail"} == {"links.unsubscribe_mail"}
    assert "answer this mail" in fill_segments(edition.html, VALUES)
    assert VALUES["links.unsubscribe_mail"] in fill_segments(edition.text, VALUES)
