"""What staff are told of, and what became of telling them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NoticeEvent(StrEnum):
    """What a notice is about; the value is what settings and lists of addresses name."""

    OPENED = "opened"  # the folder of the next issue was made, or could not be
    REMINDER = "reminder"  # an issue is due soon and not approved
    NO_ISSUE = "no-issue"  # the time came and there was nothing to send
    HELD = "held"  # a mailing waits for a person
    FINISHED = "finished"  # a mailing has gone out
    RELAY = "relay"  # a relay asks to stop, or has rested for long
    BOUNCES = "bounces"  # more of a mailing comes back than should


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a try of a copy. worked: it was taken; over: it is not tried again, taken or not."""

    result: str
    over: bool
    worked: bool = False


@dataclass(frozen=True, slots=True)
class CopyRecord:
    """A copy of a notice. target: a mail address, or the name of a channel, which holds no @. ended_at None: waits."""

    target: str
    tried_at: datetime | None
    ended_at: datetime | None
    result: str


@dataclass(frozen=True, slots=True)
class NoticeRecord:
    """A notice as it was written, with its copies; until_at: it is news for so long."""

    id: int
    subject: str
    made_at: datetime
    until_at: datetime
    copies: tuple[CopyRecord, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """Where notices go: shown is fit to be printed, without its secrets."""

    name: str
    shown: str
    events: tuple[NoticeEvent, ...]


@dataclass(frozen=True, slots=True)
class TestedTarget:
    """What became of a test notice to a target."""

    name: str
    tried: Tried
