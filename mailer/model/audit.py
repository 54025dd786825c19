"""The audit trail: who did what to what, each entry chained to the one before by its hash."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from mailer.model.people import Actor

NO_HASH = "0" * 64  # what stands before the first entry
SHORTEST_HEAD = 16  # characters of a hash that was noted


class Act(StrEnum):
    """What was done; the value is what the trail holds, so it never changes."""

    WRITE = "write"  # an issue's text or files were changed in the console
    SUBMIT = "submit"
    APPROVE = "approve"  # one step of approval
    RETURN = "return"
    WITHDRAW = "withdraw"  # who had submitted an issue took it back before it was approved
    DISCARD = "discard"  # a draft that was never submitted was laid aside
    VOID = "void"  # the program noticed that an approval no longer holds
    SCHEDULE = "schedule"  # a mailing was planned
    RESCHEDULE = "reschedule"  # it was given another time or tempo
    START = "start"  # its audience was frozen
    HOLD = "hold"
    RELEASE = "release"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    FINISH = "finish"
    REOPEN = "reopen"  # a finished mailing runs again
    SEND_AGAIN = "send_again"
    CORRECT = "correct"
    PROOF = "proof"
    ACCEPT_AUDIENCE = "accept_audience"  # a person accepted that lists have changed since the approval
    ADD_USER = "add_user"
    CHANGE_USER = "change_user"
    DISABLE_USER = "disable_user"
    ENABLE_USER = "enable_user"
    SUPPRESS = "suppress"  # a person entered that an address gets nothing
    LIFT = "lift"  # a person let an address get mail again
    CLOSE_RETURNED = "close_returned"  # a person has dealt with a mail that came back
    TIE_RETURNED = "tie_returned"  # a person said which copy a mail that came back is about, and what it means
    REOPEN_RETURNED = "reopen_returned"  # that was taken back
    IMPORT_CONTACTS = "import_contacts"
    UNDO_IMPORT = "undo_import"
    SYNC_LIST = "sync_list"  # a list was made to follow its sheet, which had changed
    EXPORT_CONTACTS = "export_contacts"
    CONFIRM = "confirm"  # a person said that this house may send
    TEST_NOTICES = "test_notices"  # to every target of the notices to staff
    JOIN = "join"  # staff put a reader on a list
    INVITE = "invite"  # staff had a reader asked by mail to confirm
    TEST_RELAY = "test_relay"  # a log-in by itself, or a test mail
    LEAVE = "leave"  # staff took a reader off a list
    CHANGE_CONTACT = "change_contact"
    EXPORT_PERSON = "export_person"  # all that is kept of a person was handed out
    ERASE_PERSON = "erase_person"
    ADD_TOKEN = "add_token"  # noqa: S105 - a program may act for a user over the API
    REVOKE_TOKEN = "revoke_token"  # noqa: S105 - the act
    SET_PASSWORD = "set_password"  # noqa: S105 - the act, no password
    END_SESSIONS = "end_sessions"  # all browsers in which a user was logged in were logged out
    SET_SECOND_FACTOR = "set_second_factor"
    END_SECOND_FACTOR = "end_second_factor"
    USE_RECOVERY_CODE = "use_recovery_code"  # instead of the second factor
    LOCK_OUT = "lock_out"  # so many attempts to log in as a user failed that for a while none is looked at
    BIND_IDENTITY = "bind_identity"  # a user came in from a provider of OpenID Connect for the first time
    RETAIN = "retain"  # what is older than the settings keep was cleared


class Subject(NamedTuple):
    """What was acted on, by its kind and what it is called.

    "issue", "list" and "relay" with their name, "mailing", "user", "import" and "returned" (mail) with their number,
    "address" with its HMAC, "house" with nothing.
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry, as it was hashed. at: UTC as ISO 8601. details: canonical JSON; of readers ids and HMACs only."""

    id: int
    at: str
    actor: Actor
    act: str
    subject: Subject
    details: str
    previous_sha256: str
    sha256: str


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The newest entry: whoever keeps its hash elsewhere can tell later that nothing before it was taken away."""

    id: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.id}:{self.sha256}"


def parse_head(text: str) -> AuditHead | None:
    """Return the head that a text such as 12:9f86d0… means, None where there is none."""
    number, _colon, sha256 = text.partition(":")
    return AuditHead(int(number), sha256) if number.isdecimal() and sha256 else None


class AuditFault(StrEnum):
    """What is wrong with an entry."""

    CHANGED = "changed"  # its hash is not that of what it holds
    BROKEN = "broken"  # it does not follow the entry before: some were removed, inserted or put in another order


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """What a walk over the trail found. count: entries that are whole, up to the first that is not.

    head: the last of those; fault_at: the number of the first that is not, with its fault. noted: whether the head
    noted earlier is part of the chain, None where none was given; remembered: the same of the one
    that this machine keeps.
    """

    count: int
    head: AuditHead | None
    fault: AuditFault | None
    fault_at: int | None
    noted: bool | None
    remembered: bool | None = None

    @property
    def whole(self) -> bool:
        """Nothing is wrong, as far as can be told."""
        return self.fault is None and self.noted is not False and self.remembered is not False
