"""Pages of long lists: a cursor is the number after which the next page begins."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from mailer.web.api.shapes import Page

Item = TypeVar("Item")
After = Annotated[int, Query(ge=0, le=2**62, description="what the last page gave as its cursor")]
Limit = Annotated[int, Query(ge=1, le=200)]


def cut(found: Sequence[tuple[int, Item]], limit: int) -> Page[Item]:
    """Return a page of those found, of which one more was asked for than is shown."""
    more = len(found) > limit
    return Page(items=[one for _number, one in found[:limit]], cursor=str(found[limit - 1][0]) if more else None)
