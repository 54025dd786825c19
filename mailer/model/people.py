"""People of the house: users, their roles, and which role gives which right."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class UserRole(StrEnum):
    """What a user does in the house. A user may have several; none of them holds the rights of another."""

    EDITOR = "editor"  # writes issues and submits them, keeps the contacts
    APPROVER = "approver"  # signs issues off, or returns them
    SENDER = "sender"  # plans mailings and keeps them going
    ADMIN = "admin"  # registers users and confirms what concerns the house itself; neither approves nor sends


class Right(StrEnum):
    """One kind of act. Who has no role that gives it may not do it."""

    WRITE = "write"  # an issue's text
    SUBMIT = "submit"
    PROOF = "proof"  # mail an issue to staff
    APPROVE = "approve"  # give a step of approval
    RETURN = "return"  # send a submitted or approved issue back to its author
    SEND = "send"  # plan a mailing, now or at a time
    HOLD = "hold"
    RELEASE = "release"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"
    CORRECT = "correct"  # send a correction
    SUPPRESS = "suppress"  # say that an address gets nothing, or gets mail again
    CONTACTS = "contacts"  # bring contacts in, put them on lists and take them off, correct them, export them
    TEST_RELAYS = "test_relays"  # try to log in at a relay, mail a test through it
    USERS = "users"  # register and change users
    CONFIRM = "confirm"  # say that this house may send: after a restore, a move, a clone
    SETTINGS = "settings"
    PERSONS = "persons"  # hand out or erase all that is kept of a person


ROLE_RIGHTS: dict[UserRole, frozenset[Right]] = {
    UserRole.EDITOR: frozenset({Right.WRITE, Right.SUBMIT, Right.PROOF, Right.CONTACTS}),
    UserRole.APPROVER: frozenset({Right.APPROVE, Right.RETURN, Right.PROOF}),
    UserRole.SENDER: frozenset(
        {
            Right.SEND,
            Right.PROOF,
            Right.HOLD,
            Right.RELEASE,
            Right.PAUSE,
            Right.RESUME,
            Right.CANCEL,
            Right.RETRY,
            Right.CORRECT,
            Right.SUPPRESS,
            Right.CONTACTS,
            Right.TEST_RELAYS,
        }
    ),
    UserRole.ADMIN: frozenset({Right.USERS, Right.CONFIRM, Right.SETTINGS, Right.PERSONS, Right.TEST_RELAYS}),
}


def rights_of(roles: Collection[UserRole]) -> frozenset[Right]:
    """Return the rights that these roles give together; none without a role."""
    return frozenset(right for role in roles for right in ROLE_RIGHTS[role])


@dataclass(frozen=True, slots=True)
class User:
    """A registered person of the staff. `disabled_at` None means that the person may act; nobody is ever deleted."""

    id: int
    name: str
    display_name: str
    email: str
    roles: frozenset[UserRole]
    created_at: datetime
    disabled_at: datetime | None

    @property
    def rights(self) -> frozenset[Right]:
        """What the user may do: nothing once disabled."""
        return rights_of(self.roles) if self.disabled_at is None else frozenset()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: a user by id, or a name that nobody has registered, taken at its word (user_id None).

    An empty name is somebody who gave none, which only a house without users allows.
    """

    name: str
    user_id: int | None = None


PROGRAM = Actor("(program)")  # the clock and the sender, which act by themselves; no person may be called so


def fold_name(name: str) -> str:
    """Return the form in which two spellings of one name are equal: NFKC, without case, blanks single."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())
