"""Deliveries over the API: those of a mailing, and one with everything on record of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from mailer.i18n import _
from mailer.model.api_token import Scope
from mailer.model.copies import CopyGlance
from mailer.model.delivery import DeliveryStatus
from mailer.model.history import DeliveryRecord
from mailer.model.outcome import ReplyClass
from mailer.model.report import UNSURE
from mailer.web.api.caller import Caller
from mailer.web.api.cursors import LARGEST, Cursor, Limit, kind_of, place_of, write_cursor
from mailer.web.api.mailing_shapes import AttemptShape, DeliveryDetail, DeliveryShape, OccurrenceShape
from mailer.web.api.mailings import Number
from mailer.web.api.shapes import PLAIN, Digits, Page


def add_deliveries(router: APIRouter, scope: Any) -> None:
    """Add the routes of deliveries."""
    reading = scope(Scope.MAILINGS_READ)

    @router.get("/mailings/{number}/deliveries", tags=["deliveries"])
    def show_deliveries(
        number: Number,
        caller: Caller = reading,
        status: Annotated[DeliveryStatus | None, Query(description="only those that stand so")] = None,
        reply_class: Annotated[
            ReplyClass | None,
            Query(alias="class", description="only with a reply of this class: deferred, refused, expired, in doubt"),
        ] = None,
        q: Annotated[
            str, Query(max_length=100, pattern=PLAIN, description="in address, name, organisation or city")
        ] = "",
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Page[DeliveryShape]:
        """The deliveries of a mailing in sending order.

        With `q` or `class` a page looks through 150,000 deliveries at most: it may hold fewer than `limit`, or none,
        and still have a cursor. There are no more where it has none. A `q` that is the whole address of a recipient
        finds that one alone.
        """
        kind = kind_of("deliveries", mailing=number, status=status, reply_class=reply_class, q=q)
        found = caller.house.histories.page(
            str(number), status, q, place_of(kind, cursor) or 0, limit, reply_class or ""
        )
        return Page(
            items=[_shape(one) for one in found.copies],
            cursor=write_cursor(kind, found.after) if found.after else None,
        )

    @router.get("/deliveries/{delivery}", tags=["deliveries"])
    def show_delivery(
        delivery: Annotated[int, Digits, Path(ge=1, le=LARGEST)], caller: Caller = reading
    ) -> DeliveryDetail:
        """One delivery with its attempts, the replies to them and what they mean, and what came back."""
        return _detail(caller.house.histories.get(delivery))


def _shape(one: CopyGlance) -> DeliveryShape:
    return DeliveryShape(
        id=one.id, mailing=one.id >> 32, address=one.address, name=one.name, organisation=one.organisation,
        city=one.city, list=one.list_name, status=one.status, reply_class=one.reply_class, reply=one.reply,
        attempts=one.attempts, finished_at=one.finished_at, next_attempt_at=one.next_attempt_at,
    )  # fmt: skip


def _detail(one: DeliveryRecord) -> DeliveryDetail:
    reader = one.recipient
    return DeliveryDetail(
        id=one.id, mailing=one.mailing_id, address=reader.address, name=reader.name, organisation=reader.organisation,
        city=reader.city, list=one.list_name, status=one.status, reply_class=one.reply_class, reply=one.reply,
        attempts=len(one.attempts), finished_at=one.finished_at, next_attempt_at=one.next_attempt_at,
        message_id=one.message_id, planned_at=one.planned_at,
        tries=[
            AttemptShape(
                number=tried.number, relay=tried.relay, started_at=tried.started_at, dot_at=tried.dot_at,
                ended_at=tried.ended_at, outcome=tried.outcome, phase=tried.phase, reply=tried.reply,
                reply_class=tried.reply_class, meaning=_(tried.meaning) if tried.meaning else "",
            )
            for tried in one.attempts
        ],
        events=[
            OccurrenceShape(
                kind=known.kind, happened_at=known.happened_at, reply_class=known.reply_class, detail=known.detail,
                probable=known.tie in UNSURE, about=known.about,
            )
            for known in one.events
        ],
    )  # fmt: skip
