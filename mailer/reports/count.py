"""Counts a mailing: every figure of its report, in one consistent view of the database."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mailer.model.address import mask_address
from mailer.model.delivery import DeliveryStatus, MailingRecord
from mailer.model.edition import links_from_json, tracking_from_json
from mailer.model.figures import (
    REST,
    ArticleFigures,
    BounceFigures,
    GroupFigures,
    HeardFigures,
    HourFigures,
    LinkFigures,
    ListFigures,
    MailingFigures,
    ReadingFigures,
    ReasonFigures,
)
from mailer.model.reading import HitKind, TrackedLink, Verdict
from mailer.store import audience, figures, group_figures, issues, mailings, reading_figures
from mailer.store.database import Connection

MOST_GROUPS = 500  # rows of a table by city, organisation or domain; the rest is one row more
GROUPS = ("domain", "city", "organisation")
_COUNTS = ("planned", "accepted", "refused", "missed", "bounced", "opened", "clicked", "pending")
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"']{1,64}@[^\s<>()\[\]:;,\"']{1,255}")
Touched = dict[str, dict[str, Counter[str]]]  # by kind of group, name of the group, and what was done


def count_mailing(connection: Connection, mailing: MailingRecord, now: datetime) -> MailingFigures:
    """Return all figures of a mailing. It reads every delivery of it: some seconds for a million."""
    bounced = group_figures.read_bounced(connection, mailing.id)
    readers = group_figures.read_readers(connection, mailing.id)
    editions = {
        list_id: issues.read_stored(connection, edition_id)
        for list_id, _name, edition_id in mailings.mailing_lists(connection, mailing.id)
    }
    touched = _count_touched(bounced, readers)
    links, articles = _count_links(connection, mailing.id, editions)
    groups = {kind: _count_groups(connection, mailing.id, kind, touched[kind]) for kind in GROUPS}
    return MailingFigures(
        counted_at=now,
        lists=_count_lists(connection, mailing.id, editions, bounced, readers),
        cities=groups["city"],
        organisations=groups["organisation"],
        domains=_add_speeds(connection, mailing.id, groups["domain"]),
        hours=_count_hours(connection, mailing.id, bounced, readers),
        links=links,
        articles=articles,
    )


def _count_lists(
    connection: Connection,
    mailing_id: int,
    editions: Mapping[int, Mapping[str, Any]],
    bounced: Iterable[Any],
    readers: Iterable[Any],
) -> tuple[ListFigures, ...]:
    statuses = figures.count_statuses(connection, mailing_id)
    retries = figures.count_retries(connection, mailing_id)
    reasons = figures.count_reasons(connection, mailing_id)
    events = figures.count_event_kinds(connection, mailing_id)
    heard = figures.count_heard(connection, mailing_id)
    bounces, reading = _count_bounces(bounced), _count_reading(connection, mailing_id, readers)
    found = []
    for number, value in audience.read_lists(connection).items():
        if number not in editions and number not in statuses:
            continue
        counts = {status: statuses.get(number, {}).get(status, 0) for status in DeliveryStatus}
        told = heard.get(number, {})
        edition = editions.get(number)
        found.append(
            ListFigures(
                name=value.name,
                title=value.title,
                role=value.role,
                tracking=tracking_from_json(edition.get("tracking", False)) if edition is not None else None,
                counts=counts,
                heard=HeardFigures(**told, silent=counts[DeliveryStatus.ACCEPTED] - sum(told.values())),
                reasons=tuple(
                    ReasonFigures(reason.status, reason.reply_class, reason.count, hide_addresses(reason.example))
                    for reason in reasons
                    if reason.list_id == number
                ),
                bounces=bounces.get(number, ()),
                events=events.get(number, {}),
                retries=retries.get(number, 0),
                opens=reading.get((number, HitKind.OPEN), ReadingFigures()),
                clicks=reading.get((number, HitKind.CLICK), ReadingFigures()),
            )
        )
    return tuple(found)


def _count_bounces(bounced: Iterable[Any]) -> dict[int, tuple[BounceFigures, ...]]:
    counts: Counter[tuple[int, str, bool]] = Counter()
    examples: dict[tuple[int, str, bool], str] = {}
    for row in bounced:
        key = (row.list_id, row.reply_class, bool(row.hard))
        counts[key] += 1
        examples.setdefault(key, row.detail)
    found: dict[int, list[BounceFigures]] = {}
    for (list_id, reply_class, hard), number in counts.most_common():
        example = hide_addresses(examples[list_id, reply_class, hard])
        found.setdefault(list_id, []).append(BounceFigures(reply_class, hard, number, example))
    return {list_id: tuple(parts) for list_id, parts in found.items()}


def _count_reading(
    connection: Connection, mailing_id: int, readers: Iterable[Any]
) -> dict[tuple[int, HitKind], ReadingFigures]:
    counts: dict[tuple[int, HitKind], Counter[str]] = {}
    for row in readers:
        counts.setdefault((row.list_id, HitKind(row.kind)), Counter())[row.verdict] += 1
    for one in reading_figures.count_readers(connection, mailing_id):
        counts.setdefault((one.list_id, one.kind), Counter())[f"{one.verdict.value}_requests"] += one.requests
    return {key: ReadingFigures(**found) for key, found in counts.items()}


def _count_touched(bounced: Iterable[Any], readers: Iterable[Any]) -> Touched:
    """Return how many of each group bounced, bounced after acceptance (returned), opened and clicked."""
    touched: Touched = {kind: {} for kind in GROUPS}
    verb = {HitKind.OPEN.value: "opened", HitKind.CLICK.value: "clicked"}
    done = [("bounced", row) for row in bounced]
    done += [("returned", row) for row in bounced if row.status == DeliveryStatus.ACCEPTED.value]
    done += [(verb[row.kind], row) for row in readers if row.verdict == Verdict.HUMAN.value]
    for what, row in done:
        for kind in GROUPS:
            touched[kind].setdefault(getattr(row, kind), Counter())[what] += 1
    return touched


def _count_groups(
    connection: Connection, mailing_id: int, kind: str, touched: Mapping[str, Counter[str]]
) -> tuple[GroupFigures, ...]:
    all_deeds: Counter[str] = sum(touched.values(), Counter())
    shown = [
        _make_group(one, touched.get(one.name, Counter()))
        for one in group_figures.count_groups(connection, mailing_id, kind, MOST_GROUPS)
    ]
    whole = _make_group(group_figures.count_all(connection, mailing_id), all_deeds)
    rest = GroupFigures(REST, *(getattr(whole, one) - sum(getattr(g, one) for g in shown) for one in _COUNTS))
    return (*shown, rest) if rest.planned else tuple(shown)


def _make_group(one: group_figures.GroupCount, deeds: Counter[str]) -> GroupFigures:
    return GroupFigures(
        name=one.name,
        planned=one.planned,
        accepted=one.accepted,
        refused=one.refused,
        missed=one.ended + deeds["returned"],
        bounced=deeds["bounced"],
        opened=deeds["opened"],
        clicked=deeds["clicked"],
        pending=one.pending,
    )


def _add_speeds(connection: Connection, mailing_id: int, domains: tuple[GroupFigures, ...]) -> tuple[GroupFigures, ...]:
    speeds = group_figures.count_speeds(connection, mailing_id)
    spans = group_figures.read_spans(connection, mailing_id)
    found = []
    for one in domains:
        span, accepted = spans.get(one.name, (0.0, 0))
        found.append(
            replace(
                one,
                median_s=median_of(speeds[one.name]) / group_figures.TENTHS if one.name in speeds else None,
                per_s=accepted / span if span > 0 and accepted > 1 else None,
            )
        )
    return tuple(found)


def hide_addresses(text: str) -> str:
    """Return a server's words with the addresses in them masked: figures are of nobody, also where they are kept."""
    return _ADDRESS.sub(lambda found: mask_address(found[0]), text)


