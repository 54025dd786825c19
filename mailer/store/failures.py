"""How the newest issues fared at one address, for the suppression policy: by index, whatever the size of the house."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from mailer.model.delivery import DeliveryStatus
from mailer.model.report import Tie
from mailer.model.suppression import CopyStanding
from mailer.store.events import is_sure
from mailer.store.schema import delivery, event, issue, keeps_address

_SKIPPED = 4  # issues looked at for each that is wanted: an address is not on every list
_FAILED = (DeliveryStatus.REFUSED.value, DeliveryStatus.EXPIRED.value)
_ENDED = (*_FAILED, DeliveryStatus.ACCEPTED.value)


def copies_of(
    connection: Connection, address_key: str, most: int, *, also: int | None = None, since: datetime | None = None
) -> list[CopyStanding]:
    """Return how the copies of the newest issues to an address ended, newest issue first, with what came back of each.

    most: how many of them are wanted, about. also: a delivery to be among them whatever its issue and standing. since:
    only copies that ended after it. Copies that were cancelled or sent once more are left out.
    """
    newest = select(issue.c.id).order_by(issue.c.id.desc()).limit(most * _SKIPPED).scalar_subquery()
    # the index over issue and address holds what does not free the address
    wanted = and_(
        delivery.c.issue_id.in_(newest),
        delivery.c.address_key == address_key,
        keeps_address(),
        delivery.c.status.in_(_ENDED),
    )
    rows = connection.execute(
        select(delivery.c.id, delivery.c.issue_id, delivery.c.status, delivery.c.reply_class, delivery.c.finished_at)
        .where(or_(wanted, delivery.c.id == also) if also is not None else wanted)
        .order_by(delivery.c.issue_id.desc())
    ).all()
    if since is not None:
        rows = [row for row in rows if row.finished_at is None or row.finished_at > since]
    bounces = _bounces_of(connection, [row.id for row in rows])
    return [
        CopyStanding(
            row.issue_id,
            row.finished_at,
            (row.reply_class or "unknown") if row.status in _FAILED else "",
            tuple(bounces.get(row.id, ())),
        )
        for row in rows
    ]


def failed_after(connection: Connection, address_key: str, event_id: int, since: datetime, issues: int) -> bool:
    """Return whether anything of an address failed surely after an event and a time, in its newest issues."""
    newest = select(issue.c.id).order_by(issue.c.id.desc()).limit(issues).scalar_subquery()
    mine = (delivery.c.issue_id.in_(newest), delivery.c.address_key == address_key, ~delivery.c.frees_address)
    refused = select(delivery.c.id).where(*mine, delivery.c.status.in_(_FAILED), delivery.c.finished_at > since)
    told = select(event.c.id).where(
        event.c.delivery_id.in_(select(delivery.c.id).where(*mine)),
        event.c.id > event_id,
        event.c.kind.in_(("bounce", "complaint")),
        is_sure(),
    )
    return any(connection.execute(query.limit(1)).first() is not None for query in (refused, told))


def _bounces_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    if ids:
        rows = connection.execute(
            select(event.c.delivery_id, event.c.reply_class).where(
                event.c.delivery_id.in_(ids),
                event.c.tie != Tie.WITHDRAWN.value,
                or_(event.c.kind == "bounce", and_(event.c.kind == "complaint", event.c.about == "")),
            )
        )
        for number, reply_class in rows:
            found.setdefault(number, []).append(reply_class or "unknown")
    return found
