"""Command and reply with one deadline for the pair; what breaks the dialogue ends it as a RelayFailure."""

import asyncio
from dataclasses import dataclass

from mailer.i18n import N_, _
from mailer.mail.replies import ReplyRules
from mailer.mail.reply_lines import MalformedReplyError, decode_text, make_reply
from mailer.mail.wire import LostConnectionError, Wire
from mailer.model.outcome import Action, Meaning, Phase, RelayFailure, Reply, ReplyClass

SLOWEST = 16384  # octets a second that a body may crawl at
_MID_MESSAGE = frozenset({Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BODY, Phase.DOT})
_SUMMARIES = {
    ReplyClass.TEMPORARY: N_("The relay could not be reached, or the connection to it was lost."),
    ReplyClass.PROTOCOL: N_("The relay does not keep to SMTP."),
    ReplyClass.CONFIG: N_("Our settings do not fit this relay."),
    ReplyClass.AUTH: N_("The login was refused, or one is wanted."),
}


@dataclass(frozen=True, slots=True)
class Patience:
    """Longest waits in seconds: to connect, for a command with its reply, for the reply to the final dot, for QUIT."""

    connect_s: float = 30.0
    command_s: float = 300.0  # RFC 5321 §4.5.3.2
    dot_s: float = 600.0  # RFC 5321 §4.5.3.2.6: a shorter one makes doubles
    quit_s: float = 5.0


class BrokenDialogueError(Exception):
    """This connection is of no further use; `failure` says why."""

    def __init__(self, failure: RelayFailure) -> None:
        super().__init__(str(failure.reply))
        self.failure = failure


def broken(phase: Phase, text: str, reply_class: ReplyClass = ReplyClass.TEMPORARY) -> BrokenDialogueError:
    """Return the error for a connection that failed in this phase, by loss, timeout or bad manners."""
    if reply_class in (ReplyClass.CONFIG, ReplyClass.AUTH):
        action, wait = Action.STOP_AND_ASK, 0
    elif phase in _MID_MESSAGE:
        action, wait = Action.RECONNECT, 0
    else:
        action, wait = Action.PAUSE_RELAY, 60
    meaning = Meaning(reply_class, action, permanent=False, retry_after_s=wait, summary=_SUMMARIES[reply_class])
    return BrokenDialogueError(RelayFailure(Reply(0, "", text, phase), meaning))


def _malformed(phase: Phase, error: MalformedReplyError) -> BrokenDialogueError:
    text = decode_text(_("not an SMTP reply: “{text}”").format(text=error.text).encode())
    return broken(phase, text, ReplyClass.PROTOCOL)


class Dialogue:
    """The two sides' turns on one wire. `lines` holds the last reply as it came; `rules` say what replies mean."""

    def __init__(self, wire: Wire, patience: Patience, rules: ReplyRules | None = None) -> None:
        self.wire = wire
        self.rules = rules
        self.patience = patience
        self.lines: list[bytes] = []

    async def ask(self, line: str, phase: Phase, seconds: float | None = None) -> Reply:
        """Send one command line and return its reply, all within `seconds`; raises BrokenDialogueError."""
        if "\r" in line or "\n" in line:
            raise ValueError("a command is one line")
        if self.wire.unread:
            return await self.farewell(phase)
        return await self.turn(f"{line}\r\n".encode(), phase, seconds)

    async def farewell(self, phase: Phase) -> Reply:
        """Read what was said before it was asked: only a 421 may stand for an answer, or all replies would be one off.

        Raises BrokenDialogueError for anything else.
        """
        reply = await self.turn(b"", phase, None)
        if reply.code == 421:
            return reply
        raise broken(phase, _("a reply to nothing: “{text}”").format(text=reply), ReplyClass.PROTOCOL)

    def write(self, octets: bytes, phase: Phase) -> None:
        """Put commands on the wire whose replies are read later (RFC 2920); raises BrokenDialogueError."""
        try:
            self.wire.write(octets)
        except LostConnectionError as error:
            raise broken(phase, error.text) from None

    async def read(self, phase: Phase, seconds: float | None = None) -> Reply:
        """Return the next reply; raises BrokenDialogueError."""
        return await self.turn(b"", phase, seconds)

    async def passes(self, phase: Phase, code: bytes) -> Reply | None:
        """Read the next reply: None where its code begins so, as nearly all do, else the reply.

        Raises BrokenDialogueError.
        """
        lines = await self._turn(b"", phase, None)
        if len(lines) == 1 and lines[0].startswith(code):
            return None
        reply = self._make(lines, phase)
        return None if str(reply.code).startswith(code.decode("ascii")) else reply

    async def turn(self, octets: bytes, phase: Phase, seconds: float | None) -> Reply:
        """Write octets, if any, and return the next reply, within `seconds`; raises BrokenDialogueError."""
        return self._make(await self._turn(octets, phase, seconds), phase)

    def _make(self, lines: list[bytes], phase: Phase) -> Reply:
        try:
            return make_reply(lines, phase)
        except MalformedReplyError as error:
            raise _malformed(phase, error) from None

    async def _turn(self, octets: bytes, phase: Phase, seconds: float | None) -> list[bytes]:
        limit = self.patience.command_s if seconds is None else seconds
        try:
            if octets:
                self.wire.write(octets)
            lines = await self.wire.read_lines(limit)
            self.lines = lines
            return lines
        except TimeoutError:
            raise broken(phase, _("no whole reply within {n:g} seconds").format(n=limit)) from None
        except LostConnectionError as error:
            raise broken(phase, error.text) from None
        except MalformedReplyError as error:
            raise _malformed(phase, error) from None

    async def pour(self, octets: bytes) -> None:
        """Write a message's body and wait until it has left, or the server has said something instead.

        Raises BrokenDialogueError (faults F25, F26).
        """
        try:
            self.wire.write(octets)
            if self.wire.flushed:
                return
            # a large attachment may take longer than any command
            limit = self.patience.command_s + len(octets) / SLOWEST
            async with asyncio.timeout(limit):
                await self.wire.flush()
        except TimeoutError:
            raise broken(Phase.BODY, _("the relay stopped reading for {n:g} seconds").format(n=limit)) from None
        except LostConnectionError as error:
            if not self.wire.unread:
                raise broken(Phase.BODY, error.text) from None
