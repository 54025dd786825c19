"""A person keeps mailings in time: held and released, put off, quiet at night, forecast."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailer.app import House
from mailer.errors import StateError
from mailer.model.delivery import MailingStatus
from mailer.model.tempo import Tempo
from tests.flow.newsletter import Newsletter, end
from tests.flow.test_during_a_run import wait_for_copies
from tests.relay import Relay

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2020, 7, 30, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def quiet_now() -> str:
    """Quiet hours that have begun an hour ago and last for hours."""
    here = datetime.now(SHANGHAI)
    return f"{here - timedelta(hours=1):%H:%M}-{here + timedelta(hours=6):%H:%M}"


def test_a_hold_acts_within_two_seconds_and_a_release_sends_the_rest(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    relay.data_wait_s = 0.5
    news.run("send", "2020-07")
    serving = news.start_serve()
    wait_for_copies(relay, 1)
    said = news.run("hold", "last", "--reason", "数字待核", "--as", "主编").stdout
    assert "mailing 1 is held: 主编: 数字待核" in said
    time.sleep(2)
    after = relay.taken.total()
    assert after < 8
    time.sleep(1.2)
    assert relay.taken.total() == after
    held = news.json("status", "last")
    assert (held["status"], held["reason"], held["pending"]) == ("held", "主编: 数字待核", 10 - after)
    told = news.run("status", "last").stdout
    assert "reason: 主编: 数字待核" in told
    assert "`mailer release 1` sends the rest" in told
    assert "mailing 1: `mailer release 1` sends the rest" in news.run("status").stdout
    relay.data_wait_s = 0
    news.run("release", "last")
    assert news.wait_for("last", "finished")["accepted"] == 10
    assert end(serving) == 0
    assert set(relay.taken.values()) == {1}


@pytest.fixture
def house(tmp_path: Path) -> House:
    news = Newsletter.make(tmp_path / "news", 1)
    news.approve()
    return House(news.folder, Clock())


def plan(house: House, hours: float) -> int:
    at = house.now() + timedelta(hours=hours)
    return house.mailings.schedule("2020-07", (), at).id


def forward(house: House, hours: float) -> None:
    clock = house.now
    assert isinstance(clock, Clock)
    clock.now += timedelta(hours=hours)


def test_one_that_is_held_does_not_start_at_its_time(house: House) -> None:
    number = plan(house, 1)
    house.mailings.hold(str(number), "领导出差")
    forward(house, 1.5)
    house.timetable.tick()
    record = house.mailings.get(str(number))
    assert (record.status, record.reason, record.started_at) == (MailingStatus.HELD, "领导出差", None)
    released = house.mailings.release(str(number))
    assert released.status is MailingStatus.RUNNING, "its time is over, so it starts at once"
    assert released.reason == ""
    house.close()


def test_one_that_is_released_before_its_time_waits_for_it(house: House) -> None:
    number = plan(house, 2)
    house.mailings.hold(str(number), "等一等")
    forward(house, 1)
    assert house.mailings.release(str(number)).status is MailingStatus.SCHEDULED
    house.timetable.tick()
    assert house.mailings.get(str(number)).status is MailingStatus.SCHEDULED
    forward(house, 1)
    house.timetable.tick()
    assert house.mailings.get(str(number)).status is MailingStatus.RUNNING
    house.close()


def test_resume_releases_what_is_held_as_before(house: House) -> None:
    number = plan(house, 2)
    house.mailings.hold(str(number), "等一等")
    assert house.mailings.resume(str(number)).status is MailingStatus.SCHEDULED
    house.close()


def test_a_start_that_was_on_its_way_does_not_overrule_a_hold(house: House) -> None:
    number = plan(house, 0.001)
    forward(house, 1)
    house.mailings.hold(str(number), "等一等")
    assert house.mailings.start(number, among=(MailingStatus.SCHEDULED,)).status is MailingStatus.HELD
    house.close()


def test_what_cannot_be_held_or_released_is_said(house: House) -> None:
    number = plan(house, 2)
    with pytest.raises(StateError, match="only a held one is released"):
        house.mailings.release(str(number))
    house.mailings.cancel(str(number))
    with pytest.raises(StateError, match="cannot become"):
        house.mailings.hold(str(number), "太晚了")
    with pytest.raises(StateError, match="cannot be planned anew"):
        house.mailings.reschedule(str(number), house.now() + timedelta(days=1))
    house.close()


def test_one_that_a_person_releases_but_that_still_cannot_go_says_the_new_reason(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 1)
    news.approve()
    news.run("send", "2020-07", "--at", "2099-01-01 10:00")
    news.run("hold", "last", "--reason", "等一等")
    news.write_issue(text="改过的正文。")
    house = House(news.folder)
    house.mailings.reschedule("1", house.now() - timedelta(minutes=1))
    house.close()
    said = news.run("release", "last", code=1)
    assert "changed after its approval" in said.stdout
    assert news.json("status", "last")["status"] == "held"


def test_another_time_is_given_and_said_with_its_day_and_zone(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 1)
    news.approve()
    planned = news.run("send", "2020-07", "--at", "2099-01-01 10:00").stdout
    assert "is planned for Thursday 2099-01-01 10:00 Asia/Shanghai" in planned
    said = news.run("reschedule", "last", "--at", "2099年1月2日 9点半", "--spread", "6h", "--as", "主编").stdout
    assert "is planned for Friday 2099-01-02 09:30 Asia/Shanghai" in said
    assert "spread over 6 h" in said
    found = news.json("status", "last")
    assert found["scheduled_at"] == "2099-01-02T01:30:00+00:00"
    assert found["tempo"] == {"spread_s": 21600.0, "pause_between_lists_s": 0.0, "quiet_hours": None}
    assert "say what is to change" in news.run("reschedule", "last", code=2).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at", "2020-07-31 10:00"), "is past"),
        (("--at", "2099-01-01"), "has no time of day"),
        (("--at", "next week"), "is not a time"),
        (("--spread", "6 hours"), "is not understood as a length of time"),
        (("--spread", "100d"), "92 days at most"),
        (("--quiet-hours", "22-7"), "is not understood as quiet hours"),
        (("--pause-between-lists", "soon"), "is not understood as a length of time"),
    ],
)
def test_what_is_no_time_is_refused_with_its_cure(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    news = Newsletter.make(tmp_path / "news", 1)
    news.approve()
    done = news.run("send", "2020-07", *words, code=2)
    assert said in done.stderr
    assert "→" in done.stderr
    assert news.json("status") == []


def test_a_time_that_clocks_skip_is_said(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 1)
    news.approve()
    config = news.folder / "config.toml"
    config.write_text(config.read_text("utf-8").replace('"Asia/Shanghai"', '"America/New_York"'), "utf-8")
    assert "America/New_York" in config.read_text("utf-8")
    said = news.run("send", "2020-07", "--at", "2027-03-14 02:30")
    assert "skip that time; 2027-03-14 03:00 America/New_York is meant" in said.stderr
    assert "Sunday 2027-03-14 03:00 America/New_York" in said.stdout


def test_a_send_in_quiet_hours_says_so_and_waits_and_can_be_told_to_go(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, f'[tempo]\nquiet_hours = "{quiet_now()}"')
    news.approve()
    waiting = news.start("send", "2020-07", "--wait")
    news.wait_until(lambda: news.json("status") != [], 60)
    news.wait_until(lambda: "quiet hours until" in news.run("status", "last").stdout, 60)  # planned first, then begun
    told = news.run("status", "last").stdout
    assert "`mailer reschedule 1 --quiet-hours off` sends at once" in told
    time.sleep(2)
    assert waiting.poll() is None
    assert not relay.taken
    news.run("reschedule", "last", "--quiet-hours", "off")
    assert waiting.wait(60) == 0
    waiting.communicate()
    assert relay.taken.total() == 10


def test_one_whose_turn_comes_later_says_why(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.approve()
    news.run("send", "2020-07", "--spread", "6h", "--quiet-hours", quiet_now())
    assert "its turn comes later: spread over 6 h" in news.run("why", "last", "reader@firm8.example").stdout
    news.run("cancel", "last")
    news.run("send", "2020-07", "--quiet-hours", quiet_now())
    assert "it goes after the quiet hours, from" in news.run("why", "last", "office@jxt.example").stdout


def test_quiet_hours_are_left_out_for_one_mailing_and_for_rehearsals(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, f'[tempo]\nquiet_hours = "{quiet_now()}"\nspread = "3h"')
    news.approve()
    assert news.json("send", "2020-07", "--rehearse")["taken"] == 10
    assert not relay.taken
    done = news.json("send", "2020-07", "--wait", "--quiet-hours", "off", "--spread", "off")
    assert (done["status"], done["accepted"]) == ("finished", 10)


def test_a_forecast_of_an_issue_and_of_its_mailing(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port, relay='limits = ["4/1d"]')
    news.approve()
    before = news.json("forecast", "2020-07")
    assert (before["copies"], before["lists"]["government"]["copies"]) == (10, 2)
    assert before["binds"]["limit"] == "4/1d"
    assert news.json("status") == [], "nothing is planned by it"
    said = news.run("forecast", "2020-07").stdout
    assert "at these limits it ends on" in said
    assert "what binds: relay main 4/1d" in said
    assert "is assumed" in said
    only = news.json("forecast", "2020-07", "--list", "government")
    assert (only["copies"], only["seconds"] < 5) == (2, True)
    at = news.json("forecast", "2020-07", "--at", "2099-01-01 10:00", "--spread", "3d")
    assert at["begins_at"].startswith("2099-01-01T02:00")
    planned = news.run("send", "2020-07", "--at", "2099-01-01 10:00").stdout
    assert "it begins on Thursday 2099-01-01 10:00 Asia/Shanghai and ends on Saturday 2099-01-03" in planned
    assert news.json("forecast", "last")["copies"] == 10
    news.run("cancel", "last")
    assert "nothing of it is left" in news.run("forecast", "last", code=1).stderr
    assert "there is no issue" in news.run("forecast", "2020-99", code=1).stderr


def test_a_mailing_keeps_the_tempo_it_was_planned_with(house: House) -> None:
    number = house.mailings.schedule("2020-07", tempo=Tempo(spread=timedelta(hours=3))).id
    assert house.mailings.get(str(number)).tempo == Tempo(spread=timedelta(hours=3))
    assert house.mailings.start(number).tempo.spread == timedelta(hours=3)
    with pytest.raises(StateError, match="only its quiet hours may change"):
        house.mailings.reschedule(str(number), None, Tempo(spread=timedelta(hours=9)))
    house.close()
