"""Suppressions, and the row of failures that leads to one: pure values and decisions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailer.model.outcome import ReplyClass

# reasons beside the reply classes
BY_HAND = "by_hand"
COMPLAINT = "complaint"
ERASED = "erased"
NO_MORE = "no more mail"  # the reader wants none of our lists
LIFTED_BY_CONSENT = frozenset({ERASED, NO_MORE})  # by the reader's own link, or by consent that staff have on record
# a copy may come back days after it was accepted (a published case of 163: 24 hours): until then nobody knows
SETTLED_AFTER = timedelta(days=3)
# classes that speak of the reader's mailbox, or of nothing we know; all others are about us, our mail or our tempo
OF_THE_READER = frozenset(
    {
        ReplyClass.GONE,
        ReplyClass.INACTIVE,
        ReplyClass.FULL,
        ReplyClass.TEMPORARY,
        ReplyClass.GREYLISTED,
        ReplyClass.RATE_RECIPIENT,
        ReplyClass.OPT_OUT,
        ReplyClass.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True)
class CopyStanding:
    """How a copy ended: refused is the class of a refusal, empty for accepted; bounces the classes of its bounces."""

    issue_id: int
    finished_at: datetime | None
    refused: str
    bounces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Failures in a row: of how many issues, and how many in all."""

    issues: int
    failures: int


def count_run(copies: Iterable[CopyStanding], now: datetime, also: ReplyClass | None = None) -> Run:
    """Return the failures in a row, given copies newest issue first.

    An issue that was accepted and did not come back ends the row; one newer than all failures only once it had time to
    come back. An issue whose failures are about us says nothing; `also` is a class that is to count as the reader's.
    """
    counted = OF_THE_READER | ({also} if also is not None else frozenset())
    issues, failures, last = 0, 0, None
    for copy in copies:
        told = [one for one in (copy.refused, *copy.bounces) if one]
        blamed = sum(1 for one in told if one in counted)
        if blamed:
            failures += blamed
            issues += copy.issue_id != last
            last = copy.issue_id
        elif not told and copy.finished_at is not None and (issues or copy.finished_at <= now - SETTLED_AFTER):
            break
    return Run(issues, failures)


@dataclass(frozen=True, slots=True)
class SuppressionEntry:
    """An address that gets nothing: its HMAC, why, from where that is known, since when and until when.

    address is there only where a contact has it. note: the words of the person who entered it. until None: without end.
    """

    address_hash: str
    reason: str
    source: str
    since: datetime
    until: datetime | None
    note: str
    address: str = ""

    def with_address(self, address: str) -> "SuppressionEntry":
        """Return it with the address it is of, empty where nobody knows it."""
        return replace(self, address=address)
