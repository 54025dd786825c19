"""The command report: every way out of it, of a mailing that is over and of one that has not begun."""

import csv
import io
from pathlib import Path

import openpyxl
import pypdfium2
import pytest

from tests.flow.newsletter import SHEETS, Newsletter
from tests.relay import Relay

GONE = "reader@firm2.example"


@pytest.fixture
def news(tmp_path: Path, relay: Relay) -> Newsletter:
    made = Newsletter.make(tmp_path / "news", relay.port)
    made.approve()
    return made


def test_a_mailing_is_told_in_every_form_and_all_say_the_same(news: Newsletter, relay: Relay, tmp_path: Path) -> None:
    relay.rcpt[GONE] = ["550 5.1.1 <reader@firm2.example>: no such user"]
    news.json("send", "2020-07", "--wait")
    page, paper, book, folder = (tmp_path / one for one in ("r.html", "r.pdf", "r.xlsx", "csv"))
    files = ("--html", str(page), "--pdf", str(paper), "--xlsx", str(book), "--csv", str(folder))
    told = news.json("report", "last", *files)
    assert (told["totals"]["planned"], told["totals"]["accepted"], told["totals"]["refused"]) == (10, 9, 1)
    assert told["lists"]["members"]["reasons"][0]["example"] == "550 5.1.1 <r***r@firm2.example>: no such user"
    assert [one["address"] for one in told["missed"]] == [GONE]
    assert [Path(one).name for one in told["files"][:3]] == ["r.html", "r.pdf", "r.xlsx"]
    assert GONE in page.read_text("utf-8")
    with pypdfium2.PdfDocument(paper) as document:
        assert "Report on mailing 1 of issue 2020-07" in document[0].get_textpage().get_text_range()
    sheets = openpyxl.load_workbook(book)
    assert len(sheets.sheetnames) == 13
    assert [cell.value for cell in sheets.worksheets[0][4]][:4] == ["all", 10, 9, 1]
    rows = list(csv.DictReader(io.StringIO((folder / "lists.csv").read_text("utf-8-sig"))))
    assert [(row["planned"], row["accepted"]) for row in rows] == [("2", "2"), ("8", "7")]


def test_a_masked_report_names_nobody(news: Newsletter, relay: Relay, tmp_path: Path) -> None:
    relay.rcpt[GONE] = ["550 5.1.1 <reader@firm2.example>: no such user"]
    rows = SHEETS["members"].replace("邮箱\n", "邮箱,电话\n").replace("办公室,reader@firm2", "王晓明,reader@firm2")
    sheet = rows.replace("firm2.example", "firm2.example,0571-88880015")
    (news.folder / "subscribers" / "members.csv").write_text(sheet, "utf-8")
    news.json("send", "2020-07", "--wait")
    page, missed = tmp_path / "r.html", tmp_path / "missed.csv"
    news.run("report", "last", "--masked", "--html", str(page), "--csv", str(missed))
    for path in (page, missed):
        text = path.read_text("utf-8")
        assert GONE not in text
        assert not any(one in text for one in ("晓", "88880015"))
        assert all(one in text for one in ("r***r@firm2.example", "王…", "0571-8888****", "会员2"))
    said = news.run("report", "last", "--masked").stdout
    assert not any(one in said for one in (GONE, "晓", "88880015"))
    assert "accepted" in said


def test_a_mailing_that_has_not_begun_says_so(news: Newsletter, tmp_path: Path) -> None:
    news.json("send", "2020-07", "--at", "2099-01-01 10:00")
    assert "This mailing has not begun" in news.run("report").stdout
    news.run("report", "--html", str(tmp_path / "r.html"))
    assert "This mailing has not begun" in (tmp_path / "r.html").read_text("utf-8")


def test_what_cannot_be_written_or_is_not_there_is_said_plainly(news: Newsletter, tmp_path: Path) -> None:
    assert "error" in news.run("report", "last", code=1).stderr
    news.json("send", "2020-07", "--wait")
    (tmp_path / "file").write_text("")
    assert "cannot be written" in news.run("report", "--html", str(tmp_path / "file" / "r.html"), code=2).stderr
    for option in ("--html", "--pdf", "--xlsx", "--csv"):
        assert "files only" in news.run("report", option, "-", code=2).stderr
    assert not Path("-").exists()
    for option, name in (("--html", "r.html"), ("--xlsx", "r.xlsx"), ("--csv", "all"), ("--csv", "missed.csv")):
        said = news.run("report", option, str(tmp_path / "not" / "there" / name), code=2).stderr
        assert "no such file or folder" in said, option
    assert not (tmp_path / "not").exists(), "a typing error makes no folders"
    assert "cannot be written" in news.run("report", "--xlsx", str(tmp_path / "file" / "r.xlsx"), code=2).stderr


def test_issues_are_compared_oldest_first(news: Newsletter) -> None:
    news.json("send", "2020-07", "--wait")
    news.write_issue("2020-08", day="2020-08-31")
    issue = news.folder / "issues" / "2020-08" / "issue.md"
    text = issue.read_text("utf-8").replace("number: 7\ntotal: 113", "number: 8\ntotal: 114")
    issue.write_text(text, "utf-8")
    news.approve("2020-08")
    news.json("send", "2020-08", "--wait")
    assert [one["issue"] for one in news.json("report", "last")["compared"]] == ["2020-07", "2020-08"]
    assert news.json("report", "last", "--compare", "1")["compared"] == []
    assert "Compared with earlier issues" in news.run("report", "last").stdout
