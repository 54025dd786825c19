"""The way to a new mailing: which issue, to which lists, when; looked at once more, then confirmed by its copies."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import Response
from starlette.datastructures import ImmutableMultiDict

from mailer.app import House
from mailer.app.drafts import IssueGlance
from mailer.errors import StateError, UsageError
from mailer.i18n import _
from mailer.model.delivery import IssueStatus, MailingStatus
from mailer.model.forecast import Forecast
from mailer.model.local_time import NoTimeOfDayError, read_moment
from mailer.model.people import Right
from mailer.model.standing_words import say_span
from mailer.model.tempo import Tempo
from mailer.model.tempo_words import say_tempo
from mailer.web.console.course import course_of
from mailer.web.console.desk import Desk, Visit
from mailer.web.console.frame import show_time


def add_new_mailing(desk: Desk) -> None:
    """Add the pages of a mailing that is to be."""
    desk.show("/mailings/new", Right.SEND)(show_new)
    desk.show("/mailings/check", Right.SEND)(check_new)
    desk.act("/mailings/plan", Right.SEND)(plan)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A mailing as a form asks for it. at: None for now. path: of the form, filled in the same way."""

    issue: str
    lists: tuple[str, ...]
    at: datetime | None
    spread_h: int
    path: str

    def tempo(self, usual: Tempo) -> Tempo:
        """The tempo of the settings, with the spread that was chosen."""
        return replace(usual, spread=timedelta(hours=self.spread_h)) if self.spread_h else usual


def show_new(visit: Visit) -> Response:
    """Which issue, to which lists, when; as it was filled in before, where one comes back to it."""
    house, asked = visit.house, visit.request.query_params
    ready = [one for one in house.drafts.shelf(24) if one.status is IssueStatus.APPROVED]
    courses = {one.slug: course_of(house, one.slug) for one in ready}
    named = next((one for one in ready if one.slug == visit.ask("issue")), None)
    free = next((one for one in ready if courses[one.slug].is_free), None)
    chosen = named or (None if visit.ask("issue") else free)
    return visit.page(
        "mailing_new.html.j2",
        ready=ready,
        courses=courses,
        chosen=chosen.slug if chosen is not None else "",
        approved={one.slug: _approved(house, one) for one in ready},
        lists=house.lists.count(),
        segments=house.lists.count_segments() if house.config.segments else (),
        zone=house.config.zone.key,
        ticked=asked.getlist("list"),
        asked=asked,
    )


def _approved(house: House, issue: IssueGlance) -> list[str]:
    """The lists that an issue is approved for, and the segments that hold no reader of any other."""
    segments = [name for name, one in house.config.segments.items() if set(one.lists) <= set(issue.lists)]
    return [*issue.lists, *segments]


def _titles(house: House, names: Sequence[str]) -> str:
    """Name lists as the staff know them."""
    lists = house.config.lists
    return _(", ").join(lists[name].title if name in lists else name for name in names)


def check_new(visit: Visit) -> Response:
    """What would be sent, to how many, and until when; the number must be typed to confirm it. Changes nothing."""
    visit.back = f"/mailings/new?{visit.request.url.query}"
    house, wanted = visit.house, _read_wanted(visit, visit.request.query_params)
    plan = house.mailings.prepare(wanted.issue, wanted.lists, wanted.tempo(house.mailings.tempo))
    forecast = house.forecasts.of_issue(wanted.issue, wanted.lists, wanted.at, plan.tempo)
    return visit.page(
        "mailing_check.html.j2",
        wanted=wanted,
        issue=house.drafts.glance(wanted.issue),
        lists=[(house.config.lists[one.name].title, one.copies, one.begins_at, one.ends_at) for one in forecast.lists],
        forecast=forecast,
        span=say_span(forecast.seconds) if forecast.seconds is not None else "",
        tempo=say_tempo(plan.tempo),
        left_out=_say_left_out(house, wanted.lists, forecast.copies),
    )


