"""Which house a database is, what this machine remembers of it, and whether the two agree. Pure.

A restored backup or a cloned server brings its database back to an earlier moment, or has a second copy of it; it must
not send what the first has sent. So the house counts on (`generation`) in its database and in a file outside of backup
and clone, the witness.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class HouseIdentity:
    """What the database says. generation 0: no house has run it, or its first beat was cut short."""

    instance_id: str = ""
    generation: int = 0
    beat_at: datetime | None = None  # when it was last counted on
    clock_seen_at: datetime | None = None  # when the clock of a `serve` last ticked
    confirmed_by: str = ""
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the witness file says. audit_head: the newest link of the audit trail then; empty where none is kept."""

    instance_id: str
    generation: int
    written_at: datetime
    audit_head: str = ""


class Verdict(StrEnum):
    """What database and witness say together. Only the first two let a house send."""

    NEW = "new"  # neither has ever run; says nothing of what the database holds
    SAME = "same"  # the house this machine has run, as it left it or further on
    OLDER = "older"  # that house at an earlier moment: a backup was put back
    ELSEWHERE = "elsewhere"  # it has run, but not by this account, on this machine, in this folder
    OTHER = "other"  # this machine ran another copy here; the database is not the one it remembers
    FRESH = "fresh"  # this machine ran a house here, and its database is new
    REPLACED = "replaced"  # the database's file is no longer the one that this process has opened
    UNREADABLE = "unreadable"  # the witness file is there and cannot be read
    UNWRITABLE = "unwritable"  # the witness file cannot be written, so a later restore would go unnoticed

    @property
    def may_send(self) -> bool:
        """Whether a house with this verdict sends."""
        return self in (Verdict.NEW, Verdict.SAME)


def judge_identity(known: HouseIdentity, remembered: Remembered | None) -> Verdict:
    """Compare what the database says with what this machine remembers.

    remembered must have been read before `known`: the database is counted on first, so it is then never behind by
    itself, and a crash between the two writes is no mismatch. Generation 0 on one side is a first beat that was cut
    short, before anything was sent.
    """
    if remembered is None:
        return Verdict.NEW if known.generation == 0 else Verdict.ELSEWHERE
    if known.generation == 0 and remembered.generation == 0:
        return Verdict.NEW
    if not known.instance_id:
        return Verdict.FRESH
    if known.instance_id != remembered.instance_id:
        return Verdict.OTHER
    return Verdict.OLDER if known.generation < remembered.generation else Verdict.SAME


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a house sends nothing, and what a person does about it."""

    verdict: Verdict
    why: str
    cure: str


@dataclass(frozen=True, slots=True)
class IdentityReport:
    """All that is known of who a house is: what each side says, where the witness is, and why it is held, if it is."""

    known: HouseIdentity
    remembered: Remembered | None
    witness: Path
    hold: Hold | None

    @property
    def verdict(self) -> Verdict:
        """What both together say."""
        return self.hold.verdict if self.hold else judge_identity(self.known, self.remembered)


@dataclass(frozen=True, slots=True)
class Missed:
    """A date for which no clock runs: of a schedule, or of a planned mailing. seen_at: when one last ran."""

    due_at: datetime
    seen_at: datetime | None
    schedule: str = ""
    mailing_id: int = 0
