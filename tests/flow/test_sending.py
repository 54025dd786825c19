"""Approve, send, change, crash: the two promises, through the command line."""

import os
import signal
import time
from pathlib import Path

from tests.flow.newsletter import Newsletter, end
from tests.relay import Relay


def test_what_was_approved_is_what_is_sent(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    unapproved = news.run("send", "2020-07", "--wait", code=1)
    assert "not approved" in unapproved.stderr
    news.approve()
    news.write_issue(text="改过的正文。")
    changed = news.run("send", "2020-07", "--wait", code=1)
    assert "changed after its approval" in changed.stderr
    assert not relay.taken
    news.approve()
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10


def test_a_mailing_whose_issue_changed_before_its_time_is_held_and_can_be_cancelled(
    tmp_path: Path, relay: Relay
) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + 8))
    planned = news.json("send", "2020-07", "--at", at)
    assert planned["status"] == "scheduled"
    news.write_issue(text="改过的正文。")
    serving = news.start_serve()
    held = news.wait_for("last", "held", 30)
    assert "changed after its approval" in held["reason"]
    assert end(serving) == 0
    assert not relay.taken
    news.run("cancel", "last")
    assert news.json("status", "last")["status"] == "cancelled"
    news.run("resume", "last", code=1)


def test_nobody_is_mailed_twice_by_a_second_send(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10
    sheet = tmp_path / "news" / "subscribers" / "members.csv"
    sheet.write_text(sheet.read_text("utf-8") + "新会员,办公室,new@firm99.example\n", "utf-8")
    more = news.json("send", "2020-07", "--wait")
    assert (more["planned"], more["accepted"]) == (1, 1)
    assert relay.taken["new@firm99.example"] == 1
    assert set(relay.taken.values()) == {1}


def test_a_sender_killed_in_the_middle_loses_nobody(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, relay="connections = 2\n")
    news.approve()
    relay.data_wait_s = 0.3
    news.run("send", "2020-07")
    serving = news.start_serve()
    deadline = time.monotonic() + 20
    while relay.taken.total() < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(serving.pid, signal.SIGKILL)  # the sender too
    serving.communicate(timeout=10)
    relay.data_wait_s = 0.0
    again = news.start_serve()
    done = news.wait_for("last", "finished")
    assert end(again) == 0
    assert done["accepted"] == done["planned"] == 10
    assert len(relay.taken) == 10
    assert relay.taken.total() - 10 <= 2, "at most one copy twice for each open connection"
    for tries in relay.seen.values():
        assert len(set(tries)) == 1, "a second copy has the same Message-ID and Date"


def test_a_killed_serve_takes_its_sender_with_it(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    serving = news.start_serve()
    time.sleep(1)
    serving.kill()
    serving.communicate(timeout=10)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if news.run("send", "2020-07", "--wait", "--json", code=0).returncode == 0:
            break
    assert news.json("status", "last")["accepted"] == 10


def test_send_wait_follows_a_serve_that_runs_and_a_second_serve_is_refused(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    serving = news.start_serve()
    second = news.run_apart("serve", code=1)
    assert "another `mailer serve` runs" in second.stderr
    figures = news.json("send", "2020-07", "--wait")
    assert (figures["status"], figures["accepted"]) == ("finished", 10)
    assert end(serving) == 0
    assert set(relay.taken.values()) == {1}


def test_a_wrong_relay_holds_nothing_back_for_ever(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    relay.mail = ["553 Mail from must equal authorized user"] * 5
    held = news.json("send", "2020-07", "--wait", code=1)
    assert held["status"] == "held"
    assert "553" in held["reason"]
    relay.mail = []
    news.run("resume", "last")
    serving = news.start_serve()
    done = news.wait_for("last", "finished")
    assert end(serving) == 0
    assert done["accepted"] == 10


def test_a_second_send_waits_for_its_turn_and_orphans_nothing(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    relay.data_wait_s = 0.4
    first = news.start("send", "2020-07", "--list", "members", "--wait")
    deadline = time.monotonic() + 20
    while not relay.seen and time.monotonic() < deadline:
        time.sleep(0.02)
    second = news.json("send", "2020-07", "--list", "government", "--wait")
    assert (second["status"], second["accepted"]) == ("finished", 2)
    first.communicate(timeout=30)
    assert first.returncode == 0
    assert len(relay.taken) == 10
    assert set(relay.taken.values()) == {1}


def test_an_interrupted_send_says_how_to_go_on_and_does(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    relay.data_wait_s = 0.3
    sending = news.start("send", "2020-07", "--wait")
    deadline = time.monotonic() + 20
    while not relay.seen and time.monotonic() < deadline:
        time.sleep(0.02)
    sending.send_signal(signal.SIGINT)
    sending.communicate(timeout=30)
    assert news.json("status", "last")["status"] == "running"
    relay.data_wait_s = 0.0
    done = news.json("resume", "last", "--wait")
    assert (done["status"], done["accepted"]) == ("finished", 10)
    assert set(relay.taken.values()) == {1}
    assert "nobody to send to" in news.run("send", "2020-07", "--wait").stdout
