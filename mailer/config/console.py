"""The tables on the console: where it listens, how long a log-in lasts, and who else may vouch for its users."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from mailer.config.values import CurableError, Line, PublicUrl, Table
from mailer.i18n import _


def _check_issuer(value: str) -> str:
    # OpenID Connect Discovery 1.0 §2: an issuer is an https address without query and fragment
    if not re.fullmatch(r"(https://[A-Za-z0-9.\-\[\]:]+|http://(127\.0\.0\.1|localhost)(:\d+)?)(/[^\s?#]*)?", value):
        raise CurableError(
            _("wrong value"), _("write the provider's issuer as it writes it, such as https://login.example.org")
        )
    return value


Issuer = Annotated[str, AfterValidator(_check_issuer)]


class OidcConfig(Table):
    """A provider of OpenID Connect that users may log in with; their e-mail there must be the one they have here."""

    issuer: Issuer = Field(description="as the provider writes it; its discovery document is looked up there")
    client_id: Annotated[Line, Field(min_length=1)] = Field(description="what the provider calls this console")
    client_secret_env: str = Field(default="", description="the environment variable that holds the client's secret")
    client_secret_file: str = Field(
        default="", description="a file with the secret, mode 0600; neither: a client without one"
    )
    name: Line = Field(default="OpenID Connect", description="what the button to log in calls the provider")


class ConsoleConfig(Table):
    """The console for staff, run by `serve`."""

    host: str = Field(default="127.0.0.1", description="the address to listen on; put a TLS proxy before it")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(default=8026, description="the port to listen on")
    url: PublicUrl = Field(
        default="",
        description="the address staff open the console at, such as https://bulletin.example; with https its cookies "
        "go over TLS only",
    )
    session_idle_h: Annotated[int, Field(ge=1, le=168)] = Field(
        default=12, description="hours without a request after which a user must log in again"
    )
    session_days: Annotated[int, Field(ge=1, le=90)] = Field(
        default=14, description="days after which a user must log in again whatever they do"
    )
    minimum_password: Annotated[int, Field(ge=8, le=64)] = Field(
        default=10, description="characters that a new password must have"
    )
    oidc: OidcConfig | None = Field(default=None, description="a provider of OpenID Connect; none: passwords only")

    @model_validator(mode="after")
    def _check_oidc(self) -> "ConsoleConfig":
        if self.oidc is not None and not self.url:
            raise CurableError(
                _("a provider sends users back to console.url, which is empty"),
                _("set url in [console], or take [console.oidc] out"),
                ("url",),
            )
        return self

    @property
    def idle(self) -> timedelta:
        """How long a session lasts without a request."""
        return timedelta(hours=self.session_idle_h)

    @property
    def longest(self) -> timedelta:
        """How long a session lasts at all."""
        return timedelta(days=self.session_days)
