"""The schedule sends the approved issue when it is due, once."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailer.app import House
from mailer.errors import StoreError
from mailer.model.delivery import MailingStatus
from tests.flow.newsletter import Newsletter

ZONE = ZoneInfo("Asia/Shanghai")
MONTHLY = '[schedule.monthly]\nwhen = "last working day"\nat = "10:00"\nlists = ["government", "members"]\n'
DUE = datetime(2020, 7, 31, 10, 0, tzinfo=ZONE)


class HandClock:
    """A time that tests set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now.astimezone(UTC)


def make_house(tmp_path: Path, clock: HandClock) -> House:
    news = Newsletter.make(tmp_path / "news", 2525, MONTHLY)
    return House(news.folder, clock)


def test_the_approved_issue_goes_out_when_it_is_due_and_once(tmp_path: Path) -> None:
    clock = HandClock(DUE - timedelta(days=2))
    house = make_house(tmp_path, clock)
    house.approvals.approve("2020-07", "主编")
    house.timetable.tick()
    assert house.timetable.triggers()["monthly"].get_next_fire_time(None, clock()) == DUE
    clock.now = DUE - timedelta(seconds=1)
    house.timetable.tick()
    assert house.mailings.newest() == []
    clock.now = DUE
    house.timetable.tick()
    house.timetable.tick()
    clock.now = DUE + timedelta(minutes=1)
    house.timetable.tick()
    other = House(house.home, clock)  # a second clock on the same database
    other.timetable.tick()
    (mailing,) = house.mailings.newest()
    assert (mailing.status, mailing.schedule, mailing.scheduled_at) == (MailingStatus.RUNNING, "monthly", DUE)
    assert house.mailings.summarise("last").planned == 10
    other.close()
    house.close()


def test_a_month_later_nothing_new_is_approved_and_nothing_is_sent(tmp_path: Path) -> None:
    clock = HandClock(DUE - timedelta(days=2))
    house = make_house(tmp_path, clock)
    house.approvals.approve("2020-07", "主编")
    house.timetable.tick()
    clock.now = DUE
    house.timetable.tick()
    clock.now = datetime(2020, 8, 31, 10, 0, 5, tzinfo=ZONE)
    house.timetable.tick()
    assert len(house.mailings.newest()) == 1
    house.close()


def test_a_house_that_was_down_sends_within_its_grace_and_holds_after(tmp_path: Path) -> None:
    for name, late, status in (
        ("soon", timedelta(minutes=50), MailingStatus.RUNNING),
        ("late", timedelta(days=3), MailingStatus.HELD),
    ):
        clock = HandClock(DUE - timedelta(days=2))
        house = make_house(tmp_path / name, clock)
        house.approvals.approve("2020-07", "主编")
        house.timetable.tick()
        clock.now = DUE + late
        house.timetable.tick()
        house.timetable.tick()
        (mailing,) = house.mailings.newest()
        assert mailing.status is status
        if status is MailingStatus.HELD:
            assert "its time was missed" in mailing.reason
            assert house.mailings.resume("last").status is MailingStatus.RUNNING, "a person lets it go"
        house.close()


def test_a_mailing_planned_for_a_time_that_was_missed_by_far_is_held(tmp_path: Path) -> None:
    clock = HandClock(DUE - timedelta(days=2))
    house = make_house(tmp_path, clock)
    house.approvals.approve("2020-07", "主编")
    house.mailings.schedule("2020-07", at=DUE - timedelta(days=1))
    clock.now = DUE + timedelta(days=40)
    house.timetable.tick()
    assert [one.status for one in house.mailings.newest() if not one.schedule] == [MailingStatus.HELD]
    house.close()


