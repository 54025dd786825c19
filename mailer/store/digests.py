"""What reports last counted of a mailing, kept for those too large to be counted while a page is waited for."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from mailer.model.delivery import OPEN, DeliveryStatus, MailingStatus
from mailer.store.figures import count_statuses
from mailer.store.schema import delivery, event, figure_digest, mailing, reading_event

# all others move only when a mailing runs again
_CAN_MOVE = [one.value for one in (*OPEN, DeliveryStatus.UNCERTAIN)]


@dataclass(frozen=True, slots=True)
class Digest:
    """Figures as JSON, when they were counted, and the mark of what they were counted of."""

    mark: str
    figures: str
    counted_at: datetime


def read_mark(connection: Connection, mailing_id: int) -> str:
    """Return a text that changes whenever deliveries move or more becomes known of them; read from indexes alone.

    Of a finished mailing only those deliveries are counted that can still move, which makes it quick. A verdict that is
    changed without a new request is not seen: `forget_digests` after that.
    """
    known = connection.execute(select(func.count()).where(event.c.mailing_id == mailing_id)).scalar_one()
    read = connection.execute(select(func.count()).where(reading_event.c.mailing_id == mailing_id)).scalar_one()
    return json.dumps([read_standing_mark(connection, mailing_id), known, read])


def read_standing_mark(connection: Connection, mailing_id: int) -> str:
    """Return a text that changes whenever deliveries of a mailing move, as `read_mark` does."""
    status, changed_at = connection.execute(
        select(mailing.c.status, mailing.c.changed_at).where(mailing.c.id == mailing_id)
    ).one()
    if status == MailingStatus.FINISHED.value:
        moving = delivery.c.mailing_id == mailing_id, delivery.c.status.in_(_CAN_MOVE)
        counted = connection.execute(select(delivery.c.status, func.count()).where(*moving).group_by(delivery.c.status))
        states = {row[0]: row[1] for row in counted}
    else:
        states = {str(number): part for number, part in count_statuses(connection, mailing_id).items()}
    return json.dumps([status, str(changed_at), states], sort_keys=True)


def find_digest(connection: Connection, mailing_id: int) -> Digest | None:
    """Return what was last counted of a mailing."""
    row = connection.execute(select(figure_digest).where(figure_digest.c.mailing_id == mailing_id)).one_or_none()
    return Digest(row.mark, row.figures, row.counted_at) if row is not None else None


def keep_digest(connection: Connection, mailing_id: int, digest: Digest) -> None:
    """Write what was counted in place of what was before, unless that is newer."""
    known = find_digest(connection, mailing_id)
    if known is not None and known.counted_at > digest.counted_at:
        return
    connection.execute(delete(figure_digest).where(figure_digest.c.mailing_id == mailing_id))
    connection.execute(
        insert(figure_digest).values(
            mailing_id=mailing_id, mark=digest.mark, figures=digest.figures, counted_at=digest.counted_at
        )
    )


def forget_digests(connection: Connection, mailing_id: int | None = None) -> None:
    """Have a mailing, or each, counted anew."""
    wanted = delete(figure_digest)
    connection.execute(wanted if mailing_id is None else wanted.where(figure_digest.c.mailing_id == mailing_id))
