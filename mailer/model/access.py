"""How a user of the console is let in: sessions, and what became of an attempt to log in."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailer.model.people import User


class LogInOutcome(StrEnum):
    """What became of an attempt to log in."""

    DONE = "done"
    REFUSED = "refused"  # unknown name, wrong password or wrong code: which of them is never told
    CODE_NEEDED = "code_needed"  # the password is right; a code of the second factor must come with it
    LOCKED = "locked"  # too many attempts failed; nothing is looked at before `wait_s` are over


@dataclass(frozen=True, slots=True)
class LogIn:
    """The answer to an attempt. token: what the browser keeps as its cookie, only where it is done. wait_s: seconds."""

    outcome: LogInOutcome
    token: str = field(default="", repr=False)
    wait_s: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """A browser in which a user is logged in.

    csrf: what a form of this session must send (S18). network: the address it came from, as the house keeps addresses.
    agent: the browser, in its own words, cut to 200 characters.
    """

    id: int
    user: User
    csrf: str = field(repr=False)
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    network: str
    agent: str


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """A second factor about to be set up: its secret (base32) and the otpauth address that apps read from a QR code."""

    secret: str = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccessState:
    """What a user has to prove who they are: since when, None for what there is not. recovery_codes: those left."""

    password_set_at: datetime | None
    second_factor_at: datetime | None
    recovery_codes: int
