"""Two people's changes of one text, joined by lines."""

from hypothesis import given
from hypothesis import strategies as st

from mailer.sources.merging import find_marks, join_changes

BASE = "# 一\n\n第一段。\n\n# 二\n\n第二段。\n\n# 三\n\n第三段。\n"
LINES = st.lists(st.sampled_from(["甲", "乙", "丙", "", "丁"]), max_size=12).map("\n".join)


def test_changes_in_different_places_stand_together() -> None:
    mine = BASE.replace("第一段。", "第一段，改。")
    theirs = BASE.replace("第三段。", "第三段。\n\n又一段。")
    merged = join_changes(BASE, mine, theirs, "me", "them")
    assert merged.conflicts == 0
    assert merged.text == BASE.replace("第一段。", "第一段，改。").replace("第三段。", "第三段。\n\n又一段。")


def test_one_may_take_out_what_the_other_left_alone() -> None:
    mine = BASE.replace("# 二\n\n第二段。\n\n", "")
    theirs = BASE.replace("# 一", "# 壹")
    assert join_changes(BASE, mine, theirs, "me", "them").text == mine.replace("# 一", "# 壹")


def test_the_same_change_twice_is_one() -> None:
    mine = BASE.replace("第二段。", "改过。")
    assert join_changes(BASE, mine, mine, "me", "them") == join_changes(BASE, mine, BASE, "me", "them")


def test_where_both_changed_one_place_both_stand_marked() -> None:
    merged = join_changes(BASE, BASE.replace("第二段。", "我的。"), BASE.replace("第二段。", "她的。"), "您的", "审签")
    assert merged.conflicts == 1
    assert "<<<<<<< 您的\n我的。\n=======\n她的。\n>>>>>>> 审签\n" in merged.text
    assert find_marks(merged.text) == [7, 11]
    assert find_marks(BASE) == []


@given(LINES, LINES, LINES)
def test_nothing_that_was_written_is_lost(base: str, mine: str, theirs: str) -> None:
    merged = join_changes(base, mine, theirs, "me", "them").text.split("\n")
    for side, other in ((mine, theirs), (theirs, mine)):
        for line in set(side.split("\n")) - set(base.split("\n")):
            assert line in merged, (line, other)


@given(LINES, LINES)
def test_with_one_change_only_the_merge_is_that_change(base: str, mine: str) -> None:
    assert join_changes(base, mine, base, "me", "them").text == mine
    assert join_changes(base, base, mine, "me", "them").text == mine


def test_without_what_was_edited_every_difference_is_marked() -> None:
    merged = join_changes(None, BASE.replace("第一段。", "改。"), BASE.replace("# 三\n\n", ""), "me", "them")
    assert merged.conflicts == 2
    assert "<<<<<<< me\n改。\n=======\n第一段。\n>>>>>>> them" in merged.text
