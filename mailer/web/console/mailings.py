"""Mailings: what was sent and will be, one of them live, and what people do to it."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from mailer.errors import AddressError, NotFoundError, UsageError
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingStatus
from mailer.model.history_words import ABSENCE_WORDS, say_subscription, tell_delivery
from mailer.model.people import Right
from mailer.model.standing import MailingProgress
from mailer.model.standing_words import domain_line, relay_lines
from mailer.model.tempo_words import say_tempo
from mailer.model.words import STATUS_WORDS, class_word, reason_word
from mailer.web.console.course import may_send, say_parted
from mailer.web.console.cures import say_here
from mailer.web.console.desk import PAGE_HEADERS, Desk, Visit, language_of_console
from mailer.web.console.frame import show_time
from mailer.web.console.new_mailing import add_new_mailing, read_time
from mailer.web.language import speaking

COPIES = 50  # a page
EVERY_S = 1.0  # how often a page that watches is told
BEAT_S = 3.0  # console.js calls the connection lost after some of them
MOST_S = 3600.0  # then the browser asks anew, and shows that it is still logged in
OVER = (MailingStatus.FINISHED, MailingStatus.CANCELLED)
ENDS = (DeliveryStatus.REFUSED, DeliveryStatus.EXPIRED, DeliveryStatus.UNCERTAIN)


def add_mailings(desk: Desk) -> None:
    """Add the pages of mailings."""
    desk.show("/mailings")(show_mailings)
    add_new_mailing(desk)
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


def show_mailing(visit: Visit, number: int) -> Response:
    """One mailing: how far it is, what holds it, what may be done."""
    progress = visit.house.reports.progress(str(number))
    shown = _standing(visit, progress, whole=True)
    return visit.page("mailing.html.j2", drawn=_drawn(progress), **shown, **_progress(visit, progress))


def _standing(visit: Visit, progress: MailingProgress, *, whole: bool) -> dict[str, Any]:
    """What a mailing's page shows beside its progress: by list, the facts, and what may be done.

    whole: False leaves out what is counted over all readers.
    """
    house, mailing = visit.house, progress.mailing
    ended = mailing.status is MailingStatus.CANCELLED
    return {
        "mailing": mailing,
        "lists": progress.lists,
        "awaited": _awaited(visit, mailing),
        "unready": house.mailings.why_unready(mailing) if whole else "",
        "rest": progress.count(DeliveryStatus.CANCELLED) if ended and may_send(house, mailing.issue_slug) else 0,
        "bounced": house.reports.bounced(mailing.id),
        "changes": house.mailings.audience_changes(mailing.id)
        if whole and mailing.status is MailingStatus.HELD
        else (),
        "over": mailing.status in OVER,
        "begun": mailing.started_at is not None,
        "ends": [] if ended else [(one, progress.count(one)) for one in ENDS if progress.count(one)],
        "tempo": say_tempo(mailing.tempo),
    }


def _drawn(progress: MailingProgress) -> str:
    """Upon what the buttons depend: they are drawn anew only when it changes, for one may be about to be pressed."""
    mailing, ends = progress.mailing, [one.value for one in ENDS if progress.count(one)]
    at = mailing.scheduled_at.isoformat() if mailing.scheduled_at is not None and mailing.started_at is None else ""
    return " ".join((mailing.status.value, str(mailing.started_at is not None), at, *ends))


def _awaited(visit: Visit, mailing: MailingRecord) -> dict[str, int]:
    """How many copies each list of a mailing that has not begun is expected to get."""
    if mailing.started_at is not None or mailing.status in OVER:
        return {}
    forecast = visit.house.forecasts.lately(mailing)
    return {one.name: one.copies for one in forecast.lists} if forecast is not None else {}


def _progress(visit: Visit, progress: MailingProgress) -> dict[str, Any]:
    """What the live part shows."""
    house, record = visit.house, progress.mailing
    now, zone = house.now(), house.config.zone
    shown: dict[str, Any] = {
        "progress": progress,
        "counts": [(one, progress.count(one)) for one in DeliveryStatus if progress.count(one)],
        "accepted": progress.count(DeliveryStatus.ACCEPTED),
        "expected": None,
        "parted": "",
        "relays": [],
        "domains": "",
        "ends_at": None,
        "now": now,
    }
    if record.status is MailingStatus.CANCELLED and record.started_at is not None:
        shown["parted"] = say_parted(shown["accepted"], progress.count(DeliveryStatus.CANCELLED))
    if record.status in OVER:
        return shown
    if record.started_at is None:
        forecast = house.forecasts.lately(record)
        shown["expected"] = forecast.copies if forecast is not None else None
    standing = house.relays.standing(record.lists, progress.remaining)
    shown["relays"] = [line for line, _style in relay_lines(standing.waiting_relays, now, zone)]
    shown["domains"] = domain_line(standing, zone)
    if record.status in (MailingStatus.RUNNING, MailingStatus.SCHEDULED):
        shown["ends_at"] = house.forecasts.ends_about(record)
    return shown


def stream(visit: Visit, number: int) -> Response:
    """Server-sent events: the live parts of a mailing's page, whenever they change, until the mailing is over.

    A beat each few seconds says that the connection stands, for a browser does not notice one that was cut.
    """
    house, request = visit.house, visit.request
    house.mailings.get(str(number))
    language = language_of_console(house, request)

    def draw(drawn: str) -> tuple[str, str, bool]:
        with speaking(language):
            progress = house.reports.progress(str(number))
            now = _drawn(progress)
            shown = {**_standing(visit, progress, whole=now != drawn), **_progress(visit, progress)}
            page = visit.piece("mailing_part.html.j2", changed=now != drawn, **shown)
            return bytes(page.body).decode(), now, progress.mailing.status in OVER

    async def events() -> AsyncIterator[str]:
        before, drawn, began, told = "", visit.ask("drawn"), asyncio.get_running_loop().time(), 0.0
        while asyncio.get_running_loop().time() - began < MOST_S and not await request.is_disconnected():
            if await run_in_threadpool(house.access.find_session, visit.token, seen=False) is None:
                return  # logged out or disabled since; the browser asks anew, and is told so
            html, drawn, over = await run_in_threadpool(draw, drawn)
            now = asyncio.get_running_loop().time()
            if html != before:
                yield "event: progress\n" + "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"
                before, told = html, now
            elif now - told >= BEAT_S:
                yield "event: beat\ndata: \n\n"
                told = now
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
    visit.house.mailings.reschedule(str(number), read_time(visit.house, visit.text("at")), None, visit.by)
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
