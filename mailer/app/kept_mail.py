"""Mail that came back and is kept for a person, and what people say of it."""

import builtins
from collections.abc import Sequence

from mailer.app.ground import Ground
from mailer.audience.leaving import leave_by_hand, put_back
from mailer.errors import AddressError, NotFoundError, UsageError
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.copies import FoundCopy
from mailer.model.delivery import MailingRecord
from mailer.model.kept_mail import HandTie, KeptMail, KeptState, Saying, TakenBack
from mailer.model.listed import ContactFilter
from mailer.model.people import Right
from mailer.publishing.mailing import require_mailing
from mailer.publishing.people import require
from mailer.store import contacts, copy_pages, deliveries, returned
from mailer.store.database import Connection
from mailer.tracking.by_reading import ByReading, Leaving, mark_done

LARGEST = 1 << 31  # below which numbers of mailings are, as those of their copies hold them
MOST_AT_ONCE = 500  # mails marked by one act
MOST_FOUND = 30  # copies and contacts that a search shows


class KeptMails:
    """The returned mail of a house that waits for a person, or did."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def list(self, state: KeptState, most: int, before: int | None = None) -> "builtins.list[KeptMail]":
        """Return the newest mails first, of those below a number."""
        with self._ground.store.read() as connection:
            return returned.list_kept(connection, state, most, before)

    def count(self) -> tuple[int, int]:
        """Return how many answers wait for a person, and how many other mails."""
        with self._ground.store.read() as connection:
            return returned.count_kept(connection)

    def get(self, number: int) -> KeptMail:
        """Return one. Raises NotFoundError, also once its words are cleared."""
        with self._ground.store.read() as connection:
            found = returned.find_kept(connection, number)
        if found is None:
            raise NotFoundError(
                _("there is no mail {n} that is kept").format(n=number), cure=_("`mailer bounces list`")
            )
        return found

    def find_copies(self, words: str, mailing_id: int | None = None) -> "builtins.list[FoundCopy]":
        """Return copies that a mail may be about, the newest first: by an address, else by words on their readers."""
        words = words.strip()[:100]
        key = _key(words)
        if mailing_id is not None and mailing_id >= LARGEST:
            return []
        with self._ground.store.read() as connection:
            if key or mailing_id is None:
                keys = [key] if key else self._keys(connection, words)
                return copy_pages.find_sent(connection, keys, MOST_FOUND, mailing_id) if keys else []
            return copy_pages.find_sent(connection, (), MOST_FOUND, mailing_id, words)

    def _keys(self, connection: Connection, words: str) -> "builtins.list[str]":
        if not words:
            return []
        return [
            one.key for _number, one in contacts.page_of_contacts(connection, ContactFilter(text=words), 0, MOST_FOUND)
        ]

    def suggest_copies(self, mail: KeptMail) -> "builtins.list[FoundCopy]":
        """Return copies to the addresses that a mail names, or comes from."""
        keys = {key for one in (*mail.named, mail.sender, mail.address) if (key := _key(one))}
        if not keys:
            return []
        with self._ground.store.read() as connection:
            return copy_pages.find_sent(connection, keys, MOST_FOUND)

    def find_copy(self, mailing: str, address: str) -> int:
        """Return the number of the newest copy of a mailing to an address. Raises AddressError, NotFoundError."""
        parsed = parse_address(address)
        with self._ground.store.read() as connection:
            record: MailingRecord = require_mailing(connection, mailing)
            numbers = deliveries.find_by_address(connection, record.id, parsed.key)
        if not numbers:
            raise NotFoundError(
                _("mailing {id} knows no address {address}").format(id=record.id, address=parsed.text),
                cure=_("`mailer contacts show {address}` names its copies").format(address=parsed.text),
            )
        return numbers[-1]

    def mark_done(self, numbers: Sequence[int], by: str) -> "builtins.list[int]":
        """Mark mails as dealt with; return which of them waited till now. Raises NotFoundError, UsageError."""
        chosen, now = _choose(numbers), self._ground.now()
        with self._ground.store.write() as connection:
            actor = require(connection, by, Right.SUPPRESS)
            return [one for one in chosen if mark_done(connection, one, actor, now)]

    def tie(self, number: int, saying: Saying, by: str) -> HandTie:
        """Record what a person says of a mail. Raises as `ByReading.tie`."""
        with self._ground.store.write() as connection:
            actor = require(connection, by, Right.SUPPRESS)
            return self._by_reading().tie(connection, number, saying, actor, self._ground.now())

    def take_back(self, numbers: Sequence[int], by: str) -> "builtins.list[TakenBack]":
        """Have mails wait again, all or none. Raises as `ByReading.take_back`, UsageError."""
        chosen, now = _choose(numbers), self._ground.now()
        with self._ground.store.write() as connection:
            actor = require(connection, by, Right.SUPPRESS)
            flow = self._by_reading()
            return [flow.take_back(connection, one, actor, now) for one in chosen]

    def _by_reading(self) -> ByReading:
        ground = self._ground
        return ByReading(ground.secret, ground.config.suppression, Leaving(leave_by_hand, put_back))


def _choose(numbers: Sequence[int]) -> list[int]:
    chosen = sorted(set(numbers))
    if not chosen or len(chosen) > MOST_AT_ONCE:
        raise UsageError(
            _("no mail was chosen") if not chosen else _("so many at once cannot be marked"),
            cure=_("choose {n} at most").format(n=MOST_AT_ONCE),
        )
    return chosen


def _key(text: str) -> str:
    try:
        return parse_address(text).key
    except AddressError:
        return ""
