"""What is missing is sent later, to new members only; a second copy is a person's word, and on record."""

from pathlib import Path

from tests.flow.newsletter import Newsletter
from tests.relay import Relay

NEW = "new@firm99.example"


def add_member(news: Newsletter, address: str, name: str = "members") -> None:
    sheet = news.folder / "subscribers" / f"{name}.csv"
    more = f"新会员,办公室,{address}\n" if name == "members" else f"新厅局,{address}\n"
    sheet.write_text(sheet.read_text("utf-8") + more, "utf-8")


def sent(tmp_path: Path, relay: Relay) -> Newsletter:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10
    return news


def test_only_new_members_get_what_is_missing_and_it_is_said_before(tmp_path: Path, relay: Relay) -> None:
    news = sent(tmp_path, relay)
    nobody = news.run("send", "2020-07", "--missing", code=1)
    assert "nobody misses issue 2020-07" in nobody.stderr
    assert len(news.json("status")) == 1, "no mailing was made"
    add_member(news, NEW)
    add_member(news, "office@new.example", "government")
    told = news.run("send", "2020-07", "--missing", "--list", "members", "--wait")
    assert "1 reader misses issue 2020-07: 各市主管部门与会员单位 1" in told.stderr
    assert relay.taken[NEW] == 1
    news.run("lists", "sync")
    reach = news.json("status", "2020-07")
    assert (reach["missing"], reach["lists"]["members"]["missing"], reach["lists"]["members"]["reached"]) == (1, 0, 9)
    rest = news.json("send", "2020-07", "--missing", "--wait")
    assert (rest["missing"], rest["planned"], rest["accepted"]) == (1, 1, 1)
    assert set(relay.taken.values()) == {1}
    assert news.json("status", "2020-07")["missing"] == 0


def test_an_issue_that_never_went_out_has_nobody_missing(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    refused = news.run("send", "2020-07", "--missing", code=1)
    assert "has not gone out yet" in refused.stderr
    assert "mailer send 2020-07" in refused.stderr
    assert not relay.taken


def test_status_of_an_issue_tells_whom_it_reached_and_how_it_stands(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    draft = news.run("status", "2020-07").stdout
    assert "Issue 2020-07: draft" in draft
    assert "it has not gone out yet" in draft
    news.approve()
    relay.rcpt["reader@firm2.example"] = ["550 5.1.1 User unknown"]
    news.run("proof", "2020-07", "--to", "editor@zsia.test", "--as", "责任编辑")
    assert news.json("send", "2020-07", "--wait")["refused"] == 1
    add_member(news, NEW)
    news.run("lists", "sync")
    reach = news.json("status", "2020-07")
    assert reach["status"] == "approved"
    assert (
        reach["lists"]["members"] | {"missing": 1, "accepted": 7, "refused": 1, "active": 9}
        == reach["lists"]["members"]
    )
    assert [one["mailing"] for one in reach["mailings"]] == [1]
    assert {one["by"] for one in reach["proofs"]} == {"责任编辑"}
    said = news.run("status", "2020-07").stdout
    assert "1 reader misses it: `mailer send 2020-07 --missing`" in said
    assert "责任编辑" in said
    assert "there is no issue 2099-01" in news.run("status", "2099-01", code=1).stderr


def test_who_is_suppressed_is_not_missing(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    relay.rcpt["reader@firm2.example"] = ["550 5.1.1 User unknown"]
    news.approve()
    news.run("send", "2020-07", "--wait")
    news.write_issue("2020-08", day="2020-08-31")
    news.approve("2020-08")
    news.json("send", "2020-08", "--list", "government", "--wait")
    reach = news.json("status", "2020-08")
    assert (reach["lists"]["members"]["missing"], reach["lists"]["members"]["missing_suppressed"]) == (7, 1)
    missing = news.json("send", "2020-08", "--missing", "--wait")
    assert (missing["missing"], missing["accepted"], missing["suppressed"]) == (7, 7, 1)


def test_a_second_copy_wants_a_reason_and_a_name_and_is_on_record(tmp_path: Path, relay: Relay) -> None:
    news = sent(tmp_path, relay)
    news.run("send", "2020-07", "--again", " ", "--as", "主编", code=2)
    news.run("send", "2020-07", "--to", "reader@firm1.example", code=2)
    news.run("send", "2020-07", "--again", "x", "--missing", code=2)
    news.run("send", "2020-07", "--again", "x", "--rehearse", code=2)
    stranger = news.run("send", "2020-07", "--again", "未收到", "--as", "主编", "--to", "x@other.example", code=1)
    assert "x@other.example" in stranger.stderr
    assert len(news.json("status")) == 1
    one = news.json("send", "2020-07", "--again", "未收到", "--as", "主编", "--to", "Reader@firm1.example", "--wait")
    assert (one["planned"], one["accepted"]) == (1, 1)
    assert relay.taken["reader@firm1.example"] == 2
    assert len({number for number, _date in relay.seen["reader@firm1.example"]}) == 2
    everyone = news.json("send", "2020-07", "--again", "附件损坏", "--as", "主编", "--wait")
    assert (everyone["planned"], everyone["accepted"]) == (10, 10)
    record = news.json("status", "2020-07")
    assert [(two["again_by"], two["again_reason"]) for two in record["mailings"]] == [
        ("主编", "附件损坏"), ("主编", "未收到"), ("", ""),
    ]  # fmt: skip
    assert "(again, by 主编: 附件损坏)" in news.run("status", "2020-07").stdout
    assert (record["missing"], record["lists"]["members"]["reached"]) == (0, 8), "a reader counts once"
    more = news.json("send", "2020-07", "--wait")
    assert more["planned"] == 0, "without the word there is no second copy"


def test_sending_again_reaches_who_was_never_reached_once(tmp_path: Path, relay: Relay) -> None:
    news = sent(tmp_path, relay)
    add_member(news, NEW)
    assert news.json("send", "2020-07", "--again", "附件损坏", "--as", "主编", "--wait")["accepted"] == 11
    assert relay.taken[NEW] == 1
    assert news.json("send", "2020-07", "--wait")["planned"] == 0
    assert relay.taken[NEW] == 1


def test_who_has_a_copy_under_way_gets_that_one_only(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    news.run("send", "2020-07", "--list", "members")  # planned, and nobody delivers it
    again = news.json("send", "2020-07", "--again", "重发", "--as", "主编", "--wait")
    assert again["planned"] == 2, "government only"
    assert news.json("resume", "1", "--wait")["accepted"] == 8
    assert set(relay.taken.values()) == {1}
