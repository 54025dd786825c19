"""The clearing of what is older than it may be kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LastRun:
    """The clearing of a day. ended_at None: it goes on. counts: rows cleared, by kind."""

    day: str
    started_at: datetime
    ended_at: datetime | None
    counts: Mapping[str, int]
