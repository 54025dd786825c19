"""`send --rehearse`: the whole run, nothing leaves, and the newsletter stays as it was."""

import sqlite3
from pathlib import Path

from tests.flow.newsletter import Newsletter
from tests.relay import Relay


def content(news: Newsletter) -> list[str]:
    database = sqlite3.connect(news.folder / "var" / "mailer.db")
    try:
        return list(database.iterdump())
    finally:
        database.close()


def test_everyone_is_taken_by_the_sink_and_nothing_is_changed(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, relay="connections = 3\n")
    news.approve()
    before = content(news)
    found = news.json("send", "2020-07", "--rehearse")
    assert (found["approved"], found["status"], found["warnings"]) == (True, "finished", [])
    assert (found["planned"], found["taken"], found["missing"], found["twice"]) == (10, 10, 0, [])
    assert {name: (one["active"], one["taken"]) for name, one in found["lists"].items()} == {
        "government": (2, 2),
        "members": (8, 8),
    }
    assert found["octets"] > 10 * 5_000
    assert found["octets"] / 10 <= found["largest_octets"] < found["octets"]
    assert found["messages_per_s"] > 0
    assert content(news) == before
    assert not relay.senders
    assert not relay.taken
    assert not (news.folder / "var" / "rehearsal").exists()
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10, "and the real run is none the wiser"


def test_who_has_the_issue_or_gets_nothing_is_told_apart(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    relay.rcpt["reader@firm2.example"] = ["550 5.1.1 no such user"]
    assert news.json("send", "2020-07", "--wait")["refused"] == 1
    sheet = news.folder / "subscribers" / "members.csv"
    sheet.write_text(
        sheet.read_text("utf-8") + "新会员,办公室,new@firm99.example\n省经信厅,,office@jxt.example\n", "utf-8"
    )
    found = news.json("send", "2020-07", "--rehearse")
    assert (found["planned"], found["taken"]) == (1, 1)
    assert found["lists"]["members"]["reached"] == 9, "the refused one too: an issue is sent to it once"
    assert found["lists"]["government"]["reached"] == 2

    news.write_issue("2020-08", "八月。", "2020-08-31")
    news.approve("2020-08")
    next_one = news.json("send", "2020-08", "--rehearse")
    members = next_one["lists"]["members"]
    assert (members["active"], members["planned"], members["suppressed"], members["elsewhere"]) == (10, 9, 1, 1)
    assert next_one["taken"] == 10
    said = news.run("send", "2020-08", "--rehearse").stdout
    assert "all 10 recipients got one copy each, in the sink; nothing has left" in said
    assert "before" in said, "a column that is there only when someone is on two lists"
    assert "already" not in said


def test_an_issue_is_rehearsed_before_its_approval_and_that_is_said(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, database=False)
    found = news.json("send", "2020-07", "--rehearse")
    assert (found["approved"], found["taken"]) == (False, 10)
    assert "not approved" in found["warnings"][0]
    assert not (news.folder / "var" / "mailer.db").exists(), "not even an empty database is made"
    news.approve()
    news.write_issue(text="改过的正文。")
    before = content(news)
    said = news.run("send", "2020-07", "--rehearse").stdout
    assert "changed after its approval: a copy was rendered for this rehearsal; sending needs an approval" in said
    assert content(news) == before, "the change voids the approval when it is sent, not when it is rehearsed"
    assert "changed after its approval" in news.run("send", "2020-07", code=1).stderr
    assert not relay.taken


def test_what_the_limits_of_the_real_relay_mean_is_told(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(
        tmp_path / "news",
        relay.port,
        relay='limits = ["2/15m", "4/1d"]\n[domains.firms]\nnames = ["firm1.example", "firm2.example"]\nlimits = ["1/1h"]',
    )
    news.approve()
    found = news.json("send", "2020-07", "--rehearse")
    forecast = found["forecast"]
    assert forecast["copies"] == 10
    assert forecast["relays"]["main"]["limits"] == ["2/15m", "4/1d"]
    assert forecast["binds"]["limit"] == "4/1d"
    # four a day, so the last two on the third; a permit of a day comes back up to two slices of 24 minutes late
    assert 2 * 86400 <= forecast["seconds"] <= 2 * 86400 + 4 * 24 * 60 + 2 * 15 * 60
    assert found["seconds"] < 60, "they do not hold up the rehearsal"
    said = news.run("send", "2020-07", "--rehearse").stdout
    assert "what binds: relay main 4/1d" in said
    assert "at these limits it ends on" in said
    assert news.json("status") == []


def test_a_relay_whose_password_is_not_to_be_had_is_a_warning(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.set_config('security = "none"', 'username = "bulletin@zsia.example"\npassword_env = "JIANBAO_NO_SUCH"')
    found = news.json("send", "2020-07", "--rehearse")
    assert found["taken"] == 10
    assert any("JIANBAO_NO_SUCH" in one for one in found["warnings"])


def test_what_send_refuses_a_rehearsal_refuses(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, relay='lists = ["members"]')
    news.run("send", "2020-07", "--rehearse", "--wait", code=2)
    news.run("send", "2020-07", "--rehearse", "--at", "2099-01-01T10:00", code=2)
    assert "no relay takes the list government" in news.run("send", "2020-07", "--rehearse", code=1).stderr
    assert news.json("send", "2020-07", "--rehearse", "--list", "members")["taken"] == 8
    assert "there is no issue" in news.run("send", "2020-99", "--rehearse", code=1).stderr
    sheet = news.folder / "subscribers" / "members.csv"
    sheet.write_text(sheet.read_text("utf-8") + "坏行,办公室,nobody at firm\n", "utf-8")
    assert "members.csv:10" in news.run("send", "2020-07", "--rehearse", "-l", "members", code=1).stderr


def test_nobody_to_send_to_is_said_and_is_no_failure(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    news.run("send", "2020-07", "--wait")
    assert "nobody to send to" in news.run("send", "2020-07", "--rehearse").stdout
