"""The tempo of mailings: what was fixed of it, how far a spread has come, and which lists are open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.model.tempo import Tempo, parse_quiet_hours
from mailer.store.plans import ORDINALS
from mailer.store.schema import delivery, mailing, mailing_list

PLANNED_ANEW = 10.0**9  # more than any spread: what is planned later, for new readers, is due at once


@dataclass(frozen=True, slots=True)
class ListRange:
    """A list of a running mailing: the last of its deliveries, and when it opens; None while lists before it go on."""

    list_id: int
    last_ordinal: int
    opens_at: datetime | None


def to_columns(tempo: Tempo) -> dict[str, object]:
    """Return a tempo as columns of its mailing."""
    return {
        "list_pause_s": tempo.pause.total_seconds(),
        "spread_s": tempo.spread.total_seconds(),
        "quiet_hours": str(tempo.quiet) if tempo.quiet is not None else "",
    }


def to_tempo(row: Row[Any]) -> Tempo:
    """Return the tempo of a row of mailings."""
    return Tempo(
        timedelta(seconds=row.list_pause_s),
        timedelta(seconds=row.spread_s),
        parse_quiet_hours(row.quiet_hours, "UTC") if row.quiet_hours else None,
    )


def begin_tempo(connection: Connection, mailing_id: int, ranges: Sequence[tuple[int, int]], now: datetime) -> None:
    """Note where each list's deliveries end, given as (list id, last ordinal) in order, and open the first list."""
    for place, (list_id, last) in enumerate(ranges):
        connection.execute(
            update(mailing_list)
            .where(mailing_list.c.mailing_id == mailing_id, mailing_list.c.list_id == list_id)
            .values(last_ordinal=last, opens_at=now if place == 0 else None)
        )
    connection.execute(
        update(mailing).where(mailing.c.id == mailing_id).values(spread_gone_s=0, spread_seen_at=None)
    )  # fmt: skip


def end_tempo(connection: Connection, mailing_id: int, now: datetime) -> None:
    """Let all that a mailing still has be due, whatever its spread and pauses: it is planned anew for a few readers."""
    closed = (mailing_list.c.mailing_id == mailing_id, mailing_list.c.opens_at.is_(None))
    connection.execute(update(mailing_list).where(*closed).values(opens_at=now))
    connection.execute(
        update(mailing_list)
        .where(mailing_list.c.mailing_id == mailing_id, mailing_list.c.opens_at > now)
        .values(opens_at=now)
    )
    connection.execute(update(mailing).where(mailing.c.id == mailing_id).values(spread_gone_s=PLANNED_ANEW))


def change_tempo(
    connection: Connection,
    mailing_id: int,
    statuses: Sequence[MailingStatus],
    scheduled_at: datetime | None,
    tempo: Tempo,
) -> bool:
    """Give a mailing in one of these states another time and tempo; False where it is in none of them."""
    wanted = mailing.c.status.in_([one.value for one in statuses])
    fields = {"scheduled_at": scheduled_at, **to_columns(tempo)}
    return connection.execute(update(mailing).where(mailing.c.id == mailing_id, wanted).values(**fields)).rowcount == 1


def keep_spread(connection: Connection, mailing_id: int, gone_s: float, now: datetime) -> None:
    """Write how much of a mailing's spread has gone by until now."""
    connection.execute(
        update(mailing).where(mailing.c.id == mailing_id).values(spread_gone_s=gone_s, spread_seen_at=now)
    )


def open_list(connection: Connection, mailing_id: int, list_id: int, opens_at: datetime) -> None:
    """Let a list that waits for its turn begin at a time."""
    connection.execute(
        update(mailing_list)
        .where(
            mailing_list.c.mailing_id == mailing_id,
            mailing_list.c.list_id == list_id,
            mailing_list.c.opens_at.is_(None),
        )
        .values(opens_at=opens_at)
    )


def is_first_tried(connection: Connection, mailing_id: int, last_ordinal: int) -> bool:
    """True when every delivery up to this one was tried, and nothing is on the wire; looks at a few rows."""
    untried = select(delivery.c.id).where(
        delivery.c.mailing_id == mailing_id,
        delivery.c.status == DeliveryStatus.PENDING.value,
        delivery.c.next_attempt_at.is_(None),
        delivery.c.id <= mailing_id * ORDINALS + last_ordinal,
    )
    sending = select(delivery.c.id).where(
        delivery.c.mailing_id == mailing_id, delivery.c.status == DeliveryStatus.SENDING.value
    )
    return all(connection.execute(one.limit(1)).first() is None for one in (untried, sending))
