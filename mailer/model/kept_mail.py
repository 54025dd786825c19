"""Mail that came back and is kept for a person, and what a person says of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailer.model.report import ReportKind, Tie


class HandMeaning(StrEnum):
    """What a person who read a kept mail says that it means."""

    HARD = "hard"  # a bounce: the address is dead or closed
    SOFT = "soft"  # a bounce for now: full, out of order, and whatever does not say that the address is dead
    COMPLAINT = "complaint"  # the reader called it spam
    LEFT = "left"  # the reader wants no more issues of this list
    ANSWER = "answer"  # a person's answer to this copy; it waits among the answers
    NOTHING = "nothing"  # it says nothing of any copy


class KeptState(StrEnum):
    """Which kept mails are meant; those whose words were cleared are in none."""

    ANSWERS = "answers"  # by people, that wait
    OTHERS = "others"  # that wait, and were not, or not surely, understood
    DONE = "done"


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail kept for a person: an answer, or one that was not understood or only perhaps tied to a delivery.

    address and issue are of that delivery, where there is one. done_at None: it waits. meaning: what a person said it
    means, for the reason in note; delivery and tie are that person's then. done_by: who did the last of the two.
    """

    id: int
    kind: ReportKind
    answer: bool
    tie: Tie | None
    delivery_id: int | None
    source: str
    sender: str
    subject: str
    sent_at: datetime | None
    first_lines: str
    detail: str
    read_at: datetime
    address: str = ""
    issue_slug: str = ""
    mailing_id: int | None = None
    done_at: datetime | None = None
    done_by: str = ""
    meaning: HandMeaning | None = None
    note: str = ""

    @property
    def named(self) -> tuple[str, ...]:
        """The addresses that the mail itself speaks of."""
        return tuple(line.split(" ", 1)[0] for line in self.detail.splitlines() if "@" in line.split(" ", 1)[0])


@dataclass(frozen=True, slots=True)
class Saying:
    """What a person says of a kept mail: what it means, of which delivery, and why they say so."""

    meaning: HandMeaning
    delivery_id: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class HandTie:
    """What came of it: address of the copy; suppressed or left: its reader gets nothing more, of any list or this."""

    address: str
    suppressed: bool
    left: bool


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What was taken back: a tie, else only that it was done. stays_suppressed: something else failed there since."""

    tie: bool
    stays_suppressed: bool = False
