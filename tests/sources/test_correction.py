"""The folder of a correction: the editors' own text, with two keys more."""

from pathlib import Path

import pytest

from mailer.errors import IssueError
from mailer.sources.correction import name_correction, write_correction
from mailer.sources.issue_folder import load_issue, parse_issue

HEAD = "title: 简报\nyear: 2020\nnumber: 7\ndate: 2020-07-31"
BODY = "\n# 要闻\n\n## 一件事\n\n正文。\n"
WHAT = '“甲: 乙” # 应为"丙"'


def make_folder(folder: Path, head: str = HEAD) -> Path:
    folder.mkdir()
    (folder / "issue.md").write_text(f"---\n{head}\n---\n{BODY}", "utf-8")
    return folder


def test_comments_and_order_of_the_front_matter_stay(tmp_path: Path) -> None:
    original = make_folder(tmp_path / "2020-07", f"# 编辑部的话\n{HEAD}  # 印发日")
    made = write_correction(original, tmp_path / "2020-07-correction", "2020-07", WHAT)
    text = (tmp_path / "2020-07-correction" / "issue.md").read_text("utf-8")
    assert text.endswith(f"# 编辑部的话\n{HEAD}  # 印发日\n---\n{BODY}")
    again = load_issue(tmp_path / "2020-07-correction")
    assert (again.corrects, again.correction, again.slug) == ("2020-07", WHAT, "2020-07-correction")
    assert again.sections[0].title == made.sections[0].title


@pytest.mark.parametrize(
    "keys",
    [
        "corrects: 2020-07\ncorrection: 旧",
        "correction: >-\n  旧的一段\n  又一行\ncorrects: '2020-07'",
        "corrects: 2020-07\n# 更正了什么，写在下面一行，读者会看到 · what was wrong, on the next line: readers see it\ncorrection:",
    ],
)
def test_the_keys_of_an_earlier_correction_give_way(tmp_path: Path, keys: str) -> None:
    original = make_folder(tmp_path / "2020-07-correction", f"{keys}\n{HEAD}")
    write_correction(original, tmp_path / "2020-07-correction-2", "2020-07", "新")
    text = (tmp_path / "2020-07-correction-2" / "issue.md").read_text("utf-8")
    assert text == f"---\ncorrects: 2020-07\ncorrection: 新\n{HEAD}\n---\n{BODY}"


def test_front_matter_that_lines_cannot_be_put_into_is_written_anew(tmp_path: Path) -> None:
    original = make_folder(tmp_path / "2020-07", "{title: 简报, year: 2020, number: 7, date: 2020-07-31}")
    write_correction(original, tmp_path / "c", "2020-07", WHAT)
    again = load_issue(tmp_path / "c")
    assert (again.corrects, again.correction, again.masthead.number) == ("2020-07", WHAT, 7)


def test_nothing_said_yet_leaves_the_line_to_be_filled(tmp_path: Path) -> None:
    write_correction(make_folder(tmp_path / "2020-07"), tmp_path / "c", "2020-07", "")
    assert "\n# 更正了什么" in (tmp_path / "c" / "issue.md").read_text("utf-8")
    assert load_issue(tmp_path / "c").correction == ""


def test_names_go_on(tmp_path: Path) -> None:
    assert name_correction("2020-07", []) == "2020-07-correction"
    assert name_correction("2020-07", ["2020-07-correction"]) == "2020-07-correction-2"
    assert name_correction("2020-07", ["2020-07-correction", "2020-07-correction-2"]) == "2020-07-correction-3"
    with pytest.raises(IssueError):
        name_correction("x" * 60, [])


@pytest.mark.parametrize(
    ("keys", "field"), [("correction: 改一处", "correction"), ("corrects: ../2020-07\ncorrection: 改一处", "corrects")]
)
def test_a_correction_of_nothing_and_of_a_path_is_refused_at_its_line(tmp_path: Path, keys: str, field: str) -> None:
    with pytest.raises(IssueError) as raised:
        parse_issue(f"---\n{HEAD}\n{keys}\n---\n{BODY}", file=tmp_path / "issue.md", slug="c")
    assert (raised.value.field, raised.value.line) == (field, 6)
    assert raised.value.cure
