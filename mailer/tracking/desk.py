"""Answers a link or picture that is fetched: where it leads, by what was approved, and that it was fetched."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from mailer.model.reading import HitKind, TrackedLink, Visit
from mailer.store import readings
from mailer.store.database import Store
from mailer.tokens import HouseSecret, Purpose, read_token, split_tally
from mailer.tracking.readings import Fetched
from mailer.tracking.recorder import ReadingRecorder

Value = TypeVar("Value")

MOST_EDITIONS = 32  # whose links are kept in memory; an edition never changes
MOST_COPIES = 20_000  # whose edition is kept in memory
_PURPOSES = {
    HitKind.OPEN: (Purpose.OPEN, Purpose.TALLY_OPEN),
    HitKind.CLICK: (Purpose.CLICK, Purpose.TALLY_CLICK),
}


class ReadingDesk:
    """Where readers' requests for links and pictures come in; several threads may ask at once.

    A link leads to the target its number has in the edition of the copy whose token it is, and nowhere else (facts
    S06). Only reading is ever waited for.
    """

    def __init__(
        self, store: Store, secret: HouseSecret, recorder: ReadingRecorder, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._secret = secret
        self._recorder = recorder
        self._now = now
        self._editions: OrderedDict[int, int] = OrderedDict()  # by a copy's id
        self._links: OrderedDict[int, tuple[TrackedLink, ...]] = OrderedDict()  # by an edition's id

    def follow(self, token: str, link: int, visit: Visit) -> str | None:
        """Return where a link leads, and take down that it was followed; None for a token or number not ours.

        Raises StoreError where that cannot be read just now, EditionChangedError for a changed edition.
        """
        found = self._read(HitKind.CLICK, token)
        if found is None:
            return None
        number, tally = found
        links = self._links_of(number, tally)
        if not 1 <= link <= len(links):
            return None
        self._recorder.record(Fetched(HitKind.CLICK, number, tally, link, self._now(), visit))
        return links[link - 1].target

    def open(self, token: str, visit: Visit) -> bool:
        """Take down that a picture was fetched; False for a token not ours. Never waits for anything."""
        found = self._read(HitKind.OPEN, token)
        if found is None:
            return False
        self._recorder.record(Fetched(HitKind.OPEN, *found, 0, self._now(), visit))
        return True

    def close(self) -> None:
        """Write what was taken down."""
        self._recorder.close()

    def _read(self, kind: HitKind, token: str) -> tuple[int, bool] | None:
        """Return what a token is of, and whether that is a tally."""
        for tally, purpose in enumerate(_PURPOSES[kind]):
            if (number := read_token(self._secret, purpose, token)) is not None:
                return number, bool(tally)
        return None

    def _links_of(self, number: int, tally: bool) -> tuple[TrackedLink, ...]:
        edition_id = self._edition_of(number, tally)
        if edition_id is None:
            return ()
        links = self._links.get(edition_id)
        if links is None:
            with self._store.read() as connection:
                links = readings.links_of_edition(connection, edition_id)
            _remember(self._links, edition_id, links, MOST_EDITIONS)
        return links

    def _edition_of(self, number: int, tally: bool) -> int | None:
        if tally:
            return split_tally(number)[1]
        edition_id = self._editions.get(number)
        if edition_id is None:
            with self._store.read() as connection:
                place = readings.places_of_deliveries(connection, [number]).get(number)
            if place is None:
                return None
            edition_id = place.edition_id
            _remember(self._editions, number, edition_id, MOST_COPIES)
        return edition_id


def _remember(known: OrderedDict[int, Value], key: int, value: Value, most: int) -> None:
    known[key] = value
    while len(known) > most:
        known.popitem(last=False)
