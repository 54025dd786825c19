"""What is read off a page, and where words stand in it."""

from hypothesis import given
from hypothesis import strategies as st

from mailer.model.page_text import (
    LONGEST_TEXT,
    MOST_WORDS,
    PageText,
    find_excerpt,
    fold_text,
    read_page,
    read_query,
)
from mailer.model.publication import Excerpt


def test_the_words_of_main_are_read_and_nothing_around_it() -> None:
    page = (
        "<html><head><title>简报\n 第7期</title><style>p{}</style></head><body><header><h1>名</h1><h3>不是</h3></header>"
        "<nav>目录</nav><main><h2>栏目</h2><article><h3>题<sup>1</sup></h3><p>甲<b>乙</b>&amp;</p><p>丙</p>"
        "<script>no</script><table><tr><td>1</td><td>2</td></tr></table></article></main><footer>页脚</footer></body>"
    )
    assert read_page(page) == PageText("简报 第7期", ("题1",), "栏目 题1 甲乙& 丙 1 2")


def test_a_page_without_main_or_articles_is_read_as_it_is() -> None:
    found = read_page("<title>t</title><body><h2>a</h2>b<h2></h2>c")
    assert found == PageText("t", ("a",), "a b c")
    assert read_page("") == PageText("", (), "")
    assert len(read_page("x" * (LONGEST_TEXT + 9)).text) == LONGEST_TEXT


@given(st.text(alphabet='<>/!-a="&;main h3 p\x00\ud800é，Ａ', max_size=200) | st.binary(max_size=200).map(repr))
def test_anything_at_all_is_read(text: str) -> None:
    found = read_page(text)
    assert found.text == " ".join(found.text.split())
    assert found.text.isprintable()


@given(st.text(max_size=60))
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold_text(text)) == len(text)
    assert fold_text(fold_text(text)) == fold_text(text)


@given(st.text(max_size=300))
def test_a_query_is_few_words_that_a_database_takes(text: str) -> None:
    words = read_query(text)
    assert len(words) <= MOST_WORDS
    for word in words:
        assert word
        assert not set(word) & set("\x00 \n\x7f")
        word.encode()


def test_an_excerpt_shows_the_text_as_it_was_written() -> None:
    text = "前" * 50 + "ＳＩＧＣＯＭＭ大会" + "后" * 100
    found = find_excerpt(text, read_query("sigcomm"))
    assert found == Excerpt("…" + "前" * 30, "ＳＩＧＣＯＭＭ", "大会" + "后" * 88 + "…")
    assert find_excerpt("短文", read_query("没有 短")) == Excerpt("", "短", "文")
    assert find_excerpt("短文", read_query("没有")) is None
