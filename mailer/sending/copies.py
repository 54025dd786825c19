"""A claimed delivery on its way: its permit, its message once it is composed, its envelope."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from mailer.mail.envelope import Envelope
from mailer.mail.message import Composer, Letterhead, envelope_sender, make_composer
from mailer.model.delivery import Delivery
from mailer.model.edition import Edition
from mailer.sending.feed import Claim

if TYPE_CHECKING:
    from mailer.mail.dkim import Signer


class Copy:
    """One delivery between its claim and its settlement. permit_at: when its permit was taken; None without one."""

    __slots__ = ("composed", "delivery", "good_until", "permit_at", "queued_at")

    def __init__(self, claim: Claim) -> None:
        self.delivery: Delivery = claim.delivery
        self.good_until: datetime | None = claim.good_until
        self.permit_at: datetime | None = claim.delivery.claimed_at if claim.good_until is not None else None
        self.composed: tuple[Envelope, bytes] | None = None
        self.queued_at = 0.0  # by the event loop's clock

    def may_begin(self, now: datetime) -> bool:
        """True while its permit is good; later it must ask for another."""
        return self.good_until is None or now <= self.good_until


class Composing:
    """Composes messages; what is the same in all copies of an edition is made once."""

    def __init__(self, letterheads: Mapping[str, Letterhead], signers: "Sequence[Signer]") -> None:
        self._letterheads = letterheads
        self._signers = signers
        self._composers: dict[int, Composer] = {}

    def knows(self, edition_id: int) -> bool:
        """True when this edition was added."""
        return edition_id in self._composers

    def add(self, edition_id: int, edition: Edition) -> None:
        """Prepare an edition. Raises InputError when something in it cannot stand in a message."""
        self._composers[edition_id] = make_composer(edition, self._letterheads[edition.list_name], self._signers)

    def compose(self, copy: Copy, pattern: str) -> tuple[Envelope, bytes]:
        """Return envelope and message of a copy, composed at first; pattern is the relay's envelope sender.

        Raises whatever a poisonous recipient makes it raise.
        """
        if copy.composed is None:
            delivery = copy.delivery
            octets = self._composers[delivery.edition_id].compose(delivery)
            sender = envelope_sender(pattern, self._letterheads[delivery.list_name], delivery.token)
            copy.composed = (Envelope(sender, delivery.recipient.address, len(octets), delivery.token), octets)
        return copy.composed
