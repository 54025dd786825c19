"""Events over the API: what happened to deliveries, to be read on again and again by other systems."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from mailer.errors import UsageError
from mailer.i18n import _
from mailer.model.api_token import Scope
from mailer.model.event_stream import EventKind, StreamEvent
from mailer.web.api.caller import Caller
from mailer.web.api.cursors import Cursor, Limit, kind_of, read_place, write_place
from mailer.web.api.mailing_shapes import EventPage, EventShape


def add_events(router: APIRouter, scope: Any) -> None:
    """Add the route of events."""
    watching = scope(Scope.EVENTS_READ)

    @router.get("/events", tags=["events"])
    def show_events(
        caller: Caller = watching,
        cursor: Cursor = None,
        start: Annotated[
            Literal["first", "now"] | None,
            Query(description="without a cursor: from the first on record, or from now on"),
        ] = None,
        kind: Annotated[list[EventKind], Query(max_length=20, description="only these; none: all")] = [],  # noqa: B006
        mailing: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="only of this one")] = None,
        limit: Limit = 100,
    ) -> EventPage:
        """What happened after a cursor: what came back, then what readers' programs fetched, then replies to attempts.

        Keep the cursor and ask with it again, with the same kinds and mailing: at once where there is `more`, else
        after some seconds. Each event comes once; a reply to an attempt some 10 s after it came. A page may be empty
        though there is more.
        """
        stream = caller.house.events
        chosen = kind_of("events", kinds=sorted(set(kind)), mailing=mailing)
        if cursor is None and start is None:
            raise UsageError(
                _("say where to begin"), field="start", cure=_("start=first or start=now; then the cursor of each page")
            )
        place = read_place(chosen, cursor) if cursor is not None else stream.start(now=start == "now")
        page = stream.read(place, limit, kind, mailing)
        return EventPage(
            items=[_shape(one) for one in page.events], cursor=write_place(chosen, page.place), more=page.more
        )


def _shape(one: StreamEvent) -> EventShape:
    return EventShape(
        id=one.id, kind=one.kind, mailing=one.mailing_id, delivery=one.delivery_id, list=one.list_name,
        address=one.address, happened_at=one.happened_at, reply_class=one.reply_class, detail=one.detail, hard=one.hard,
        verdict=one.verdict, link=one.link, probable=one.probable,
    )  # fmt: skip