def _say_left_out(house: House, lists: tuple[str, ...], copies: int) -> str:
    """Return why fewer copies go out than readers are on the lists; empty where it is not so, or for segments."""
    if not all(name in house.config.lists for name in lists):
        return ""
    found = house.lists.reckon(lists)
    reached = found.readers - copies
    parts = []
    if found.suppressed:
        parts.append(_("{n} suppressed, who get nothing").format(n=found.suppressed))
    if found.twice:
        parts.append(_("{n} on two of these lists, who get one copy").format(n=found.twice))
    if reached > 0:
        parts.append(_("{n} who have this issue already or go with the next sync").format(n=reached))
    if not parts:
        return ""
    return _("{active} are on these lists. Not counted here: {parts}.").format(
        active=found.active, parts=_("; ").join(parts)
    )


def plan(visit: Visit) -> Response:
    """Plan the mailing, once the number of copies was typed."""
    house, wanted = visit.house, _read_wanted(visit, visit.form)
    tempo = wanted.tempo(house.mailings.tempo)
    forecast: Forecast = house.forecasts.of_issue(wanted.issue, wanted.lists, wanted.at, tempo)
    typed = visit.text("count").replace(",", "").replace("，", "")
    if not typed.isdecimal() or visit.number(typed) != forecast.copies:
        raise UsageError(
            _("the number typed is not that of the copies, {n}").format(n=forecast.copies),
            cure=_("type {n} to confirm that they go out").format(n=forecast.copies),
        )
    if not forecast.copies:
        raise StateError(_("nobody would get it"), cure=_("choose other lists, or look at whom the issue has reached"))
    record = house.mailings.schedule(wanted.issue, wanted.lists, wanted.at, visit.by, tempo=tempo)
    if wanted.at is None:
        record = house.mailings.start(record.id)
    if record.status is MailingStatus.HELD:
        return visit.go(f"/mailings/{record.id}", _("It is held: {reason}").format(reason=record.reason), "warning")
    return visit.go(f"/mailings/{record.id}", _("Mailing {id} is planned.").format(id=record.id))


def _read_wanted(visit: Visit, given: ImmutableMultiDict[str, Any]) -> Wanted:
    issue, spread, at = (str(given.get(name, "")).strip() for name in ("issue", "spread", "at"))
    if not issue:
        raise UsageError(_("no issue was chosen"), cure=_("choose one that is approved"))
    lists = tuple(str(one) for one in given.getlist("list") if one)
    if not lists:
        raise UsageError(_("no list was chosen"), cure=_("tick at least one"))
    glance = visit.house.drafts.glance(issue)
    wrong = [one for one in visit.house.config.base_lists(lists) if one not in glance.lists]
    if glance.status is IssueStatus.APPROVED and wrong:
        raise StateError(
            _("the issue is not approved for list {name}").format(name=_titles(visit.house, wrong)),
            cure=_("it is for: {names}; for other lists it is submitted anew").format(
                names=_titles(visit.house, glance.lists)
            ),
        )
    if spread and not (spread.isdecimal() and len(spread) <= 3 and int(spread) <= 168):
        raise UsageError(_("“{text}” is no number of hours").format(text=spread[:20]), cure=_("write 0 to 168"))
    when = str(given.get("when", ""))
    fields = [("issue", issue), *(("list", one) for one in lists), ("when", when), ("at", at), ("spread", spread)]
    moment = read_time(visit.house, at) if when == "later" else None
    return Wanted(issue, lists, moment, int(spread or 0), f"/mailings/new?{urlencode(fields)}")


def read_time(house: House, text: str) -> datetime:
    """Return the moment that a form names, in the office's zone. Raises UsageError for none or one that is over."""
    if not text.strip():
        raise UsageError(_("no time was given"), cure=_("fill in the time"))
    try:
        moment = read_moment(text, house.now(), house.config.zone).moment
    except (ValueError, NoTimeOfDayError):
        raise UsageError(
            _("“{text}” is no time").format(text=text[:40]), cure=_("write it as 2026-11-30 10:00")
        ) from None
    if moment <= house.now():
        raise UsageError(
            _("{when} is over").format(when=show_time(moment, house.config.zone)), cure=_("choose a time to come")
        )
    return moment
