"""A value fills a slot as the slot's context asks, and never becomes anything but characters."""

import pytest

from mailer.model.edition import Slot, SlotContext, fill_segments

HTML_CONTEXTS = (SlotContext.TEXT, SlotContext.ATTRIBUTE, SlotContext.URL)
PLAIN_CONTEXTS = (SlotContext.SUBJECT, SlotContext.PLAIN)


def fill(context: SlotContext, value: str, fallback: str = "读者") -> str:
    return fill_segments(("<", Slot("recipient.name", context, fallback), ">"), {"recipient.name": value})


@pytest.mark.parametrize("context", HTML_CONTEXTS)
def test_markup_in_a_value_is_escaped_in_html(context: SlotContext) -> None:
    assert fill(context, "<b>\"'&") == "<&lt;b&gt;&quot;&#x27;&amp;>"


@pytest.mark.parametrize("context", PLAIN_CONTEXTS)
def test_a_plain_value_stays_as_it_is(context: SlotContext) -> None:
    assert fill(context, "王 & 李 {{7*7}}") == "<王 & 李 {{7*7}}>"


@pytest.mark.parametrize("context", list(SlotContext))
@pytest.mark.parametrize("breaker", ["\r\n", "\n", "\0", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\ud800"])
def test_no_value_starts_a_new_line_or_header(context: SlotContext, breaker: str) -> None:
    filled = fill(context, f"a{breaker}Bcc: b@c.example")
    assert filled == f"<a{' ' * len(breaker)}Bcc: b@c.example>"


@pytest.mark.parametrize("context", list(SlotContext))
@pytest.mark.parametrize("empty", ["", " ", "\r\n"])
def test_an_empty_value_gives_the_fallback(context: SlotContext, empty: str) -> None:
    assert fill(context, empty) == "<读者>"


def test_a_missing_value_is_a_fault_and_not_a_blank() -> None:
    with pytest.raises(KeyError):
        fill_segments((Slot("links.unsubscribe", SlotContext.URL),), {})
