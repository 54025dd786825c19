"""The readers whom a mailing has not reached: with the reason, and masked where a report leaves the house."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from mailer.model.address import mask_address
from mailer.model.delivery import DeliveryStatus, MailingRecord
from mailer.model.figures import MissedReader
from mailer.model.outcome import ReplyClass
from mailer.model.words import SUPPRESSION_WORDS
from mailer.store import missed
from mailer.store.database import Connection
from mailer.tokens import HouseSecret, hash_address

PAGE = 1000
_KNOWN_REASONS = frozenset({*SUPPRESSION_WORDS, *(one.value for one in ReplyClass)})  # others are staff's own words
_BETWEEN_NUMBERS = re.compile(r"([,;/、，；／|\n]+)")


def list_missed(
    connection: Connection, mailing: MailingRecord, secret: HouseSecret, most: int | None = None, *, masked: bool
) -> Iterator[MissedReader]:
    """Yield who has not been reached, those without an acceptance first; most: no more than so many.

    masked: addresses, names and phone numbers cannot be read; what servers and staff have written, which often quotes
    them, is left out.
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
    return replace(
        one,
        address=mask_address(one.address),
        name=mask_name(one.name),
        phone=mask_phone(one.phone),
        reply="",
        suppressed=one.suppressed if not one.suppressed or one.suppressed in _KNOWN_REASONS else "manual",
    )


def mask_name(name: str) -> str:
    """Return a name by its first character: `王晓明` as `王…`."""
    return f"{name.strip()[0]}…" if name.strip() else ""


def mask_phone(phone: str) -> str:
    """Return phone numbers without the last four digits of each; of one with no more than that, none."""
    return "".join(_mask_number(one) for one in _BETWEEN_NUMBERS.split(phone))


def _mask_number(number: str) -> str:
    places = [at for at, char in enumerate(number) if char.isdigit()][-4:]
    return "".join("*" if at in places else char for at, char in enumerate(number))
