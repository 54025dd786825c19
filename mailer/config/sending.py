"""The tables that say how copies leave: relays, limits, retries, keys that sign."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from mailer.config.values import (
    CurableError,
    Duration,
    Limits,
    Line,
    Name,
    QuietHoursText,
    SigningDomain,
    Table,
    check_address,
)
from mailer.i18n import _
from mailer.model.tempo import Tempo, parse_quiet_hours

LONGEST_TEMPO = timedelta(days=92)


class RelayConfig(Table):
    """An SMTP server that takes our mail."""

    host: Annotated[str, Field(min_length=1, max_length=253)] = Field(description="its name")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(default=465, description="465 for tls, 587 for starttls")
    security: Literal["tls", "starttls", "none"] = Field(
        default="tls", description="tls from the start, starttls, or none; certificates are always verified"
    )
    ca_file: str = Field(default="", description="a PEM file of authorities to trust instead of the system's")
    username: Line = Field(default="", description="login; empty for none")
    password_env: str = Field(default="", description="the environment variable that holds the password")
    password_file: str = Field(default="", description="a file that holds the password, mode 0600")
    auth: Literal["password", "xoauth2"] = Field(
        default="password", description='"password", or "xoauth2": a token that token_command prints'
    )
    token_command: str = Field(
        default="", description="the command that prints an access token; run without a shell, again when it is refused"
    )
    connections: Annotated[int, Field(ge=1, le=100)] = Field(default=1, description="connections at once")
    limits: Limits = Field(
        default=(), description='how many messages in how long, in any such time: ["8/15m", "40/1d"]; empty: no limit'
    )
    lists: tuple[Name, ...] = Field(default=(), description="only these lists go through it; empty: all")
    domains: tuple[str, ...] = Field(
        default=(), description='only recipients of these domains go through it: ["qq.com", "*.gov.cn"]; empty: all'
    )
    weight: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=1, description="its share among relays that may take the same copy; 0: only when no other works"
    )
    pipelining: bool = Field(default=True, description="send commands ahead where the relay offers PIPELINING")
    receipts: Literal["all", "failures", "none"] = Field(
        default="all",
        description='delivery reports to ask for where the relay offers DSN: "all", "failures" only, or "none"',
    )
    messages_per_connection: Annotated[int, Field(ge=1)] = Field(default=50, description="then a new connection")
    timeout: Duration = Field(default=timedelta(minutes=5), description="longest wait for one reply")
    envelope: Line = Field(
        default="",
        description='envelope sender with a token, e.g. "bounce+{token}@news.example.org"; empty where the relay '
        "wants the login's own address (163, QQ)",
    )

    senders: tuple[Line, ...] = Field(
        default=(),
        description='addresses ("bulletin@zsia.example") and domains ("@zsia.example") it lets us send as; empty: the '
        "login's own address where the login is one, else any",
    )

    @model_validator(mode="after")
    def _check(self) -> "RelayConfig":
        if self.envelope:
            if self.envelope.count("{token}") != 1:
                raise CurableError(_("wrong value"), _("envelope needs {token} once"), ("envelope",))
            check_address(self.envelope.replace("{token}", "a" * 40))
        if self.auth == "xoauth2" and not (self.username and self.token_command):
            raise CurableError(_("is missing"), _("xoauth2 needs username and token_command"), ("token_command",))
        if self.username and self.security == "none":
            raise CurableError(
                _("a password is never sent in the clear"), _("set security to tls or starttls"), ("security",)
            )
        return self


class DomainConfig(Table):
    """Recipient domains that share limits of their own, such as those of one provider."""

    names: tuple[str, ...] = Field(min_length=1, description='the domains: ["qq.com", "foxmail.com"]')
    limits: Limits = Field(default=(), description='how many messages in how long, over all relays: ["200/1h"]')
    connections: Annotated[int, Field(ge=0, le=100)] = Field(
        default=0, description="how many messages at once may be under way to them; 0: no limit"
    )

    @field_validator("names")
    @classmethod
    def _lower(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one.strip().lower().removeprefix("@") for one in value)


class RetryConfig(Table):
    """When a deferred copy is tried again."""

    give_up_after: Duration = Field(default=timedelta(hours=48), description="then the copy is expired")
    scale: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="shrinks every wait, give_up_after too; for rehearsals"
    )
    on_uncertain: Literal["resend", "ask"] = Field(
        default="resend",
        description="when a relay never answered the final dot: send again after 10 minutes, twice at most, or ask",
    )


class TempoConfig(Table):
    """How a mailing keeps time, unless `mailer send` says otherwise; fixed for each when it is planned."""

    quiet_hours: QuietHoursText = Field(
        default="",
        description='when nothing is sent, by the newsletter\'s clocks: "22:00-07:00"; empty: always sent',
    )
    pause_between_lists: Annotated[Duration, Field(le=LONGEST_TEMPO)] = Field(
        default=timedelta(),
        description="how long to wait after the last copy of a list (报 goes first) before the next list begins",
    )
    spread: Annotated[Duration, Field(le=LONGEST_TEMPO)] = Field(
        default=timedelta(),
        description="over how long the copies of a mailing are spread evenly; 0s: as fast as the limits let them",
    )

    def tempo(self, zone: str) -> Tempo:
        """Return it as a mailing keeps it, its clocks those of this zone."""
        quiet = parse_quiet_hours(self.quiet_hours, zone) if self.quiet_hours else None
        return Tempo(self.pause_between_lists, self.spread, quiet)


class DkimConfig(Table):
    """A key that signs what is sent (two at most); NAME is its selector, and `mailer dkim create NAME` makes it."""

    key_file: Annotated[str, Field(min_length=1)] = Field(
        description="the private key: PKCS #8 in PEM, mode 0600, from the newsletter folder"
    )
    domain: SigningDomain = Field(
        default="",
        description="d=, the sender's domain or one above it; empty: the sender's; never a provider's (163, QQ)",
    )
