"""The timetable of a house: what is late, what staff change in calendar.csv, and what `mailer schedule` shows."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar

from mailer.app import House
from mailer.errors import ConfigError, SheetError
from mailer.model.delivery import MailingStatus
from tests.flow.newsletter import Newsletter
from tests.flow.test_schedule import DUE, MONTHLY, ZONE, HandClock, make_house

HEAD = "日期,休|班,备注\n"


def approved_house(tmp_path: Path, clock: HandClock) -> House:
    house = make_house(tmp_path, clock)
    house.approvals.approve("2020-07", "主编")
    house.timetable.tick()
    return house


def test_what_is_sent_within_the_grace_says_how_late_it_is(tmp_path: Path) -> None:
    clock = HandClock(DUE - timedelta(days=2))
    house = approved_house(tmp_path, clock)
    clock.now = DUE + timedelta(minutes=12)
    house.timetable.tick()
    (mailing,), (past,) = house.mailings.newest(), house.timetable.past(1)
    assert mailing.status is MailingStatus.RUNNING
    assert mailing.late_by == past.late_by == timedelta(minutes=12)
    news = Newsletter(house.home)
    house.close()
    assert "a mailing was planned, late by 12 min" in news.run("schedule").stdout
    assert "started late by 12 min" in news.run("status", "last").stdout
    assert news.json("status", "last")["late_by_s"] == 720
    assert news.json("schedule")["past"][0]["late_by_s"] == 720


def test_a_schedule_may_skip_what_is_too_late(tmp_path: Path) -> None:
    clock = HandClock(DUE - timedelta(days=2))
    news = Newsletter.make(tmp_path / "news", 2525, MONTHLY + 'when_late = "skip"\n')
    house = House(news.folder, clock)
    house.approvals.approve("2020-07", "主编")
    house.timetable.tick()
    clock.now = DUE + timedelta(days=3)
    house.timetable.tick()
    house.timetable.tick()
    assert house.mailings.newest() == []
    assert [one.result for one in house.timetable.past(5)] == ["skipped: later than its grace"]
    clock.now = datetime(2020, 8, 31, 10, 0, tzinfo=ZONE)
    house.timetable.tick()
    assert [one.status for one in house.mailings.newest()] == [MailingStatus.RUNNING], "the next date sends it"
    house.close()
    assert "skipped, as it was too late" in news.run("schedule").stdout


def test_a_calendar_that_staff_change_counts_from_the_next_tick(tmp_path: Path) -> None:
    clock = HandClock(DUE - timedelta(days=2))
    house = approved_house(tmp_path, clock)
    assert house.timetable.triggers()["monthly"].get_next_fire_time(None, clock()) == DUE
    table = house.home / "calendar.csv"
    table.write_bytes((HEAD + "2020-07-31,休,高温假\n2020-08-01,班,\n").encode("gbk"))
    the_day_before = DUE - timedelta(days=1)
    assert house.timetable.triggers()["monthly"].get_next_fire_time(None, clock()) == the_day_before
    clock.now = the_day_before
    house.timetable.tick()
    assert [one.scheduled_at for one in house.mailings.newest()] == [the_day_before]
    table.unlink()
    clock.now = DUE
    house.timetable.tick()
    assert len(house.timetable.past(5)) == 1, "the 31st is the last working day again, but July was sent"
    house.close()


def test_a_date_that_staff_move_into_the_past_is_held(tmp_path: Path) -> None:
    clock = HandClock(DUE - timedelta(days=2))
    house = approved_house(tmp_path, clock)
    (house.home / "calendar.csv").write_text(HEAD + "2020-07-31,休,高温假\n", "utf-8")
    clock.now = DUE
    house.timetable.tick()
    assert [one.status for one in house.mailings.newest()] == [MailingStatus.HELD], (
        "a person says whether July goes out"
    )
    house.close()


def test_a_wrong_row_keeps_the_schedules_waiting_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = HandClock(DUE - timedelta(days=2))
    house = approved_house(tmp_path, clock)
    table = house.home / "calendar.csv"
    table.write_text(HEAD + "2020-07-31,半天\n", "utf-8")
    clock.now = DUE
    with caplog.at_level(logging.ERROR):
        house.timetable.tick()
    assert house.mailings.newest() == []
    assert "calendar.csv:2" in caplog.text
    assert house.timetable.triggers() == {}
    with pytest.raises(SheetError):
        house.timetable.coming(1)
    house.mailings.schedule("2020-07", ["members"], at=DUE)
    house.timetable.tick()
    assert [one.status for one in house.mailings.newest()] == [MailingStatus.RUNNING], "it was planned by a person"
    table.write_text(HEAD + "2020-07-31,班\n", "utf-8")
    clock.now = DUE + timedelta(minutes=9)
    house.timetable.tick()
    assert [one.result for one in house.timetable.past(5)] == ["no issue"], (
        "it was mailed by then, and not for this date"
    )
    house.close()


def test_a_calendar_that_the_settings_name_must_be_there(tmp_path: Path) -> None:
    house = make_house(tmp_path, HandClock(DUE))
    news = Newsletter(house.home)
    news.set_config("[sender]", 'calendar = "days/own.csv"\n[sender]')
    house.refresh()
    with pytest.raises(ConfigError, match=r"days/own\.csv") as caught:
        house.timetable.coming(1)
    assert (caught.value.field, caught.value.file) == ("calendar", house.home / "config.toml")
    assert caught.value.line is not None
    (house.home / "days").mkdir()
    (house.home / "days" / "own.csv").write_text(HEAD + "2020-07-31,休,\n", "utf-8")
    assert house.timetable.coming(1)[0].due_at == datetime(2020, 8, 31, 10, 0, tzinfo=ZONE), "the 31st is due already"
    house.now = HandClock(DUE - timedelta(days=9))
    assert house.timetable.coming(1)[0].due_at == datetime(2020, 7, 30, 10, 0, tzinfo=ZONE)
    house.close()


def test_cron_sends_at_each_of_its_times(tmp_path: Path) -> None:
    clock = HandClock(datetime(2020, 7, 31, 8, 0, tzinfo=ZONE))
    news = Newsletter.make(tmp_path / "news", 2525, '[schedule.often]\nwhen = "0 9,15 * * 1-5"\n')
    house = House(news.folder, clock)
    house.timetable.tick()
    for hour in (9, 12, 15, 18):
        clock.now = datetime(2020, 7, 31, hour, 0, tzinfo=ZONE)
        house.timetable.tick()
    assert [f"{one.due_at.astimezone(ZONE):%H:%M}" for one in house.timetable.past(9)] == ["15:00", "09:00"]
    house.close()


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('at = "10:00"', "", "schedule.monthly.at"),
        ('when = "last working day"', 'when = "30 9 * * 1-5"', "schedule.monthly.at"),
        ('when = "last working day"', 'when = "last workng day"', "schedule.monthly.when"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_told_with_its_line(tmp_path: Path, old: str, new: str, field: str) -> None:
    news = Newsletter.make(tmp_path / "news", 2525, MONTHLY)
    news.set_config(old, new)
    said = news.run("schedule", code=1).stderr
    assert field in said
    assert "config.toml:" in said
    assert "→" in said


def test_the_schedule_shows_twelve_months_with_what_is_special(tmp_path: Path) -> None:
    news = Newsletter.make(
        tmp_path / "news", 2525,
        MONTHLY + '[schedule.berlin]\nwhen = "day 15"\nat = "09:00"\ntimezone = "Europe/Berlin"\nlists = ["members"]\n',
    )  # fmt: skip
    news.approve()
    found = news.json("schedule")["schedules"]
    assert len(found) == 24
    assert (found[0]["issue"], found[1]["issue"]) == ("2020-07", None)
    assert {one["timezone"] for one in found} == {"Asia/Shanghai", "Europe/Berlin"}
    assert len(news.json("schedule", "--count", "30")["schedules"]) == 30
    shown = news.run("schedule").stdout
    assert "Times in Asia/Shanghai" in shown
    assert "09:00 Europe/Berlin" in shown
    assert "issue 2020-07" in shown
    assert any(f" {day} " in shown for day in ("Mon", "Tue", "Wed", "Thu", "Fri"))


def test_a_make_up_day_and_a_provisional_year_are_shown(tmp_path: Path) -> None:
    clock = HandClock(datetime(2026, 2, 20, 9, 0, tzinfo=ZONE))
    house = make_house(tmp_path, clock)
    (february, march) = house.timetable.coming(2)
    assert february.due_at == datetime(2026, 2, 28, 10, 0, tzinfo=ZONE)
    assert february.make_up
    assert february.remarks()[0] == "a weekend worked to make up for a holiday"
    assert march.remarks() == []
    clock.now = datetime(2089, 5, 1, tzinfo=UTC)
    assert all(one.provisional for one in house.timetable.coming(12))
    house.close()


def test_the_timetable_goes_into_a_calendar_of_ones_own(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 2525, MONTHLY)
    file = tmp_path / "out.ics"
    said = news.run("schedule", "--ics", str(file))
    assert said.stderr.strip().endswith("dates in it: 12")
    uids = [str(one["UID"]) for one in Calendar.from_ical(file.read_bytes()).walk("VEVENT")]
    assert len(set(uids)) == 12
    again = news.run("schedule", "--ics", "-").stdout
    assert again.startswith("BEGIN:VCALENDAR\r\n")
    assert [str(one["UID"]) for one in Calendar.from_ical(again).walk("VEVENT")] == uids
    assert "choose one" in news.run("schedule", "--ics", "-", "--json", code=2).stderr
    assert "cannot be written" in news.run("schedule", "--ics", str(tmp_path / "no" / "out.ics"), code=1).stderr


def test_a_house_without_a_schedule_says_how_to_begin(tmp_path: Path) -> None:
    shown = Newsletter.make(tmp_path / "news", 2525).run("schedule").stdout
    assert "[schedule.monthly]" in shown
    assert 'when = "last working day"' in shown
    assert "mailer send ISSUE --at TIME" in shown


def test_more_dates_than_a_page_holds_are_said_to_be_more(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 2525, '[schedule.often]\nwhen = "@hourly"\n')
    assert len(news.json("schedule")["schedules"]) == 400
    assert "the first 400 dates" in news.run("schedule").stdout
