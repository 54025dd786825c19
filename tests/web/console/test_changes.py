"""What has changed between two texts, as people read it."""

from hypothesis import given
from hypothesis import strategies as st

from mailer.web.console.changes import ChangedLine, Words, compare_texts

TEXTS = st.lists(st.text("甲乙丙丁 ", max_size=6), max_size=8).map("\n".join)


def test_a_word_changed_in_a_paragraph_is_marked_within_it() -> None:
    (gap, line) = compare_texts("上半年全省软件业收入三千亿元。", "上半年全省软件业收入四千亿元。")
    assert gap.gap
    assert [(one.kind, one.text) for one in line.words] == [
        ("same", "上半年全省软件业收入"), ("taken", "三"), ("added", "四"), ("same", "千亿元。"),
    ]  # fmt: skip


def test_a_paragraph_of_other_words_comes_and_goes_whole() -> None:
    assert compare_texts("一\n二二二\n三", "一\nABC\n三")[1:] == [
        ChangedLine("same", (Words("same", "一"),)),
        ChangedLine("added", (Words("added", "ABC"),)),
        ChangedLine("taken", (Words("taken", "二二二"),)),
        ChangedLine("same", (Words("same", "三"),)),
    ]


@given(TEXTS, TEXTS)
def test_every_new_line_is_shown_as_it_is(before: str, now: str) -> None:
    shown = ["".join(word.text for word in one.words if word.kind != "taken") for one in compare_texts(before, now)]
    assert set(now.splitlines()) - set(before.splitlines()) <= set(shown)
    assert (compare_texts(before, now) == []) == (before.splitlines() == now.splitlines())
