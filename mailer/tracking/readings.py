"""Keeps requests for links and pictures, and judges them: as they come, and again when the rules have changed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailer.model.reading import Hit, HitKind, Visit
from mailer.store import readings
from mailer.store.database import Connection, Store
from mailer.store.readings import NewHit, Place
from mailer.tokens import split_tally
from mailer.tracking.agents import AgentTable
from mailer.tracking.judging import judge_history, judge_request

MOST_HITS = 200  # kept of one copy: who has its link may fetch it for ever
PAGE = 500  # deliveries judged again in one transaction


@dataclass(frozen=True, slots=True)
class Fetched:
    """One request whose token was ours: number is a delivery's id, or a tally number where `tally`."""

    kind: HitKind
    number: int
    tally: bool
    link: int
    at: datetime
    visit: Visit


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What judging again came to: requests looked at, and those that got another verdict."""

    requests: int
    changed: int


def keep_fetched(connection: Connection, fetched: Sequence[Fetched], agents: AgentTable) -> int:
    """Write requests down with their verdicts; return how many were kept.

    Of a tally nothing is kept by which a person could be told: neither program nor network, and the hour only. Its
    verdict is of the request alone. Requests for what is not there, or beyond MOST_HITS of a copy, are dropped.
    """
    kept = [*_of_copies(connection, [one for one in fetched if not one.tally], agents)]
    kept += _of_tallies(connection, [one for one in fetched if one.tally], agents)
    readings.add_hits(connection, kept)
    _judge_deliveries(connection, {one.delivery_id for one in kept if one.delivery_id is not None}, agents)
    return len(kept)


def _of_copies(connection: Connection, fetched: Sequence[Fetched], agents: AgentTable) -> list[NewHit]:
    numbers = {one.number for one in fetched}
    places = readings.places_of_deliveries(connection, numbers)
    room = {number: MOST_HITS - len(hits) for number, hits in readings.read_histories(connection, numbers).items()}
    kept: list[NewHit] = []
    for one in fetched:
        place = places.get(one.number)
        left = room.get(one.number, MOST_HITS)
        if place is None or left <= 0:
            continue
        room[one.number] = left - 1
        hit = _to_hit(one)
        kept.append(_to_new(one.number, place, hit, one.visit.network, agents))
    return kept


def _of_tallies(connection: Connection, fetched: Sequence[Fetched], agents: AgentTable) -> list[NewHit]:
    kept: list[NewHit] = []
    places = {
        number: readings.place_of_edition(connection, *split_tally(number))
        for number in {one.number for one in fetched}
    }
    for one in fetched:
        if (place := places[one.number]) is not None:
            new = _to_new(None, place, _to_hit(one), "", agents)
            hour = one.at.replace(minute=0, second=0, microsecond=0)
            kept.append(replace(new, hit=replace(new.hit, agent="", at=hour)))
    return kept


def _to_hit(one: Fetched) -> Hit:
    return Hit(one.kind, one.link, one.at, one.visit.method, one.visit.agent, one.visit.prefetch)


def _to_new(delivery_id: int | None, place: Place, hit: Hit, network: str, agents: AgentTable) -> NewHit:
    return NewHit(delivery_id, place.mailing_id, place.list_id, hit, network, judge_request(hit, agents))


def _judge_deliveries(connection: Connection, numbers: Collection[int], agents: AgentTable) -> Rejudged:
    histories = readings.read_histories(connection, numbers)
    dots = readings.read_dots(connection, numbers)
    changed = {}
    for number, kept in histories.items():
        judgements = judge_history([one.hit for one in kept], dots.get(number, ()), agents)
        for one, judgement in zip(kept, judgements, strict=True):
            if judgement != one.judgement:
                changed[one.id] = judgement
    readings.change_judgements(connection, changed)
    return Rejudged(sum(map(len, histories.values())), len(changed))


def judge_again(store: Store, agents: AgentTable, mailing_id: int | None = None) -> Rejudged:
    """Judge all kept requests, or those of one mailing, by the present rules; a page of deliveries a transaction.

    Those of tallies stay as they are, as nothing was kept to judge them by.
    """
    after, requests, changed = 0, 0, 0
    while True:
        with store.write() as connection:
            page = readings.read_deliveries(connection, after, PAGE, mailing_id)
            if not page:
                return Rejudged(requests, changed)
            done = _judge_deliveries(connection, page, agents)
        after, requests, changed = page[-1], requests + done.requests, changed + done.changed
