"""An approval: what was submitted, for which lists, which steps were given by whom, and what ended it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailer.model.people import Actor


@dataclass(frozen=True, slots=True)
class Step:
    """One step of approval. by: roles or users' names who may give it; empty: whoever has the right to approve."""

    name: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """The steps that follow a submission, in order; with four_eyes each is by another person, and none by the author.

    They are kept with each submission: a change of the settings counts from the next one.
    """

    steps: tuple[Step, ...]
    four_eyes: bool = False

    @property
    def one_person_will_do(self) -> bool:
        """Whether one act by one person may submit and approve."""
        return len(self.steps) == 1 and not self.four_eyes


@dataclass(frozen=True, slots=True)
class IssueContent:
    """What an issue's folder held at one moment.

    sha256: over all its files. source: the text of issue.md, files: name to sha256; empty where they are not known.
    """

    sha256: str
    source: str = field(default="", repr=False)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that differs, by the sha256 it had and has; empty where it was not or is not there."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """What no longer is as it was approved: a unified diff of issue.md, files, the choice of lists, the editions.

    known is False for an approval of before texts were kept: then only the hashes of the content tell.
    """

    content_sha256: str
    diff: str = ""
    files: tuple[FileChange, ...] = ()
    lists: tuple[str, ...] | None = None
    editions: tuple[str, ...] = ()
    known: bool = True


class VoidReason(StrEnum):
    """Why a submission or an approval no longer stands."""

    CHANGED = "changed"  # its content is another
    RENEWED = "renewed"  # it was submitted anew, for other lists, or with other editions
    RETURNED = "returned"  # a person sent it back
    WITHDRAWN = "withdrawn"  # who had submitted it took it back


@dataclass(frozen=True, slots=True)
class Voided:
    """The end of an approval: when, why, by whom (the program, when it noticed a change), with what words."""

    at: datetime
    reason: VoidReason | None
    by: Actor
    opinion: str = ""
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class GivenStep:
    """A step that was given."""

    name: str
    by: Actor
    opinion: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ApprovedList:
    """A list an issue was submitted for: its frozen edition, and how many readers it had then (None: not counted)."""

    name: str
    edition_id: int
    sha256: str
    recipients: int | None


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    """A submission, and what became of it; it is an approval once every step is given (`approved_at`)."""

    id: int
    issue_id: int
    content_sha256: str
    submitted_by: Actor
    submitted_at: datetime
    opinion: str
    rules: ApprovalRules
    lists: tuple[ApprovedList, ...]
    given: tuple[GivenStep, ...]
    approved_at: datetime | None
    voided: Voided | None = None

    @property
    def editions(self) -> dict[str, int]:
        """List name to the id of its frozen edition."""
        return {one.name: one.edition_id for one in self.lists}

    @property
    def approved_by(self) -> str:
        """The name of who gave the last step; empty before any was given."""
        return self.given[-1].by.name if self.given else ""

    @property
    def next_step(self) -> Step | None:
        """The step that is missing next, None when all are given."""
        return self.rules.steps[len(self.given)] if len(self.given) < len(self.rules.steps) else None


FEW = 5  # a list that grew or shrank by as many is not held, whatever part of it they are


@dataclass(frozen=True, slots=True)
class AudienceChange:
    """A list whose number of readers is not what it was when the issue was approved (or the change accepted)."""

    list_name: str
    approved: int
    counted: int

    def is_over(self, limit: float) -> bool:
        """True where a person must look: more than FEW readers, and more than this part of the list, either way."""
        change = abs(self.counted - self.approved)
        return change > FEW and change > limit * self.approved


def compare_audience(approved: Mapping[str, int], counted: Mapping[str, int]) -> tuple[AudienceChange, ...]:
    """Return the lists whose count differs; a list that was never counted does not."""
    return tuple(
        AudienceChange(name, approved[name], count)
        for name, count in counted.items()
        if name in approved and approved[name] != count
    )
