"""A permit for one message beside the mailings: a notice counts against the same limits as every copy."""

from collections.abc import Mapping
from datetime import datetime

from mailer.config import RelayConfig
from mailer.model.pace import parse_limit
from mailer.sending.feed import Domains, Gauge, read_gauges, relay_subject
from mailer.sending.routes import Routes
from mailer.store import pace
from mailer.store.database import Connection


def take_permit(
    connection: Connection,
    relays: Mapping[str, RelayConfig],
    domains: Domains,
    scale: float,
    recipient: str,
    now: datetime,
) -> str | None:
    """Take a permit for a message to this address; return the relay to send it through, None when none has room now.

    A relay for all mail is asked before one that is kept for some lists.
    """
    domain = recipient.rpartition("@")[2].lower()
    subject = domains.subject(domain)
    tiers = [*Routes(relays).tiers("", domain), list(relays)]
    names = dict.fromkeys(name for tier in tiers for name in tier)
    limits = {relay_subject(name): tuple(parse_limit(text) for text in relays[name].limits) for name in names}
    paces = pace.read_paces(connection, [*limits, subject])
    gauges = read_gauges(connection, limits | {subject: domains.limits(subject)}, paces, now, scale)
    if gauges[subject].room <= 0:
        return None
    for name in names:
        gauge = gauges[relay_subject(name)]
        if gauge.room > 0:
            _count(connection, (gauge, gauges[subject]))
            return name
    return None


def _count(connection: Connection, gauges: tuple[Gauge, ...]) -> None:
    for gauge in gauges:
        pace.add_uses(connection, gauge.uses_of(1))
