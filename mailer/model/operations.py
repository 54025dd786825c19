"""How a house runs, for those who watch machines: counts and times, nothing of a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.model.standing import Standing


class ClockState(StrEnum):
    """Whether the clock of a `serve` runs on this database."""

    ALIVE = "alive"
    LATE = "late"  # it has not ticked for so long that it must have ended
    UNKNOWN = "unknown"  # none was ever seen


class DatabaseState(StrEnum):
    """What can be done with the database just now."""

    OK = "ok"
    READ_ONLY = "not writable"  # a small change could not be written: its disk is full, or somebody holds it
    GONE = "gone"  # its file is not where it was opened, or another one is
    UNREACHABLE = "unreachable"  # it cannot be read


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a house can do its work now. migrated: the database has the shape that this program knows."""

    database: DatabaseState
    migrated: bool
    clock: ClockState

    @property
    def ready(self) -> bool:
        """True unless something is known to be wrong."""
        return self.database is DatabaseState.OK and self.migrated and self.clock is not ClockState.LATE


@dataclass(frozen=True, slots=True)
class MailingGauge:
    """A mailing that is under way or has just ended, with its deliveries by status and its events by kind.

    due: pending deliveries whose time has come.
    """

    id: int
    issue_slug: str
    counts: Mapping[DeliveryStatus, int]
    due: int
    events: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class HouseFigures:
    """What is counted of a house. events, readings: how many were ever recorded; held: it sends nothing just now.

    answers, unread: mails that came back and wait for a person: answers, and what was not understood.
    """

    mailings: Mapping[MailingStatus, int]
    under_way: tuple[MailingGauge, ...]
    events: int
    readings: int
    standing: Standing
    clock_seen_at: datetime | None
    held: bool
    answers: int
    unread: int
