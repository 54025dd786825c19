"""The readers whom a mailing has not reached: with the reason, and masked where a report leaves the house."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from mailer.model.address import mask_address
from mailer.model.delivery import DeliveryStatus, MailingRecord
from mailer.model.figures import MissedReader
from mailer.store import missed
from mailer.store.database import Connection
from mailer.tokens import HouseSecret, hash_address

PAGE = 1000


def list_missed(
    connection: Connection, mailing: MailingRecord, secret: HouseSecret, most: int | None = None, *, masked: bool
) -> Iterator[MissedReader]:
    """Yield who has not been reached, those without an acceptance first; most: no more than so many.

    masked: addresses cannot be read, and the replies of servers, which often quote them, are left out.
    """
    readers = iter(missed.read_missed(connection, mailing.id, most))
    while page := list(islice(readers, PAGE)):
        for one in _explain(connection, page, secret):
            yield _mask(one) if masked else one


def _explain(connection: Connection, page: Iterable[MissedReader], secret: HouseSecret) -> Iterator[MissedReader]:
    """Yield the readers; those of suppressed deliveries with why their address gets nothing, as far as it is so yet."""
    everyone = list(page)
    hashes = {
        one.delivery_id: hash_address(secret, one.address.casefold())
        for one in everyone
        if one.status is DeliveryStatus.SUPPRESSED
    }
    reasons = missed.reasons_of_suppression(connection, set(hashes.values()))
    for one in everyone:
        known = reasons.get(hashes.get(one.delivery_id, ""), "")
        yield replace(one, suppressed=known or one.suppressed) if one.delivery_id in hashes else one


def _mask(one: MissedReader) -> MissedReader:
    return replace(one, address=mask_address(one.address), reply="")
