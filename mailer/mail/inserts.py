"""What is inserted per reader into the texts of an edition: tokens of links, and values of the recipient."""

from collections.abc import Sequence

from mailer.mail.encoding import Piece, write_octets
from mailer.mail.letterhead import Letterhead
from mailer.model.delivery import Delivery, Recipient
from mailer.model.edition import Segment, Slot, fill_segments, fill_slot
from mailer.tokens import TOKEN_LENGTH, Purpose, TokenMaker, sign_token, tally_number

_A_TOKEN = "a" * TOKEN_LENGTH
_TALLIES = (Purpose.TALLY_CLICK, Purpose.TALLY_OPEN)


class Inserts:
    """The inserts of an edition, numbered. A link is fixed text but for its token, and one token does for its purpose.

    Number 0 is the token by which the reader unsubscribes. `lengths` holds the numbers of tokens with their octets.
    """

    def __init__(self, letterhead: Letterhead) -> None:
        self.lengths = {0: TOKEN_LENGTH}
        self._titled = False  # the title stands somewhere, so a name does without
        self._letterhead = letterhead
        self._numbers: dict[Purpose | Slot, int] = {Purpose.UNSUBSCRIBE: 0}
        self._makers: dict[
            int | None, list[TokenMaker | Purpose | Slot]
        ] = {}  # by the key that a mailing's tokens are made with

    def split(self, segments: Sequence[Segment]) -> list[Piece]:
        """Return segments as fixed text and numbers of inserts."""
        pieces: list[Piece] = []
        for segment in segments:
            if isinstance(segment, str):
                pieces.append(segment)
                continue
            group, _dot, name = segment.name.partition(".")
            if group == "recipient":
                self._titled = self._titled or name == "title"
                pieces.append(self._numbers.setdefault(segment, len(self._numbers)))
                continue
            link = self._letterhead.link(name)
            if link is None:
                pieces.append(fill_slot(segment, ""))
                continue
            number = self._numbers.setdefault(link.purpose, len(self._numbers))
            self.lengths[number] = TOKEN_LENGTH
            pieces += [fill_slot(segment, link.start + _A_TOKEN).removesuffix(_A_TOKEN), number]
        return pieces

    def values(self, delivery: Delivery) -> list[bytes]:
        """Return what is inserted for one reader, by number, escaped for its context."""
        key, number = delivery.token_key, delivery.id
        makers = self._makers.get(key) or self._makers.setdefault(key, self._make_makers(key))
        return [
            what.make(number).encode() if isinstance(what, TokenMaker) else self._insert(what, delivery)
            for what in makers
        ]

    def _insert(self, what: Purpose | Slot, delivery: Delivery) -> bytes:
        if isinstance(what, Slot):
            return write_octets(fill_slot(what, self._say(delivery.recipient, what.name[10:])))  # after "recipient."
        return self._token(what, delivery).encode()

    def _say(self, recipient: Recipient, name: str) -> str:
        return recipient.called if name == "name" and not self._titled else str(getattr(recipient, name, ""))

    def _make_makers(self, key: int | None) -> list[TokenMaker | Purpose | Slot]:
        secret = self._letterhead.secret
        return [
            TokenMaker(secret, what, key) if isinstance(what, Purpose) and what not in _TALLIES else what
            for what in self._numbers
        ]

    def _token(self, purpose: Purpose, delivery: Delivery) -> str:
        """Return a copy's token for a purpose: the delivery's own, or the one all copies of its edition have."""
        tally = purpose in _TALLIES
        number = tally_number(delivery.mailing_id, delivery.edition_id) if tally else delivery.id
        return sign_token(self._letterhead.secret, purpose, number, delivery.token_key)

    def fill(self, segments: Sequence[Segment], delivery: Delivery) -> str:
        """Return a text filled in for one reader, such as a subject."""
        values: dict[str, str] = {}
        for slot in segments:
            if isinstance(slot, Slot):
                group, _dot, name = slot.name.partition(".")
                link = self._letterhead.link(name) if group == "links" else None
                values[slot.name] = (
                    link.start + self._token(link.purpose, delivery) if link else self._say(delivery.recipient, name)
                )
        return fill_segments(tuple(segments), values)
