"""Looks at an issue's dates: against today, its masthead's year, and each other."""

from datetime import date, timedelta

from mailer.i18n import _
from mailer.model.issue import Issue
from mailer.model.report import Finding, Severity
from mailer.rendering.preflight.places import issue_place

FAR_AHEAD = timedelta(days=31)
LONG_AGO = timedelta(days=62)


def check_dates(issue: Issue, today: date) -> list[Finding]:
    """Return what is odd about the dates; `today` is the newsletter's."""
    day = issue.masthead.date
    place = issue_place(issue, "date")
    cure = _("correct the date in issue.md, or go on when it is meant")
    found: list[Finding] = []
    if day - today > FAR_AHEAD:
        text = _("the issue is dated {date}, which is {n} days ahead").format(date=day, n=(day - today).days)
        found.append(Finding(Severity.WARNING, place, text, cure))
    elif today - day > LONG_AGO:
        text = _("the issue is dated {date}, which is {n} days ago").format(date=day, n=(today - day).days)
        found.append(Finding(Severity.NOTE, place, text, cure))
    year = issue.masthead.year
    if day.year != year:
        # December's issue may be signed in January
        late = day.year == year + 1 and day.month == 1
        text = _("the issue is of {year}, but dated {date}").format(year=year, date=day)
        found.append(Finding(Severity.NOTE if late else Severity.WARNING, place, text, cure))
    printed = issue.imprint.printed_on
    if printed is not None and printed < day:
        text = _("it says it was printed on {printed}, before its own date {date}").format(printed=printed, date=day)
        found.append(Finding(Severity.WARNING, issue_place(issue, "imprint.printed_on"), text, cure))
    return found
