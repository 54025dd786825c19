"""What happened to the deliveries of a house, read on from where a reader was."""

from collections.abc import Collection
from datetime import timedelta

from mailer.app.ground import Ground
from mailer.errors import StoreError
from mailer.i18n import _
from mailer.model.event_stream import EventKind, StreamEnd, StreamPage, StreamPlace
from mailer.reports.stream import find_settled, read_stream

# a reply is on record a moment after it came, with those of other connections: an attempt is told once that is over
SETTLED_AFTER = timedelta(seconds=10)


class EventStream:
    """The events of a house."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def start(self, *, now: bool) -> StreamPlace:
        """Return where a reader begins: with what happens from now on, or with the first event on record.

        Raises StoreError where somebody writes for so long that it cannot be told what is before now.
        """
        if not now:
            return StreamPlace()
        end = find_settled(self._ground.store, StreamEnd(-1, -1))
        if min(end.event, end.reading) < 0:
            raise StoreError(_("the database is being written to at length"), cure=_("try again in some seconds"))
        return StreamPlace(end.event, end.reading, since=self._ground.now() - SETTLED_AFTER)

    def read(
        self, place: StreamPlace, most: int, kinds: Collection[EventKind] = (), mailing_id: int | None = None
    ) -> StreamPage:
        """Return at most so many events after a place, as `read_stream` does; an attempt SETTLED_AFTER it ended."""
        end = find_settled(self._ground.store, StreamEnd(place.event, place.reading))
        until = self._ground.now() - SETTLED_AFTER
        with self._ground.store.read() as connection:
            return read_stream(connection, place, most, until, end, kinds, mailing_id)
