"""Distribution lists, segments and subscriptions, over the API."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from mailer.model.api_token import Scope
from mailer.web.api.caller import Caller
from mailer.web.api.contact_shapes import ListShape, SegmentShape, SubscriptionRow
from mailer.web.api.cursors import Cursor, Limit, cut, kind_of, place_of
from mailer.web.api.shapes import PLAIN, Page


def add_lists(router: APIRouter, scope: Any) -> None:
    """Add the routes of lists."""
    reading = scope(Scope.CONTACTS_READ)

    @router.get("/lists", tags=["lists"])
    def show_lists(caller: Caller = reading) -> list[ListShape]:
        """The distribution lists, in sending order."""
        settings = caller.house.config.lists
        return [
            ListShape(
                name=one.value.name, title=one.value.title, role=one.value.role.value, active=one.active, left=one.left,
                follows_file=settings[one.value.name].file, joining=settings[one.value.name].joining,
            )
            for one in caller.house.lists.count()
        ]  # fmt: skip

    @router.get("/segments", tags=["lists"])
    def show_segments(caller: Caller = reading) -> list[SegmentShape]:
        """The segments of lists, with how many readers each means."""
        return [
            SegmentShape(name=one.name, lists=dict(one.lists), readers=one.readers)
            for one in caller.house.lists.count_segments()
        ]

    @router.get("/subscriptions", tags=["lists"])
    def show_subscriptions(
        caller: Caller = reading,
        on: Annotated[str, Query(alias="list", max_length=32, pattern=PLAIN, description="only of this list")] = "",
        status: Literal["", "active", "left", "pending"] = "",
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Page[SubscriptionRow]:
        """Subscriptions in the order in which they were first made."""
        kind = kind_of("subscriptions", list=on, status=status)
        found = caller.house.contacts.subscriptions(on, status, place_of(kind, cursor) or 0, limit + 1)
        rows = [
            (
                number,
                SubscriptionRow(
                    address=address, list=one.list_name, status=one.status, since=one.since, basis=one.basis,
                    source=one.source, left_at=one.left_at, left_reason=one.left_reason,
                ),
            )
            for number, address, one in found
        ]  # fmt: skip
        return cut(kind, rows, limit)
