"""A log-in to a relay that was tried by itself: each step with what the relay said, and what it offers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailer.i18n import N_, _
from mailer.model.outcome import ReplyClass


class TrialStepKind(StrEnum):
    """A step on the way into a relay."""

    CONNECT = "connect"
    TLS = "tls"  # the handshake, with the certificate verified
    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class TrialStep:
    """One step. said: the relay's words, or ours on what happened; never a secret."""

    kind: TrialStepKind
    good: bool
    said: str = ""


@dataclass(frozen=True, slots=True)
class LogInTrial:
    """A trial. The last step but QUIT is the one that failed, where one did; reply_class and summary say why then.

    offers: what EHLO said, keyword and parameters. tls_version and certificate_until are empty without TLS.
    """

    steps: tuple[TrialStep, ...]
    offers: tuple[tuple[str, str], ...] = ()
    tls_version: str = ""
    certificate_until: datetime | None = None
    logged_in: bool = False
    reply_class: ReplyClass | None = None
    summary: str = ""

    @property
    def good(self) -> bool:
        """Every step went well."""
        return self.reply_class is None

    @property
    def failed_at(self) -> TrialStepKind | None:
        """The step that failed."""
        return next((one.kind for one in self.steps if not one.good), None)


STEP_WORDS: dict[TrialStepKind, str] = {
    TrialStepKind.CONNECT: N_("Connection"),
    TrialStepKind.TLS: N_("TLS, certificate verified"),
    TrialStepKind.BANNER: N_("Greeting"),
    TrialStepKind.EHLO: N_("EHLO"),
    TrialStepKind.STARTTLS: N_("STARTTLS"),
    TrialStepKind.AUTH: N_("Log-in"),
    TrialStepKind.QUIT: N_("Goodbye"),
}
_CURES: dict[TrialStepKind, str] = {
    TrialStepKind.CONNECT: N_(
        "See host and port in [relays.{name}]: 465 for tls, 587 for starttls; many networks close 25. A firewall may "
        "stand between."
    ),
    TrialStepKind.TLS: N_(
        "See that host in [relays.{name}] is the name in the certificate, that security fits the port (465 tls, 587 "
        "starttls), and that this machine’s clock is right; for an authority of your own set ca_file."
    ),
    TrialStepKind.BANNER: N_(
        "The relay does not want to talk to this machine now: wait, or ask who runs it to let its address in."
    ),
    TrialStepKind.EHLO: N_("The relay refuses this machine: ask who runs it to let its address in."),
    TrialStepKind.STARTTLS: N_(
        'See that port in [relays.{name}] is 587, or use security = "tls" with port 465 where the provider has it.'
    ),
    TrialStepKind.AUTH: N_(
        "See username and password of [relays.{name}]; 163 and QQ want the 授权码 from the mailbox’s settings, not the "
        "password, and must have SMTP switched on."
    ),
    TrialStepKind.QUIT: N_("The connection was lost after the log-in; try again."),
}


def say_trial_cure(trial: LogInTrial, name: str) -> str:
    """Return what to do about a step that failed; empty where none did. name: of the relay."""
    failed = trial.failed_at
    return _(_CURES[failed]).format(name=name) if failed is not None else ""
