"""Freezes a mailing's audience: one delivery per address that the issue has not reached."""

from dataclasses import dataclass
from datetime import datetime

from mailer.store import audience, mailings, plans, recovery, tempo
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
    """
    issue_id = mailings.mailing_issue(connection, mailing_id)
    mailings.lock_issue(connection, issue_id)
    recovery.finish_cancelling(connection, issue_id, now)
    mailings.fix_tokens(connection, mailing_id, secret.current, message_domain)
    ordinal = first = plans.last_ordinal(connection, mailing_id)
    active = 0
    ranges = []
    for list_id, _name, edition_id in mailings.mailing_lists(connection, mailing_id):
        active += plans.count_active(connection, list_id)
        plans.freeze_list(connection, mailing_id, issue_id, list_id, edition_id, ordinal)
        ordinal = plans.last_ordinal(connection, mailing_id)
        ranges.append((list_id, ordinal))
    if first:
        tempo.end_tempo(connection, mailing_id, now)
    else:
        tempo.begin_tempo(connection, mailing_id, ranges, now)
    planned = ordinal - first
    return PlanCount(planned, _suppress(connection, mailing_id, secret, now), active - planned)


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
