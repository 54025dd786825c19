"""Leaving a list: by the token in a delivery, or by staff with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from mailer.errors import NotFoundError, UsageError
from mailer.i18n import N_, _
from mailer.model.address import Address, parse_address
from mailer.model.audit import Act, Subject
from mailer.model.consent import Basis, ConsentAct, Grounds, LeaveReason
from mailer.model.outcome import ReplyClass
from mailer.model.people import Actor
from mailer.model.report import Tie
from mailer.model.suppression import NO_MORE
from mailer.store import audience, audit, events
from mailer.store.database import Connection
from mailer.store.events import NewEvent
from mailer.tokens import HouseSecret, Purpose, hash_address, read_token

UNSUBSCRIBED = N_("unsubscribed")
LONGEST_REASON = 200
UNDO = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Membership:
    """What an unsubscribe token stands for."""

    list_title: str
    address: str
    active: bool
    list_name: str = ""


def read_membership(connection: Connection, secret: HouseSecret, token: str) -> Membership | None:
    """Return what a token stands for, changing nothing; None when it is not one of ours for this purpose."""
    number = read_token(secret, Purpose.UNSUBSCRIBE, token)
    standing = audience.standing_of_delivery(connection, number) if number is not None else None
    return _membership(standing) if standing is not None else None


def _membership(standing: audience.Standing) -> Membership:
    return Membership(standing.list_title, standing.address, standing.active, standing.list_name)


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
    audience.end_subscription(connection, standing.contact_id, standing.list_id, UNSUBSCRIBED, now, source=source)
    return events.record_event(connection, NewEvent(number, "unsubscribe", False, "", "", source, now))


def leave_by_hand(connection: Connection, number: int, source: str, by: Actor, now: datetime) -> dict[str, Any] | None:
    """End the subscription by which a delivery came, as a person of staff read its reader's wish in a mail.

    Return what was before, for `put_back`; None where the reader had left already.
    """
    was = audience.standing_of_delivery(connection, number)
    events.record_event(connection, NewEvent(number, "unsubscribe", False, "", "", source, now, tie=Tie.HAND.value))
    if was is None or not audience.end_subscription(
        connection, was.contact_id, was.list_id, UNSUBSCRIBED, now, source="mail", by=by
    ):
        return None
    left_at = was.left_at.isoformat() if was.left_at is not None else ""
    return {"status": was.status, "left_at": left_at, "left_reason": was.left_reason}


def put_back(
    connection: Connection, number: int, was: Mapping[str, Any], left_at: datetime, by: Actor, now: datetime
) -> bool:
    """Take back what `leave_by_hand` did at a time; False where the reader's standing has changed since."""
    standing = audience.standing_of_delivery(connection, number)
    if standing is None or standing.erased:
        return False
    gone = replace(standing, left_at=left_at, left_reason=UNSUBSCRIBED)
    moment = datetime.fromisoformat(was["left_at"]) if was["left_at"] else None
    status = str(was["status"])
    before = replace(
        standing, status=status, active=status == "active", left_at=moment, left_reason=str(was["left_reason"])
    )
    return audience.put_back_subscription(connection, gone, before, by, now, "staff")


def return_to_list(
    connection: Connection, secret: HouseSecret, token: str, text_version: str, now: datetime
) -> Membership | None:
    """Take back what a token has ended within the last day; None for a token that is not ours for this purpose.

    Only what the reader did by the link is taken back, not what staff or the relays' answers ended; the standing that
    is returned says whether the reader is on the list now. Later it is not the same person's second thought any more.
    """
    number = read_token(secret, Purpose.UNSUBSCRIBE, token)
    standing = audience.standing_of_delivery(connection, number) if number is not None else None
    if number is None or standing is None:
        return None
    by_link = standing.left_reason == UNSUBSCRIBED and not standing.erased
    lately = standing.left_at is not None and now - standing.left_at <= UNDO
    if not standing.active and by_link and lately and not _is_suppressed(connection, secret, standing.address, now):
        grounds = Grounds(Basis.OPT_IN, "web", text_version)
        audience.restart_subscription(
            connection, standing.contact_id, standing.list_id, ConsentAct.CONFIRMED, grounds, now
        )
        standing = audience.standing_of_delivery(connection, number) or standing
    return _membership(standing)


def _is_suppressed(connection: Connection, secret: HouseSecret, address: str, now: datetime) -> bool:
    hashed = hash_address(secret, parse_address(address).key)
    return audience.find_suppression(connection, hashed, now) is not None


def say_why(connection: Connection, secret: HouseSecret, token: str, reason: LeaveReason) -> bool:
    """Keep why a reader left by the link, once; False for a token that is not ours, or did not end anything."""
    number = read_token(secret, Purpose.UNSUBSCRIBE, token)
    return number is not None and events.explain_event(connection, number, "unsubscribe", "web", reason.value)


def leave_by_staff(
    connection: Connection,
    secret: HouseSecret,
    address: Address,
    lists: Mapping[str, int],
    reason: str,
    by: Actor,
    now: datetime,
    *,
    everywhere: bool = False,
) -> tuple[str, ...]:
    """End the subscriptions of an address to lists, name to id, and return the names of those it was on till now.

    No sheet brings it back. everywhere: the lists are all there are, and the reader wants no more mail at all: no
    sheet of any list adds them later either. Raises UsageError without a reason, NotFoundError for an address that
    never was on one of the lists, or is no contact.
    """
    why = " ".join(reason.split())
    if not why or len(why) > LONGEST_REASON:
        raise UsageError(
            _("say why, in {n} characters at most").format(n=LONGEST_REASON), field="--reason", cure=_('--reason "…"')
        )
    contact_id = audience.contact_id(connection, address.key)
    on = [
        name
        for name, list_id in lists.items()
        if contact_id is not None and audience.was_subscribed(connection, contact_id, list_id)
    ]
    if contact_id is None:
        raise NotFoundError(
            _("there is no contact {address}").format(address=address.text),
            cure=_(
                "see that it is written as in its sheet; `mailer suppressions add` keeps mail from an address that "
                "nobody has"
            ),
        )
    if not on and not everywhere:
        raise NotFoundError(
            _("{address} is on none of these lists").format(address=address.text),
            cure=_("`mailer contacts show {address}` says on which it is").format(address=address.text),
        )
    ended = tuple(
        name
        for name in on
        if audience.end_subscription(connection, contact_id, lists[name], why, now, source="staff", by=by)
    )
    hashed = hash_address(secret, address.key)
    # what a relay says of the mailbox gives way: it may be lifted, and the reader's word must stand then
    stopped = everywhere and audience.suppress_address(
        connection, hashed, NO_MORE, "staff", now, over={one.value for one in ReplyClass}
    )
    if ended or stopped:
        subject = Subject("address", hashed)
        audit.record(connection, by, Act.LEAVE, subject, now, lists=list(ended), everywhere=everywhere)
    return ended
