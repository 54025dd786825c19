"""The first page: this month's issue and what it waits for, the last mailing, what comes, and what needs a person."""

from dataclasses import dataclass
from datetime import date

from fastapi import Response

from mailer.app import House
from mailer.errors import MailerError
from mailer.i18n import _
from mailer.model.delivery import IssueStatus, MailingStatus
from mailer.web.console.course import Course, course_of
from mailer.web.console.cures import cure_of, say_error
from mailer.web.console.desk import Desk, Visit
from mailer.web.console.frame import show_time

COMING = 3


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that waits for a person. path: where it is dealt with; cure: what is done about it."""

    text: str
    path: str
    cure: str = ""


def add_dashboard(desk: Desk) -> None:
    """Add the first page."""
    desk.show("/")(show_dashboard)


def show_dashboard(visit: Visit) -> Response:
    """Where this month stands."""
    house = visit.house
    shelf = house.drafts.shelf(1)
    newest = house.mailings.newest()[:5]
    last = next((one for one in newest if one.started_at is not None), None)
    try:
        coming = house.timetable.coming(COMING)
    except MailerError:
        coming = []
    course = course_of(house, shelf[0].slug) if shelf else Course()
    return visit.page(
        "dashboard.html.j2",
        issue=shelf[0] if shelf else None,
        returned=house.approvals.returned(shelf[0].slug) if shelf else None,
        waits=_waits_for(shelf[0].status, course) if shelf else "",
        course=course,
        over=bool(shelf) and _is_of_a_month_before(house, shelf[0].day),
        last=last,
        progress=house.reports.progress(str(last.id)) if last is not None else None,
        coming=coming,
        planned=house.mailings.planned()[:COMING],
        lists=house.lists.count(),
        warnings=_warnings(house),
    )


def _is_of_a_month_before(house: House, day: date | None) -> bool:
    today = house.now().astimezone(house.config.zone).date()
    return day is not None and (day.year, day.month) < (today.year, today.month)


def _waits_for(status: IssueStatus, course: Course) -> str:
    match status:
        case IssueStatus.DRAFT:
            return _("It is being written; then it is submitted.")
        case IssueStatus.SUBMITTED:
            return _("It waits to be signed off.")
    return course.sentence or _("It is approved and may be sent.")


def _warnings(house: House) -> list[Concern]:
    found: list[Concern] = []
    for one in house.mailings.newest():
        if one.status is MailingStatus.HELD:
            found.append(
                Concern(_("Mailing {id} is held: {reason}").format(id=one.id, reason=one.reason), f"/mailings/{one.id}")
            )
    for one in house.mailings.planned():
        if why := house.mailings.why_unready(one):
            found.append(
                Concern(
                    _("Mailing {id} cannot go out at its time: {reason}").format(id=one.id, reason=why),
                    f"/mailings/{one.id}",
                )
            )
    answers, others = house.kept_mail.count()
    if answers:
        found.append(Concern(_("{n} answers of readers wait to be read.").format(n=answers), "/returned"))
    if others:
        found.append(Concern(_("{n} returned mails were not understood.").format(n=others), "/returned?kind=others"))
    try:
        for relay in house.relays.standing().relays:
            if relay.stopped:
                found.append(
                    Concern(
                        _("Relay {name} is stopped: {reason}").format(name=relay.name, reason=relay.reason), "/relays"
                    )
                )
        missed = house.timetable.missed()
        if missed is not None:
            when = show_time(missed.due_at, house.config.zone)
            found.append(
                Concern(
                    _("No clock was seen running; what is due {when} would not go out.").format(when=when), "/schedule"
                )
            )
        house.identity.require()
    except MailerError as error:
        found.append(Concern(say_error(error), "/settings", cure_of(error).words))
    return found
