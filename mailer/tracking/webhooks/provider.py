"""What every provider's webhook is to us."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mailer.config import WebhookConfig
from mailer.mail.replies import ReplyRules
from mailer.model.report import Report

MAX_BODY = 256 * 1024  # octets: the most that SNS sends
AHEAD = timedelta(minutes=5)  # how far a provider's clock may be before ours

# gets what lies at an https address, of a host that the caller has checked; raises OSError
Fetch = Callable[[str], bytes]


class HookRefusedError(Exception):
    """What came is not from the provider, too old, or not what it says; `why` is for the log."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class HookCall:
    """What came: the body as it came, the key that the settings name (empty without one), and when."""

    body: bytes
    config: WebhookConfig
    key: str
    now: datetime
    fetch: Fetch
    rules: ReplyRules


@dataclass(frozen=True, slots=True)
class HookReport:
    """A report on one recipient, and when that happened."""

    report: Report
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class HookMessage:
    """What a call said, its signature checked.

    name is the provider's own of it, by which it counts once. confirm: an address to fetch, by which we say that
    we want such calls.
    """

    name: str
    reports: tuple[HookReport, ...] = ()
    confirm: str = ""


class Provider(Protocol):
    """One provider."""

    window: timedelta  # how old a call may be

    def read(self, call: HookCall) -> HookMessage:
        """Return what a call says. Raises HookRefusedError for one that is not the provider's own, or too old."""
