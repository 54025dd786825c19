"""A claimed delivery on its way: its permit, its message once it is composed, its envelope."""

from collections.abc import Mapping
from datetime import datetime

from mailer.mail.message import Letterhead, compose_message, envelope_sender
from mailer.mail.smtp import Envelope, to_wire
from mailer.model.delivery import Delivery
from mailer.model.edition import Edition
from mailer.sending.feed import Claim


class Copy:
    """One delivery between its claim and its settlement."""

    __slots__ = ("composed", "delivery", "good_until")

    def __init__(self, claim: Claim) -> None:
        self.delivery: Delivery = claim.delivery
        self.good_until: datetime | None = claim.good_until
        self.composed: tuple[Envelope, bytes] | None = None

    def may_begin(self, now: datetime) -> bool:
        """True while its permit is good; later it must ask for another."""
        return self.good_until is None or now <= self.good_until


class Composing:
    """Composes messages; what is the same in all copies of an edition is made once."""

    def __init__(self, letterheads: Mapping[str, Letterhead]) -> None:
        self._letterheads = letterheads
        self._editions: dict[int, Edition] = {}

    def knows(self, edition_id: int) -> bool:
        """True when this edition was added."""
        return edition_id in self._editions

    def add(self, edition_id: int, edition: Edition) -> None:
        """Prepare an edition."""
        self._editions[edition_id] = edition

    def compose(self, copy: Copy, pattern: str) -> tuple[Envelope, bytes]:
        """Return envelope and message of a copy, composed at first; pattern is the relay's envelope sender.

        Raises whatever a poisonous recipient makes it raise.
        """
        if copy.composed is None:
            delivery = copy.delivery
            letterhead = self._letterheads[delivery.list_name]
            octets = to_wire(compose_message(self._editions[delivery.edition_id], delivery, letterhead))
            sender = envelope_sender(pattern, letterhead, delivery.token)
            copy.composed = (Envelope(sender, delivery.recipient.address, len(octets), delivery.token), octets)
        return copy.composed
