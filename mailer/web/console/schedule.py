"""What goes out when, and how the relays stand."""

from datetime import timedelta

from fastapi import Response

from mailer.i18n import _
from mailer.model.people import Right
from mailer.model.standing_words import domain_line, say_pace
from mailer.model.words import PAST_WORDS
from mailer.web.console.desk import PAGE_HEADERS, Desk, Visit

A_YEAR = timedelta(days=366)
COMING = 60
PAST = 20


def add_schedule(desk: Desk) -> None:
    """Add the pages of the schedule and of the relays."""
    desk.show("/schedule")(show_schedule)
    desk.show("/schedule/schedule.ics")(save_icalendar)
    desk.show("/relays")(show_relays)
    desk.act("/relays/lift", Right.RELEASE)(lift_stops)


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


def show_relays(visit: Visit) -> Response:
    """Each relay: where it is, what its limits leave, why it rests."""
    house = visit.house
    standing, zone = house.relays.standing(), house.config.zone
    return visit.page(
        "relays.html.j2",
        relays=[(one, house.config.relays.get(one.name), say_pace(one, standing.at, zone)) for one in standing.relays],
        domains=domain_line(standing, zone),
        notices=house.notices.list(20),
    )


def lift_stops(visit: Visit) -> Response:
    """Have relays tried again that asked to stop."""
    lifted = visit.house.relays.lift(visit.by)
    return visit.go("/relays", _("{n} relays are tried again.").format(n=lifted))
