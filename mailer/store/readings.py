"""Requests for tracked links and pictures, and where the links of editions lead."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from mailer.errors import EditionChangedError
from mailer.i18n import _
from mailer.model.edition import hash_stored, links_from_json
from mailer.model.reading import Hit, HitKind, Judgement, TrackedLink, Verdict
from mailer.store.schema import attempt, delivery, edition, mailing_list, reading_event

PAGE = 500  # values in one statement


@dataclass(frozen=True, slots=True)
class NewHit:
    """One request to keep. `delivery_id` is None where a list is counted as a whole."""

    delivery_id: int | None
    mailing_id: int
    list_id: int
    hit: Hit
    network: str
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class KeptHit:
    """A request of one delivery as it is kept."""

    id: int
    hit: Hit
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Place:
    """Where a copy, or all copies of a mailing to one list, belong."""

    mailing_id: int
    list_id: int
    edition_id: int


def places_of_deliveries(connection: Connection, delivery_ids: Collection[int]) -> dict[int, Place]:
    """Return the places of those of the deliveries that there are."""
    found: dict[int, Place] = {}
    for page in _pages(delivery_ids):
        rows = connection.execute(
            select(delivery.c.id, delivery.c.mailing_id, delivery.c.list_id, delivery.c.edition_id).where(
                delivery.c.id.in_(page)
            )
        )
        found |= {row.id: Place(row.mailing_id, row.list_id, row.edition_id) for row in rows}
    return found


def place_of_edition(connection: Connection, mailing_id: int, edition_id: int) -> Place | None:
    """Return the place of a mailing's copies of one edition; None where it has none."""
    list_id = connection.execute(
        select(mailing_list.c.list_id).where(
            mailing_list.c.mailing_id == mailing_id, mailing_list.c.edition_id == edition_id
        )
    ).scalar()
    return Place(mailing_id, list_id, edition_id) if list_id is not None else None


def links_of_edition(connection: Connection, edition_id: int) -> tuple[TrackedLink, ...]:
    """Return where the counted links of an edition lead, by number from 1.

    Raises EditionChangedError for an edition that is no longer what was approved: a link leads where that said.
    """
    row = connection.execute(select(edition.c.sha256, edition.c.stored).where(edition.c.id == edition_id)).one_or_none()
    if row is None:
        return ()
    if hash_stored(row.stored) != row.sha256:
        raise EditionChangedError(
            _("edition {id} was changed in the database: its sha256 no longer fits").format(id=edition_id),
            cure=_("put the database back from a backup, or approve the issue again"),
        )
    return links_from_json(row.stored)


def add_hits(connection: Connection, hits: Sequence[NewHit]) -> None:
    """Write requests down, in their order."""
    rows = [
        {
            "delivery_id": one.delivery_id,
            "mailing_id": one.mailing_id,
            "list_id": one.list_id,
            "kind": one.hit.kind.value,
            "link": one.hit.link,
            "happened_at": one.hit.at,
            "method": one.hit.method,
            "agent": one.hit.agent,
            "network": one.network,
            "prefetch": one.hit.prefetch,
            "verdict": one.judgement.verdict.value,
            "reason": one.judgement.reason,
        }
        for one in hits
    ]
    if rows:
        connection.execute(insert(reading_event), rows)


def read_histories(connection: Connection, delivery_ids: Collection[int]) -> dict[int, list[KeptHit]]:
    """Return what was fetched of each of these deliveries, oldest first; those with nothing are left out."""
    found: dict[int, list[KeptHit]] = {}
    for page in _pages(delivery_ids):
        rows = connection.execute(
            select(reading_event)
            .where(reading_event.c.delivery_id.in_(page))
            .order_by(reading_event.c.happened_at, reading_event.c.id)
        )
        for row in rows:
            hit = Hit(HitKind(row.kind), row.link, row.happened_at, row.method, row.agent, row.prefetch)
            kept = KeptHit(row.id, hit, Judgement(Verdict(row.verdict), row.reason))
            found.setdefault(row.delivery_id, []).append(kept)
    return found


def read_dots(connection: Connection, delivery_ids: Collection[int]) -> dict[int, list[datetime]]:
    """Return when each of these deliveries was handed to a relay: the times before which no reader can have it."""
    found: dict[int, list[datetime]] = {}
    for page in _pages(delivery_ids):
        rows = connection.execute(
            select(attempt.c.delivery_id, attempt.c.dot_at).where(
                attempt.c.delivery_id.in_(page), attempt.c.dot_at.is_not(None)
            )
        )
        for number, dot_at in rows:
            found.setdefault(number, []).append(dot_at)
    return found


def change_judgements(connection: Connection, changed: Mapping[int, Judgement]) -> None:
    """Write other verdicts, by the id of the request."""
    if changed:
        connection.execute(
            update(reading_event)
            .where(reading_event.c.id == bindparam("event_id"))
            .values(verdict=bindparam("new_verdict"), reason=bindparam("new_reason")),
            [
                {"event_id": number, "new_verdict": one.verdict.value, "new_reason": one.reason}
                for number, one in changed.items()
            ],
        )


def read_deliveries(connection: Connection, after: int, most: int, mailing_id: int | None = None) -> list[int]:
    """Return the next deliveries, by id, of which anything was fetched."""
    wanted = select(reading_event.c.delivery_id).where(reading_event.c.delivery_id > after)
    if mailing_id is not None:
        wanted = wanted.where(reading_event.c.mailing_id == mailing_id)
    rows = connection.execute(wanted.distinct().order_by(reading_event.c.delivery_id).limit(most))
    return [int(number) for number in rows.scalars() if number is not None]


def _pages(values: Iterable[int]) -> Iterable[list[int]]:
    everything = sorted(set(values))
    return (everything[at : at + PAGE] for at in range(0, len(everything), PAGE))
