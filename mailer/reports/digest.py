"""Figures that were counted before: a mailing of a million takes seconds, and a page may not wait for that.

A report always shows one consistent count. Up to COUNTED_AT_ONCE recipients it is made anew whenever anything has
changed; for larger mailings the last one is shown, which says when it was made, and is renewed in the background.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from mailer.model.delivery import MailingRecord, MailingStatus
from mailer.model.figures import MailingFigures
from mailer.reports.count import count_mailing
from mailer.store import digests
from mailer.store.database import Connection
from mailer.store.digests import Digest

COUNTED_AT_ONCE = 20_000  # recipients; that many take about a tenth of a second
RENEWED_AFTER = timedelta(
    minutes=10
)  # at the soonest: a count of a million keeps a processor busy for ten seconds and more

_figures = TypeAdapter(MailingFigures)


def read_figures(connection: Connection, mailing: MailingRecord, now: datetime, *, patient: bool) -> MailingFigures:
    """Return the figures of a mailing: those counted last where they are still right, else counted now.

    Not patient: where the count would take long, the last one is returned with `newer` set, if there is any.
    """
    last = digests.find_digest(connection, mailing.id)
    known = _from_digest(last) if last is not None else None
    if known is None or last is None:
        return count_mailing(connection, mailing, now)
    shown = not patient and known.planned > COUNTED_AT_ONCE
    if shown and mailing.status is not MailingStatus.FINISHED:  # it moves all the time: no need to look how
        return replace(known, newer=True)
    if last.mark == digests.read_mark(connection, mailing.id):
        return known
    return replace(known, newer=True) if shown else count_mailing(connection, mailing, now)


def make_digest(connection: Connection, mailing: MailingRecord, now: datetime) -> Digest | None:
    """Count a mailing for `keep_digest`; None where the last count is right, or was made just now."""
    mark = digests.read_mark(connection, mailing.id)
    last = digests.find_digest(connection, mailing.id)
    if last is not None and (last.mark == mark or now - last.counted_at < RENEWED_AFTER):
        return None
    return to_digest(count_mailing(connection, mailing, now), mark)


def to_digest(figures: MailingFigures, mark: str) -> Digest:
    """Return figures as they are kept."""
    return Digest(mark, _figures.dump_json(figures).decode(), figures.counted_at)


def _from_digest(digest: Digest) -> MailingFigures | None:
    try:
        return _figures.validate_json(digest.figures)
    except ValidationError:  # kept by another version of the program
        return None
