"""What goes out when."""

from datetime import timedelta

from fastapi import Response

from mailer.i18n import _
from mailer.model.words import PAST_WORDS
from mailer.web.console.desk import PAGE_HEADERS, Desk, Visit

A_YEAR = timedelta(days=366)
COMING = 60
PAST = 20


def add_schedule(desk: Desk) -> None:
    """Add the page of the schedule."""
    desk.show("/schedule")(show_schedule)
    desk.show("/schedule/schedule.ics")(save_icalendar)


def show_schedule(visit: Visit) -> Response:
    """The next twelve months, and what became of the last dates."""
    timetable = visit.house.timetable
    return visit.page(
        "schedule.html.j2",
        coming=timetable.coming(COMING, A_YEAR),
        past=timetable.past(PAST),
        planned=visit.house.mailings.planned(),
        missed=timetable.missed(),
        result_word=lambda result: _(PAST_WORDS[result]) if result in PAST_WORDS else result,
        rules=visit.house.config.schedule,
    )


def save_icalendar(visit: Visit) -> Response:
    """The same for a calendar program."""
    timetable = visit.house.timetable
    headers = {**PAGE_HEADERS, "Content-Disposition": 'attachment; filename="schedule.ics"'}
    return Response(
        timetable.write_icalendar(timetable.coming(COMING, A_YEAR)), media_type="text/calendar", headers=headers
    )
