"""Events on deliveries: what came back after a relay had accepted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, select, update

from mailer.model.report import UNSURE, Tie
from mailer.store.recovery import EndedDelivery
from mailer.store.schema import delivery, event

SENT_AGAIN = "sent_again"


def is_sure() -> ColumnElement[bool]:
    """True for an event that is surely its delivery's reader's, so that it counts in figures.

    What only address and time tie to the delivery is not, nor what a person took back; nor is a bounce or complaint of
    somebody else, to whom the copy went on after the reader's own server had taken it.
    """
    of_another = and_(event.c.kind.in_(("bounce", "complaint")), event.c.about != "")
    return and_(event.c.tie.not_in(UNSURE), ~of_another)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event to record. source names where it was learnt from; the same kind from the same source counts once.

    tie: what ties a report to the delivery (model.report.Tie). about: the address it speaks of, where that is another
    than the delivery's.
    """

    delivery_id: int
    kind: str
    hard: bool
    reply_class: str
    detail: str
    source: str
    happened_at: datetime
    tie: str = ""
    about: str = ""


def record_event(connection: Connection, new: NewEvent) -> bool:
    """Write an event on a delivery; False when there is no such delivery or it is known already."""
    known = exists().where(
        event.c.delivery_id == new.delivery_id, event.c.kind == new.kind, event.c.source == new.source
    )
    place = connection.execute(
        select(delivery.c.mailing_id, delivery.c.list_id, known.label("known")).where(delivery.c.id == new.delivery_id)
    ).one_or_none()
    if place is None or place.known:
        return False
    connection.execute(
        insert(event).values(
            delivery_id=new.delivery_id,
            mailing_id=place.mailing_id,
            list_id=place.list_id,
            kind=new.kind,
            hard=new.hard,
            reply_class=new.reply_class,
            detail=new.detail,
            source=new.source,
            happened_at=new.happened_at,
            tie=new.tie,
            about=new.about[:254],
        )
    )
    return True


def explain_event(connection: Connection, delivery_id: int, kind: str, source: str, detail: str) -> bool:
    """Add why to an event that says nothing of it yet; False where there is none."""
    wanted = (event.c.delivery_id == delivery_id, event.c.kind == kind, event.c.source == source, event.c.detail == "")
    return connection.execute(update(event).where(*wanted).values(detail=detail)).rowcount == 1


def change_tie(connection: Connection, delivery_id: int, source: str, was: Tie, now_is: Tie) -> bool:
    """Give what a source told of a delivery another tie; False where there is no such event."""
    wanted = (event.c.delivery_id == delivery_id, event.c.source == source, event.c.tie == was.value)
    return connection.execute(update(event).where(*wanted).values(tie=now_is.value)).rowcount > 0


def number_of_event(connection: Connection, delivery_id: int, source: str) -> int:
    """Return the number of the newest event that a source told of a delivery; 0 where there is none."""
    wanted = (event.c.delivery_id == delivery_id, event.c.source == source)
    return int(connection.execute(select(func.max(event.c.id)).where(*wanted)).scalar() or 0)


def record_sent_again(
    connection: Connection, mailing_id: int, ended: Sequence[EndedDelivery], by: str, now: datetime
) -> None:
    """Write down that a person has these deliveries sent again: who, when, and how each had ended."""
    rows = [
        {
            "delivery_id": one.id,
            "mailing_id": mailing_id,
            "list_id": one.list_id,
            "kind": SENT_AGAIN,
            "detail": " ".join(part for part in (f"{by}:", one.status.value, one.reply) if part),
            "source": f"{by} {now.isoformat()}",
            "happened_at": now,
        }
        for one in ended
    ]
    if rows:
        connection.execute(insert(event), rows)
