"""What a sender works with, besides the database."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from mailer.config import DomainConfig, RelayConfig
from mailer.mail.credentials import Credentials
from mailer.mail.message import Letterhead
from mailer.mail.replies import ReplyRules
from mailer.sending.retry import RetryPolicy
from mailer.tokens import HouseSecret

if TYPE_CHECKING:
    from mailer.mail.dkim import Signer


@dataclass(frozen=True, slots=True)
class RelayAccess:
    """A relay and what its login is proved with."""

    config: RelayConfig
    credentials: Credentials


@dataclass(frozen=True)
class SendingSettings:
    """The relays, limits, policy and letterheads (by list name) of a house. dice gives numbers in [0, 1).

    rules say what replies mean (None: the program's own); signers sign every message.
    """

    secret: HouseSecret
    relays: Mapping[str, RelayAccess]
    policy: RetryPolicy
    letterheads: Mapping[str, Letterhead]
    now: Callable[[], datetime]
    domains: Mapping[str, DomainConfig] = field(default_factory=dict)
    signers: "Sequence[Signer]" = ()
    rules: ReplyRules | None = None
    dice: Callable[[], float] = field(default=random.random)
