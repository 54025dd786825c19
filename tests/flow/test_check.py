"""A person checks an issue, mends what is wrong, and only then can sign it off."""

from pathlib import Path

import pytest

from tests.flow.newsletter import Newsletter


@pytest.fixture
def news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsletter:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))  # no SpamAssassin: it takes seconds
    return Newsletter.make(tmp_path / "news", 2525)


def severities(found: list[dict[str, str]]) -> list[str]:
    return [one["severity"] for one in found]


def edit(news: Newsletter, old: str, new: str, slug: str = "2020-07") -> None:
    file = news.folder / "issues" / slug / "issue.md"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_an_error_blocks_the_approval_until_it_is_mended(news: Newsletter) -> None:
    edit(news, "# 要闻", "# 要闻\n\n见[通知](http://10.1.2.3/notice)。")
    found = news.json("check", "2020-07", code=1)
    assert severities(found)[0] == "error"
    assert found[0]["place"].startswith("issues/2020-07/issue.md:")
    assert found[0]["cure"]
    refused = news.run("approve", "2020-07", "--as", "主编", code=1)
    assert "10.1.2.3" in refused.stderr
    news.set_config('language = ""', 'language = "zh_CN"')
    refused = news.run("approve", "2020-07", "--as", "主编", code=1)
    assert f"{found[0]['place'].replace(': ', '：')}：" in refused.stderr
    news.set_config('language = "zh_CN"', 'language = ""')
    edit(news, "http://10.1.2.3/notice", "https://www.zsia.example/notice")
    assert "error" not in severities(news.json("check", "2020-07"))
    news.approve()


def test_findings_are_drawn_with_their_cures_and_counted(news: Newsletter) -> None:
    edit(news, "# 要闻", "# 要闻\n\n见[点击这里](http://10.1.2.3/notice)。")
    said = news.run("check", "2020-07", code=1).stdout.splitlines()
    kinds = [line.split()[0] for line in said if not line.startswith("  ")]
    assert kinds[:2] == ["error", "warning"]
    assert sum(line.startswith("  → ") for line in said) == len(kinds) - 2
    assert said[-2].startswith("1 error, 1 warning, ")
    assert "not to be approved" in said[-1]


def test_numbers_are_compared_with_the_other_folders_and_with_what_was_signed_off(news: Newsletter) -> None:
    news.write_issue("2020-06", day="2020-06-30")
    edit(news, "number: 7\ntotal: 113", "number: 5\ntotal: 111", "2020-06")
    (gap,) = [one for one in news.json("check", "2020-07") if "missing" in one["text"]]
    assert gap["severity"] == "warning"
    assert "2020-06" in gap["text"]
    edit(news, "number: 5", "number: 6", "2020-06")
    (wrong,) = [one for one in news.json("check", "2020-07", code=1) if "follow" in one["text"]]
    assert wrong["severity"] == "error"
    edit(news, "total: 111", "total: 112", "2020-06")
    assert not [one for one in news.json("check", "2020-07") if "number" in one["place"]]
    # a folder that is gone is still known to the database
    edit(news, "number: 6", "number: 3", "2020-06")
    edit(news, "total: 112", "total: 109", "2020-06")
    news.approve("2020-06")
    (news.folder / "issues" / "2020-06" / "issue.md").unlink()
    assert [one["severity"] for one in news.json("check", "2020-07") if "2020-06" in one["text"]] == ["warning"]


def test_a_reader_with_a_very_long_name_counts(news: Newsletter) -> None:
    sheet = news.folder / "subscribers" / "members.csv"
    sheet.write_text(sheet.read_text("utf-8") + f"长名会员,{'某' * 150},long@firm.example\n", "utf-8")
    part = news.folder / "templates" / "parts" / "footer.mjml.j2"
    mention = "<p>{{ recipient.name }}</p>" * 200
    part.write_text(part.read_text("utf-8").replace("</mj-text>", f"{mention}</mj-text>", 1), "utf-8")
    assert not [one for one in news.json("check", "2020-07") if "Gmail" in one["text"]]
    news.run("lists", "sync")
    found = [one for one in news.json("check", "2020-07") if "Gmail" in one["text"]]
    assert [one["place"] for one in found] == ["HTML for members"]


def test_a_broken_neighbour_does_not_stand_in_the_way(news: Newsletter) -> None:
    news.write_issue("2020-06", day="2020-06-31")
    news.json("check", "2020-07")


def test_a_colour_that_cannot_be_read_is_said(news: Newsletter) -> None:
    theme = news.folder / "templates" / "theme.toml"
    theme.write_text(theme.read_text("utf-8").replace('"#1F2329"', '"#CCCCCC"'), "utf-8")
    found = [one for one in news.json("check", "2020-07") if "theme.toml" in one["place"]]
    assert severities(found)[0] == "warning"


def test_a_fault_of_the_markup_in_a_part_used_in_a_loop_names_file_and_line(news: Newsletter) -> None:
    part = news.folder / "templates" / "parts" / "article.mjml.j2"
    text = part.read_text("utf-8")
    part.write_text(text + "\n<mj-text colour='red'>x</mj-text>\n", "utf-8")
    error = news.run("check", "2020-07", code=1).stderr
    assert f"parts/article.mjml.j2:{text.count(chr(10)) + 2}" in error
    assert "did you mean color?" in error


def test_only_what_is_asked_for_goes_online(news: Newsletter) -> None:
    edit(news, "# 要闻", "# 要闻\n\n见[通知](https://127.0.0.1/notice)。")
    offline = news.json("check", "2020-07", code=1)
    online = news.json("check", "2020-07", "--online", code=1)
    said = [one for one in online if one not in offline]
    assert [one["severity"] for one in said] == ["error"]
    assert "network that readers do not reach" in said[0]["text"]


def test_what_the_spam_filter_says_is_told_where_there_is_one(news: Newsletter, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "spamassassin"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n/bin/cat >/dev/null\necho 'X-Spam-Status: Yes, score=6.1 required=5.0'\necho ' 6.1 BAD_WORDS  bad'\n"
    )
    program.chmod(0o755)
    found = [one for one in news.json("check", "2020-07", code=1) if "SpamAssassin" in one["text"]]
    assert severities(found) == ["error"]  # once, as both lists have the same template
    assert "BAD_WORDS 6.1" in found[0]["text"]
