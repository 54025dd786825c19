"""Contacts one by one, over the API: found, corrected, put on lists and taken off."""

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar

from fastapi import APIRouter, Path, Query
from starlette.convertors import Convertor, register_url_convertor

from mailer.app import House
from mailer.errors import AddressError, NotFoundError
from mailer.i18n import _
from mailer.model.api_token import Scope
from mailer.model.delivery import Contact
from mailer.web.api.caller import Caller
from mailer.web.api.contact_shapes import (
    ContactChange,
    ContactDetail,
    ContactShape,
    JoinOrder,
    LeaveOrder,
    LeftShape,
    SubscriptionShape,
)
from mailer.web.api.cursors import Cursor, Limit, cut, kind_of, place_of
from mailer.web.api.problems import CONFLICT
from mailer.web.api.shapes import PLAIN, SAID, Page


class MailboxConvertor(Convertor[str]):
    """What stands for an address in a path: it may hold slashes, but not the words that follow it."""

    regex = r"(?:[^/]|/(?!(?:leave|subscriptions)\Z))+"

    def convert(self, value: str) -> str:
        """Return the address."""
        return value

    def to_string(self, value: str) -> str:
        """Return the part of the path."""
        return value


register_url_convertor("mailbox", MailboxConvertor())
FIELDS = ("name", "title", "organisation", "city", "level", "phone", "language")
Where = Annotated[str, Path(max_length=320, description="an e-mail address; a slash in it may be written %2F")]
P = ParamSpec("P")
R = TypeVar("R")


def _of_an_address(act: Callable[P, R]) -> Callable[P, R]:
    """Have a path that holds no address lead nowhere: 404."""

    @wraps(act)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        except AddressError as error:
            raise NotFoundError(error.message, cure=error.cure) from None

    return guarded


def add_contacts(router: APIRouter, scope: Any) -> None:
    """Add the routes of contacts."""
    reading, writing = scope(Scope.CONTACTS_READ), scope(Scope.CONTACTS_WRITE)

    @router.get("/contacts", tags=["contacts"])
    def show_contacts(
        caller: Caller = reading,
        q: Annotated[
            str, Query(max_length=100, pattern=PLAIN, description="in address, name, title, organisation or city")
        ] = "",
        on: Annotated[
            str, Query(alias="list", max_length=32, pattern=PLAIN, description="only who is actively on this list")
        ] = "",
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Page[ContactShape]:
        """Contacts in the order in which they came."""
        kind = kind_of("contacts", q=q, list=on)
        found = caller.house.contacts.page(q, on, place_of(kind, cursor) or 0, limit + 1)
        return cut(kind, [(number, _shape(contact)) for number, contact in found], limit)

    @router.get("/contacts/{address:mailbox}", tags=["contacts"])
    @_of_an_address
    def show_contact(address: Where, caller: Caller = reading) -> ContactDetail:
        """One contact with its lists and consent."""
        return _detail(caller.house, address)

    @router.patch("/contacts/{address:mailbox}", responses=CONFLICT, tags=["contacts"])
    @_of_an_address
    def change_contact(address: Where, change: ContactChange, caller: Caller = writing) -> ContactDetail:
        """Correct what is kept of a contact. 409 for one on a list that follows its sheet: correct the sheet."""
        given: dict[str, Any] = {name: value.strip() for name in FIELDS if (value := getattr(change, name)) is not None}
        if change.attributes is not None:
            merged = caller.house.persons.attributes(address) | change.attributes
            given["attributes"] = tuple(sorted((name, value) for name, value in merged.items() if value))
        caller.house.persons.change(address, given, caller.by)
        return _detail(caller.house, address)

    @router.delete("/contacts/{address:mailbox}", responses=CONFLICT, tags=["contacts"])
    @_of_an_address
    def leave_all(
        address: Where,
        reason: Annotated[str, Query(min_length=1, max_length=200, pattern=SAID, description="for the consent log")],
        caller: Caller = writing,
    ) -> LeftShape:
        """Take an address off all its lists, for good: no sheet and no bulk order adds it to any list later.

        The contact stays on record; `mailer contacts forget` erases a person.
        """
        return LeftShape(address=address, left=list(caller.house.persons.leave(address, (), reason, caller.by)))

    @router.post("/contacts/{address:mailbox}/subscriptions", responses=CONFLICT, tags=["contacts"])
    @_of_an_address
    def join(address: Where, order: JoinOrder, caller: Caller = writing) -> ContactDetail:
        """Put an address on a list that follows no sheet, by a consent that is on record.

        Of a list that follows its sheet only who has left it comes back; 409 for anybody else, and for an address that
        gets no mail.
        """
        if order.list not in caller.house.config.lists:
            raise NotFoundError(_("there is no list {name}").format(name=order.list), field="list")
        caller.house.persons.join(
            address, order.list, caller.by,
            basis=order.basis, source=order.source, name=order.name, organisation=order.organisation, city=order.city,
        )  # fmt: skip
        return _detail(caller.house, address)

    @router.post("/contacts/{address:mailbox}/leave", responses=CONFLICT, tags=["contacts"])
    @_of_an_address
    def leave(address: Where, order: LeaveOrder, caller: Caller = writing) -> LeftShape:
        """Take an address off lists, with the reason; no sheet and no bulk order brings it back.

        Without lists it wants no more mail: it is off all of them, and nothing adds it to any later.
        """
        left = caller.house.persons.leave(address, order.lists, order.reason, caller.by)
        return LeftShape(address=address, left=list(left))


def _shape(contact: Contact) -> ContactShape:
    fields = {name: getattr(contact, name) for name in FIELDS}
    return ContactShape(address=contact.address, attributes=dict(contact.attributes), **fields)


def _detail(house: House, address: str) -> ContactDetail:
    history = house.contacts.tell(address)
    known = history.contact or Contact(history.address, "")
    return ContactDetail(
        **_shape(known).model_dump(),
        suppressed=history.suppression.reason if history.suppression is not None else "",
        subscriptions=[
            SubscriptionShape(
                list=one.list_name, status=one.status, since=one.since, basis=one.basis, source=one.source,
                left_at=one.left_at, left_reason=one.left_reason,
            )
            for one in history.subscriptions
        ],
    )  # fmt: skip
