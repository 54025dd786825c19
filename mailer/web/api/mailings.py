"""Mailings over the API: planned, watched, paused and resumed, and their reports."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from mailer.app import House
from mailer.errors import UsageError
from mailer.i18n import _
from mailer.model.api_token import Scope
from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingStatus
from mailer.web.api.caller import Caller
from mailer.web.api.cursors import Cursor, Limit, cut, kind_of, place_of
from mailer.web.api.mailing_shapes import MailingDetail, MailingOrder, MailingShape, Reason
from mailer.web.api.problems import CONFLICT
from mailer.web.api.shapes import SLUG, Digits, Page

Number = Annotated[int, Digits, Path(ge=1, le=2**31 - 1)]
ACTS: dict[str, tuple[str, Callable[[House, str, str], MailingRecord]]] = {
    "pause": ("Let a running mailing rest; nothing is lost.", lambda house, name, by: house.mailings.pause(name, by)),
    "resume": (
        "Go on with one that is paused; one that is held is released.",
        lambda house, name, by: house.mailings.resume(name, by),
    ),
    "release": ("Let a held one go on.", lambda house, name, by: house.mailings.release(name, by)),
    "cancel": ("End it; what was not sent yet never is.", lambda house, name, by: house.mailings.cancel(name, by)),
}


def add_mailings(router: APIRouter, scope: Any) -> None:
    """Add the routes of mailings."""
    reading, writing, reporting = scope(Scope.MAILINGS_READ), scope(Scope.MAILINGS_WRITE), scope(Scope.REPORTS_READ)

    @router.get("/mailings", tags=["mailings"])
    def show_mailings(
        caller: Caller = reading,
        status: Annotated[MailingStatus | None, Query(description="only those that stand so")] = None,
        issue: Annotated[str, Query(max_length=64, pattern="^$|" + SLUG, description="only of this issue")] = "",
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Page[MailingShape]:
        """Mailings, the newest first."""
        kind = kind_of("mailings", status=status, issue=issue)
        found = caller.house.mailings.page(limit + 1, place_of(kind, cursor), status, issue)
        return cut(kind, [(one.id, MailingShape(**_fields(one))) for one in found], limit)

    @router.post("/mailings", status_code=201, responses=CONFLICT, tags=["mailings"])
    def plan_mailing(order: MailingOrder, caller: Caller = writing) -> MailingDetail:
        """Plan a mailing of an approved issue, and without a time begin it. 409 where it is not approved as it is.

        Sent twice, say after a connection was lost, this makes two mailings, and nobody gets two copies: the database
        keeps one copy of an issue an address, so the second plans only whom the first does not reach. GET
        /mailings?issue=SLUG tells whether the first one was made.
        """
        mailings = caller.house.mailings
        if order.at is not None and order.at <= caller.house.now():
            raise UsageError(_("the time is past"), field="at", cure=_("leave it out to send now"))
        tempo = mailings.tempo
        if order.spread_s is not None:
            tempo = replace(tempo, spread=timedelta(seconds=order.spread_s))
        record = mailings.schedule(order.issue, order.lists, order.at, caller.by, tempo=tempo)
        if order.at is None:
            record = mailings.start(record.id)
        return _detail(caller.house, record)

    @router.get("/mailings/{number}", tags=["mailings"])
    def show_mailing(number: Number, caller: Caller = reading) -> MailingDetail:
        """One mailing with its figures."""
        return _detail(caller.house, caller.house.mailings.get(str(number)))

    for name, (says, act) in ACTS.items():
        _add_act(router, writing, name, says, act)

    @router.post("/mailings/{number}/hold", responses=CONFLICT, tags=["mailings"])
    def hold_mailing(number: Number, reason: Reason, caller: Caller = writing) -> MailingDetail:
        """Hold it until a person releases it."""
        return _detail(caller.house, caller.house.mailings.hold(str(number), reason.reason, caller.by))

    @router.get("/mailings/{number}/report", tags=["reports"])
    def show_report(
        number: Number,
        caller: Caller = reporting,
        compare: Annotated[int, Query(ge=1, le=60, description="over how many mailings, this one among them")] = 12,
        masked: Annotated[bool, Query(description="addresses and replies of servers cannot be read")] = False,
    ) -> dict[str, Any]:
        """The report of a mailing, as `mailer report --json` gives it; docs/report.md names its fields.

        Of a large mailing the figures may be some minutes old: `counted_at` says of when they are.
        """
        reports = caller.house.reports
        return reports.describe(reports.read(str(number), compare=compare, masked=masked, patient=False))


def _add_act(
    router: APIRouter, writing: Any, name: str, says: str, act: Callable[[House, str, str], MailingRecord]
) -> None:
    @router.post(
        f"/mailings/{{number}}/{name}",
        responses=CONFLICT,
        tags=["mailings"],
        description=says,
        operation_id=f"{name}_mailing",
        summary=f"{name.capitalize()} Mailing",
    )
    def do(number: Number, caller: Caller = writing) -> MailingDetail:
        return _detail(caller.house, act(caller.house, str(number), caller.by))


def _fields(one: MailingRecord) -> dict[str, Any]:
    return {
        "id": one.id, "issue": one.issue_slug, "status": one.status.value, "lists": list(one.lists),
        "scheduled_at": one.scheduled_at, "created_at": one.created_at, "started_at": one.started_at,
        "finished_at": one.finished_at, "reason": one.reason,
    }  # fmt: skip


def _detail(house: House, record: MailingRecord) -> MailingDetail:
    progress = house.reports.progress(str(record.id))
    counts = {one.value: progress.count(one) for one in DeliveryStatus}
    return MailingDetail(
        **_fields(progress.mailing),
        planned=progress.planned,
        counts=counts,
        deferred=progress.deferred,
        next_attempt_at=progress.next_attempt_at,
    )
