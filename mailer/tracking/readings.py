"""Keeps requests for links and pictures, and judges them: as they come, and again when the rules have changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailer.model.reading import Hit, HitKind, Judgement, Visit
from mailer.store import readings
from mailer.store.database import Connection, Store
from mailer.store.readings import NewHit
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


@dataclass(frozen=True, slots=True)
class Judged:
    """Requests to write down with their verdicts, and other verdicts for some that are on record, by their ids."""

    hits: tuple[NewHit, ...]
    changed: Mapping[int, Judgement]


def judge_fetched(connection: Connection, fetched: Sequence[Fetched], agents: AgentTable) -> Judged:
    """Judge requests by what is on record; reads only, which takes longer than to write down what it found.

    Of a tally nothing is kept by which a person could be told: neither program nor network, and the hour only. Its
    verdict is of the request alone. Requests for what is not there, or beyond MOST_HITS of a copy, are dropped.
    """
    of_copies: dict[int, list[Fetched]] = {}
    for one in fetched:
        if not one.tally:
            of_copies.setdefault(one.number, []).append(one)
    places = readings.places_of_deliveries(connection, of_copies)
    histories = readings.read_histories(connection, of_copies)
    dots = readings.read_dots(connection, of_copies)
    hits: list[NewHit] = []
    changed: dict[int, Judgement] = {}
    for number, place in places.items():
        known = {one.id: one for one in histories.get(number, ())}
        fresh = of_copies[number][: max(MOST_HITS - len(known), 0)]
        story: list[tuple[Hit, int, str]] = [(one.hit, one.id, "") for one in known.values()]
        story += [(_to_hit(one), 0, one.visit.network) for one in fresh]
        story.sort(key=lambda part: part[0].at)
        judgements = judge_history([hit for hit, _id, _network in story], dots.get(number, ()), agents)
        for (hit, known_id, network), judgement in zip(story, judgements, strict=True):
            if not known_id:
                hits.append(NewHit(number, place.mailing_id, place.list_id, hit, network, judgement))
            elif judgement != known[known_id].judgement:
                changed[known_id] = judgement
    hits += _of_tallies(connection, [one for one in fetched if one.tally], agents)
    return Judged(tuple(hits), changed)


def keep_judged(connection: Connection, judged: Judged) -> int:
    """Write requests down with their verdicts; return how many."""
    readings.add_hits(connection, judged.hits)
    readings.change_judgements(connection, judged.changed)
    return len(judged.hits)


def keep_fetched(connection: Connection, fetched: Sequence[Fetched], agents: AgentTable) -> int:
    """Judge requests and write them down in one transaction; return how many were kept."""
    return keep_judged(connection, judge_fetched(connection, fetched, agents))


def _of_tallies(connection: Connection, fetched: Sequence[Fetched], agents: AgentTable) -> list[NewHit]:
    kept: list[NewHit] = []
    places = {
        number: readings.place_of_edition(connection, *split_tally(number))
        for number in {one.number for one in fetched}
    }
    for one in fetched:
        if (place := places[one.number]) is not None:
            hit = _to_hit(one)
            hour = one.at.replace(minute=0, second=0, microsecond=0)
            nameless = replace(hit, agent="", at=hour)
            kept.append(NewHit(None, place.mailing_id, place.list_id, nameless, "", judge_request(hit, agents)))
    return kept


def _to_hit(one: Fetched) -> Hit:
    return Hit(one.kind, one.link, one.at, one.visit.method, one.visit.agent, one.visit.prefetch)


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
