"""What is inserted per reader into the texts of an edition: tokens of links, and values of the recipient."""

from collections.abc import Sequence

from mailer.mail.encoding import Piece, write_octets
from mailer.mail.letterhead import Letterhead
from mailer.model.delivery import Delivery
from mailer.model.edition import Segment, Slot, fill_segments, fill_slot
from mailer.tokens import TOKEN_LENGTH, Purpose, TokenMaker, sign_token, tally_number

_A_TOKEN = "a" * TOKEN_LENGTH


class Inserts:
    """The inserts of an edition, numbered. A link is fixed text but for its token, and one token does for its purpose.

    Number 0 is the token by which the reader unsubscribes. `lengths` holds the numbers of tokens with their octets.
    """

    def __init__(self, letterhead: Letterhead) -> None:
        self.lengths = {0: TOKEN_LENGTH}
        self._letterhead = letterhead
        self._numbers: dict[Purpose | Slot, int] = {Purpose.UNSUBSCRIBE: 0}
        self._makers: dict[int | None, list[TokenMaker | Slot]] = {}  # by the key that a mailing's tokens are made with

    def split(self, segments: Sequence[Segment]) -> list[Piece]:
        """Return segments as fixed text and numbers of inserts."""
        pieces: list[Piece] = []
        for segment in segments:
            if isinstance(segment, str):
                pieces.append(segment)
                continue
            group, _dot, name = segment.name.partition(".")
            if group == "recipient":
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
        key, reader = delivery.token_key, delivery.recipient
        makers = self._makers.get(key) or self._makers.setdefault(key, self._make_makers(key))
        return [
            what.make(_number(what.purpose, delivery)).encode()
            if isinstance(what, TokenMaker)
            else write_octets(fill_slot(what, getattr(reader, what.name[10:])))  # after "recipient."
            for what in makers
        ]

    def _make_makers(self, key: int | None) -> list[TokenMaker | Slot]:
        secret = self._letterhead.secret
        return [TokenMaker(secret, what, key) if isinstance(what, Purpose) else what for what in self._numbers]

    def fill(self, segments: Sequence[Segment], delivery: Delivery) -> str:
        """Return a text filled in for one reader, such as a subject."""
        values: dict[str, str] = {}
        for slot in segments:
            if isinstance(slot, Slot):
                group, _dot, name = slot.name.partition(".")
                link = self._letterhead.link(name) if group == "links" else None
                token = (
                    sign_token(
                        self._letterhead.secret, link.purpose, _number(link.purpose, delivery), delivery.token_key
                    )
                    if link
                    else ""
                )
                values[slot.name] = link.start + token if link else getattr(delivery.recipient, name, "")
        return fill_segments(tuple(segments), values)


def _number(purpose: Purpose, delivery: Delivery) -> int:
    """Return what a copy's token for a purpose is signed for."""
    if purpose in (Purpose.TALLY_CLICK, Purpose.TALLY_OPEN):
        return tally_number(delivery.mailing_id, delivery.edition_id)
    return delivery.id
