"""What became of one attempt: the relay's reply, what it means, and the outcome."""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """The step of the SMTP dialogue (RFC 5321 §3) in which a reply came or the connection was lost."""

    CONNECT = "connect"
    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"  # the message is on the wire, its final dot is not
    DOT = "dot"  # the final dot was written


class ReplyClass(StrEnum):
    """What a reply is about. Only `gone` and `inactive` say something lasting of the address itself."""

    GONE = "gone"  # no such mailbox
    INACTIVE = "inactive"  # the mailbox exists but is closed or frozen
    FULL = "full"  # over quota; not a dead address
    TEMPORARY = "temporary"  # try again later, no more is known
    GREYLISTED = "greylisted"  # try again in minutes, on purpose
    RATE_RECIPIENT = "rate_recipient"  # this mailbox gets too much just now
    RATE_DOMAIN = "rate_domain"  # this domain takes no more from us just now
    RATE_CONNECTION = "rate_connection"  # this connection has done enough
    RATE_ACCOUNT = "rate_account"  # our account or address at the relay is over a quota
    CONTENT = "content"  # the message is taken for spam, or is too large
    IP_POLICY = "ip_policy"  # the address we send from is not welcome
    SENDER_POLICY = "sender_policy"  # our sender address or domain is not welcome (SPF, DMARC, rights)
    AUTH = "auth"  # login refused or missing
    CONFIG = "config"  # our settings do not fit this relay
    PROTOCOL = "protocol"  # one of the two sides does not keep to SMTP
    OPT_OUT = "opt_out"  # the reader has told the provider to refuse us
    UNKNOWN = "unknown"  # nothing recognised

    @property
    def hard(self) -> bool:
        """True when the address itself is dead or closed."""
        return self in (ReplyClass.GONE, ReplyClass.INACTIVE)


class Action(StrEnum):
    """What the sender does after a reply. `suppress_after` counts issues in Meaning.after_issues."""

    NONE = "none"  # accepted
    SUPPRESS = "suppress"
    SUPPRESS_AFTER = "suppress_after"
    RETRY = "retry"
    RECONNECT = "reconnect"
    SLOW_DOMAIN = "slow_domain"
    PAUSE_RELAY = "pause_relay"
    STOP_AND_ASK = "stop_and_ask"


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply. code is 0 when none came; enhanced is RFC 3463's x.y.z or empty; text is decoded and capped."""

    code: int
    enhanced: str
    text: str
    phase: Phase

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code) if self.code else "", self.enhanced, self.text) if part)


# the first wait of a class, in seconds, where neither the reply nor a rule names one; each further one doubles
FIRST_WAITS_S: dict[ReplyClass, int] = {
    ReplyClass.GREYLISTED: 300,
    ReplyClass.TEMPORARY: 300,
    ReplyClass.RATE_CONNECTION: 60,
    ReplyClass.RATE_RECIPIENT: 3600,
    ReplyClass.RATE_DOMAIN: 1800,
    ReplyClass.RATE_ACCOUNT: 900,
    ReplyClass.FULL: 3600,
}
OTHER_FIRST_WAIT_S = 900
_WAITING = frozenset({Action.RETRY, Action.RECONNECT, Action.SLOW_DOMAIN, Action.PAUSE_RELAY})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reply means. permanent: trying this recipient again is of no use. retry_after_s: 0 where no wait is known.

    rule names the row that matched, or "default"; summary is an English msgid for gettext, or an operator's sentence.
    """

    reply_class: ReplyClass
    action: Action
    permanent: bool
    retry_after_s: int = 0
    after_issues: int = 0
    rule: str = "default"
    summary: str = ""

    @property
    def first_wait_s(self) -> int:
        """How long to wait before the first further try: as the reply or its rule asks, else as usual for the class.

        0 where nothing is tried again by itself.
        """
        tried = self.action in _WAITING or (self.action is Action.SUPPRESS_AFTER and not self.permanent)
        return (self.retry_after_s or FIRST_WAITS_S.get(self.reply_class, OTHER_FIRST_WAIT_S)) if tried else 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """The relay took responsibility: 2yz to the final dot. Not a promise that it reached the reader."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not taken now, and by its meaning worth another try."""

    reply: Reply
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Refused:
    """Not taken, and by its meaning of no use to try again."""

    reply: Reply
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The final dot was written and no reply came: the relay may or may not have taken it."""

    reply: Reply


Outcome = Accepted | Deferred | Refused | Uncertain


@dataclass(frozen=True, slots=True)
class RelayFailure:
    """The relay or our settings failed, not the recipient: connect, banner, EHLO, STARTTLS, AUTH, MAIL FROM.

    The delivery goes back to pending untouched. A reply with code 0 holds the reason in its text.
    """

    reply: Reply
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Withheld:
    """The dot's commit was denied (paused, cancelled, suppressed, lease lost): the message was not handed over."""


SendResult = Outcome | RelayFailure | Withheld
