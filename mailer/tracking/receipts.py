"""Receipts by hand: a reader says on a page that the issue has come (收悉)."""

from datetime import datetime

from mailer.model.reading import Receipt
from mailer.store import events, receipts
from mailer.store.database import Connection
from mailer.store.events import NewEvent
from mailer.tokens import HouseSecret, Purpose, read_token

SOURCE = "web"


def find_receipt(connection: Connection, secret: HouseSecret, token: str) -> Receipt | None:
    """Return the copy a receipt token stands for, changing nothing; None for one not ours."""
    number = read_token(secret, Purpose.RECEIVED, token)
    return receipts.receipt_of_delivery(connection, number) if number is not None else None


def confirm_receipt(connection: Connection, secret: HouseSecret, token: str, now: datetime) -> Receipt | None:
    """Record that the reader has confirmed receipt, the first time only; None for a token not ours."""
    number = read_token(secret, Purpose.RECEIVED, token)
    if number is None:
        return None
    events.record_event(connection, NewEvent(number, receipts.RECEIVED, False, "", "", SOURCE, now))
    return receipts.receipt_of_delivery(connection, number)
