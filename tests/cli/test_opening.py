"""`mailer issue new` counts on, never overwrites, and says how to go on."""

from pathlib import Path

from tests.flow.newsletter import Newsletter


def make(tmp_path: Path) -> Newsletter:
    return Newsletter.make(tmp_path / "news", 2525, '[schedule.monthly]\nwhen = "last working day"\nat = "10:00"\n')


def test_the_next_issue_is_made_from_the_last(tmp_path: Path) -> None:
    news = make(tmp_path)
    made = news.json("issue", "new", "--date", "2020-08-31")
    assert {key: made[key] for key in ("slug", "year", "number", "total", "date", "from")} == {
        "slug": "2020-08", "year": 2020, "number": 8, "total": 114, "date": "2020-08-31", "from": "2020-07",
    }  # fmt: skip
    assert Path(made["folder"]) == (news.folder / "issues" / "2020-08").resolve()
    found = news.json("check", "2020-08", code=1)
    errors = [one["text"] for one in found if one["severity"] == "error"]
    assert errors == ["2 place holders stand here"]
    refused = news.run("approve", "2020-08", "--as", "主编", code=1)
    assert "place holder" in refused.stderr


def test_a_second_one_is_not_made_while_the_first_is_not_written(tmp_path: Path) -> None:
    news = make(tmp_path)
    news.run("issue", "new")
    refused = news.run("issue", "new", code=1)
    assert "is begun and not written yet" in refused.stderr
    assert "--date or --number" in refused.stderr


def test_a_new_year_begins_with_one(tmp_path: Path) -> None:
    made = make(tmp_path).json("issue", "new", "--date", "2021-01-29")
    assert (made["slug"], made["number"], made["total"]) == ("2021-01", 1, 114)


def test_a_number_of_ones_own_and_a_name(tmp_path: Path) -> None:
    news = make(tmp_path)
    made = news.json("issue", "new", "--date", "2020-09-30", "--number", "9", "--slug", "autumn", "--from", "2020-07")
    assert (made["slug"], made["number"], made["total"]) == ("autumn", 9, 115), "one is left out, the total says so"


def test_nothing_is_overwritten_and_every_refusal_names_its_cure(tmp_path: Path) -> None:
    news = make(tmp_path)
    before = (news.folder / "issues" / "2020-07" / "issue.md").read_bytes()
    for words, said, code in (
        (("--date", "2020-08-31", "--slug", "2020-07"), "there is an issue 2020-07 already", 1),
        (("--date", "2020-08-31", "--number", "7"), "does not come after issue 2020-07", 2),
        (("--date", "2019-08-31"), "does not come after issue 2020-07", 2),
        (("--date", "31.8.2020"), "is not a date", 2),
        (("--date", "2020-08-31", "--from", "none"), "there is no issue none", 1),
        (("--date", "2020-08-31", "--slug", "../x"), "cannot name an issue", 1),
    ):
        done = news.run("issue", "new", *words, code=code)
        assert said in done.stderr
        assert len(done.stderr.strip().splitlines()) > 1, "the cure follows"
    assert [one.name for one in (news.folder / "issues").iterdir()] == ["2020-07"]
    assert (news.folder / "issues" / "2020-07" / "issue.md").read_bytes() == before


def test_a_house_without_issues_says_how_to_begin(tmp_path: Path) -> None:
    news = make(tmp_path)
    (news.folder / "issues" / "2020-07" / "issue.md").unlink()
    assert "mailer import FILE" in news.run("issue", "new", code=1).stderr
