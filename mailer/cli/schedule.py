"""The command that shows the timetable: what goes out when, as a table, JSON or an iCalendar file."""

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from mailer.cli.drawing import err, make_table, out, say, say_json, show_clock
from mailer.cli.options import JsonOption, open_house
from mailer.cli.summary import LATE_FROM
from mailer.errors import InputError, UsageError
from mailer.i18n import _, current_language
from mailer.model.delivery import MailingRecord, PastOccurrence
from mailer.model.occurrence import Occurrence
from mailer.model.os_words import say_os_error
from mailer.model.standing_words import say_span
from mailer.model.words import PAST_WORDS
from mailer.model.working_days import show_weekday

if TYPE_CHECKING:
    from mailer.app import House

A_YEAR = timedelta(days=366)
MOST_SHOWN = 400  # dates: a year of working days; cron may have thousands
PAST_SHOWN = 3


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("schedule", help=_("Show what goes out when: the next twelve months."))(show_schedule)


def show_schedule(
    ctx: typer.Context,
    count: Annotated[
        int | None,
        typer.Option("--count", "-n", min=1, max=10_000, help=_("so many dates instead of twelve months")),
    ] = None,
    ics: Annotated[
        str, typer.Option("--ics", metavar="FILE", help=_("write an iCalendar file; - writes it to the output"))
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Show the dates of the next twelve months."""
    if ics and as_json:
        raise UsageError(_("--ics and --json are two forms of the same"), cure=_("choose one of them"))
    with open_house(ctx) as house:
        if ics:
            _write_icalendar(house, ics, count)
        elif as_json:
            say_json(_describe(house, count))
        else:
            _draw(house, count)


def _coming(house: "House", count: int | None) -> Sequence[Occurrence]:
    return house.timetable.coming(count or MOST_SHOWN, None if count else A_YEAR)


def _write_icalendar(house: "House", target: str, count: int | None) -> None:
    coming = _coming(house, count)
    written = house.timetable.write_icalendar(coming)
    if target == "-":
        sys.stdout.write(written.decode("utf-8"))
        return
    try:
        Path(target).write_bytes(written)
    except OSError as error:
        why = _("cannot be written: {why}").format(why=say_os_error(error))
        raise InputError(why, file=target, cure=_("name a file in a folder that you may write to")) from None
    say(
        _("{file} is written; dates in it: {n}").format(file=target, n=len(coming) + len(house.mailings.planned())),
        console=err,
    )


def _describe(house: "House", count: int | None) -> dict[str, object]:
    settings, config = house.config.schedule, house.config
    issue = house.timetable.next_issue()
    hold = house.identity.look()
    return {
        "held": {"verdict": hold.verdict.value, "why": hold.why} if hold else None,
        "schedules": [
            {
                "schedule": one.schedule,
                "due_at": one.due_at,
                "timezone": settings[one.schedule].timezone or config.timezone,
                "provisional": one.provisional,
                "make_up_day": one.make_up,
                "working_day": one.works,
                "without_holidays": one.moved_from.isoformat() if one.moved_from else None,
                "note": one.note,
                "lists": list(settings[one.schedule].lists or config.lists),
                "issue": (issue or None) if number == 0 else None,
            }
            for number, one in enumerate(_coming(house, count))
        ],
        "past": [
            {
                "schedule": one.schedule,
                "due_at": one.due_at,
                "late_by_s": round(one.late_by.total_seconds()),
                "mailing": one.mailing_id,
                "result": one.result,
            }
            for one in house.timetable.past(PAST_SHOWN)
        ],
        "mailings": [
            {"mailing": one.id, "issue": one.issue_slug, "scheduled_at": one.scheduled_at, "lists": list(one.lists)}
            for one in house.mailings.planned()
        ],
    }


def _draw(house: "House", count: int | None) -> None:
    coming, planned, zone = _coming(house, count), house.mailings.planned(), house.config.zone
    past = house.timetable.past(PAST_SHOWN)
    if not coming and not planned:
        _say_how_to_begin()
    else:
        _draw_coming(house, coming, planned)
        if count is None and len(coming) == MOST_SHOWN:
            say(_("the first {n} dates; --count shows more").format(n=MOST_SHOWN))
    for one in past:
        say(_say_past(one, zone))


def _draw_coming(house: "House", coming: Sequence[Occurrence], planned: Sequence[MailingRecord]) -> None:
    config, issue = house.config, house.timetable.next_issue()
    title = _("Times in {zone}").format(zone=config.zone.key)
    table = make_table(title, (_("When"), "whole"), (_("What"), "left"), (_("Lists"), "left"), (_("Note"), "left"))
    rows: list[tuple[datetime, str, str, str]] = []
    for one in planned:
        what = _("mailing {id} of issue {issue}").format(id=one.id, issue=one.issue_slug)
        rows.append((one.scheduled_at or one.created_at, what, _(", ").join(one.lists), ""))
    for number, occurrence in enumerate(coming):
        schedule = config.schedule[occurrence.schedule]
        if issue and number == 0:
            what = _("schedule {name}: issue {issue}").format(name=occurrence.schedule, issue=issue)
        else:
            what = _("schedule {name}: the newest approved issue").format(name=occurrence.schedule)
        notes = occurrence.remarks()
        if schedule.timezone and schedule.timezone != config.timezone:
            notes.insert(0, f"{occurrence.due_at:%Y-%m-%d %H:%M} {schedule.timezone}")
        lists = _(", ").join(schedule.lists) or _("all")
        rows.append((occurrence.due_at, what, lists, _("; ").join(notes)))
    for moment, *cells in sorted(rows, key=lambda row: row[0].timestamp()):
        table.add_row(_show_moment(moment, config.zone), *cells)
    out.print(table)


def _show_moment(moment: datetime, zone: ZoneInfo) -> str:
    day, _blank, clock = show_clock(moment, zone).partition(" ")
    return f"{day} {show_weekday(moment.astimezone(zone).date())} {clock}"


def _say_how_to_begin() -> None:
    say(_("nothing is scheduled. Write to config.toml, for instance:"))
    rule = "每月最后一个工作日" if current_language() == "zh_CN" else "last working day"
    for line in ("", "[schedule.monthly]", f'when = "{rule}"', 'at = "10:00"', ""):
        say(f"    {line}".rstrip())
    say(_("or send one issue at a time: `mailer send ISSUE --at TIME`"))


def _say_past(one: PastOccurrence, zone: ZoneInfo) -> str:
    result = _(PAST_WORDS[one.result]) if one.result in PAST_WORDS else one.result
    if one.late_by >= LATE_FROM:
        late = _("late by {time}").format(time=say_span(one.late_by.total_seconds()))
        result = _("{result}, {late}").format(result=result, late=late)
    when = show_clock(one.due_at, zone)
    return _("was due {when}, schedule {name}: {result}").format(when=when, name=one.schedule, result=result)
