"""Our SMTP client (RFC 5321): a session to a relay is opened once, then carries messages one recipient at a time.

What a server says is an outcome, never an exception. The one moment that cannot be taken back, the final dot, waits for
the caller's word: before it nothing was handed over, after it the answer is Accepted, Deferred, Refused or Uncertain.
"""

import contextlib
import re
from collections.abc import Awaitable, Callable

from mailer.config import RelayConfig
from mailer.i18n import N_, _
from mailer.mail.dialogue import BrokenDialogueError, Dialogue, Patience, broken
from mailer.mail.opening import Offers, connect, open_dialogue, relay_failure
from mailer.mail.replies import classify_reply
from mailer.mail.wire import LostConnectionError
from mailer.model.outcome import (
    Accepted,
    Action,
    Deferred,
    Meaning,
    Phase,
    Refused,
    RelayFailure,
    Reply,
    ReplyClass,
    SendResult,
    Uncertain,
    Withheld,
)

_ADDRESS = re.compile(r"[^\s<>@\x00-\x20\x7f-\x9f\ud800-\udfff]+@[^\s<>@\x00-\x20\x7f-\x9f\ud800-\udfff]+")
_BARE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_OF_READER = frozenset({ReplyClass.GREYLISTED, ReplyClass.RATE_RECIPIENT, ReplyClass.RATE_DOMAIN, ReplyClass.FULL})


async def open_session(
    relay: RelayConfig, password: str = "", patience: Patience | None = None
) -> "SmtpSession | RelayFailure":
    """Connect, greet, encrypt and log in as the relay's settings say; return a session ready for mail.

    Certificates are verified, against relay.ca_file where that is set (a path as the process sees it). STARTTLS and
    login are never skipped. Every refusal, loss and timeout is a RelayFailure; raises nothing of its own.
    """
    patience = patience or Patience(command_s=relay.timeout.total_seconds())
    try:
        wire = await connect(relay, patience)
    except BrokenDialogueError as error:
        return error.failure
    dialogue = Dialogue(wire, patience)
    try:
        return SmtpSession(dialogue, await open_dialogue(relay, password, dialogue))
    except BrokenDialogueError as error:
        wire.close()
        return error.failure
    except BaseException:
        wire.close()
        raise


