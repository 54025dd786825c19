"""Patterns that people write: what is taken always comes to an end soon, and what does not is refused."""

import random
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.model.pattern import LONGEST_TEXT, MOST_WAYS, PatternError, compile_pattern
from tests.effort import weigh


@pytest.mark.parametrize(
    "pattern",
    [
        r"odd words", r"a.*b", r"a.{0,40}b.{0,40}c", r"(?:a|b)?c", r"[]a]+x", r"[^]]b*c", r"a{2,3}b", r"a++b", r"a{3}",
        r"a{x}", r"a{,", r"(?<!x)foo[\])]", r"\(#\d+\)", r"(?=a)a", r"x\|y", r"用户.{0,5}不存在", r"[*+?]a", r"\\*a", r"^5\.7\.1 ",
    ],
)  # fmt: skip
def test_what_has_a_bound_is_taken(pattern: str) -> None:
    assert compile_pattern(pattern).pattern == pattern


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        ("(a+)+$", "repeats a group"), ("(?:a|a)*b", "repeats a group"), ("(a?){30}a", "repeats a group"),
        ("(?:x+x+)+y", "too long"), ("((a)|b){2,}", "repeats a group"), ("a(b)+", "repeats a group"),
        ("a.*b.*c", "too long"), ("a.*.*", "too long"), ("a" + "(?:b|b)" * 13, "too long"), ("a" + "b?" * 14, "too long"),
        ("x.{0,100}.{0,100}y", "too long"), ("a[^b]+[^c]+", "too long"), ("a(?:.{0,90}|b).{0,90}c", "too long"),
        (r"(a)\1", "backreference"), ("(?P<x>a)(?P=x)", "special group"), ("(?i)a", "special group"),
        ("(?(1)a|b)", "no regular expression"), ("(", "no regular expression"), ("[a", "no regular expression"),
        ("[[a]", "no regular expression"), ("a{2,1}", "no regular expression"), ("*a", "no regular expression"),
        ("", "every text"), ("a*", "every text"), ("(?:a|)", "every text"), ("^", "every text"), ("(?=)", "every text"),
        ("(" * 25 + "a" + ")" * 25, "too deep"), ("(" * 400 + "a" + ")" * 400, "deep|no regular"),
        ("a" * 1001, "longer than"),
    ],
)  # fmt: skip
def test_what_has_none_is_refused_with_a_cure(pattern: str, wrong: str) -> None:
    with pytest.raises(PatternError, match=wrong) as caught:
        compile_pattern(pattern)
    assert caught.value.cure


def test_case_does_not_matter_in_what_is_taken() -> None:
    assert compile_pattern("MI:STC").search("554 mi:stc")
    assert compile_pattern(r"\S+ mi").search("554 mi:stc")


@pytest.mark.parametrize(
    "pattern",
    ["a.*b", "a.{0,60}.{0,60}b", "a{0,60}a{0,60}b", "(?:a|aa|aaa|aaaa)[a ]+b", "[ab]{0,200}(?:a|b|c)?[ab]{0,3}x"],
)
def test_the_worst_that_is_taken_ends_within_a_blink(pattern: str) -> None:
    compiled = compile_pattern(pattern)
    for text in ("a" * LONGEST_TEXT, "ab" * (LONGEST_TEXT // 2), "a" * (LONGEST_TEXT - 1) + "b"):
        assert weigh(partial(compiled.search, text))[1] < A_BLINK


A_BLINK = 1000  # rounds; the worst is some 200

PIECES = [
    "a",
    "b",
    ".",
    r"\d",
    "[ab]",
    "(",
    "(?:",
    ")",
    "|",
    "*",
    "+",
    "?",
    "{0,40}",
    "{2,}",
    "^",
    "$",
    " ",
    "\\",
    "[",
    "]",
    "é",
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=30), st.randoms())
def test_any_text_is_taken_or_refused_and_what_is_taken_ends(pattern: str, dice: random.Random) -> None:
    try:
        compiled = compile_pattern(pattern)
    except PatternError:
        return
    assert compiled.search("") is None
    text = "".join(dice.choice("ab") for _ in range(LONGEST_TEXT // 2)) + "a" * (LONGEST_TEXT // 2)
    assert weigh(partial(compiled.search, text))[1] < A_BLINK


def test_the_bound_is_what_it_says() -> None:
    compile_pattern("x" + f".{{0,{MOST_WAYS // 4 - 1}}}" + "(?:a|b|c|d)")
    with pytest.raises(PatternError):
        compile_pattern("x" + f".{{0,{MOST_WAYS // 4 - 1}}}" + "(?:a|b|c|d|e)")
