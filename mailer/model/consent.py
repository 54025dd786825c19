"""Consent of readers: by whose leave somebody is on a list, as the consent log keeps it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum

from mailer.i18n import N_
from mailer.model.people import PROGRAM, Actor


class ConsentAct(StrEnum):
    """What became of a subscription; the value is what the log holds, so it never changes."""

    JOINED = "joined"  # put on the list: by its sheet, or by staff
    CONFIRMED = "confirmed"  # by the reader's own link: a double opt-in, or the preferences
    RETURNED = "returned"  # on the list again: by the sheet that had dropped it, or as staff took a leaving back
    DROPPED = "dropped"  # no longer in the sheet, or its import undone; the reader has said nothing
    LEFT = "left"  # the reader left, or had staff do it


class Basis(StrEnum):
    """By which right we write to somebody (PIPL §13, GDPR §6)."""

    SHEET = "sheet"  # the office's list: a member, or a body the office reports to
    CONSENT = "consent"  # asked for in writing or by word; the source says where
    OPT_IN = "double opt-in"  # asked for and confirmed by the reader's own link
    CONTRACT = "contract"
    DUTY = "legal duty"
    PUBLIC = "public data"  # an address that its owner has published for this


class JoinState(Enum):
    """How a link to confirm stands, and whoever follows it."""

    OFFERED = "offered"  # nobody has followed it yet
    JOINED = "joined"  # it was followed just now
    ON = "on"  # it was followed before, and the address is on what it asked for
    LEFT = "left"  # it was followed before, and the address is on none of its lists any more
    NO_MORE = "no more"  # the address has asked for no more mail, or to be erased, since it was followed
    STOPPED = "stopped"  # the address gets nothing, for a reason that only the office can lift
    CLOSED = "closed"  # nobody joins its lists by a link any more


class LeaveReason(StrEnum):
    """Why a reader left, as they chose to say; the value is a sentence of ours, kept with the event."""

    OFTEN = N_("it comes too often")
    CONTENT = N_("the content does not concern me")
    UNASKED = N_("I never asked for it")
    ELSEWHERE = N_("I get it at another address, or read it on the web")
    OTHER = N_("another reason")


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why a subscription begins or ends: basis, source, the version of the words agreed to, and who did it."""

    basis: str
    source: str
    text_version: str = ""
    by: Actor = PROGRAM
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One line of the consent log. by: a name, or a registered user's; empty for the program or the reader."""

    list_name: str
    what: ConsentAct
    basis: str
    source: str
    by: str
    text_version: str
    detail: str
    at: datetime
