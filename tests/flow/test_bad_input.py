"""Bad input: one clear error with file, line, field and cure, the right exit code, and nothing changed."""

from pathlib import Path

import pytest

from tests.flow.newsletter import Newsletter


@pytest.fixture
def news(tmp_path: Path) -> Newsletter:
    return Newsletter.make(tmp_path / "news", 2525)


def said(news: Newsletter, *words: str, code: int = 1) -> str:
    error = news.run(*words, code=code).stderr
    assert "Traceback" not in error
    assert "→" in error, "an error names its cure"
    return error


def test_an_unknown_key_of_the_settings(news: Newsletter) -> None:
    news.set_config('timezone = "Asia/Shanghai"', 'timezon = "Asia/Shanghai"')
    error = said(news, "lists")
    assert "config.toml:4" in error
    assert "timezon: unknown key" in error
    assert "did you mean timezone?" in error


def test_a_rule_of_the_schedule_that_is_not_understood(news: Newsletter) -> None:
    file = news.folder / "config.toml"
    file.write_text(file.read_text("utf-8") + '[schedule.monthly]\nwhen = "now and then"\nat = "10:00"\n', "utf-8")
    assert "schedule.monthly.when" in said(news, "schedule")


def test_a_missing_template(news: Newsletter) -> None:
    (news.folder / "templates" / "parts" / "masthead.mjml.j2").unlink()
    error = said(news, "render", "2020-07")
    assert "masthead.mjml.j2" in error
    assert not (news.folder / "var" / "rendered").exists()


def test_a_template_with_a_fault_names_its_line(news: Newsletter) -> None:
    file = news.folder / "templates" / "bulletin.mjml.j2"
    lines = file.read_text("utf-8").splitlines()
    lines.insert(2, "{{ recipient.nme }}")
    file.write_text("\n".join(lines), "utf-8")
    error = said(news, "check", "2020-07")
    assert "bulletin.mjml.j2:3" in error


def test_a_row_without_a_valid_address_changes_nothing(news: Newsletter) -> None:
    sheet = news.folder / "subscribers" / "members.csv"
    sheet.write_text(sheet.read_text("utf-8") + "坏行,办公室,nobody at firm\n", "utf-8")
    error = said(news, "lists", "sync")
    assert "members.csv:10" in error
    assert [one["active"] for one in news.json("lists")] == [0, 0], "not even the good rows"


def test_an_issue_without_a_date(news: Newsletter) -> None:
    file = news.folder / "issues" / "2020-07" / "issue.md"
    file.write_text(file.read_text("utf-8").replace("date: 2020-07-31\n", ""), "utf-8")
    error = said(news, "approve", "2020-07", "--as", "主编")
    assert "issue.md" in error
    assert "date" in error


def test_an_unreadable_file(news: Newsletter) -> None:
    said(news, "import", str(news.folder / "absent.txt"))
    broken = news.folder / "broken.txt"
    broken.write_bytes(b"\xff\xfe\x00\xd8 not text \x80\x80")
    said(news, "import", str(broken))
    assert [path.name for path in (news.folder / "issues").iterdir() if path.is_dir()] == ["2020-07"]


def test_a_folder_that_is_no_newsletter(tmp_path: Path) -> None:
    error = said(Newsletter(tmp_path), "status")
    assert "mailer new" in error


def test_an_issue_or_list_or_mailing_that_is_not_there(news: Newsletter) -> None:
    assert "2020-07" in said(news, "render", "1999-01"), "the error names those that are"
    assert "government" in said(news, "render", "2020-07", "--list", "nobody")
    said(news, "status", "7")
    said(news, "pause", "last")


def test_wrong_use_is_exit_code_2(news: Newsletter) -> None:
    assert news.run("sned", code=2).stderr
    assert news.run("approve", "2020-07", code=2).stderr
    said(news, "send", "2020-07", "--at", "whenever", code=2)
    said(news, "send", "2020-07", "--at", "2020-07-31T10:00", code=2)
    said(news, "send", "2020-07", "--at", "2090-07-31T10:00", "--wait", code=2)


def test_a_folder_that_holds_something_is_not_made_a_newsletter(news: Newsletter) -> None:
    error = news.run("new", str(news.folder), code=1, home=False).stderr
    assert "→" in error


def test_messages_come_in_chinese_too(news: Newsletter) -> None:
    error = news.run_apart("status", "7", code=1, LANG="zh_CN.UTF-8").stderr
    assert "没有" in error
    assert news.run_apart("status", LANG="C").stdout != news.run("status").stdout


def test_output_that_is_no_terminal_has_no_colour(news: Newsletter) -> None:
    assert "\x1b" not in news.run_apart("lists").stdout
    assert "\x1b" not in news.run_apart("status", "7", code=1).stderr


def test_a_sheet_that_lost_most_of_its_rows_is_taken_for_a_mistake(news: Newsletter) -> None:
    news.approve()
    sheet = news.folder / "subscribers" / "members.csv"
    whole = sheet.read_text("utf-8")
    sheet.write_text("".join(whole.splitlines(keepends=True)[:3]), "utf-8")
    assert "would drop 6 of 8" in said(news, "lists", "sync")
    assert "would drop" in said(news, "send", "2020-07")
    assert "would drop" in said(news, "submit", "2020-07", "--as", "主编"), "its readers are counted"
    assert [one["active"] for one in news.json("lists")] == [2, 8]
    assert len(news.json("lists", "sync", "--dry-run", code=1)["members"]["removed"]) == 6
    news.run("lists", "sync", "--yes")
    assert [one["active"] for one in news.json("lists")] == [2, 2]


def test_odd_arguments_end_in_a_sentence_too(news: Newsletter) -> None:
    said(news, "status", "9" * 23)
    said(news, "render", "2020-07", "--out", "/proc/nowhere/x", code=2)
    said(news, "approve", "2020-07", "--as", " ", code=2)
    said(news, "approve", "2020-07", "--as", "a\nb", code=2)
    assert news.run_apart("lists", PYTHONIOENCODING="ascii", LANG="C").stdout
