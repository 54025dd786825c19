"""Addresses that get nothing, over the API."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from mailer.model.api_token import Scope
from mailer.model.suppression import SuppressionEntry
from mailer.web.api.caller import Caller
from mailer.web.api.contact_shapes import Suppression, SuppressOrder
from mailer.web.api.cursors import Cursor, Limit, cut, place_of
from mailer.web.api.problems import CONFLICT
from mailer.web.api.shapes import Page


def add_suppressions(router: APIRouter, scope: Any) -> None:
    """Add the routes of suppressions."""
    reading, writing = scope(Scope.CONTACTS_READ), scope(Scope.CONTACTS_WRITE)

    @router.get("/suppressions", tags=["suppressions"])
    def show_suppressions(
        caller: Caller = reading,
        addresses: Annotated[
            bool, Query(description="say which addresses they are, where a contact has one: some 3 µs a contact")
        ] = False,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Page[Suppression]:
        """What gets nothing, the newest entered first. A single address is told by GET /contacts/{address}."""
        before = place_of("suppressions", cursor)
        found = caller.house.suppressions.page(before, limit + 1, addresses=addresses)
        return cut("suppressions", [(number, _shape(one)) for number, one in found], limit)

    @router.post("/suppressions", status_code=204, responses=CONFLICT, tags=["suppressions"])
    def suppress(order: SuppressOrder, caller: Caller = writing) -> None:
        """Have an address get nothing; 409 where it gets nothing already."""
        caller.house.suppressions.add(order.address, order.reason, caller.by)

    @router.post("/suppressions/lift", tags=["suppressions"])
    def lift(order: SuppressOrder, caller: Caller = writing) -> Suppression:
        """Let an address get mail again; what was lifted is told."""
        return _shape(caller.house.suppressions.lift(order.address, order.reason, caller.by))


def _shape(one: SuppressionEntry) -> Suppression:
    return Suppression(
        hash=one.address_hash, address=one.address, reason=one.reason, source=one.source, since=one.since,
        until=one.until, note=one.note,
    )  # fmt: skip
