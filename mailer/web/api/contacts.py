"""Contacts, their subscriptions, and suppressions, over the API."""

import csv
import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query

from mailer.app import ImportOrder
from mailer.errors import AddressError, NotFoundError
from mailer.i18n import _
from mailer.model.api_token import Scope
from mailer.model.contact_history import ContactHistory
from mailer.web.api.caller import Caller
from mailer.web.api.cursors import After, Limit, cut
from mailer.web.api.problems import answers
from mailer.web.api.shapes import (
    BulkOrder,
    BulkResult,
    ContactChange,
    ContactDetail,
    ContactRow,
    ContactShape,
    JoinOrder,
    LeaveOrder,
    ListShape,
    Page,
    RefusedRow,
    SubscriptionShape,
    Suppression,
    SuppressOrder,
)  # fmt: skip

FIELDS = ("name", "title", "organisation", "city", "level", "phone")


def add_contacts(router: APIRouter, scope: Any) -> None:
    """Add the routes of contacts."""
    reading, writing = scope(Scope.CONTACTS_READ), scope(Scope.CONTACTS_WRITE)

    @router.get("/lists", responses=answers(), tags=["contacts"])
    def show_lists(caller: Caller = reading) -> list[ListShape]:
        """The distribution lists, in sending order."""
        settings = caller.house.config.lists
        return [
            ListShape(
                name=one.value.name, title=one.value.title, role=one.value.role.value, active=one.active, left=one.left,
                follows_file=settings[one.value.name].file,
            )
            for one in caller.house.lists.count()
        ]  # fmt: skip

    @router.get("/contacts", responses=answers(), tags=["contacts"])
    def show_contacts(
        caller: Caller = reading,
        q: Annotated[str, Query(max_length=100, description="in address, name, organisation or city")] = "",
        on: Annotated[str, Query(alias="list", max_length=100, description="only who is actively on this list")] = "",
        cursor: After = 0,
        limit: Limit = 50,
    ) -> Page[ContactShape]:
        """Contacts, a page at a time."""
        found = caller.house.contacts.page(q, on, cursor, limit + 1)
        shapes = [(number, _shape(contact)) for number, contact in found]
        return cut(shapes, limit)

    @router.get("/contacts/{address}", responses=answers(), tags=["contacts"])
    def show_contact(address: str, caller: Caller = reading) -> ContactDetail:
        """One contact with its lists and consent."""
        try:
            return _detail(caller.house.contacts.tell(address))
        except AddressError as error:  # what is no address, nobody has
            raise NotFoundError(error.message, cure=error.cure) from None

    @router.patch("/contacts/{address}", responses=answers(409), tags=["contacts"])
    def change_contact(address: str, change: ContactChange, caller: Caller = writing) -> ContactDetail:
        """Correct what is kept of a contact. 409 for one on a list that follows its sheet: correct the sheet."""
        given = {name: value for name, value in change.model_dump().items() if value is not None}
        caller.house.persons.change(address, given, caller.by)
        return _detail(caller.house.contacts.tell(address))

    @router.post("/contacts/bulk", responses=answers(409), tags=["contacts"])
    def write_contacts(order: BulkOrder, caller: Caller = writing) -> BulkResult:
        """Bring up to 10,000 contacts onto a list: new ones are added, known ones corrected. Undone as an import."""
        with tempfile.TemporaryDirectory() as folder:
            sheet = Path(folder) / "api.csv"
            _write_sheet(sheet, order.contacts)
            report = caller.house.contacts.import_sheet(
                ImportOrder(sheet, order.list, basis=order.basis), caller.by, dry_run=order.dry_run
            )
        return BulkResult(
            import_number=report.number,
            counts={kind.value: count for kind, count in report.counts.items()} | {"refused": report.refused_count},
            refused=[
                RefusedRow(row=one.place.row - 1, value=one.value[:200], reason=one.reason, cure=one.cure)
                for one in report.refused
            ],
        )

    @router.delete("/contacts/imports/{number}", status_code=204, responses=answers(409), tags=["contacts"])
    def undo_import(number: int, caller: Caller = writing) -> None:
        """Put back what a bulk order changed; who has changed since stays as it is."""
        caller.house.contacts.undo_import(number, caller.by)

    @router.post("/contacts/{address}/subscriptions", responses=answers(409), tags=["contacts"])
    def join(address: str, order: JoinOrder, caller: Caller = writing) -> ContactDetail:
        """Put an address on a list that follows no sheet, by a consent that is on record."""
        if order.list not in caller.house.config.lists:
            raise NotFoundError(_("there is no list {name}").format(name=order.list))
        caller.house.persons.join(address, order.list, caller.by, source=order.source)
        return _detail(caller.house.contacts.tell(address))

    @router.post("/contacts/{address}/leave", responses=answers(409), tags=["contacts"])
    def leave(address: str, order: LeaveOrder, caller: Caller = writing) -> ContactDetail:
        """Take an address off lists, with the reason; no sheet and no bulk order brings it back."""
        caller.house.persons.leave(address, order.lists, order.reason, caller.by)
        return _detail(caller.house.contacts.tell(address))

    @router.get("/suppressions", responses=answers(), tags=["contacts"])
    def show_suppressions(caller: Caller = reading) -> list[Suppression]:
        """Addresses that get nothing, those that are known by more than their hash."""
        return [
            Suppression(address=one.address, reason=one.reason, source=one.source, since=one.since, until=one.until)
            for one in caller.house.suppressions.list()
            if one.address
        ]

    @router.post("/suppressions", status_code=204, responses=answers(409), tags=["contacts"])
    def suppress(order: SuppressOrder, caller: Caller = writing) -> None:
        """Have an address get nothing."""
        caller.house.suppressions.add(order.address, order.reason, caller.by)

    @router.post("/suppressions/lift", status_code=204, responses=answers(409), tags=["contacts"])
    def lift(order: SuppressOrder, caller: Caller = writing) -> None:
        """Let an address get mail again."""
        caller.house.suppressions.lift(order.address, order.reason, caller.by)


def _write_sheet(file: Path, rows: list[ContactRow]) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, ["address", *FIELDS])
        writer.writeheader()
        writer.writerows(one.model_dump() for one in rows)


def _shape(contact: Any) -> ContactShape:
    return ContactShape(
        address=contact.address, name=contact.name, title=contact.title, organisation=contact.organisation,
        city=contact.city, level=contact.level, phone=contact.phone, attributes=dict(contact.attributes),
    )  # fmt: skip


def _detail(history: ContactHistory) -> ContactDetail:
    known = _shape(history.contact).model_dump() if history.contact is not None else dict.fromkeys(FIELDS, "")
    return ContactDetail(
        **{**known, "address": history.address},
        suppressed=history.suppression.reason if history.suppression is not None else "",
        subscriptions=[
            SubscriptionShape(
                list=one.list_name, status=one.status, since=one.since, basis=one.basis, source=one.source,
                left_at=one.left_at, left_reason=one.left_reason,
            )
            for one in history.subscriptions
        ],
    )  # fmt: skip
