"""The audit trail, and whether it is whole."""

from datetime import datetime

from fastapi import Response

from mailer.i18n import _
from mailer.model.audit_words import FAULT_WORDS, say_act, say_actor, say_details
from mailer.web.console.desk import Desk, Visit

SHOWN = 100
MOST = 5000


def add_trail(desk: Desk) -> None:
    """Add the pages of the trail."""
    desk.show("/trail")(show_trail)


def show_trail(visit: Visit) -> Response:
    """Who did what, the newest first."""
    house = visit.house
    issue, mailing = visit.ask("issue").strip(), visit.ask("mailing").strip()
    most = visit.number(visit.ask("most")) or SHOWN
    entries = house.audit.list(min(max(most, 1), MOST) + 1, issue, mailing)
    more = len(entries) > most
    numbers = {one.subject.name for one in entries if one.subject.kind == "user" and one.subject.name.isdecimal()}
    users = {str(number): name for number, name in house.people.names(set(map(int, numbers))).items()}
    titles = {name: one.title for name, one in house.config.lists.items()}
    check = house.audit.verify() if visit.ask("verify") else None
    return visit.page(
        "trail.html.j2",
        lines=[
            (
                one.id,
                datetime.fromisoformat(one.at),
                say_actor(one),
                say_act(one, users, titles),
                say_details(one.details, titles),
            )
            for one in entries[:most]
        ],
        more=most + SHOWN if more and most < MOST else 0,
        issue=issue,
        mailing=mailing,
        check=check,
        fault=_(FAULT_WORDS[check.fault]).format(id=check.fault_at) if check is not None and check.fault else "",
    )
