"""The timetable as an iCalendar file, read back by the library and looked at as bytes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar, Event

from mailer.i18n import use_language
from mailer.model.delivery import MailingRecord, MailingStatus
from mailer.model.working_days import StaffCalendar, StaffDay
from mailer.scheduling.calendar import WorkingCalendar, working_calendar
from mailer.scheduling.due import list_occurrences
from mailer.scheduling.icalendar_file import write_icalendar
from tests.scheduling.test_due import make_config, utc

CHINA = working_calendar("CN")
CONFIG = make_config(monthly={"when": "last working day", "at": "10:00"}, daily={"when": "0 9,12 * 1 1"})
NOW = utc("2026-01-08 12:00")
PLANNED = MailingRecord(
    7, "2026-01", MailingStatus.SCHEDULED, ("members",), utc("2026-01-20 06:30"), NOW, None, None, "", ""
)  # fmt: skip


def write(now: datetime = NOW, days: WorkingCalendar = CHINA, after: datetime = NOW) -> bytes:
    coming = list_occurrences(CONFIG, after, days, count=20, until=after + timedelta(days=60))
    return write_icalendar(coming, [PLANNED], CONFIG, now, "2026-01")


def events(written: bytes) -> dict[str, Event]:
    found = Calendar.from_ical(written).walk("VEVENT")
    return {str(one["UID"]): one for one in found if isinstance(one, Event)}


def test_each_occurrence_and_each_planned_mailing_is_an_event_in_utc() -> None:
    found = sorted((one.start, str(one["SUMMARY"])) for one in events(write()).values())
    assert [f"{moment:%m-%d %H:%M %Z}" for moment, _summary in found] == [
        "01-12 01:00 UTC", "01-12 04:00 UTC", "01-19 01:00 UTC", "01-19 04:00 UTC", "01-20 06:30 UTC", "01-26 01:00 UTC",
        "01-26 04:00 UTC", "01-30 02:00 UTC", "02-28 02:00 UTC",
    ]  # fmt: skip
    assert found[0][1] == "Office: issue 2026-01 goes out (daily)"
    assert found[1][1] == "Office: the newest approved issue goes out (daily)"
    assert found[4][1] == "Office: issue 2026-01 goes out (mailing 7)"


def test_the_lines_are_those_of_rfc_5545() -> None:
    use_language("zh_CN")
    written = write()
    assert written.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert written.endswith(b"END:VCALENDAR\r\n")
    lines = written.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode("utf-8")  # no character is cut by folding
    for one in events(written).values():
        assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "STATUS", "SEQUENCE"} <= set(one)


def test_the_same_event_keeps_its_uid_and_a_later_export_counts_as_the_newer() -> None:
    first, second = events(write()), events(write(NOW + timedelta(minutes=1)))
    assert list(first) == list(second)
    assert all(int(str(second[uid]["SEQUENCE"])) > int(str(one["SEQUENCE"])) for uid, one in first.items())
    assert len(first) == len(set(first)) == 9


def test_a_date_that_the_calendar_moves_is_the_same_event_at_another_time() -> None:
    changed = WorkingCalendar("CN", StaffCalendar((StaffDay(date(2026, 2, 28), works=False, note="校庆; 休, 一天"),)))
    before, after = events(write()), events(write(days=changed))
    assert list(before) == list(after)
    moved = [uid for uid, one in before.items() if one.start != after[uid].start]
    assert [f"{after[uid].start:%m-%d}" for uid in moved] == ["02-27"]


def test_a_house_with_another_sender_has_other_events() -> None:
    other = CONFIG.model_copy(
        update={"sender": CONFIG.sender.model_copy(update={"address": "other@bulletin.example"})}
    )  # fmt: skip
    coming = list_occurrences(CONFIG, NOW, CHINA, count=5)
    mine, theirs = (events(write_icalendar(coming, [], config, NOW, "")) for config in (CONFIG, other))
    assert not set(mine) & set(theirs)


def test_a_provisional_date_is_tentative_and_says_so() -> None:
    year = next(year for year in range(2027, 2100) if CHINA.is_provisional(year))
    found = events(write(after=datetime(year, 2, 1, tzinfo=UTC)))
    tentative = [one for one in found.values() if one["STATUS"] == "TENTATIVE"]
    assert len(tentative) == 2
    assert all("provisional" in str(one["DESCRIPTION"]) for one in tentative)


@pytest.mark.parametrize("text", ["a, b; c\\d\nline two", "长" * 200])
def test_text_comes_back_as_it_was(text: str) -> None:
    config = CONFIG.model_copy(update={"sender": CONFIG.sender.model_copy(update={"name": text})})
    (event,) = events(write_icalendar(list_occurrences(CONFIG, NOW, CHINA, count=1), [], config, NOW, "x")).values()
    assert str(event["SUMMARY"]) == f"{text}: issue x goes out (daily)"
