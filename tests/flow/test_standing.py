"""`status` answers why nothing moves; `resume` and `send` have a stopped relay tried again."""

import sqlite3
from pathlib import Path

from tests.flow.newsletter import Newsletter
from tests.relay import Relay

NOT_OURS = "553 Mail from must equal authorized user"


def stop(news: Newsletter, name: str) -> None:
    """What a sender leaves when a relay asks to stop."""
    database = sqlite3.connect(news.folder / "var" / "mailer.db")
    with database:
        database.execute(
            "INSERT INTO pace (subject, changed_at, stopped, reason) VALUES (?, '2020-07-31 02:00:00.000000', 1, ?)",
            (f"relay:{name}", NOT_OURS),
        )
    database.close()


def test_a_relay_that_asked_to_stop_is_named_until_a_person_resumes(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    assert "relay" not in news.run("status").stdout
    news.approve()
    relay.mail = [NOT_OURS] * 5
    held = news.json("send", "2020-07", "--wait", code=1)
    (standing,) = held["relays"]
    assert (standing["name"], standing["state"], standing["reason"]) == ("main", "stopped", NOT_OURS)
    for words in (("status",), ("status", "last")):
        said = news.run(*words).stdout
        assert f"relay main: stopped until a person has looked, as it said: {NOT_OURS}" in said
        assert "`mailer resume MAILING`" in said
    (listed,) = news.json("status")
    assert listed["relays"] == held["relays"]
    relay.mail = []
    done = news.json("resume", "last", "--wait")
    assert (done["status"], done["accepted"], done["relays"][0]["state"]) == ("finished", 10, "ready")
    for words in (("status",), ("status", "last")):
        assert "relay" not in news.run(*words).stdout, "nothing to say"


def test_a_stop_beside_a_mailing_that_runs_is_lifted_by_resume_too(tmp_path: Path, relay: Relay) -> None:
    backup = f'[relays.backup]\nhost = "127.0.0.1"\nport = {relay.port}\nsecurity = "none"\n'
    news = Newsletter.make(tmp_path / "news", relay.port, relay=backup)
    news.approve()
    news.run("send", "2020-07")
    stop(news, "backup")
    assert "relay backup: stopped" in news.run("status").stdout
    assert "running" in news.run("resume", "last").stdout
    assert "relay" not in news.run("status").stdout
    assert "only a paused or held one" in news.run("resume", "last", code=1).stderr


def test_a_new_mailing_tries_a_stopped_relay_again(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    stop(news, "main")
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10
