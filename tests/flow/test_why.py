"""`why`: one recipient's whole history, whatever became of it."""

import re
import time
from pathlib import Path

from tests.flow.newsletter import Newsletter
from tests.relay import Relay

GREY, GONE = "reader@firm1.example", "reader@firm2.example"


def sent(folder: Path, relay: Relay) -> Newsletter:
    news = Newsletter.make(folder, relay.port)
    news.approve()
    relay.rcpt[GREY] = ["451 4.7.1 Greylisted, try again"]
    relay.rcpt[GONE] = ["550 5.1.1 no such user"]
    assert news.json("send", "2020-07", "--wait")["status"] == "finished"
    return news


def test_every_attempt_is_told_in_order_with_what_its_reply_means(tmp_path: Path, relay: Relay) -> None:
    news = sent(tmp_path / "news", relay)
    told = news.json("why", "last", f"  {GREY.upper()} ")
    assert (told["status"], told["next"]["kind"], told["suppression"]) == ("accepted", "nothing", None)
    (delivery,) = told["deliveries"]
    first, second = delivery["attempts"]
    assert (first["outcome"], first["phase"], first["class"], first["dot_at"]) == (
        "deferred",
        "rcpt",
        "greylisted",
        None,
    )
    assert first["reply"] == "451 4.7.1 Greylisted, try again"
    assert second["outcome"] == "accepted"
    assert first["started_at"] < first["ended_at"] <= second["started_at"] <= second["dot_at"] <= second["ended_at"]
    said = news.run("why", "last", GREY).stdout
    order = [said.index(words) for words in ("planned for list members", "attempt 1", "attempt 2", "next: nothing")]
    assert order == sorted(order)
    assert "attempt 1 through relay main: deferred at RCPT TO" in said
    assert "meaning: greylisted: " in said
    assert re.search(r"handed over whole at \d\d:\d\d:\d\d", said)


def test_a_refused_one_says_why_it_gets_nothing_more_and_what_a_person_may_do(tmp_path: Path, relay: Relay) -> None:
    news = sent(tmp_path / "news", relay)
    told = news.json("why", "last", GONE)
    assert (told["status"], told["next"]["kind"]) == ("refused", "person")
    assert (told["suppression"]["reason"], told["suppression"]["source"]) == ("gone", "mailing 1")
    said = news.run("why", "last", GONE).stdout
    assert "There is no such mailbox." in said
    assert "suppressed since" in said
    assert f"`mailer retry 1 {GONE} --refused`" in said


def test_who_has_no_copy_in_a_mailing_is_told_the_reason(tmp_path: Path, relay: Relay) -> None:
    news = sent(tmp_path / "news", relay)
    sheet = news.folder / "subscribers" / "members.csv"
    sheet.write_text(sheet.read_text("utf-8") + "新会员,办公室,new@firm99.example\n", "utf-8")
    assert news.json("send", "2020-07", "--wait")["planned"] == 1
    reached = news.json("why", "last", GREY)
    assert (reached["status"], reached["absence"]) == (None, "reached")
    assert reached["earlier"] == [{"mailing": 1, "status": "accepted"}]
    assert "mailing 1 has this issue for it (accepted)" in news.run("why", "last", GREY).stdout
    assert news.json("why", "1", "new@firm99.example")["absence"] == "reached"

    text = sheet.read_text("utf-8")
    sheet.write_text(text.replace("新会员,办公室,new@firm99.example\n", ""), "utf-8")
    news.write_issue("2020-08", "八月。", "2020-08-31")
    news.approve("2020-08")
    news.json("send", "2020-08", "--wait")
    assert news.json("why", "last", "new@firm99.example")["absence"] == "left"
    assert news.json("why", "last", "office@jxt.example")["status"] == "accepted"
    assert news.json("send", "2020-08", "--list", "government")["planned"] == 0
    assert news.json("why", "last", GREY)["earlier"] == [{"mailing": 3, "status": "accepted"}]
    sheet.write_text(sheet.read_text("utf-8") + "后来的,办公室,late@firm98.example\n", "utf-8")
    news.run("lists", "sync")
    assert news.json("why", "3", "late@firm98.example")["absence"] == "later"
    assert news.json("why", "4", "late@firm98.example")["absence"] == "not_on_lists"
    at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + 3600))
    news.write_issue("2020-09", "九月。", "2020-09-30")
    news.approve("2020-09")
    news.run("send", "2020-09", "--at", at)
    assert "not planned yet" in news.run("why", "last", "late@firm98.example").stdout


def test_an_unknown_address_is_an_error_that_names_few_of_the_same_domain(tmp_path: Path, relay: Relay) -> None:
    news = sent(tmp_path / "news", relay)
    typed = news.run("why", "last", "raeder@firm1.example", code=1).stderr
    assert "mailing 1 knows no address raeder@firm1.example" in typed
    assert f"→ of firm1.example it has: {GREY}" in typed
    stranger = news.run("why", "last", "reader@elsewhere.example", code=1).stderr
    assert "→" in stranger
    assert "firm" not in stranger
    assert "is not an e-mail address" in news.run("why", "last", "reader", code=1).stderr
    assert "there is no mailing 7" in news.run("why", "7", GREY, code=1).stderr


def test_one_that_waits_says_for_what(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    news.run("send", "2020-07")
    assert news.json("why", "last", GREY)["next"]["kind"] == "turn"
    news.run("pause", "last")
    assert news.json("why", "last", GREY)["next"]["kind"] == "mailing"
    assert "nothing while the mailing is paused" in news.run("why", "last", GREY).stdout
    relay.mail = ["553 Mail from must equal authorized user"] * 5
    news.json("resume", "last", "--wait", code=1)
    assert "nothing while the mailing is held (the relay asks to stop: 553" in news.run("why", "last", GREY).stdout
    news.run("cancel", "last")
    cancelled = news.json("why", "last", GREY)
    assert (cancelled["status"], cancelled["next"]["kind"]) == ("cancelled", "nothing")


def test_one_whose_relay_has_used_up_its_limit_says_until_when(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, relay='limits = ["3/1h"]')
    news.approve()
    news.run("send", "2020-07")
    serving = news.start_serve()
    news.wait_until(lambda: bool(news.json("status", "last")["accepted"] == 3))
    serving.terminate()
    serving.communicate(timeout=40)
    assert relay.taken.total() == 3
    last = "reader@firm8.example"
    told = news.json("why", "last", last)
    assert (told["next"]["kind"], told["next"]["waits_for"]) == ("relay", "main")
    assert "it waits for the relay main: 3/1h (used up until " in news.run("why", "last", last).stdout
    status = news.json("status", "last")
    (standing,) = status["relays"]
    assert (standing["state"], standing["limits"][0]["left"]) == ("used_up", 0)
    assert "relay main: 3/1h (used up until " in news.run("status", "last").stdout
