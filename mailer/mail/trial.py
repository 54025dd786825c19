"""Tries a relay's log-in by itself, as a message would be brought to it, and tells each step."""

import base64
import binascii
import ssl
from datetime import UTC, datetime

from mailer.config import RelayConfig
from mailer.mail.credentials import Credentials
from mailer.mail.dialogue import BrokenDialogueError, Dialogue, Patience
from mailer.mail.opening import Offers, connect, open_dialogue, read_offers
from mailer.mail.replies import ReplyRules
from mailer.mail.wire import Wire
from mailer.model.outcome import Phase, RelayFailure, Reply
from mailer.model.relay_trial import LogInTrial, TrialStep, TrialStepKind

LONGEST_S = 20.0  # for one reply: a person waits
HIDDEN = "••••"
_KINDS = {
    Phase.CONNECT: TrialStepKind.CONNECT,
    Phase.BANNER: TrialStepKind.BANNER,
    Phase.EHLO: TrialStepKind.EHLO,
    Phase.STARTTLS: TrialStepKind.STARTTLS,
    Phase.AUTH: TrialStepKind.AUTH,
}


async def try_log_in(relay: RelayConfig, credentials: Credentials, rules: ReplyRules | None = None) -> LogInTrial:
    """Connect, encrypt, greet, log in and say goodbye; no mail is named. Raises nothing of its own.

    What the relay says is told without any secret, also where it repeats one.
    """
    limit = min(LONGEST_S, relay.timeout.total_seconds())
    patience = Patience(connect_s=min(LONGEST_S, Patience().connect_s), command_s=limit)
    try:
        wire = await connect(relay, patience)
    except BrokenDialogueError as error:
        return _fail((), {}, None, error.failure, TrialStepKind.CONNECT)
    dialogue = _WatchedDialogue(wire, patience, relay, rules)
    try:
        offers = await open_dialogue(relay, credentials, dialogue)
    except BrokenDialogueError as error:
        kind = _KINDS[error.failure.reply.phase]
        if not error.failure.reply.code and relay.security != "none" and not wire.encrypted and dialogue.wants_tls:
            kind = TrialStepKind.TLS
        return _fail(dialogue.told(), dialogue.offers, wire, dialogue.hide(error.failure), kind)
    else:
        steps, offered = dialogue.told(), tuple(sorted(offers.items()))
        try:
            bye = await dialogue.ask("QUIT", Phase.DOT, patience.quit_s)
        except BrokenDialogueError as error:
            bye = error.failure.reply  # whoever hangs up at QUIT has heard it
        version, until = _read_tls(wire)
        steps = (*steps, TrialStep(TrialStepKind.QUIT, good=True, said=str(bye)))
        return LogInTrial(steps, offered, version, until, logged_in=bool(relay.username))
    finally:
        wire.close()


def _fail(
    steps: tuple[TrialStep, ...], offers: Offers, wire: Wire | None, failure: RelayFailure, kind: TrialStepKind
) -> LogInTrial:
    version, until = _read_tls(wire) if wire is not None else ("", None)
    # the reply that refused is told as the step that failed
    kept = steps[:-1] if failure.reply.code and steps and steps[-1].kind is kind else steps
    return LogInTrial(
        (*kept, TrialStep(kind, good=False, said=str(failure.reply))),
        tuple(sorted(offers.items())),
        version,
        until,
        reply_class=failure.meaning.reply_class,
        summary=failure.meaning.summary,
    )


def _read_tls(wire: Wire) -> tuple[str, datetime | None]:
    if wire.tls is None:
        return "", None
    certificate = wire.tls.getpeercert() or {}
    ends = certificate.get("notAfter")
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if isinstance(ends, str) else None
    return wire.tls.version() or "", until


class _WatchedDialogue(Dialogue):
    """A dialogue that keeps what was said in each step, without the secrets that we said."""

    def __init__(self, wire: Wire, patience: Patience, relay: RelayConfig, rules: ReplyRules | None) -> None:
        super().__init__(wire, patience, rules)
        self._relay = relay
        self._steps = [TrialStep(TrialStepKind.CONNECT, good=True, said=f"{relay.host}:{relay.port}")]
        self._secrets: set[str] = set()
        self.offers: Offers = {}

    @property
    def wants_tls(self) -> bool:
        """TLS is what comes next."""
        last = self._steps[-1].kind
        return last is (TrialStepKind.CONNECT if self._relay.security == "tls" else TrialStepKind.STARTTLS)

    def told(self) -> tuple[TrialStep, ...]:
        """Return the steps so far; of several replies in one the last."""
        self._note_tls()
        kept: list[TrialStep] = []
        for one in self._steps:
            if kept and kept[-1].kind is one.kind:
                kept.pop()
            kept.append(one)
        return tuple(kept)

    async def ask(self, line: str, phase: Phase, seconds: float | None = None) -> Reply:
        """Send a command as any dialogue does; what is said in a log-in is remembered, to be hidden."""
        if phase is Phase.AUTH:
            self._secrets |= _secrets_in(line, self._relay.username)
        return await super().ask(line, phase, seconds)

    async def turn(self, octets: bytes, phase: Phase, seconds: float | None) -> Reply:
        """Take the next reply as any dialogue does, and keep it."""
        reply = await super().turn(octets, phase, seconds)
        self._note_tls()
        if phase in _KINDS:
            self._steps.append(TrialStep(_KINDS[phase], good=True, said=self._hide(str(reply))))
        if phase is Phase.EHLO:
            self.offers = read_offers(self.lines)
        return reply

    def hide(self, failure: RelayFailure) -> RelayFailure:
        """Return a failure without the secrets that we said."""
        reply = failure.reply
        return RelayFailure(Reply(reply.code, reply.enhanced, self._hide(reply.text), reply.phase), failure.meaning)

    def _note_tls(self) -> None:
        if self.wire.encrypted and not any(one.kind is TrialStepKind.TLS for one in self._steps):
            self._steps.append(TrialStep(TrialStepKind.TLS, good=True, said=_read_tls(self.wire)[0]))

    def _hide(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text


def _secrets_in(line: str, username: str) -> set[str]:
    """Return what a line of AUTH holds that nobody may see: as it was said, and as it was meant."""
    said = line.rpartition(" ")[2]
    if said in ("PLAIN", "LOGIN", "XOAUTH2", ""):
        return set()
    found = {said}
    try:
        meant = base64.b64decode(said, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return found
    pieces = meant.replace("\1", "\0").split("\0")
    words = {one.removeprefix("auth=Bearer ").removeprefix("user=") for one in pieces}
    return found | {one for one in words if one and one != username}
