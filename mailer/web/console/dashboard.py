"""The first page: this month's issue and what it waits for, the last mailing, what comes, and what needs a person."""

from fastapi import Response

from mailer.web.console.desk import Desk, Visit


def add_dashboard(desk: Desk) -> None:
    """Add the first page."""

    @desk.show("/")
    def show_dashboard(visit: Visit) -> Response:
        return visit.page("dashboard.html.j2")
