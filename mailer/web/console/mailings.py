"""Mailings: what was sent and will be, the way to a new one, one of them live, and what people do to it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict

from mailer.app import House
from mailer.errors import AddressError, NotFoundError, StateError, UsageError
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.delivery import DeliveryStatus, IssueStatus, MailingRecord, MailingStatus
from mailer.model.forecast import Forecast
from mailer.model.history_words import ABSENCE_WORDS, say_subscription, tell_delivery
from mailer.model.local_time import NoTimeOfDayError, read_moment
from mailer.model.people import Right
from mailer.model.standing import MailingProgress
from mailer.model.standing_words import domain_line, relay_lines, say_span
from mailer.model.tempo import Tempo
from mailer.model.tempo_words import say_tempo
from mailer.model.words import STATUS_WORDS, class_word, reason_word
from mailer.web.console.cures import say_here
from mailer.web.console.desk import PAGE_HEADERS, Desk, Visit, language_of_console
from mailer.web.console.frame import show_time
from mailer.web.language import speaking

COPIES = 50  # a page
EVERY_S = 1.0  # how often a page that watches is told
MOST_S = 3600.0  # then the browser asks anew, and shows that it is still logged in
OVER = (MailingStatus.FINISHED, MailingStatus.CANCELLED)
ENDS = (DeliveryStatus.REFUSED, DeliveryStatus.EXPIRED, DeliveryStatus.UNCERTAIN)


def add_mailings(desk: Desk) -> None:
    """Add the pages of mailings."""
    desk.show("/mailings")(show_mailings)
    desk.show("/mailings/new", Right.SEND)(show_new)
    desk.show("/mailings/check", Right.SEND)(check_new)
    desk.act("/mailings/plan", Right.SEND)(plan)
    desk.show("/mailings/{number:int}")(show_mailing)
    desk.show("/mailings/{number:int}/stream")(stream)
    desk.show("/mailings/{number:int}/copies")(show_copies)
    desk.show("/mailings/{number:int}/why")(show_why)
    desk.act("/mailings/{number:int}/pause", Right.PAUSE)(pause)
    desk.act("/mailings/{number:int}/resume", Right.RESUME)(resume)
    desk.act("/mailings/{number:int}/hold", Right.HOLD)(hold)
    desk.act("/mailings/{number:int}/release", Right.RELEASE)(release)
    desk.act("/mailings/{number:int}/cancel", Right.CANCEL)(cancel)
    desk.act("/mailings/{number:int}/reschedule", Right.SEND)(reschedule)
    desk.act("/mailings/{number:int}/retry", Right.RETRY)(retry)


def show_mailings(visit: Visit) -> Response:
    """The mailings that wait for their time, and the newest."""
    mailings = visit.house.mailings
    return visit.page("mailings.html.j2", planned=mailings.planned(), newest=mailings.newest())


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
    return visit.page(
        "mailing_new.html.j2",
        ready=ready,
        chosen=visit.ask("issue"),
        lists=house.lists.count(),
        segments=house.lists.count_segments() if house.config.segments else (),
        zone=house.config.zone.key,
        ticked=asked.getlist("list"),
        asked=asked,
    )


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
    if spread and not (spread.isdecimal() and len(spread) <= 3 and int(spread) <= 168):
        raise UsageError(_("“{text}” is no number of hours").format(text=spread[:20]), cure=_("write 0 to 168"))
    when = str(given.get("when", ""))
    fields = [("issue", issue), *(("list", one) for one in lists), ("when", when), ("at", at), ("spread", spread)]
    moment = _read_time(visit.house, at) if when == "later" else None
    return Wanted(issue, lists, moment, int(spread or 0), f"/mailings/new?{urlencode(fields)}")


def _read_time(house: House, text: str) -> datetime:
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


def show_mailing(visit: Visit, number: int) -> Response:
    """One mailing: how far it is, what holds it, what may be done."""
    house = visit.house
    progress = house.reports.progress(str(number))
    mailing = progress.mailing
    changes = house.mailings.audience_changes(number) if mailing.status is MailingStatus.HELD else ()
    return visit.page(
        "mailing.html.j2",
        mailing=mailing,
        lists=progress.lists,
        bounced=house.reports.bounced(mailing.id),
        changes=changes,
        over=mailing.status in OVER,
        begun=mailing.started_at is not None,
        ends=[(one, progress.count(one)) for one in ENDS if progress.count(one)],
        tempo=say_tempo(mailing.tempo),
        **_progress(visit, progress),
    )


def _progress(visit: Visit, progress: MailingProgress) -> dict[str, Any]:
    """What the live part shows."""
    house, record = visit.house, progress.mailing
    now, zone = house.now(), house.config.zone
    shown: dict[str, Any] = {
        "progress": progress,
        "counts": [(one, progress.count(one)) for one in DeliveryStatus if progress.count(one)],
        "done": progress.planned - progress.remaining,
        "relays": [],
        "domains": "",
        "ends_at": None,
        "now": now,
    }
    if record.status in OVER:
        return shown
    standing = house.relays.standing(record.lists, progress.remaining)
    shown["relays"] = [line for line, _style in relay_lines(standing.waiting_relays, now, zone)]
    shown["domains"] = domain_line(standing, zone)
    if record.status in (MailingStatus.RUNNING, MailingStatus.SCHEDULED):
        shown["ends_at"] = house.forecasts.ends_about(record)
    return shown


def stream(visit: Visit, number: int) -> Response:
    """Server-sent events: the live part of a mailing's page, whenever it changes, until the mailing is over."""
    house, request = visit.house, visit.request
    house.mailings.get(str(number))
    language = language_of_console(house, request)

    def draw() -> tuple[str, bool]:
        with speaking(language):
            progress = house.reports.progress(str(number))
            page = visit.piece("mailing_progress.html.j2", mailing=progress.mailing, **_progress(visit, progress))
            return bytes(page.body).decode(), progress.mailing.status in OVER

    async def events() -> AsyncIterator[str]:
        before, began = "", asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - began < MOST_S and not await request.is_disconnected():
            if await run_in_threadpool(house.access.find_session, visit.token, seen=False) is None:
                return  # logged out or disabled since; the browser asks anew, and is told so
            html, over = await run_in_threadpool(draw)
            if html != before:
                yield "event: progress\n" + "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"
                before = html
            if over:
                yield "event: over\ndata: \n\n"
                return
            await asyncio.sleep(EVERY_S)

    headers = {**PAGE_HEADERS, "X-Accel-Buffering": "no"}
    return StreamingResponse(events(), media_type="text/event-stream", headers=headers)


