"""Leaving a list by the token in a delivery."""

from dataclasses import dataclass
from datetime import datetime

from mailer.store import audience, events
from mailer.store.database import Connection
from mailer.store.events import NewEvent
from mailer.tokens import HouseSecret, Purpose, read_token

UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Membership:
    """What an unsubscribe token stands for."""

    list_title: str
    address: str
    active: bool


def read_membership(connection: Connection, secret: HouseSecret, token: str) -> Membership | None:
    """Return what a token stands for, changing nothing; None when it is not one of ours for this purpose."""
    number = read_token(secret, Purpose.UNSUBSCRIBE, token)
    standing = audience.standing_of_delivery(connection, number) if number is not None else None
    return Membership(standing.list_title, standing.address, standing.active) if standing is not None else None


def leave_list(connection: Connection, secret: HouseSecret, token: str, source: str, now: datetime) -> bool:
    """End the subscription a token stands for; the same token again changes nothing and is True too.

    False when the token is not one of ours for this purpose.
    """
    number = read_token(secret, Purpose.UNSUBSCRIBE, token)
    return number is not None and leave_by_delivery(connection, number, source, now) is not None


def leave_by_delivery(connection: Connection, number: int, source: str, now: datetime) -> bool | None:
    """End the subscription by which a delivery came; True where that is news, None where there is no such delivery."""
    standing = audience.standing_of_delivery(connection, number)
    if standing is None:
        return None
    audience.end_subscription(connection, standing.contact_id, standing.list_id, UNSUBSCRIBED, now)
    return events.record_event(connection, NewEvent(number, "unsubscribe", False, "", "", source, now))
