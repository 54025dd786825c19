"""Mailings over the API: planned, watched, paused and resumed; their deliveries, events and reports."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from mailer.errors import UsageError
from mailer.i18n import _
from mailer.model.api_token import Scope
from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingStatus
from mailer.web.api.caller import Caller
from mailer.web.api.cursors import After, Limit, cut
from mailer.web.api.problems import answers
from mailer.web.api.shapes import DeliveryShape, EventShape, MailingDetail, MailingOrder, MailingShape, Page, Reason

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


def add_mailings(router: APIRouter, scope: Any) -> None:
    """Add the routes of mailings."""
    reading, writing = scope(Scope.MAILINGS_READ), scope(Scope.MAILINGS_WRITE)
    watching, reporting = scope(Scope.EVENTS_READ), scope(Scope.REPORTS_READ)

    @router.get("/mailings", responses=answers(), tags=["mailings"])
    def show_mailings(caller: Caller = reading) -> list[MailingShape]:
        """The newest mailings first."""
        return [MailingShape(**_fields(one)) for one in caller.house.mailings.newest()]

    @router.post("/mailings", status_code=201, responses=answers(409), tags=["mailings"])
    def plan_mailing(order: MailingOrder, caller: Caller = writing) -> MailingDetail:
        """Plan a mailing of an approved issue. Asked for twice, nobody gets the issue twice: the second plans only
        whom the first does not reach.
        """
        if order.at is not None and order.at.tzinfo is None:
            raise UsageError(_("the time has no offset"), field="at", cure=_("write it as 2026-11-30T10:00:00+08:00"))
        mailings = caller.house.mailings
        record = mailings.schedule(order.issue, order.lists, order.at, caller.by)
        if order.at is None:
            record = mailings.start(record.id)
        return _detail(caller, record)

    @router.get("/mailings/{number}", responses=answers(), tags=["mailings"])
    def show_mailing(number: Number, caller: Caller = reading) -> MailingDetail:
        """One mailing with its figures."""
        return _detail(caller, caller.house.mailings.get(str(number)))

    def add_act(name: str, says: str) -> None:
        def act(number: Number, caller: Caller = writing) -> MailingDetail:
            return _detail(caller, getattr(caller.house.mailings, name)(str(number), caller.by))

        act.__doc__ = says
        act.__name__ = f"{name}_mailing"
        router.post(f"/mailings/{{number}}/{name}", responses=answers(409), tags=["mailings"])(act)

    add_act("pause", "Let a running mailing rest.")
    add_act("resume", "Go on with one that is paused.")
    add_act("release", "Let a held one go on.")
    add_act("cancel", "End it; what was not sent yet never is.")

    @router.post("/mailings/{number}/hold", responses=answers(409), tags=["mailings"])
    def hold_mailing(number: Number, reason: Reason, caller: Caller = writing) -> MailingDetail:
        """Hold it until a person releases it."""
        return _detail(caller, caller.house.mailings.hold(str(number), reason.reason, caller.by))

    @router.get("/mailings/{number}/deliveries", responses=answers(), tags=["mailings"])
    def show_deliveries(
        number: Number,
        caller: Caller = reading,
        status: DeliveryStatus | None = None,
        cursor: After = 0,
        limit: Limit = 50,
    ) -> Page[DeliveryShape]:
        """The deliveries of a mailing in sending order, a page at a time."""
        found = caller.house.histories.page(str(number), status, "", cursor, limit + 1)
        shapes = [
            (
                one.id,
                DeliveryShape(
                    id=one.id, address=one.address, name=one.name, organisation=one.organisation,
                    list_title=one.list_title, status=one.status.value, reply_class=one.reply_class, reply=one.reply,
                    attempts=one.attempts, finished_at=one.finished_at, next_attempt_at=one.next_attempt_at,
                ),
            )
            for one in found
        ]  # fmt: skip
        return cut(shapes, limit)

    @router.get("/events", responses=answers(), tags=["events"])
    def show_events(
        caller: Caller = watching,
        cursor: After = 0,
        limit: Limit = 100,
        kind: Annotated[str, Query(max_length=24, description="such as bounce, complaint, receipt, unsubscribe")] = "",
    ) -> Page[EventShape]:
        """What became known of deliveries, the oldest first, from a cursor on: to be asked again and again."""
        found = caller.house.histories.events(cursor, limit + 1, kind)
        return cut([(one.id, EventShape(**one._asdict())) for one in found], limit)

    @router.get("/mailings/{number}/report", responses=answers(), tags=["reports"])
    def show_report(number: Number, caller: Caller = reporting) -> dict[str, Any]:
        """The report of a mailing, as `mailer report --json` gives it."""
        reports = caller.house.reports
        return reports.describe(reports.read(str(number), patient=False))


def _fields(one: MailingRecord) -> dict[str, Any]:
    return {
        "id": one.id, "issue": one.issue_slug, "status": one.status.value, "lists": list(one.lists),
        "scheduled_at": one.scheduled_at, "created_at": one.created_at, "started_at": one.started_at,
        "finished_at": one.finished_at, "reason": one.reason if one.status is MailingStatus.HELD else "",
    }  # fmt: skip


def _detail(caller: Caller, record: MailingRecord) -> MailingDetail:
    progress = caller.house.mailings.glance(str(record.id)).progress
    counts = {one.value: progress.count(one) for one in DeliveryStatus if progress.count(one)}
    return MailingDetail(**_fields(progress.mailing), planned=progress.planned, counts=counts)