def show_copies(visit: Visit, number: int) -> Response:
    """The copies, one recipient a line."""
    house = visit.house
    status = visit.ask("status")
    chosen = DeliveryStatus(status) if status in set(DeliveryStatus) else None
    after, words = visit.ask("after"), visit.ask("q")
    found = house.histories.page(str(number), chosen, words, visit.number(after), COPIES)
    return visit.page(
        "copies.html.j2",
        mailing=house.mailings.get(str(number)),
        copies=found.copies,
        more=found.after,
        searched=found.after - (number << 32) if found.searched else 0,
        statuses=[(one.value, _(STATUS_WORDS[one])) for one in DeliveryStatus],
        chosen=status,
        words=words,
        wondered=bool(visit.ask("why")),
        class_word=class_word,
    )


def show_why(visit: Visit, number: int) -> Response:
    """Everything that happened to one address in a mailing."""
    house, zone = visit.house, visit.house.config.zone
    asked = visit.ask("address").strip()
    try:
        history = house.histories.tell(str(number), asked)
    except (AddressError, NotFoundError):
        house.mailings.get(str(number))
        return RedirectResponse(
            f"/mailings/{number}/copies?{urlencode({'q': asked, 'why': '1'})}", HTTPStatus.SEE_OTHER
        )
    earlier = history.earlier[-1] if history.earlier else None
    absence = _(ABSENCE_WORDS[history.absence]) if history.absence is not None else ""
    titles = {name: one.title for name, one in house.config.lists.items()}
    told = [
        line
        for one in history.deliveries
        for line in tell_delivery(one, zone, titles.get(one.list_name, one.list_name))
    ]
    return visit.page(
        "why.html.j2",
        history=history,
        absence=say_here(
            absence.format(
                earlier=earlier.mailing_id if earlier else "", status=_(STATUS_WORDS[earlier.status]) if earlier else ""
            )
        ),
        told=sorted(told, key=lambda one: one[0]),
        subscriptions=[say_subscription(one, lambda moment: show_time(moment, zone)) for one in history.subscriptions],
        reason_word=reason_word,
        zone=zone,
    )


def pause(visit: Visit, number: int) -> Response:
    """Let it rest."""
    visit.house.mailings.pause(str(number), visit.by)
    return visit.go(f"/mailings/{number}", _("It rests; nothing is lost."))


def resume(visit: Visit, number: int) -> Response:
    """Go on."""
    record = visit.house.mailings.resume(str(number), visit.by)
    return _went_on(visit, record)


def hold(visit: Visit, number: int) -> Response:
    """Hold it until a person releases it."""
    visit.house.mailings.hold(str(number), visit.text("reason"), visit.by)
    return visit.go(f"/mailings/{number}", _("It is held until somebody releases it."))


def release(visit: Visit, number: int) -> Response:
    """Let a held one go on."""
    return _went_on(visit, visit.house.mailings.release(str(number), visit.by))


def _went_on(visit: Visit, record: MailingRecord) -> Response:
    if record.status is MailingStatus.HELD:
        return visit.go(
            f"/mailings/{record.id}", _("It is still held: {reason}").format(reason=record.reason), "warning"
        )
    return visit.go(f"/mailings/{record.id}", _("It goes on."))


def cancel(visit: Visit, number: int) -> Response:
    """End it; what was not sent never is."""
    visit.house.mailings.cancel(str(number), visit.by)
    return visit.go(f"/mailings/{number}", _("It is cancelled; what had not been sent will not be."))


def reschedule(visit: Visit, number: int) -> Response:
    """Give it another time."""
    visit.house.mailings.reschedule(str(number), _read_time(visit.house, visit.text("at")), None, visit.by)
    return visit.go(f"/mailings/{number}", _("It has another time."))


def retry(visit: Visit, number: int) -> Response:
    """Send again to those whom it has not reached."""
    addresses = [
        parse_address(one).text for one in visit.text("addresses").replace("，", ",").split(",") if one.strip()
    ]
    statuses = [DeliveryStatus(one) for one in visit.texts("status") if one in {end.value for end in ENDS}]
    if not addresses and not statuses:
        raise UsageError(_("nothing was chosen"), cure=_("tick which copies are sent again"))
    again = visit.house.mailings.retry(str(number), addresses, statuses, visit.by)
    return visit.go(f"/mailings/{number}", _("{n} copies are sent again.").format(n=again.count))
