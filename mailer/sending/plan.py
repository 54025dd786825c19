"""Freezes a mailing's audience: one delivery per address that the issue has not reached.

A correction's audience is those who accepted the issue it corrects. A person may have copies sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.store import audience, issues, mailings, plans, recovery, tempo
from mailer.store.database import Connection
from mailer.tokens import HouseSecret, hash_address


@dataclass(frozen=True, slots=True)
class PlanCount:
    """What a plan came to: deliveries written (suppressed among them), and addresses the issue had reached before."""

    planned: int
    suppressed: int
    reached: int


def plan_mailing(
    connection: Connection, mailing_id: int, secret: HouseSecret, message_domain: str, now: datetime
) -> PlanCount:
    """Write one delivery per active subscriber of the mailing's lists, in sending order, and return the count.

    An address on two lists gets the edition of the first, which is the higher role. Addresses that this issue has
    reached are left out; suppressed ones are written as suppressed, so that the report names them. Message-IDs are
    fixed here: by the key and the domain they are made with. Must run inside the transaction that starts the mailing.

    A correction goes to those whose newest accepted copy of the original is of one of the lists and who are still on
    it, with that list's edition, and to nobody else.
    """
    target = plans.read_target(connection, mailing_id)
    issue_id = target.issue_id
    issues.lock_issue(connection, issue_id)
    recovery.finish_cancelling(connection, issue_id, now)
    mailings.fix_tokens(connection, mailing_id, secret.current, message_domain)
    ordinal = first = plans.last_ordinal(connection, mailing_id)
    active = 0
    ranges = []
    for list_id, _name, edition_id in mailings.mailing_lists(connection, mailing_id):
        active += plans.count_audience(connection, target, list_id)
        plans.freeze_list(connection, target, list_id, edition_id, ordinal)
        ordinal = plans.last_ordinal(connection, mailing_id)
        ranges.append((list_id, ordinal))
    if first:
        tempo.end_tempo(connection, mailing_id, now)
    else:
        tempo.begin_tempo(connection, mailing_id, ranges, now)
    planned = ordinal - first
    return PlanCount(planned, _suppress(connection, mailing_id, secret, now), active - planned)


def count_recipients(
    connection: Connection, lists: Sequence[int], secret: HouseSecret, now: datetime
) -> dict[int, int]:
    """Return how many readers each of these lists has, given in sending order: what an issue's first mailing takes.

    Active subscribers; one on two of the lists counts for the first, a suppressed one for none. Whom the issue has
    reached already is not asked.
    """
    counts = {}
    suppressing = audience.any_suppressed(connection, now)
    for place, list_id in enumerate(lists):
        above = lists[:place]
        counts[list_id] = plans.count_recipients(connection, list_id, above)
        for keys in plans.iterate_recipients(connection, list_id, above) if suppressing else ():
            hashes = [hash_address(secret, key) for key in keys]
            counts[list_id] -= len(audience.suppressed_among(connection, hashes, now))
    return counts


def _suppress(connection: Connection, mailing_id: int, secret: HouseSecret, now: datetime) -> int:
    if not audience.any_suppressed(connection, now):
        return 0
    suppressed = 0
    for page in plans.iterate_keys(connection, mailing_id):
        hashes = {hash_address(secret, key): number for number, key in page}
        stopped = audience.suppressed_among(connection, list(hashes), now)
        if stopped:
            plans.mark_suppressed(connection, [hashes[one] for one in stopped], now)
            suppressed += len(stopped)
    return suppressed
