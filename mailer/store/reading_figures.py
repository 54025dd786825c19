"""Counts over requests for tracked links and pictures, for reports."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from mailer.model.reading import HitKind, Verdict
from mailer.store.schema import reading_event


@dataclass(frozen=True, slots=True)
class ReadingCount:
    """Requests of one kind and verdict; link is 0 for opens, and for clicks on whatever link.

    readers counts deliveries, each once; it is 0 where a list is counted as a whole.
    """

    list_id: int
    kind: HitKind
    link: int
    verdict: Verdict
    requests: int
    readers: int


def count_readers(connection: Connection, mailing_id: int) -> list[ReadingCount]:
    """Return opens and clicks of a mailing by list and verdict. One delivery may count under several verdicts."""
    columns = (reading_event.c.list_id, reading_event.c.kind, reading_event.c.verdict)
    rows = connection.execute(
        select(*columns, func.count(), func.count(func.distinct(reading_event.c.delivery_id)))
        .where(reading_event.c.mailing_id == mailing_id)
        .group_by(*columns)
        .order_by(*columns)
    )
    return [ReadingCount(row[0], HitKind(row[1]), 0, Verdict(row[2]), row[3], row[4]) for row in rows]


def count_clicks(connection: Connection, mailing_id: int) -> list[ReadingCount]:
    """Return clicks of a mailing by list, link and verdict; the links are numbered in the list's edition."""
    columns = (reading_event.c.list_id, reading_event.c.link, reading_event.c.verdict)
    rows = connection.execute(
        select(*columns, func.count(), func.count(func.distinct(reading_event.c.delivery_id)))
        .where(reading_event.c.mailing_id == mailing_id, reading_event.c.link > 0)
        .group_by(*columns)
        .order_by(*columns)
    )
    return [ReadingCount(row[0], HitKind.CLICK, row[1], Verdict(row[2]), row[3], row[4]) for row in rows]


def read_clickers(connection: Connection, mailing_id: int) -> list[tuple[int, int, int, bool]]:
    """Return who clicked what, as far as it was a person: list id, link, delivery and true, each once.

    Where a list is counted as a whole: list id, link, number of requests and false.
    """
    human = (reading_event.c.mailing_id == mailing_id, reading_event.c.verdict == Verdict.HUMAN.value)
    columns = (reading_event.c.list_id, reading_event.c.link)
    known = connection.execute(
        select(*columns, reading_event.c.delivery_id)
        .where(*human, reading_event.c.link > 0, reading_event.c.delivery_id.is_not(None))
        .distinct()
    )
    found = [(int(row[0]), int(row[1]), int(row[2]), True) for row in known]
    whole = connection.execute(
        select(*columns, func.count())
        .where(*human, reading_event.c.link > 0, reading_event.c.delivery_id.is_(None))
        .group_by(*columns)
    )
    return found + [(int(row[0]), int(row[1]), int(row[2]), False) for row in whole]
