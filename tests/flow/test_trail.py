"""The trail also holds who confirmed a house, mailed proofs, made corrections; and a machine keeps its head."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailer.app import House
from mailer.errors import StateError, UsageError
from mailer.model.audit import parse_head
from mailer.model.people import UserRole
from tests.flow.newsletter import Newsletter
from tests.flow.test_people import register, trail
from tests.flow.test_schedule import DUE, HandClock, make_house
from tests.relay import Relay


def newest(news: Newsletter) -> Any:
    return news.json("audit", "list", "--limit", "1")[0]


def take_away(folder: Path, count: int) -> None:
    """Delete the newest entries, as who can write to the database file may."""
    with closing(sqlite3.connect(folder / "var" / "mailer.db")) as database:
        database.execute("DROP TRIGGER IF EXISTS audit_entry_stay")
        database.execute("DELETE FROM audit_entry WHERE id > (SELECT max(id) - ? FROM audit_entry)", (count,))
        database.commit()


def test_a_house_is_confirmed_by_who_may_and_it_is_on_record(tmp_path: Path) -> None:
    clock = HandClock(DUE - timedelta(days=1))
    house = make_house(tmp_path, clock)
    house.timetable.tick()
    house.people.add("张三", [UserRole.ADMIN])
    house.people.add("赵六", [UserRole.SENDER], "张三")
    house.identity.witness.path.unlink()
    for wrong, by in ((UsageError, ""), (UsageError, "谁也不是"), (StateError, "赵六")):
        with pytest.raises(wrong):
            house.confirm(by)
    assert house.identity.look() is not None
    assert house.confirm("张三").confirmed_by == "张三"
    assert house.identity.look() is None
    (entry,) = house.audit.list(1)
    assert (entry.actor.name, entry.act, entry.subject) == ("张三", "confirm", ("house", ""))
    assert '"verdict":"elsewhere"' in entry.details
    remembered = house.identity.report().remembered
    assert remembered is not None
    assert remembered.audit_head == f"{entry.id}:{entry.sha256}"
    house.close()


def test_entries_that_were_taken_from_the_end_are_missed_by_the_machine_that_ran_the_house(tmp_path: Path) -> None:
    clock = HandClock(DUE - timedelta(days=1))
    house = make_house(tmp_path, clock)
    house.approvals.approve("2020-07", "主编")
    house.mailings.schedule("2020-07", at=DUE)
    house.timetable.tick()
    news = Newsletter(house.home)
    assert news.json("audit", "verify")["remembered_head_found"] is True
    house.mailings.hold("last", "等一等", "主编")  # after the last tick
    assert house.audit.verify().whole
    house.close()
    take_away(house.home, 1)
    assert news.json("audit", "verify")["whole"] is True, "what came after the tick nobody remembers"
    take_away(house.home, 1)
    found = news.json("audit", "verify", code=1)
    assert (found["whole"], found["fault"], found["remembered_head_found"]) == (False, None, False)
    assert "this machine keeps a head that is not part of the chain" in news.run("audit", "verify", code=1).stdout
    again = House(house.home, clock)
    again.timetable.tick()
    again.mailings.cancel("last", "主编")
    again.timetable.tick()
    assert not again.audit.verify().whole, "new entries and ticks do not cover it up"
    again.close()


def test_a_trail_that_is_short_because_a_backup_was_put_back_says_so_and_a_person_s_word_ends_it(
    tmp_path: Path, relay: Relay
) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    backup = tmp_path / "backup.db"
    with closing(sqlite3.connect(news.folder / "var" / "mailer.db")) as source, closing(sqlite3.connect(backup)) as to:
        source.backup(to)
    news.run("send", "2020-07", "--wait")
    again = House(news.folder, HandClock(DUE))
    again.timetable.tick()
    remembered = again.identity.report().remembered
    assert remembered is not None
    lost = remembered.audit_head
    again.close()
    for path in (news.folder / "var").glob("mailer.db*"):
        path.unlink()
    (news.folder / "var" / "mailer.db").write_bytes(backup.read_bytes())
    news.run("house", "confirm", "--as", "主编", "--yes")
    entry = newest(news)
    assert (entry["act"], entry["details"]) == ("confirm", {"verdict": "fresh", "lost_head": lost})
    assert parse_head(lost) is not None
    assert news.json("audit", "verify")["remembered_head_found"] is True


def test_proofs_and_corrections_are_on_record(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    register(news)
    news.run("proof", "2020-07", "--to", "a@zsia.example", "--to", "b@zsia.example", "--as", "李四")
    entry = newest(news)
    assert (entry["actor"]["name"], entry["act"], entry["subject"]["name"]) == ("李四", "proof", "2020-07")
    details = entry["details"]
    assert (details["status"], details["copies"]) == ("draft", 4)
    assert {name: len(sha256) for name, sha256 in details["editions"].items()} == {"government": 64, "members": 64}
    news.run("submit", "2020-07", "--as", "李四")
    news.run("approve", "2020-07", "--as", "王五")
    news.run("send", "2020-07", "--wait", "--as", "赵六")
    words = ("correct", "2020-07", "--reason", "数字有误")
    assert "say who" in news.run(*words, code=2).stderr
    assert "may not write issues" in news.run(*words, "--as", "赵六", code=1).stderr
    assert not (news.folder / "issues" / "2020-07-correction").exists()
    news.run(*words, "--as", "李四")
    entry = newest(news)
    assert (entry["act"], entry["subject"]["name"]) == ("correct", "2020-07")
    assert entry["details"] == {"correction": "2020-07-correction"}
    assert trail(news)[-1] == ("李四", "correct")
