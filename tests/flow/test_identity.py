"""A restored backup or a cloned house sends nothing until a person has confirmed it; nothing else is held."""

import json
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import httpx
import pytest

from mailer.app import House
from mailer.errors import HouseHeldError
from mailer.model.delivery import MailingStatus
from mailer.model.identity import Verdict
from mailer.ops.identity import Identity
from mailer.store.database import Store
from tests.flow.forks import fork_context
from tests.flow.newsletter import Newsletter, end, environment
from tests.flow.test_schedule import DUE, MONTHLY, HandClock
from tests.relay import Relay

CONFIRM = ("house", "confirm", "--as", "主编", "--yes")


@pytest.fixture
def news(tmp_path: Path, relay: Relay) -> Newsletter:
    made = Newsletter.make(tmp_path / "news", relay.port)
    made.approve()
    return made


def back_up(news: Newsletter, file: Path) -> None:
    """As SQLite's own tools do: whole, also while it is written to."""
    with closing(sqlite3.connect(news.folder / "var" / "mailer.db")) as source, closing(sqlite3.connect(file)) as copy:
        source.backup(copy)


def put_back(news: Newsletter, file: Path) -> None:
    for path in (news.folder / "var").glob("mailer.db*"):
        path.unlink()
    shutil.copy(file, news.folder / "var" / "mailer.db")


def copy_folder(news: Newsletter, to: Path) -> Newsletter:
    shutil.copytree(news.folder, to)
    return Newsletter(to)


def told(news: Newsletter) -> Any:
    return news.json("house")


def test_who_looks_while_a_house_starts_for_the_first_time_is_not_told_it_is_a_copy(news: Newsletter) -> None:
    with_clock, looking = House(news.folder), House(news.folder)
    with_clock.open()
    looks = list[None]()

    def store() -> Store:
        looks.append(None)
        if len(looks) == 2:  # the machine's memory was looked at, the database not yet
            assert with_clock.identity.beat() is None
        return looking.store

    identity = Identity(store, lambda: False, news.folder, looking.state_folder, looking.now)
    report = identity.report()
    assert len(looks) == 2
    assert (report.hold, report.known.generation) == (None, 1)
    with_clock.close()
    looking.close()


def test_a_new_house_sends_with_no_ceremony_and_its_witness_is_its_owners(news: Newsletter, state_folder: Path) -> None:
    assert (told(news)["verdict"], told(news)["generation"]) == ("new", 0)
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10
    known = told(news)
    assert (known["verdict"], known["generation"], known["clock_seen_at"]) == ("same", 1, None)
    witness = Path(known["witness"])
    assert witness.is_relative_to(state_folder)
    assert stat.S_IMODE(witness.stat().st_mode) == 0o600
    assert json.loads(witness.read_text())["instance_id"] == known["instance"] != ""


def test_commands_that_only_look_do_not_count_on(news: Newsletter) -> None:
    news.run("send", "2020-07", "--wait")
    before = told(news)
    for words in (
        ["status"],
        ["status", "last"],
        ["schedule"],
        ["lists"],
        ["check", "2020-07"],
        ["house"],
        ["bounces", "poll"],
    ):
        news.run(*words, code=1 if words[0] == "bounces" else 0)
    news.run("send", "2020-07", "--rehearse")
    assert told(news) == before


def test_a_restored_backup_is_held_everywhere_and_goes_on_when_confirmed(
    news: Newsletter, relay: Relay, tmp_path: Path
) -> None:
    news.run("send", "2020-07", "--list", "government", "--wait")
    back_up(news, tmp_path / "backup.db")
    news.run("send", "2020-07", "--wait")
    assert relay.taken.total() == 10
    put_back(news, tmp_path / "backup.db")
    before = told(news)
    assert (before["verdict"], before["generation"], before["remembered"]["generation"]) == ("older", 1, 2)
    for words in (["send", "2020-07", "--wait"], ["send", "2020-07"], ["resume", "last"], ["resume", "last", "--wait"],
                  ["retry", "last", "--refused"], ["send", "2020-07", "--at", "2099-07-31T10:00"]):  # fmt: skip
        refused = news.run(*words, code=1).stderr
        assert "sends nothing: its database is older" in refused, words
        assert "mailer house confirm --as NAME" in refused
        assert refused.count("sends nothing") == 1, "once is enough"
    for words in (["status"], ["schedule"], ["lists"], ["check", "2020-07"]):
        assert "its database is older" in news.run(*words).stderr, words
    assert news.json("schedule")["held"]["verdict"] == "older"
    assert relay.taken.total() == 10
    assert told(news) == before, "nothing was counted"

    assert "nobody is there to be asked" in news.run(*CONFIRM[:-1], code=2).stderr
    assert told(news) == before
    said = news.run(*CONFIRM).stdout
    assert "knows of nothing sent after" in said
    after = told(news)
    assert (after["verdict"], after["generation"], after["confirmed_by"]) == ("same", 3, "主编")
    assert after["instance"] != before["instance"]
    assert "nothing to confirm" in news.run(*CONFIRM, code=1).stderr
    news.run("send", "2020-07", "--wait")
    assert relay.taken.total() == 18, "what it had forgotten is sent again, as the person was told"
    assert "sends nothing" not in news.run("status").stderr


