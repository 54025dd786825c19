"""Masking, and links that are escaped."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.web.drawing import Form, Page, Site, draw_page, mask_address, with_address


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("reader@grey1.example", "r***r@grey1.example"), ("abc@x.example", "a***c@x.example"),
        ("ab@x.example", "a***@x.example"), ("a@x.example", "***@x.example"),
        ("a.very.long.name@x.example", "a***e@x.example"), ("张三丰@x.example", "张***丰@x.example"),
    ],
)  # fmt: skip
def test_an_address_is_masked(address: str, masked: str) -> None:
    assert mask_address(address) == masked


@given(st.text(alphabet="abcdefg.+-", min_size=1, max_size=64))
def test_a_mask_shows_at_most_two_characters_and_no_length(local: str) -> None:
    masked = mask_address(f"{local}@x.example").removesuffix("@x.example")
    assert masked.count("***") == 1
    assert len(masked) <= 5
    assert len(masked.replace("***", "")) < max(len(local), 2)


def test_a_sentence_and_its_address_are_escaped() -> None:
    made = with_address("<b>Write to {address}</b> & wait.", "a?b&c<d@x.example")
    assert "<b>" not in made
    assert 'href="mailto:a%3Fb%26c%3Cd@x.example"' in made
    assert ">a?b&amp;c&lt;d@x.example</bdi>" in made


def test_a_page_needs_nothing_from_elsewhere() -> None:
    page = draw_page(Page("Heading", ("Text",), forms=(Form("Go"),), done=True), Site("Office", ""), "en")
    for reference in ("src=", "url(", "@import", "http"):
        assert reference not in page
    assert re.findall('href="([^"]*)"', page) == ["/archive", "/privacy"]


def test_pages_below_a_path_lead_to_pages_below_it() -> None:
    site = Site("Office", "https://www.office.example/news", can_join=True)
    page = draw_page(Page("Heading", ("Text",), forms=(Form("Go", "/u/x/back"),)), site, "en")
    assert re.findall('href="([^"]*)"', page) == ["/news/archive", "/news/subscribe", "/news/privacy"]
    assert 'action="/news/u/x/back"' in page
