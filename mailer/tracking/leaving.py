"""Ties a mail that asks to leave to the copy its reader got."""

from mailer.errors import AddressError
from mailer.mail.leaving import LeaveRequest
from mailer.model.address import parse_address
from mailer.store import deliveries
from mailer.store.database import Connection
from mailer.tokens import HouseSecret, Purpose, read_token


def match_leave(connection: Connection, secret: HouseSecret, request: LeaveRequest) -> int | None:
    """Return the delivery whose reader asks to leave its list; None where only a person can tell.

    A token for leaving is enough, as it is on the page (facts S07). An answer must come from the address the copy went
    to: who forwards a bulletin does not hand on the right to leave by answering it.
    """
    number = read_token(secret, Purpose.UNSUBSCRIBE, request.token) if request.token else None
    if number is not None:
        return number if deliveries.find_delivery(connection, number, secret) is not None else None
    sender = _key(request.sender)
    for token in request.answered:
        number = read_token(secret, Purpose.BOUNCE, token)
        delivery = deliveries.find_delivery(connection, number, secret) if number is not None else None
        if delivery is not None and sender and _key(delivery.recipient.address) == sender:
            return number
    return None


def _key(address: str) -> str:
    try:
        return parse_address(address).key
    except AddressError:
        return ""
