"""A date for which no clock runs is said by the next command, whatever it is; and by none that need not."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailer.app import House
from tests.flow.newsletter import Newsletter, end
from tests.flow.test_schedule import DUE, MONTHLY, HandClock
from tests.relay import Relay

ZONE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(DUE - 3 * DAY)


@pytest.fixture
def news(tmp_path: Path, clock: HandClock) -> Newsletter:
    made = Newsletter.make(tmp_path / "news", 2525, MONTHLY)
    made.approve()
    change_settings_at(made, clock.now)
    return made


def change_settings_at(news: Newsletter, moment: datetime) -> None:
    os.utime(news.folder / "config.toml", (moment.timestamp(), moment.timestamp()))


def missed(news: Newsletter, clock: HandClock, now: datetime) -> str:
    """The schedule or mailing that is told of, or nothing."""
    clock.now = now
    house = House(news.folder, clock)
    found = house.timetable.missed()
    house.close()
    return (found.schedule or str(found.mailing_id)) if found else ""


def tick(news: Newsletter, clock: HandClock, now: datetime) -> None:
    clock.now = now
    house = House(news.folder, clock)
    house.timetable.tick()
    house.close()


def test_a_date_is_told_from_a_day_before_and_as_long_as_nobody_acted_on_it(news: Newsletter, clock: HandClock) -> None:
    assert missed(news, clock, DUE - 2 * DAY) == "", "far off"
    assert missed(news, clock, DUE - DAY) == "monthly", "a clock never ran"
    assert missed(news, clock, DUE + 3 * DAY) == "monthly", "and it has passed"
    tick(news, clock, DUE - DAY)
    assert missed(news, clock, DUE - timedelta(minutes=1)) == "", "a clock ran less than a day ago"
    assert missed(news, clock, DUE + timedelta(minutes=1)) == "monthly"
    tick(news, clock, DUE + timedelta(minutes=10))
    assert missed(news, clock, DUE + 5 * DAY) == "", "it was acted on"
    assert missed(news, clock, DUE + 31 * DAY - timedelta(hours=3)) == "monthly", "the next one"


def test_what_was_due_before_the_schedule_was_there_is_not_missed(news: Newsletter, clock: HandClock) -> None:
    change_settings_at(news, DUE + timedelta(hours=1))
    assert missed(news, clock, DUE + 2 * DAY) == ""


def test_a_planned_mailing_is_told_like_a_schedule(news: Newsletter, clock: HandClock) -> None:
    news.set_config(MONTHLY, "")
    house = House(news.folder, clock)
    house.mailings.schedule("2020-07", at=DUE)
    house.close()
    assert missed(news, clock, DUE - 2 * DAY) == ""
    assert missed(news, clock, DUE - timedelta(hours=20)) == "1"
    assert missed(news, clock, DUE + 9 * DAY) == "1"


def test_a_clock_seen_in_the_future_is_no_clock(news: Newsletter, clock: HandClock) -> None:
    tick(news, clock, DUE + 400 * DAY)  # this machine's time was wrong by a year
    assert missed(news, clock, DUE - timedelta(hours=1)) == "monthly"


def test_every_command_says_it_on_stderr_and_stays_what_it_was(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    assert "clock" not in news.run("status").stderr
    news.approve()
    soon = datetime.now(UTC) + timedelta(hours=5)
    news.run("send", "2020-07", "--at", soon.isoformat(timespec="minutes"))
    for words in (["status"], ["lists"], ["check", "2020-07"], ["schedule", "--json"], ["status", "last", "--json"]):
        done = news.run(*words)
        (line,) = [one for one in done.stderr.splitlines() if "no clock" in one]
        assert line.startswith("due ")
        assert ": mailing 1" in line
        assert "mailer serve --print-unit" in line
        assert "no clock" not in done.stdout
    assert "no clock has run here yet" in news.run("why", "7", "x@y.example", code=1).stderr, "also one that fails"
    assert "no clock" not in news.run("house").stderr
    serving = news.start_serve()
    deadline = time.monotonic() + 20
    while "no clock" in news.run("status").stderr:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    serving.send_signal(15)
    said = serving.communicate(timeout=40)[1]
    assert b"no clock" not in said
    assert "no clock" not in news.run("status").stderr, "one ran a moment ago"


def test_a_notice_makes_no_database_and_fails_no_command(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 2525, MONTHLY, database=False)
    news.run("check", "2020-07")
    assert not (news.folder / "var" / "mailer.db").exists()
    (news.folder / "var").mkdir(exist_ok=True)
    (news.folder / "var" / "mailer.db").write_bytes(b"this is a letter" * 100)
    assert news.run("dkim", "show").stderr == ""
    news.run("--help", home=False)


def test_a_server_that_was_not_asked_is_not_asked_for_a_notice(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 2525, MONTHLY)
    config = news.folder / "config.toml"
    config.write_text('database = "postgresql://mailer@192.0.2.1/mailer"\n' + config.read_text("utf-8"), "utf-8")
    began = time.monotonic()
    news.run("dkim", "show")
    assert time.monotonic() - began < 5


def test_serve_is_ended_as_it_was(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    assert end(news.start_serve()) == 0
    known = news.json("house")
    assert known["verdict"] == "same"
    assert known["clock_seen_at"] is not None
