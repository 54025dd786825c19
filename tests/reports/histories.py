"""Histories of a mailing at random, written straight into the tables: what its figures are counted of."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from mailer.model.delivery import DeliveryStatus
from mailer.model.reading import HitKind, Verdict
from mailer.store.database import Connection, Store
from mailer.store.schema import attempt, delivery, event, reading_event
from tests.world import NOW

KINDS = ("bounce", "delivered", "relayed", "delayed", "complaint", "receipt", "received", "unsubscribe", "auto-reply")
CLASSES = ("gone", "inactive", "full", "content", "unknown")
FAILED = (DeliveryStatus.REFUSED, DeliveryStatus.EXPIRED)


@dataclass(frozen=True)
class Copy:
    """What became of one delivery. Events are (kind, class), requests (kind, link, verdict)."""

    status: DeliveryStatus
    city: str
    organisation: str
    domain: str
    reply_class: str
    tries: int
    began_s: int
    took_s: int
    events: list[tuple[str, str, int]] = field(default_factory=list)
    requests: list[tuple[HitKind, Verdict, int]] = field(default_factory=list)


copies = st.builds(
    Copy,
    status=st.sampled_from([*DeliveryStatus, *[DeliveryStatus.ACCEPTED] * 6]),
    city=st.sampled_from(["", "杭州", "杭州市", "宁波"]),
    organisation=st.sampled_from(["", "甲公司", "乙公司", "丙局"]),
    domain=st.sampled_from(["a.example", "b.example", "c.test"]),
    reply_class=st.sampled_from(CLASSES),
    tries=st.integers(1, 3),
    began_s=st.integers(0, 90_000),
    took_s=st.integers(0, 5000),
    events=st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(CLASSES), st.integers(0, 200_000)), max_size=4),
    requests=st.lists(
        st.tuples(st.sampled_from(HitKind), st.sampled_from(Verdict), st.integers(0, 200_000)), max_size=5
    ),
)


def write_history(store: Store, mailing_id: int, history: list[Copy]) -> None:
    """Make the deliveries of a mailing what the history says, in their order; those it is too short for stay."""
    with store.write() as connection:
        numbers = connection.execute(
            select(delivery.c.id, delivery.c.list_id).where(delivery.c.mailing_id == mailing_id).order_by(delivery.c.id)
        ).all()
        for table in (attempt, event, reading_event):
            connection.execute(delete(table).where(table.c.delivery_id.in_([row.id for row in numbers])))
        for row, copy in zip(numbers, history, strict=False):
            _write_copy(connection, mailing_id, row.id, row.list_id, copy)


def _write_copy(connection: Connection, mailing_id: int, number: int, list_id: int, copy: Copy) -> None:
    began = NOW + timedelta(seconds=copy.began_s)
    ended = began + timedelta(seconds=copy.took_s)
    tried = copy.status not in (DeliveryStatus.PENDING, DeliveryStatus.SUPPRESSED, DeliveryStatus.CANCELLED)
    failed = copy.status in FAILED
    connection.execute(
        update(delivery)
        .where(delivery.c.id == number)
        .values(
            status=copy.status.value,
            city=copy.city,
            organisation=copy.organisation,
            domain=copy.domain,
            reply_class=copy.reply_class if failed else "",
            reply="550 no" if failed else "",
            first_attempt_at=began if tried else None,
            finished_at=ended if tried else None,
        )
    )
    outcome = copy.status.value if copy.status.value in ("accepted", "refused", "uncertain") else "deferred"
    if tried:
        rows = [
            {
                "delivery_id": number,
                "number": one,
                "relay": "main",
                "started_at": began,
                "outcome": outcome if one == copy.tries else "deferred",
            }
            for one in range(1, copy.tries + 1)
        ]
        connection.execute(insert(attempt), rows)
    for place, (kind, reply_class, after_s) in enumerate(copy.events):
        values = {"delivery_id": number, "mailing_id": mailing_id, "list_id": list_id, "kind": kind}
        values |= {
            "reply_class": reply_class if kind == "bounce" else "",
            "hard": kind == "bounce" and reply_class == "gone",
        }
        connection.execute(insert(event).values(**values, source=f"mail {place}", happened_at=_at(after_s)))
    for kind, verdict, after_s in copy.requests:
        add_request(connection, mailing_id, list_id, number, kind, verdict, after_s)


def add_request(
    connection: Connection,
    mailing_id: int,
    list_id: int,
    number: int | None,
    kind: HitKind,
    verdict: Verdict,
    after_s: int,
) -> None:
    """Write one request; number None: of a list that is counted as a whole."""
    connection.execute(
        insert(reading_event).values(
            delivery_id=number, mailing_id=mailing_id, list_id=list_id, kind=kind.value,
            link=1 if kind is HitKind.CLICK else 0, happened_at=_at(after_s), method="GET", agent="", network="",
            prefetch=False, verdict=verdict.value, reason="",
        )
    )  # fmt: skip


def _at(after_s: int) -> datetime:
    return NOW + timedelta(seconds=after_s)
