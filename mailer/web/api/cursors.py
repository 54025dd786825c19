"""Pages of long lists. A cursor is what the last page gave: an opaque text, which says where the next one begins."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Query

from mailer.errors import NotFoundError
from mailer.i18n import _
from mailer.model.event_stream import StreamPlace
from mailer.web.api.shapes import Page

Item = TypeVar("Item")
MOST = 200
LARGEST = 2**63 - 1  # what the databases count to
Cursor = Annotated[
    str | None,
    Query(max_length=300, pattern="^[A-Za-z0-9_-]+$", description="`cursor` of the page before; none: the first"),
]
Limit = Annotated[int, Query(ge=1, le=MOST, description="how many at most")]


def kind_of(kind: str, **filters: object) -> str:
    """Return the kind of a list with its filters: a cursor of another choice leads nowhere in it."""
    said = json.dumps({name: value for name, value in filters.items() if value}, sort_keys=True)
    return f"{kind} {hashlib.sha256(said.encode()).hexdigest()[:12]}" if said != "{}" else kind


def write_cursor(kind: str, *places: int | None) -> str:
    """Return an opaque text for a place in a list of a kind."""
    return base64.urlsafe_b64encode(json.dumps([kind, *places]).encode()).rstrip(b"=").decode()


def read_cursor(kind: str, cursor: str, count: int = 1) -> list[int | None]:
    """Return the numbers that `write_cursor` was given. Raises NotFoundError: what was never given leads nowhere."""
    try:
        found: Any = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        found = None
    if not isinstance(found, list) or len(found) != count + 1 or found[0] != kind or not all(map(_is_place, found[1:])):
        raise NotFoundError(
            _("there is no page at this cursor"),
            field="cursor",
            cure=_("give the cursor of a page of this very list, with the same filters"),
        )
    return found[1:]


def _is_place(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST)


def place_of(kind: str, cursor: str | None) -> int | None:
    """Return the number a page begins after; None for the first page."""
    return read_cursor(kind, cursor)[0] if cursor else None


def cut(kind: str, found: Sequence[tuple[int, Item]], limit: int) -> Page[Item]:
    """Return a page of those found, of which one more was asked for than is shown."""
    more = len(found) > limit
    cursor = write_cursor(kind, found[limit - 1][0]) if more else None
    return Page(items=[one for _number, one in found[:limit]], cursor=cursor)


EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def write_place(kind: str, place: StreamPlace) -> str:
    """Return the cursor of a place in a stream of events."""
    times = (_to_number(place.since), _to_number(place.until))
    return write_cursor(kind, place.event, place.reading, *times, place.delivery, place.number)


def read_place(kind: str, cursor: str) -> StreamPlace:
    """Return the place that a cursor stands for. Raises NotFoundError."""
    event, reading, since, until, delivery, number = read_cursor(kind, cursor, 6)
    return StreamPlace(event or 0, reading or 0, _to_time(since), _to_time(until), delivery or 0, number or 0)


def _to_number(moment: datetime | None) -> int | None:
    return (moment - EPOCH) // MICROSECOND if moment is not None else None


def _to_time(number: int | None) -> datetime | None:
    try:
        return EPOCH + number * MICROSECOND if number is not None else None
    except OverflowError:
        raise NotFoundError(_("there is no page at this cursor"), field="cursor") from None
