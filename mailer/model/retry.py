"""What a person's "send again" came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailer.model.delivery import DeliveryStatus, MailingRecord


class LeftOutReason(StrEnum):
    """Why a delivery was not sent again although it was asked for."""

    SUPPRESSED = "suppressed"  # its address gets nothing
    LEFT = "left"  # its reader has left the list
    DEAD = "dead"  # the server said that the address is dead or closed, and it was not named
    NOT_ENDED = "not_ended"  # it was named, and is under way, or ended in another way


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many were left out for a reason, and the first of their addresses."""

    count: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SentAgain:
    """What is pending again, by the state it was in; who was left out; and whose suppression was lifted for it."""

    mailing: MailingRecord
    counts: Mapping[DeliveryStatus, int]
    left_out: Mapping[LeftOutReason, LeftOut]
    lifted: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many are pending again."""
        return sum(self.counts.values())
