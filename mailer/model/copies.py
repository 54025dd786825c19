"""The deliveries of a mailing as a table shows them."""

from dataclasses import dataclass
from datetime import datetime

from mailer.model.delivery import DeliveryStatus


@dataclass(frozen=True, slots=True)
class CopyGlance:
    """One delivery in a few words. attempts: those that count for the retry policy."""

    id: int
    address: str
    name: str
    organisation: str
    city: str
    list_name: str
    list_title: str
    status: DeliveryStatus
    reply_class: str
    reply: str
    attempts: int
    finished_at: datetime | None
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundCopy:
    """A delivery found by its reader, whatever its mailing."""

    id: int
    mailing_id: int
    issue_slug: str
    address: str
    name: str
    organisation: str
    list_title: str
    status: DeliveryStatus
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class CopyPage:
    """A page of a mailing's deliveries. after: the number the next page begins after; 0 where nothing follows.

    searched: this page ends where the search was broken off, not where it is full.
    """

    copies: tuple[CopyGlance, ...]
    after: int = 0
    searched: bool = False