def to_wire(message: bytes) -> bytes:
    """Return a message as it goes after DATA: CRLF only, lines that begin with a dot stuffed, ended (RFC 5321 §4.5.2).

    A bare CR or LF becomes CRLF, as some servers end a message at one (facts S12).
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

    def __init__(self, dialogue: Dialogue, offers: Offers) -> None:
        self.offers = offers
        self.sent = 0
        self._dialogue = dialogue
        self._spent = False

    @property
    def usable(self) -> bool:
        """False once the session ended, or the server said something unasked, as before it closes (faults F31-F33)."""
        wire = self._dialogue.wire
        return not (self._spent or wire.ended or wire.unread)

    async def send(
        self, sender: str, recipient: str, message: bytes, before_dot: Callable[[], Awaitable[bool]]
    ) -> SendResult:
        """Hand over one message to one recipient; `sender` may be empty (the null sender).

        When the body is written, before_dot() is awaited. False closes the connection without the dot: Withheld. True
        writes the dot, and a reply that does not come is Uncertain. What breaks before the dot is a RelayFailure and
        says nothing of the recipient. If before_dot raises, or the task is cancelled, the connection is closed; after
        the dot the message may then have been taken.
        """
        amiss = self._look_over(sender, recipient, message)
        if amiss is not None:
            return amiss
        try:
            return await self._transact(sender, recipient, to_wire(message), before_dot)
        except BrokenDialogueError as error:
            self._end()
            return error.failure
        except BaseException:
            self._end()
            raise

    async def quit(self) -> None:
        """Say goodbye and close; whatever the server does now is of no interest (faults F34)."""
        if self.usable:
            with contextlib.suppress(BrokenDialogueError):
                await self._dialogue.ask("QUIT", Phase.DOT, self._dialogue.patience.quit_s)
        self._end()

    def _end(self) -> None:
        self._spent = True
        self._dialogue.wire.close()

    def _look_over(self, sender: str, recipient: str, message: bytes) -> SendResult | None:
        """What can be said before a word is sent."""
        if self._dialogue.wire.ended or self._spent:
            return broken(Phase.MAIL, self._dialogue.wire.ended or _("the connection is closed")).failure
        if sender and not _ADDRESS.fullmatch(sender):
            return broken(
                Phase.MAIL, _("“{text}” cannot be an envelope sender").format(text=sender), ReplyClass.CONFIG
            ).failure
        if not _ADDRESS.fullmatch(recipient):
            text = _("“{text}” cannot be written to").format(text=ascii(recipient))
            return _refused_here(text, ReplyClass.PROTOCOL, N_("This is no address that SMTP can carry."))
        if not (sender + recipient).isascii() and "SMTPUTF8" not in self.offers:
            text = _("the relay does not take addresses in other letters than ASCII (SMTPUTF8)")
            return _refused_here(text, ReplyClass.CONFIG, N_("The relay cannot carry this address (RFC 6531)."))
        limit = self.offers.get("SIZE", "")
        if limit.isdecimal() and 0 < int(limit) < len(message):
            text = _("the message has {n} octets, the relay takes {limit}").format(n=len(message), limit=limit)
            summary = N_("The message is larger than the server takes; link to a file instead of attaching it.")
            meaning = Meaning(ReplyClass.CONTENT, Action.STOP_AND_ASK, permanent=False, summary=summary)
            return RelayFailure(Reply(0, "", text, Phase.MAIL), meaning)
        return None

    async def _transact(
        self, sender: str, recipient: str, octets: bytes, before_dot: Callable[[], Awaitable[bool]]
    ) -> SendResult:
        ask = self._dialogue.ask
        reply = await ask(f"MAIL FROM:<{sender}>{self._parameters(sender + recipient, len(octets))}", Phase.MAIL)
        if not _taken(reply):
            self._spent |= reply.code == 421
            return relay_failure(reply)
        domain = recipient.rpartition("@")[2]
        reply = await ask(f"RCPT TO:<{recipient}>", Phase.RCPT)
        if not _taken(reply):
            return await self._refused(reply, domain)
        reply = await ask("DATA", Phase.DATA)
        if reply.code != 354:
            if reply.code < 400:
                raise broken(Phase.DATA, str(reply), ReplyClass.PROTOCOL)
            return await self._refused(reply, domain)
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
        return await self._finish(domain)

    def _parameters(self, addresses: str, size: int) -> str:
        parameters = f" SIZE={size}" if "SIZE" in self.offers else ""
        return parameters if addresses.isascii() else f"{parameters} BODY=8BITMIME SMTPUTF8"

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

    async def _finish(self, domain: str) -> SendResult:
        """Write the dot. From here on the message may have been taken, unless the server says otherwise."""
        try:
            self._dialogue.wire.write(b".\r\n")
        except LostConnectionError as error:
            raise broken(Phase.BODY, error.text) from None
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

    async def _refused(self, reply: Reply, domain: str) -> SendResult:
        result = self._judge(reply, domain)
        if self.usable:
            try:
                reset = await self._dialogue.ask("RSET", Phase.RCPT)
                self._spent |= not _taken(reset)
            except BrokenDialogueError:
                self._end()
        return result

    def _judge(self, reply: Reply, domain: str) -> SendResult:
        """Return what a 4yz or 5yz to RCPT or later is."""
        meaning = classify_reply(reply, domain)
        self._spent |= reply.code == 421 or meaning.action is Action.RECONNECT
        if reply.code == 421 and meaning.reply_class not in _OF_READER:
            return RelayFailure(reply, meaning)  # it closes for everybody (RFC 5321 §4.2.2; faults F18)
        return Refused(reply, meaning) if meaning.permanent else Deferred(reply, meaning)


def _taken(reply: Reply) -> bool:
    """True for 2yz, 251 and 252 among them (faults F23); raises for a 3yz, which nobody asked for."""
    if reply.code // 100 == 3:
        raise broken(reply.phase, str(reply), ReplyClass.PROTOCOL)
    return reply.code // 100 == 2


def _refused_here(text: str, reply_class: ReplyClass, summary: str) -> Refused:
    return Refused(Reply(0, "", text, Phase.RCPT), Meaning(reply_class, Action.NONE, permanent=True, summary=summary))
