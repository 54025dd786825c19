"""Our SMTP client (RFC 5321): a session to a relay is opened once, then carries messages one recipient at a time.

What a server says is an outcome, never an exception. The one moment that cannot be taken back, the final dot, waits for
the caller's word: before it nothing was handed over, after it the answer is Accepted, Deferred, Refused or Uncertain.

Where the relay offers PIPELINING (RFC 2920), MAIL, RCPT and DATA are said in one breath, and those of the next message
ride behind the final dot: one message costs one round trip. A body follows only its own 354.
"""

import contextlib
import re
from collections.abc import Awaitable, Callable

from mailer.config import RelayConfig
from mailer.i18n import _
from mailer.mail.credentials import Credentials
from mailer.mail.dialogue import BrokenDialogueError, Dialogue, Patience, broken
from mailer.mail.envelope import Envelope, asked_receipts, look_over, write_commands
from mailer.mail.opening import Offers, connect, open_dialogue, relay_failure
from mailer.mail.replies import ReplyRules, classify_reply
from mailer.model.outcome import (
    Accepted,
    Action,
    Deferred,
    Phase,
    Refused,
    RelayFailure,
    Reply,
    ReplyClass,
    SendResult,
    Uncertain,
    Withheld,
)

_BARE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_OF_READER = frozenset({ReplyClass.GREYLISTED, ReplyClass.RATE_RECIPIENT, ReplyClass.RATE_DOMAIN, ReplyClass.FULL})
_BREATH = ((Phase.MAIL, b"2"), (Phase.RCPT, b"2"), (Phase.DATA, b"354"))  # what is said at once, and what it wants


async def open_session(
    relay: RelayConfig,
    credentials: Credentials | str = "",
    patience: Patience | None = None,
    rules: ReplyRules | None = None,
) -> "SmtpSession | RelayFailure":
    """Connect, greet, encrypt and log in as the relay's settings say; return a session ready for mail.

    Certificates are verified, against relay.ca_file where that is set (a path as the process sees it). STARTTLS and
    login are never skipped. rules say what replies mean; None: the program's own. Every refusal, loss and timeout is a
    RelayFailure; raises nothing of its own.
    """
    patience = patience or Patience(command_s=relay.timeout.total_seconds())
    if isinstance(credentials, str):
        credentials = Credentials(password=credentials)
    try:
        wire = await connect(relay, patience)
    except BrokenDialogueError as error:
        return error.failure
    dialogue = Dialogue(wire, patience, rules)
    try:
        return SmtpSession(dialogue, await open_dialogue(relay, credentials, dialogue), relay)
    except BrokenDialogueError as error:
        wire.close()
        return error.failure
    except BaseException:
        wire.close()
        raise


def to_wire(message: bytes) -> bytes:
    """Return a message as it goes after DATA: CRLF only, lines that begin with a dot stuffed, ended (RFC 5321 §4.5.2).

    A bare CR or LF becomes CRLF, as some servers end a message at one (facts S12). What mail.message composes is so
    already.
    """
    wire = _BARE_END.sub(b"\r\n", message) if _has_bare_end(message) else message
    wire = wire.replace(b"\r\n.", b"\r\n..")
    if wire.startswith(b"."):
        wire = b"." + wire
    return wire if wire.endswith(b"\r\n") else wire + b"\r\n"


def _has_bare_end(message: bytes) -> bool:
    whole = message.count(b"\r\n")
    return message.count(b"\n") != whole or message.count(b"\r") != whole


