"""What the commands on issues write, and for whom."""

import os
from pathlib import Path

import pytest

from tests.flow.newsletter import Newsletter


def test_every_list_has_files_of_its_own_whatever_the_slug(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 2525)
    news.write_issue("2020.07")
    written = news.json("render", "2020.07", "--no-pdf")["editions"]
    paths = [Path(one[kind]) for one in written.values() for kind in ("html", "text", "eml")]
    assert len(set(paths)) == 6
    there = {path.name for path in (news.folder / "var/rendered").iterdir()}
    assert {path.name for path in paths} == there - {"2020.07.page.html", "2020.07.wechat.html"}
    assert Path(written["members"]["html"]).name == "2020.07-members.html"


@pytest.mark.parametrize(
    "command", [("render", "2020-07", "--no-pdf"), ("lists",), ("status",), ("dkim", "create", "a")]
)
def test_what_stands_in_var_is_not_for_everyone(tmp_path: Path, command: tuple[str, ...]) -> None:
    news = Newsletter.make(tmp_path / "news", 2525)
    before = os.umask(0o022)
    try:
        news.run(*command)
    finally:
        os.umask(before)
    assert (news.folder / "var").stat().st_mode & 0o777 == 0o700
