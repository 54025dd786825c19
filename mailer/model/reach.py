"""Whom an issue has reached and whom not: values for those who decide what is still to be sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailer.model.delivery import DeliveryStatus, IssueStatus, MailingRecord
from mailer.model.issue import Role
from mailer.model.proof import ProofRecord


@dataclass(frozen=True, slots=True)
class ListReach:
    """One list: its active subscribers, the issue's newest copies for it by status, and who misses it.

    missing: those whom `send --missing` would plan and mail; suppressed: those it would write down as suppressed. An
    address on two lists counts on the first.
    """

    list_name: str
    title: str
    role: Role
    active: int
    counts: Mapping[DeliveryStatus, int]
    missing: int
    suppressed: int

    @property
    def reached(self) -> int:
        """Deliveries of the issue on this list, whatever became of them; those sent again counted once."""
        return sum(self.counts.values())


class NotCorrected(StrEnum):
    """Why someone who was to get an issue does not get its correction."""

    PENDING = "pending"  # the issue itself is still under way to it
    REFUSED = "refused"  # nor was the issue accepted for it
    EXPIRED = "expired"
    UNCERTAIN = "uncertain"  # nobody knows whether it has the issue
    SUPPRESSED = "suppressed"
    LEFT = "left"  # since it got the issue


@dataclass(frozen=True, slots=True)
class CorrectionReach:
    """Whom a correction is for: those who accepted its original, but for those who have left or are suppressed.

    accepted: all who accepted it; to_send: of them, those without a copy of the correction; has: those with one.
    """

    original: str
    accepted: int
    to_send: int
    has: int
    left_out: Mapping[NotCorrected, int]


@dataclass(frozen=True, slots=True)
class IssueReach:
    """An issue: where it stands, what was mailed of it, whom that reached. correction: of a correction only."""

    slug: str
    status: IssueStatus
    mailings: tuple[MailingRecord, ...]
    lists: tuple[ListReach, ...]
    proofs: tuple[ProofRecord, ...]
    corrections: tuple[str, ...]
    correction: CorrectionReach | None = None

    @property
    def missing(self) -> int:
        """How many `send --missing` would mail."""
        return self.correction.to_send if self.correction is not None else sum(one.missing for one in self.lists)