class SmtpSession:
    """An open session. `sent` counts messages accepted; `offers` is what EHLO said. One task at a time may use it."""

    def __init__(self, dialogue: Dialogue, offers: Offers, relay: RelayConfig) -> None:
        self.offers = offers
        self.sent = 0
        self.pipelining = relay.pipelining and "PIPELINING" in offers
        self._dialogue = dialogue
        self._notify = asked_receipts(relay.receipts, offers)
        self._riding: Envelope | None = None  # its commands are on the wire, their replies unread
        self._spent = False
        self._reset = False  # the server is still within a transaction that came to nothing

    @property
    def usable(self) -> bool:
        """False once the session ended, or the server said something unasked, as before it closes (faults F31-F33)."""
        wire = self._dialogue.wire
        return not (self._spent or wire.ended or (wire.unread and self._riding is None))

    @property
    def riding(self) -> Envelope | None:
        """The envelope that was said already, behind the last final dot; its message must come next."""
        return self._riding

    async def send(
        self,
        envelope: Envelope,
        octets: bytes,
        before_dot: Callable[[], Awaitable[bool]],
        upcoming: Callable[[], Envelope | None] | None = None,
    ) -> SendResult:
        """Hand over one message, in wire form, to one recipient.

        When the body is written, before_dot() is awaited. False closes the connection without the dot: Withheld. True
        writes the dot, and a reply that does not come is Uncertain. What breaks before the dot is a RelayFailure and
        says nothing of the recipient. If before_dot raises, or the task is cancelled, the connection is closed; after
        the dot the message may then have been taken.

        upcoming() is asked for the next message's envelope just before the dot is written, where the relay pipelines;
        what it gives rides along, `riding` names it, and the next call must be for it.
        """
        amiss: SendResult | None = self._closed()
        if amiss is None and self._riding is not envelope:
            amiss = look_over(envelope, self.offers)
        if amiss is not None:
            return amiss
        try:
            return await self._transact(envelope, octets, before_dot, upcoming)
        except BrokenDialogueError as error:
            self._end()
            return error.failure
        except BaseException:
            self._end()
            raise

    async def quit(self) -> None:
        """Say goodbye and close; whatever the server does now is of no interest (faults F34)."""
        if self.usable and self._riding is None:
            with contextlib.suppress(BrokenDialogueError):
                await self._dialogue.ask("QUIT", Phase.DOT, self._dialogue.patience.quit_s)
        self._end()

    def _end(self) -> None:
        self._spent = True
        self._dialogue.wire.close()

    def _closed(self) -> RelayFailure | None:
        if self._dialogue.wire.ended or self._spent:
            return broken(Phase.MAIL, self._dialogue.wire.ended or _("the connection is closed")).failure
        return None

    async def _transact(
        self,
        envelope: Envelope,
        octets: bytes,
        before_dot: Callable[[], Awaitable[bool]],
        upcoming: Callable[[], Envelope | None] | None,
    ) -> SendResult:
        domain = envelope.recipient.rpartition("@")[2]
        refusal = await (self._say_at_once(envelope) if self.pipelining else self._say_in_turn(envelope))
        if refusal is not None:
            if refusal.phase is Phase.MAIL:
                self._spent |= refusal.code == 421
                return relay_failure(refusal, self._dialogue.rules)
            return self._judge(refusal, domain)
        await self._dialogue.pour(octets)
        early = await self._early_word()
        if early is None:
            if not await before_dot():
                self._end()
                return Withheld()
            early = await self._early_word()
        if early is not None:
            # its reply has come already, so the next one would not be the dot's (faults F35)
            self._end()
            return self._judge(early, domain)
        return await self._finish(domain, upcoming)

    def _breath(self, envelope: Envelope) -> bytes:
        mail, rcpt = write_commands(envelope, self.offers, self._notify)
        return f"{'RSET' + chr(13) + chr(10) if self._reset else ''}{mail}\r\n{rcpt}\r\nDATA\r\n".encode()

    async def _say_at_once(self, envelope: Envelope) -> Reply | None:
        """Say MAIL, RCPT and DATA, unless they ride already, and return the refusal among their replies, if any."""
        if self._riding is None:
            if self._dialogue.wire.unread:
                return await self._dialogue.farewell(Phase.MAIL)
            self._dialogue.write(self._breath(envelope), Phase.MAIL)
        elif self._riding is not envelope:
            raise broken(Phase.MAIL, "another envelope was said", ReplyClass.PROTOCOL)
        self._riding = None
        if self._reset:
            await self._read_reset()
        refusal: Reply | None = None
        for phase, wanted in _BREATH:
            try:
                reply = await self._dialogue.passes(phase, wanted)
            except BrokenDialogueError:
                if refusal is None:
                    raise
                self._end()  # it refused, then left
                return refusal
            if reply is None:
                if phase is Phase.DATA:
                    return refusal if refusal is None else await self._take_back(refusal)
                continue
            if phase is not Phase.DATA:
                _taken(reply)  # a 3yz here is none of SMTP
            refusal = refusal or reply
            if reply.code == 421:
                self._end()
                return refusal
        if refusal is not None and refusal.code < 400:
            raise broken(Phase.DATA, str(refusal), ReplyClass.PROTOCOL)
        self._reset = True
        return refusal

    async def _take_back(self, refusal: Reply) -> Reply:
        """DATA got 354 although the recipient was refused: only the lone dot, never the body (RFC 2920 §3.1)."""
        if refusal.phase is not Phase.RCPT:
            self._end()  # with MAIL refused and RCPT taken an empty message might be delivered
            return refusal
        try:
            await self._dialogue.turn(b".\r\n", Phase.DATA, None)
        except BrokenDialogueError:
            self._end()
        return refusal

    async def _read_reset(self) -> None:
        reply = await self._dialogue.read(Phase.MAIL)
        if not _taken(reply):
            raise broken(Phase.MAIL, str(reply), ReplyClass.PROTOCOL)
        self._reset = False

    async def _say_in_turn(self, envelope: Envelope) -> Reply | None:
        ask = self._dialogue.ask
        if self._reset:
            reset = await ask("RSET", Phase.MAIL)
            if not _taken(reset):
                return reset
            self._reset = False
        mail, rcpt = write_commands(envelope, self.offers, self._notify)
        for line, phase in ((mail, Phase.MAIL), (rcpt, Phase.RCPT), ("DATA", Phase.DATA)):
            reply = await ask(line, phase)
            if phase is Phase.DATA:
                if reply.code == 354:
                    return None
                if reply.code < 400:
                    raise broken(phase, str(reply), ReplyClass.PROTOCOL)
            elif _taken(reply):
                continue
            self._reset = phase is not Phase.MAIL
            return reply
        return None

    async def _early_word(self) -> Reply | None:
        """Return what the server said before the dot; raises when it has gone."""
        wire = self._dialogue.wire
        if wire.unread:
            reply = await self._dialogue.read(Phase.BODY, self._dialogue.patience.quit_s)
            if reply.code < 400:
                raise broken(Phase.BODY, str(reply), ReplyClass.PROTOCOL)
            return reply
        if wire.ended:
            raise broken(Phase.BODY, wire.ended)
        return None

    async def _finish(self, domain: str, upcoming: Callable[[], Envelope | None] | None) -> SendResult:
        """Write the dot. From here on the message may have been taken, unless the server says otherwise."""
        following = upcoming() if upcoming is not None and self.pipelining else None
        if following is not None and (self._closed() or look_over(following, self.offers)) is not None:
            following = None
        self._dialogue.write(b".\r\n" + (self._breath(following) if following is not None else b""), Phase.BODY)
        self._riding = following
        try:
            reply = await self._dialogue.read(Phase.DOT, self._dialogue.patience.dot_s)
        except BrokenDialogueError as error:
            self._end()
            return Uncertain(error.failure.reply)
        match reply.code // 100:
            case 2:
                self.sent += 1
                return Accepted(reply)
            case 3:
                self._end()
                return Uncertain(reply)
            case _:
                return self._judge(reply, domain)

    def _judge(self, reply: Reply, domain: str) -> SendResult:
        """Return what a 4yz or 5yz to RCPT or later is."""
        meaning = classify_reply(reply, domain, self._dialogue.rules)
        self._spent |= reply.code == 421 or meaning.action is Action.RECONNECT
        if reply.code == 421 and meaning.reply_class not in _OF_READER:
            return RelayFailure(reply, meaning)  # it closes for everybody (RFC 5321 §4.2.2; faults F18)
        return Refused(reply, meaning) if meaning.permanent else Deferred(reply, meaning)


def _taken(reply: Reply) -> bool:
    """True for 2yz, 251 and 252 among them (faults F23); raises for a 3yz, which nobody asked for."""
    if reply.code // 100 == 3:
        raise broken(reply.phase, str(reply), ReplyClass.PROTOCOL)
    return reply.code // 100 == 2