def test_an_issue_that_was_changed_after_its_approval_is_held_and_goes_out_when_a_person_says_so(
    tmp_path: Path,
) -> None:
    clock = HandClock(DUE - timedelta(days=2))
    house = make_house(tmp_path, clock)
    house.approvals.approve("2020-07", "主编")
    house.timetable.tick()
    issue = house.home / "issues" / "2020-07" / "issue.md"
    issue.write_text(issue.read_text("utf-8") + "\n补一句。\n", "utf-8")
    clock.now = DUE
    house.timetable.tick()
    (mailing,) = house.mailings.newest()
    assert (mailing.status, mailing.lists) == (MailingStatus.HELD, ("government", "members"))
    assert "changed after its approval" in mailing.reason
    assert house.mailings.resume("last").status is MailingStatus.HELD, "nothing is approved yet"
    house.approvals.approve("2020-07", "主编")
    clock.now = DUE + timedelta(minutes=5)
    house.timetable.tick()
    assert [one.status for one in house.mailings.newest()] == [MailingStatus.HELD], "not by itself"
    assert house.mailings.resume("last").status is MailingStatus.RUNNING
    assert house.mailings.summarise("last").planned == 10
    house.close()


def test_a_planned_mailing_goes_under_the_approval_that_stands_when_a_person_resumes_it(tmp_path: Path) -> None:
    clock = HandClock(DUE - timedelta(days=2))
    house = make_house(tmp_path, clock)
    house.approvals.approve("2020-07", "主编")
    house.mailings.schedule("2020-07", at=DUE - timedelta(days=1))
    issue = house.home / "issues" / "2020-07" / "issue.md"
    issue.write_text(issue.read_text("utf-8") + "\n补一句。\n", "utf-8")
    house.approvals.approve("2020-07", "主编")
    clock.now = DUE - timedelta(days=1)
    house.timetable.tick()
    (mailing,) = house.mailings.newest()
    assert mailing.status is MailingStatus.HELD
    assert "approved anew" in mailing.reason
    assert house.mailings.resume("last").status is MailingStatus.RUNNING
    asyncio.run(house.notices.deliver())  # nobody is to be told, so no relay is asked
    house.close()


def test_a_month_without_an_issue_is_on_record_and_one_that_is_not_approved_is_held(tmp_path: Path) -> None:
    for name, result in (("with", "held: not approved"), ("without", "no issue")):
        clock = HandClock(DUE - timedelta(days=2))
        house = make_house(tmp_path / name, clock)
        if name == "without":
            shutil.rmtree(house.home / "issues" / "2020-07")
        house.timetable.tick()
        clock.now = DUE
        house.timetable.tick()
        assert [(one.schedule, one.result) for one in house.timetable.past(5)] == [("monthly", result)]
        assert len(house.mailings.newest()) == (1 if name == "with" else 0)
        house.close()


def test_another_time_of_day_does_not_make_a_second_sending_of_the_day(tmp_path: Path) -> None:
    clock = HandClock(DUE - timedelta(days=2))
    house = make_house(tmp_path, clock)
    house.approvals.approve("2020-07", "主编")
    house.timetable.tick()
    clock.now = DUE
    house.timetable.tick()
    house.close()
    config = house.home / "config.toml"
    config.write_text(config.read_text("utf-8").replace('at = "10:00"', 'at = "10:30"'), "utf-8")
    again = House(house.home, clock)
    clock.now = DUE + timedelta(minutes=40)
    again.timetable.tick()
    assert len(again.mailings.newest()) == 1
    again.close()


def test_a_lost_house_secret_is_noticed(tmp_path: Path) -> None:
    house = make_house(tmp_path, HandClock(DUE))
    house.open()
    house.close()
    (house.home / "var" / "secret.json").unlink()
    with pytest.raises(StoreError, match="house secret"):
        House(house.home).open()


def test_a_schedule_added_after_its_time_does_not_send_by_surprise(tmp_path: Path) -> None:
    clock = HandClock(DUE + timedelta(minutes=10))
    house = make_house(tmp_path, clock)
    house.approvals.approve("2020-07", "主编")
    house.timetable.tick()
    assert house.mailings.newest() == []
    house.close()


def test_the_next_dates_are_working_days_of_the_country(tmp_path: Path) -> None:
    clock = HandClock(datetime(2020, 1, 2, 9, 0, tzinfo=ZONE))
    house = make_house(tmp_path, clock)
    days = [one.due_at.date().isoformat() for one in house.timetable.coming(3)]
    assert days == ["2020-01-23", "2020-02-28", "2020-03-31"], "Spring Festival moves January’s"
    house.close()
