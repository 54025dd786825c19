"""The suppressions of a house, by hand."""

import builtins

from mailer.app.ground import Ground
from mailer.model.people import Right
from mailer.model.suppression import SuppressionEntry
from mailer.publishing.people import require
from mailer.store import suppressions
from mailer.tracking import by_hand


class Suppressions:
    """Addresses that get nothing."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def list(self) -> list[SuppressionEntry]:
        """Return what is suppressed, the newest first, each with its address where a contact has it."""
        with self._ground.store.read() as connection:
            return by_hand.list_entries(connection, self._ground.secret, self._ground.now())

    def page(
        self, before: int | None, most: int, *, addresses: bool = False
    ) -> "builtins.list[tuple[int, SuppressionEntry]]":
        """Return at most so many of those below a number, the newest first, each with its number.

        addresses: where a contact has one; all contacts are gone through for that, some 3 µs each.
        """
        with self._ground.store.read() as connection:
            found = suppressions.page_of_suppressions(connection, self._ground.now(), before, most)
            if not addresses:
                return found
            entries = by_hand.with_addresses(connection, self._ground.secret, [one for _number, one in found])
        return [(number, one) for (number, _bare), one in zip(found, entries, strict=True)]

    def add(self, address: str, reason: str, by: str) -> None:
        """Suppress an address. Raises AddressError, UsageError, StateError."""
        with self._ground.store.write() as connection:
            actor = require(connection, by, Right.SUPPRESS)
            by_hand.add_by_hand(connection, self._ground.secret, address, reason, actor, self._ground.now())

    def lift(self, address: str, reason: str, by: str) -> SuppressionEntry:
        """Let an address get mail again; return what was lifted. Raises AddressError, UsageError, NotFoundError."""
        with self._ground.store.write() as connection:
            actor = require(connection, by, Right.SUPPRESS)
            return by_hand.lift_by_hand(connection, self._ground.secret, address, reason, actor, self._ground.now())