def median_of(counts: Mapping[int, int]) -> float:
    """Return the median of values that are given with how often each comes; of an even number the lower one."""
    middle, seen = (sum(counts.values()) - 1) // 2, 0
    for value in sorted(counts):
        seen += counts[value]
        if seen > middle:
            return value
    raise ValueError("no values")


def _count_hours(
    connection: Connection, mailing_id: int, bounced: Iterable[Any], readers: Iterable[Any]
) -> tuple[HourFigures, ...]:
    found: dict[str, Counter[str]] = {}

    def add(hour: str, what: str, number: int = 1) -> None:
        found.setdefault(hour, Counter())[what] += number

    for hour, number in group_figures.count_accepted_hours(connection, mailing_id).items():
        add(hour, "accepted", number)
    for row in bounced:
        add(row.hour, "bounced")
    verb = {HitKind.OPEN: "opened", HitKind.CLICK: "clicked"}
    for row in readers:
        if row.verdict == Verdict.HUMAN.value:
            add(row.hour, verb[HitKind(row.kind)])
    for (hour, kind), number in group_figures.count_whole_hours(connection, mailing_id).items():
        add(hour, verb[kind], number)
    return tuple(
        HourFigures(datetime.strptime(hour, "%Y-%m-%d %H").replace(tzinfo=UTC), **counts)
        for hour, counts in sorted(found.items())
    )


def _count_links(
    connection: Connection, mailing_id: int, editions: Mapping[int, Mapping[str, Any]]
) -> tuple[tuple[LinkFigures, ...], tuple[ArticleFigures, ...]]:
    names = {number: one.name for number, one in audience.read_lists(connection).items()}
    links = {list_id: links_from_json(stored) for list_id, stored in editions.items()}
    clicks: Counter[tuple[int, int, str]] = Counter()
    for one in reading_figures.count_clicks(connection, mailing_id):
        clicks[one.list_id, one.link, one.verdict.value] += one.requests
    readers: Counter[tuple[int, int]] = Counter()
    of_part: dict[str, set[int]] = {}
    for list_id, link, number, known in reading_figures.read_clickers(connection, mailing_id):
        if known and (found := _link(links, list_id, link)) is not None:
            readers[list_id, link] += 1
            of_part.setdefault(found.part, set()).add(number)
    rows = tuple(
        LinkFigures(
            list_name=names[list_id],
            number=number,
            target=link.target,
            text=link.text,
            part=link.part,
            title=link.title,
            readers=readers[list_id, number],
            requests=clicks[list_id, number, Verdict.HUMAN.value],
            machine_requests=clicks[list_id, number, Verdict.MACHINE.value],
        )
        for list_id, parts in links.items()
        for number, link in enumerate(parts, 1)
    )
    titles: dict[str, str] = {}
    requests: Counter[str] = Counter()
    for row in rows:
        titles.setdefault(row.part, row.title)
        requests[row.part] += row.requests
    articles = [
        ArticleFigures(part, title, len(of_part.get(part, ())), requests[part]) for part, title in titles.items()
    ]
    return rows, tuple(sorted(articles, key=lambda one: (-one.readers, -one.requests)))


def _link(links: Mapping[int, tuple[TrackedLink, ...]], list_id: int, number: int) -> TrackedLink | None:
    known = links.get(list_id, ())
    return known[number - 1] if 1 <= number <= len(known) else None
