"""Writes the timetable as an iCalendar file (RFC 5545), for the calendars people have; the home of `icalendar`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from icalendar import Calendar, Event, vText

from mailer.config import Config
from mailer.i18n import _
from mailer.model.delivery import MailingRecord
from mailer.model.occurrence import Occurrence
from mailer.scheduling.due import schedule_zone

_SEQUENCE_FROM = datetime(2020, 1, 1, tzinfo=UTC)


def write_icalendar(
    occurrences: Sequence[Occurrence], planned: Sequence[MailingRecord], config: Config, now: datetime, next_issue: str
) -> bytes:
    """Return the file: an event for each occurrence and each mailing that waits for its time, with CRLF line ends.

    Times are UTC, which every calendar shows in its reader's zone; the zone that is meant is in the description. An
    event's UID is that of its month (or of its date, where the rule has no months), so that an import after a holiday
    notice moves what is there and adds nothing. A provisional date is TENTATIVE. next_issue goes with the earliest.
    """
    file = Calendar()
    file.add("version", "2.0")
    file.add("prodid", "-//Jianbao//mailer//EN")
    file.add("x-wr-calname", vText(config.sender.name))  # what is no RFC 5545 name is not escaped else
    for number, one in enumerate(occurrences):
        file.add_component(_occurrence_event(one, config, now, next_issue if number == 0 else ""))
    for record in planned:
        if record.scheduled_at is not None:
            file.add_component(_mailing_event(record, record.scheduled_at, config, now))
    return bytes(file.to_ical())


def _occurrence_event(one: Occurrence, config: Config, now: datetime, issue: str) -> Event:
    schedule = config.schedule[one.schedule]
    if issue:
        title = _("{sender}: issue {issue} goes out ({schedule})")
    else:
        title = _("{sender}: the newest approved issue goes out ({schedule})")
    summary = title.format(sender=config.sender.name, issue=issue, schedule=one.schedule)
    zone = schedule_zone(schedule, config)
    lines = [f"{one.due_at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}", _say_lists(schedule.lists, config)]
    event = _event(f"schedule/{one.schedule}/{one.key}", one.due_at, summary, [*lines, *one.remarks()], config, now)
    event.add("status", "TENTATIVE" if one.provisional else "CONFIRMED")
    return event


def _mailing_event(record: MailingRecord, at: datetime, config: Config, now: datetime) -> Event:
    summary = _("{sender}: issue {issue} goes out (mailing {id})").format(
        sender=config.sender.name, issue=record.issue_slug, id=record.id
    )
    lines = [f"{at.astimezone(config.zone):%Y-%m-%d %H:%M} {config.zone.key}", _say_lists(record.lists, config)]
    event = _event(f"mailing/{record.id}", at, summary, lines, config, now)
    event.add("status", "CONFIRMED")
    return event


def _say_lists(names: Sequence[str], config: Config) -> str:
    titles = [config.lists[name].title if name in config.lists else name for name in names or config.lists]
    return _("lists: {lists}").format(lists=_(", ").join(titles))


def _event(key: str, at: datetime, summary: str, lines: list[str], config: Config, now: datetime) -> Event:
    event = Event()
    # a UUID made of names (RFC 9562, version 5), as RFC 7986 section 5.3 asks for, the same at every export
    event.add("uid", str(uuid5(NAMESPACE_URL, f"mailto:{config.sender.address}#{key}")))
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    # calendars take the later of two versions; what was exported later is
    event.add("sequence", int((now - _SEQUENCE_FROM).total_seconds()) // 60)
    event.add("dtstart", at.astimezone(UTC))
    event.add("summary", summary)
    event.add("description", "\n".join(lines))
    event.add("transp", "TRANSPARENT")  # it keeps nobody busy
    return event