def test_a_clone_neither_goes_on_nor_fires_and_its_pages_answer(news: Newsletter, relay: Relay, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    news.set_config('public_url = ""', 'public_url = "https://bulletin.example"')
    (news.folder / "config.toml").write_text(
        (news.folder / "config.toml").read_text("utf-8") + f"[web]\nport = {port}\n"
    )
    news.run("send", "2020-07", "--list", "government", "--wait")
    news.run("send", "2020-07", "--list", "members")  # runs, and nobody sends it yet
    clone = copy_folder(news, tmp_path / "clone")
    serving = clone.start_serve()
    time.sleep(4)
    with httpx.Client(trust_env=False) as client:
        assert client.get(f"http://127.0.0.1:{port}/u/no-token").status_code in {200, 400, 404}
    assert clone.json("status", "last")["status"] == "running"
    assert relay.taken.total() == 2
    refused = clone.run("resume", "last", "--wait", code=1).stderr
    assert "was it moved, cloned, or restored here?" in refused
    outlook = clone.run(*CONFIRM).stdout
    assert "mailing 2 of issue 2020-07, running: 8 recipients are left" in outlook
    assert clone.wait_for("2", "finished")["accepted"] == 8, "the serve that runs goes on by itself"
    assert end(serving) == 0
    assert relay.taken.total() == 10
    assert told(news)["verdict"] == "same", "the original is as it was: only one may be confirmed"

    shutil.copy(clone.folder / "var" / "mailer.db", tmp_path / "back.db")
    put_back(news, tmp_path / "back.db")
    assert told(news)["verdict"] == "other", "the clone's database is not taken for the original's"
    assert "another copy" in news.run("send", "2020-07", "--wait", code=1).stderr


def test_a_moved_folder_is_held_and_one_moved_back_is_not(news: Newsletter, tmp_path: Path) -> None:
    news.run("send", "2020-07", "--wait")
    news.folder.rename(tmp_path / "moved")
    assert told(Newsletter(tmp_path / "moved"))["verdict"] == "elsewhere"
    (tmp_path / "moved").rename(news.folder)
    assert told(news)["verdict"] == "same"
    (tmp_path / "link").symlink_to(news.folder)
    assert told(Newsletter(tmp_path / "link"))["verdict"] == "same", "another way to the same folder"


def test_a_lost_database_is_not_begun_anew_unseen(news: Newsletter) -> None:
    news.run("send", "2020-07", "--wait")
    for path in (news.folder / "var").glob("mailer.db*"):
        path.unlink()
    news.approve()
    assert told(news)["verdict"] == "fresh"
    assert "was the database lost?" in news.run("send", "2020-07", "--wait", code=1).stderr
    news.run(*CONFIRM)
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10


def test_a_state_folder_that_cannot_be_written_holds_and_names_the_cure(
    news: Newsletter, relay: Relay, tmp_path: Path
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("not a folder")
    refused = news.run_apart("send", "2020-07", "--wait", code=1, MAILER_STATE_DIR=str(blocked)).stderr
    assert "cannot be read" in refused
    assert str(blocked) in refused
    assert "MAILER_STATE_DIR" in refused
    in_the_way = Path(told(news)["witness"]).with_suffix(".new")
    (in_the_way / "full").mkdir(parents=True)  # root, whom no mode stops, may run these tests
    refused = news.run("send", "2020-07", "--wait", code=1).stderr
    assert "cannot be written" in refused
    assert "MAILER_STATE_DIR" in refused
    assert relay.taken.total() == 0
    shutil.rmtree(in_the_way)
    assert news.json("resume", "last", "--wait")["accepted"] == 10, "a first try that failed is no mismatch"


def test_a_damaged_witness_holds_and_a_confirmation_writes_it_anew(news: Newsletter) -> None:
    news.run("send", "2020-07", "--wait")
    Path(told(news)["witness"]).write_text("{")
    assert told(news)["verdict"] == "unreadable"
    assert "is damaged" in news.run("send", "2020-07", "--wait", code=1).stderr
    news.run(*CONFIRM)
    assert told(news)["verdict"] == "same"


def test_a_clock_on_a_held_house_fires_nothing_and_what_was_missed_is_held_after(tmp_path: Path) -> None:
    clock = HandClock(DUE - timedelta(days=2))
    original = Newsletter.make(tmp_path / "news", 2525, MONTHLY)
    house = House(original.folder, clock)
    house.approvals.approve("2020-07", "主编")
    house.mailings.schedule("2020-07", at=DUE - timedelta(hours=1))
    house.timetable.tick()
    house.close()
    clone = House(copy_folder(original, tmp_path / "clone").folder, clock)
    clock.now = DUE + timedelta(minutes=1)
    clone.timetable.tick()
    assert [(one.status, one.schedule) for one in clone.mailings.newest()] == [(MailingStatus.SCHEDULED, "")]
    with pytest.raises(HouseHeldError):
        clone.mailings.start(1)
    assert clone.identity.report().known.clock_seen_at == clock()
    clock.now = DUE + timedelta(hours=4)
    clone.confirm("主编")
    clone.timetable.tick()
    assert {one.status for one in clone.mailings.newest()} == {MailingStatus.HELD}, "both are too late by now"
    clone.close()


def test_a_clock_set_back_or_a_year_ahead_is_no_mismatch(tmp_path: Path) -> None:
    clock = HandClock(DUE)
    house = House(Newsletter.make(tmp_path / "news", 2525).folder, clock)
    for jump in (timedelta(0), timedelta(days=365), timedelta(days=-700), timedelta(hours=-1)):
        clock.now += jump
        assert house.identity.beat(clock=True) is None
    assert house.identity.report().known.generation == 4
    house.close()


def beat_on(folder: Path, ready: Connection) -> None:
    """Count as fast as can be until killed; in a process of its own."""
    house = House(folder)
    house.open()
    ready.send("ready")
    while True:
        hold = house.identity.beat()
        assert hold is None, hold


def start_beating(folder: Path) -> ForkServerProcess:
    forks = fork_context()
    here, there = forks.Pipe(duplex=False)
    process = forks.Process(target=beat_on, args=(folder, there))
    process.start()
    there.close()
    assert here.recv() == "ready"
    here.close()
    return process


def test_a_kill_at_any_point_and_two_at_once_are_no_mismatch(tmp_path: Path) -> None:
    """Two processes count as fast as they can while a third looks; each is killed a dozen times, at any point."""
    folder = Newsletter.make(tmp_path / "news", 2525).folder
    house = House(folder)
    house.open()
    looks = 0
    for number in range(12):
        processes = [start_beating(folder) for _number in range(2)]
        until = time.monotonic() + 0.05 + number * 0.013
        while time.monotonic() < until:
            assert house.identity.look() is None
            looks += 1
        for process in processes:
            assert process.is_alive(), process.exitcode
            process.kill()
            process.join()
            process.close()
        assert house.identity.look() is None
    report = house.identity.report()
    assert looks > 100
    assert report.verdict is Verdict.SAME
    assert report.remembered is not None
    assert report.known.generation >= report.remembered.generation > 12
    assert report.known.generation - report.remembered.generation <= 12, "each kill may have come between the two"
    house.close()


def test_a_first_beat_that_is_cut_short_anywhere_begins_again(tmp_path: Path) -> None:
    from mailer.ops.witness import Witness

    original = Witness.write
    for number, before in enumerate((True, False) * 2):
        house = House(Newsletter.make(tmp_path / f"news{number}", 2525).folder)
        left = 1 if number < 2 else 2  # cut at the first write of the file, or at the second

        def cut(self: Witness, remembered: Any, before: bool = before, house: House = house) -> None:
            nonlocal left
            left -= 1
            if left or not before:
                original(self, remembered)
            if not left:
                raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Witness, "write", cut)
            with pytest.raises(KeyboardInterrupt):
                house.identity.beat()
        house.close()
        again = House(house.home)
        assert again.identity.beat() is None
        assert again.identity.report().verdict is Verdict.SAME
        again.close()


def test_nothing_of_a_rehearsal_is_left_in_the_home(tmp_path: Path, relay: Relay) -> None:
    home = tmp_path / "home"
    home.mkdir()
    kept = {key: value for key, value in environment().items() if key != "MAILER_STATE_DIR"} | {"HOME": str(home)}
    command = [sys.executable, "-m", "mailer"]
    news = Newsletter.make(tmp_path / "news", relay.port)
    rehearse = [*command, "-C", str(news.folder), "send", "2020-07", "--rehearse"]
    subprocess.run(rehearse, env=kept, check=True, timeout=180, capture_output=True)
    assert not [one for one in home.rglob("*") if "jianbao" in str(one)]
    assert not list((news.folder / "var").glob("**/houses"))
    news.approve()
    send = [*command, "-C", str(news.folder), "send", "2020-07", "--wait"]
    subprocess.run(send, env=kept, check=True, timeout=180, capture_output=True)
    assert len(list((home / ".local" / "state" / "jianbao" / "houses").glob("*.json"))) == 1, "where it belongs"


def test_a_held_house_can_still_be_rehearsed(news: Newsletter, tmp_path: Path, relay: Relay) -> None:
    news.run("send", "2020-07", "--list", "government", "--wait")
    clone = copy_folder(news, tmp_path / "clone")
    assert told(clone)["verdict"] == "elsewhere"
    assert clone.json("send", "2020-07", "--rehearse")["taken"] == 8
    assert relay.taken.total() == 2


def test_the_time_of_a_beat_is_on_record(tmp_path: Path) -> None:
    house = House(Newsletter.make(tmp_path / "news", 2525).folder, lambda: datetime(2020, 7, 31, tzinfo=UTC))
    house.identity.beat()
    report = house.identity.report()
    assert report.remembered is not None
    assert report.known.beat_at == report.remembered.written_at == datetime(2020, 7, 31, tzinfo=UTC)
    assert report.known.clock_seen_at is None, "a sender is no clock"
    assert os.access(report.witness, os.R_OK)
    house.close()
