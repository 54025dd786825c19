"""The tables that say where returned mail is found, what becomes of addresses, and which providers report to us."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mailer.config.values import CurableError, Duration, Line, OptionalAddress, Table, check_address
from mailer.i18n import _

LONGEST_POLL = timedelta(days=1)
LONGEST_LOOK_BACK = timedelta(days=366)


class BouncesConfig(Table):
    """Where returned mail is found: a Maildir, an IMAP mailbox, or both."""

    maildir: str = Field(default="", description="a Maildir that the envelope sender's mail is delivered to")
    imap_host: Annotated[str, Field(max_length=253)] = Field(
        default="", description="the IMAP server of the envelope sender's mailbox; empty: none is asked"
    )
    imap_port: Annotated[int, Field(ge=1, le=65535)] = Field(default=993, description="993 for tls, 143 for starttls")
    imap_security: Literal["tls", "starttls"] = Field(
        default="tls", description="tls from the start, or starttls; certificates are always verified"
    )
    imap_ca_file: str = Field(default="", description="a PEM file of authorities to trust instead of the system's")
    imap_username: Line = Field(default="", description="login")
    imap_password_env: str = Field(
        default="", description="the environment variable that holds the password (of 163 and QQ: the 授权码)"
    )
    imap_password_file: str = Field(default="", description="a file that holds the password, mode 0600")
    folder: Line = Field(default="INBOX", description="the folder to read; its name may be Chinese")
    done_folder: Line = Field(
        default="",
        description="where mail goes that was understood, made if need be; empty: it stays, marked as seen. What was "
        "not understood is never touched",
    )
    poll_every: Annotated[Duration, Field(ge=timedelta(seconds=10), le=LONGEST_POLL)] = Field(
        default=timedelta(minutes=10), description="how often `mailer serve` looks for mail"
    )
    idle: bool = Field(default=True, description="let the server say when mail comes, where it offers IDLE")
    look_back: Annotated[Duration, Field(le=LONGEST_LOOK_BACK)] = Field(
        default=timedelta(days=60), description="how old mail may be that is read when a mailbox is first looked at"
    )
    forward_answers_to: OptionalAddress = Field(
        default="", description="who gets the answers that people write; empty: `mailer bounces list --answers`"
    )
    probable_within: Duration = Field(
        default=timedelta(days=7),
        description="how long after a copy a bounce that names nothing but its address may be about it; 0s: never",
    )
    own_postmasters: tuple[Line, ...] = Field(
        default=(),
        description="postmasters of the relay whose word on a copy is enough, in its own mailbox only, such as "
        '["postmaster@163.com"]; only where the provider lets nobody else write in their name',
    )

    @model_validator(mode="after")
    def _check(self) -> "BouncesConfig":
        if self.imap_host and not self.imap_username:
            raise CurableError(_("is missing"), _("imap_host needs imap_username"), ("imap_username",))
        for address in self.own_postmasters:
            check_address(address)
        if self.done_folder and self.done_folder == self.folder:
            raise CurableError(_("wrong value"), _("name another folder than `folder`"), ("done_folder",))
        return self


class SuppressionConfig(Table):
    """When an address gets nothing any more. A refusal that is about us, not about the reader, never counts."""

    hard_after: Annotated[int, Field(ge=1, le=12)] = Field(
        default=1, description="after bounces of so many issues in a row that say the address is dead; 1: at once"
    )
    soft_bounces: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=3, description="after so many other bounces in a row ..."
    )
    soft_issues: Annotated[int, Field(ge=1, le=100)] = Field(
        default=3, description="... over at least so many issues; one that comes without a bounce starts the count anew"
    )
    complaints: bool = Field(default=True, description="whether a complaint suppresses the address")


class WebhookConfig(Table):
    """A provider that reports by HTTP to public_url/hooks/NAME."""

    provider: Literal["amazon_ses", "sendcloud"] = Field(description='"amazon_ses" (through SNS) or "sendcloud"')
    topics: tuple[Line, ...] = Field(
        default=(), description="of Amazon SES: the ARNs of the SNS topics that may report; no other is listened to"
    )
    key_env: str = Field(default="", description="of SendCloud: the environment variable that holds the APP KEY")
    key_file: str = Field(default="", description="of SendCloud: a file that holds the APP KEY, mode 0600")

    @model_validator(mode="after")
    def _check(self) -> "WebhookConfig":
        if self.provider == "amazon_ses" and not self.topics:
            raise CurableError(_("is missing"), _("amazon_ses needs topics"), ("topics",))
        if self.provider == "sendcloud" and not (self.key_env or self.key_file):
            raise CurableError(_("is missing"), _("sendcloud needs key_env or key_file"), ("key_file",))
        return self
