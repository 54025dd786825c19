"""The schedule sends the approved issue when it is due, once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from mailer.app import House
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
    house.issues.approve("2020-07", "主编")
    house.timetable.tick()
    assert house.timetable.next_wake() == DUE
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
    house.issues.approve("2020-07", "主编")
    house.timetable.tick()
    clock.now = DUE
    house.timetable.tick()
    clock.now = datetime(2020, 8, 31, 10, 0, 5, tzinfo=ZONE)
    house.timetable.tick()
    assert len(house.mailings.newest()) == 1
    house.close()


def test_a_house_that_was_down_sends_within_its_grace_and_not_after(tmp_path: Path) -> None:
    for name, late, count in (("soon", timedelta(minutes=50), 1), ("late", timedelta(days=3), 0)):
        clock = HandClock(DUE - timedelta(days=2))
        house = make_house(tmp_path / name, clock)
        house.issues.approve("2020-07", "主编")
        house.timetable.tick()
        clock.now = DUE + late
        house.timetable.tick()
        assert len(house.mailings.newest()) == count
        house.close()


def test_a_schedule_added_after_its_time_does_not_send_by_surprise(tmp_path: Path) -> None:
    clock = HandClock(DUE + timedelta(minutes=10))
    house = make_house(tmp_path, clock)
    house.issues.approve("2020-07", "主编")
    house.timetable.tick()
    assert house.mailings.newest() == []
    house.close()


def test_the_next_dates_are_working_days_of_the_country(tmp_path: Path) -> None:
    clock = HandClock(datetime(2020, 1, 2, 9, 0, tzinfo=ZONE))
    house = make_house(tmp_path, clock)
    days = [one.due_at.date().isoformat() for one in house.timetable.coming(3)]
    assert days == ["2020-01-23", "2020-02-28", "2020-03-31"], "Spring Festival moves January’s"
    house.close()
