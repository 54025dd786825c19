"""`retry`: what ended is sent again because a person says so, and the record says who."""

import sqlite3
from pathlib import Path

from tests.flow.newsletter import Newsletter
from tests.relay import Relay

DEAD, SHUT, FULL = "reader@firm1.example", "reader@firm2.example", "reader@firm3.example"
NO_POLICY = "554 5.7.1 message not wanted here"


def sent(folder: Path, relay: Relay, extra: str = "") -> Newsletter:
    """One is gone, one refuses the message, one was full for too long; the other seven have their copy."""
    news = Newsletter.make(folder, relay.port)
    news.set_config("scale = 0.001", f'scale = 0.001\ngive_up_after = "30m"\n{extra}')
    news.approve()
    relay.rcpt[DEAD] = ["550 5.1.1 no such user"]
    relay.data[SHUT] = [NO_POLICY]
    relay.rcpt[FULL] = ["452 4.2.2 mailbox full"]
    done = news.json("send", "2020-07", "--wait")
    assert (done["accepted"], done["refused"], done["expired"]) == (7, 2, 1)
    return news


def events(news: Newsletter) -> list[tuple[str, str]]:
    database = sqlite3.connect(news.folder / "var" / "mailer.db")
    try:
        return database.execute(
            "SELECT d.address, e.detail FROM event e JOIN delivery d ON d.id = e.delivery_id WHERE e.kind = 'sent_again'"
        ).fetchall()
    finally:
        database.close()


def test_what_was_refused_goes_out_once_more_but_dead_addresses(tmp_path: Path, relay: Relay) -> None:
    news = sent(tmp_path / "news", relay)
    before = relay.taken.copy()
    done = news.json("retry", "last", "--refused", "--as", "主编", "--wait")
    assert (done["status"], done["accepted"], done["refused"], done["expired"]) == ("finished", 8, 1, 1)
    assert done["sent_again"] == {
        "count": 1, "refused": 1, "left_out": {"dead": {"count": 1, "addresses": [DEAD]}}, "suppression_lifted": [],
    }  # fmt: skip
    assert relay.taken - before == {SHUT: 1}, "nobody else got anything"
    first, second = relay.seen[SHUT]
    assert first == second, "the same Message-ID and Date"
    assert events(news) == [(SHUT, f"主编: refused {NO_POLICY}")]
    told = news.json("why", "last", SHUT)
    assert [one["kind"] for one in told["deliveries"][0]["events"]] == ["sent_again"]


def test_an_expired_one_gets_a_new_clock(tmp_path: Path, relay: Relay) -> None:
    news = sent(tmp_path / "news", relay)
    relay.rcpt[FULL] = ["452 4.2.2 mailbox full"]
    again = news.json("retry", "last", "--expired", "--wait")
    assert (again["expired"], again["sent_again"]["count"]) == (1, 1)
    assert news.json("retry", "last", "--expired", "--wait")["accepted"] == 8
    assert len(events(news)) == 2, "each time is on record"
    assert news.json("retry", "last", "--expired")["sent_again"]["count"] == 0


def test_a_dead_address_is_tried_when_it_is_named(tmp_path: Path, relay: Relay) -> None:
    news = sent(tmp_path / "news", relay)
    said = news.run("retry", "last", DEAD, "--wait").stdout
    assert f"{DEAD} gets mail again" in said
    assert relay.taken[DEAD] == 1
    assert news.json("why", "last", DEAD)["suppression"] is None
    relay.rcpt[DEAD] = []
    assert f"left out, as they did not end so: 1: {DEAD}" in news.run("retry", "last", DEAD).stdout, "it has its copy"


def test_who_asked_for_nothing_is_left_out_and_named(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    relay.data[SHUT] = [NO_POLICY]
    relay.data[FULL] = [NO_POLICY]
    relay.rcpt[DEAD] = ["550 Mail is rejected by recipients"]
    assert news.json("send", "2020-07", "--wait")["refused"] == 3
    sheet = news.folder / "subscribers" / "members.csv"
    lines = sheet.read_text("utf-8").splitlines(keepends=True)
    sheet.write_text("".join(line for line in lines if SHUT not in line), "utf-8")
    news.run("lists", "sync")
    done = news.json("retry", "last", DEAD, SHUT, FULL, "--wait")
    assert done["sent_again"]["left_out"] == {
        "suppressed": {"count": 1, "addresses": [DEAD]},
        "left": {"count": 1, "addresses": [SHUT]},
    }
    assert (done["accepted"], relay.taken[FULL], relay.taken[DEAD], relay.taken[SHUT]) == (8, 1, 0, 0)


def test_an_uncertain_copy_is_sent_again_with_a_warning(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.set_config("scale = 0.001", 'scale = 0.001\non_uncertain = "ask"')
    news.approve()
    relay.data[SHUT] = ["354 what now"]
    done = news.json("send", "2020-07", "--wait")
    assert (done["uncertain"], done["accepted"]) == (1, 9)
    told = news.run("why", "last", SHUT).stdout
    assert "the copy may have arrived" in told
    assert "--uncertain`" in told
    assert news.json("retry", "last", "--refused", "--expired")["sent_again"]["count"] == 0
    said = news.run("retry", "last", "--uncertain", "--wait").stdout
    assert "their readers may get a second copy" in said
    assert news.json("status", "last")["accepted"] == 10


def test_a_retry_of_a_paused_mailing_waits_for_its_resume(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, relay='limits = ["4/1h"]')
    news.approve()
    relay.data["office@jxt.example"] = [NO_POLICY]
    relay.taken.clear()
    sending = news.start("send", "2020-07", "--wait")
    news.wait_until(lambda: relay.taken.total() >= 3)
    sending.terminate()
    sending.communicate(timeout=40)
    news.run("pause", "last")
    done = news.json("retry", "last", "--refused")
    assert (done["status"], done["sent_again"]["count"], done["refused"]) == ("paused", 1, 0)
    news.run("cancel", "last")
    said = news.run("retry", "last", "--refused", code=1).stderr
    assert "is cancelled" in said
    assert "→" in said


def test_what_cannot_be_understood_is_said(tmp_path: Path, relay: Relay) -> None:
    news = sent(tmp_path / "news", relay)
    assert "say what is to be sent again" in news.run("retry", "last", code=2).stderr
    assert "knows no address" in news.run("retry", "last", "x@y.example", code=1).stderr
    assert "no name" in news.run("retry", "last", "--refused", "--as", "a\nb", code=2).stderr
    assert news.json("status", "last")["status"] == "finished", "nothing was begun"
    assert not events(news)
