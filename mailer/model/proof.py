"""A proof (样张): an edition mailed to staff, what became of each copy, and what the record keeps of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailer.model.delivery import IssueStatus
from mailer.model.outcome import ReplyClass


class ProofOutcome(StrEnum):
    """What became of one copy of a proof. It is tried once; a person asks for another."""

    ACCEPTED = "accepted"  # the relay took it; not "in the mailbox"
    DEFERRED = "deferred"  # not now: the reply says why
    REFUSED = "refused"
    UNCERTAIN = "uncertain"  # the dot was written and no reply came
    FAILED = "failed"  # the relay or our settings, not the recipient
    WAITS = "waits"  # not tried: no relay has a permit for it now


@dataclass(frozen=True, slots=True)
class ProofCopy:
    """One copy of a proof. reply: what the relay said, or why it was not tried; summary says what that means.

    free_at: when a permit is free, where it waits for one and that is known.
    """

    list_name: str
    address: str
    relay: str
    outcome: ProofOutcome
    reply: str = ""
    reply_class: ReplyClass | None = None
    summary: str = ""
    free_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProofRecord:
    """A proof on record: of which edition, of what standing, by whom, to how many, how many of them were accepted.

    reply: of the first copy that was not accepted, else of the last; empty while it is under way or was cut off.
    """

    id: int
    issue_slug: str
    list_name: str
    edition_sha256: str
    issue_status: IssueStatus
    sent_by: str
    sent_at: datetime
    recipients: int
    accepted: int
    reply: str
