"""Whom an issue has reached, whom it misses, whom its correction is for; and whether it can be corrected at all."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from mailer.errors import StateError
from mailer.i18n import _
from mailer.model.delivery import DeliveryStatus
from mailer.model.reach import CorrectionReach, ListReach, NotCorrected
from mailer.store import audience, issues, reach
from mailer.store.database import Connection
from mailer.store.issues import IssueRecord
from mailer.tokens import HouseSecret, hash_address

_UNACCEPTED = {
    DeliveryStatus.PENDING: NotCorrected.PENDING,
    DeliveryStatus.SENDING: NotCorrected.PENDING,
    DeliveryStatus.REFUSED: NotCorrected.REFUSED,
    DeliveryStatus.EXPIRED: NotCorrected.EXPIRED,
    DeliveryStatus.UNCERTAIN: NotCorrected.UNCERTAIN,
    DeliveryStatus.SUPPRESSED: NotCorrected.SUPPRESSED,
}


def require_corrected(connection: Connection, slug: str) -> IssueRecord:
    """Return the record of an issue that is to be corrected. Raises StateError for one that nobody has accepted."""
    found = issues.find_issue(connection, slug)
    if found is None or not reach.accepting_lists(connection, found.id):
        raise StateError(
            _("issue {slug} has reached nobody, so there is nothing to correct").format(slug=slug),
            cure=_("mend issues/{slug}/issue.md itself and approve it again").format(slug=slug),
        )
    return found


def read_lists(
    connection: Connection, issue_id: int | None, names: Sequence[str], secret: HouseSecret, now: datetime
) -> tuple[ListReach, ...]:
    """Return how an issue stands with lists, given in sending order; None: it was never recorded, and misses all."""
    counts = reach.count_reached(connection, issue_id) if issue_id is not None else {}
    known = {one.value.name: one for one in audience.count_lists(connection)}
    found: list[ListReach] = []
    before: list[int] = []
    for one in (known[name] for name in names if name in known):
        pages = reach.iterate_missing(connection, issue_id or 0, one.id, before)
        missing, suppressed = _count(connection, pages, secret, now)
        value = one.value
        mine = counts.get(one.id, {})
        found.append(ListReach(value.name, value.title, value.role, one.active, mine, missing, suppressed))
        before.append(one.id)
    return tuple(found)


def read_correction(
    connection: Connection,
    original: IssueRecord,
    correction_id: int | None,
    lists: Collection[int],
    secret: HouseSecret,
    now: datetime,
) -> CorrectionReach:
    """Return whom a correction is for, of those who got the original on these lists; None: it is not recorded yet."""
    pages = reach.iterate_uncorrected(connection, original.id, correction_id, lists)
    to_send, suppressed = _count(connection, pages, secret, now)
    left_out = dict.fromkeys(NotCorrected, 0)
    for status, count in reach.count_unaccepted(connection, original.id).items():
        if status in _UNACCEPTED:
            left_out[_UNACCEPTED[status]] += count
    left_out[NotCorrected.LEFT] += reach.count_accepted_and_left(connection, original.id)
    left_out[NotCorrected.SUPPRESSED] += suppressed
    return CorrectionReach(
        original=original.slug,
        accepted=reach.count_accepted(connection, original.id),
        to_send=to_send,
        has=reach.count_corrected(connection, correction_id) if correction_id is not None else 0,
        left_out={reason: count for reason, count in left_out.items() if count},
    )


def _count(connection: Connection, pages: Iterable[list[str]], secret: HouseSecret, now: datetime) -> tuple[int, int]:
    """Return how many of these addresses get mail, and how many are suppressed."""
    looks = audience.any_suppressed(connection, now)
    total = suppressed = 0
    for page in pages:
        total += len(page)
        if looks:
            hashes = [hash_address(secret, key) for key in page]
            suppressed += len(audience.suppressed_among(connection, hashes, now))
    return total - suppressed, suppressed
