"""The way into a relay: connect, banner, EHLO, TLS, login. Verified by default, never downgraded."""

import asyncio
import base64
import socket
import ssl

from mailer.config import RelayConfig
from mailer.i18n import _
from mailer.mail.credentials import Credentials, CredentialsError
from mailer.mail.dialogue import BrokenDialogueError, Dialogue, Patience, broken
from mailer.mail.replies import ReplyRules, classify_reply
from mailer.mail.reply_lines import decode_text
from mailer.mail.tls import make_tls_context
from mailer.mail.wire import LostConnectionError, Wire
from mailer.model.outcome import Phase, RelayFailure, Reply, ReplyClass

Offers = dict[str, str]  # EHLO keyword in capitals -> its parameters


def relay_failure(reply: Reply, rules: ReplyRules | None = None) -> RelayFailure:
    """Return the failure that a refusal before RCPT is."""
    return RelayFailure(reply, classify_reply(reply, rules=rules))


def _misfit(phase: Phase, text: str) -> BrokenDialogueError:
    return broken(phase, text, ReplyClass.CONFIG)


async def connect(relay: RelayConfig, patience: Patience) -> Wire:
    """Return a wire to the relay, within its TLS where that comes first; raises BrokenDialogueError."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience.connect_s):
            _transport, wire = await loop.create_connection(
                Wire, relay.host, relay.port, happy_eyeballs_delay=0.25, interleave=1
            )
    except TimeoutError:
        raise broken(Phase.CONNECT, _("no connection within {n:g} seconds").format(n=patience.connect_s)) from None
    except socket.gaierror as error:
        # a name that does not exist is a typing error; a name server that does not answer is the network (faults F37)
        absent = error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
        text = _("the host {host} is not found: {why}").format(host=relay.host, why=error.strerror)
        raise broken(Phase.CONNECT, text, ReplyClass.CONFIG if absent else ReplyClass.TEMPORARY) from None
    except OSError as error:
        text = _("no connection to {host}: {why}").format(host=relay.host, why=error.strerror or error)
        raise broken(Phase.CONNECT, text) from None
    return wire


async def open_dialogue(relay: RelayConfig, credentials: Credentials, dialogue: Dialogue) -> Offers:
    """Take the dialogue from the bare connection to where MAIL may be said; return what the relay offers.

    Raises BrokenDialogueError: for a refusal, for TLS or login that is wanted and not to be had, for anything broken.
    """
    if relay.username and relay.security == "none":
        raise _misfit(Phase.AUTH, _("a password is never sent in the clear; set security to tls or starttls"))
    if relay.security == "tls":
        await _lay_tls(relay, dialogue, Phase.CONNECT)
    banner = await dialogue.read(Phase.BANNER)
    if banner.code // 100 != 2:
        raise BrokenDialogueError(relay_failure(banner, dialogue.rules))
    offers = await _say_hello(relay, dialogue)
    if relay.security == "starttls":
        await _start_tls(relay, dialogue, offers)
        offers = await _say_hello(relay, dialogue)  # what was offered in the clear counts no more (RFC 3207 §4.2)
    if relay.username:
        await _log_in(relay, credentials, dialogue, offers)
    return offers


async def _say_hello(relay: RelayConfig, dialogue: Dialogue) -> Offers:
    name = dialogue.wire.local_host  # no DNS asked, and no name of the office's machine told
    reply = await dialogue.ask(f"EHLO {name}", Phase.EHLO)
    if reply.code // 100 == 2:
        return read_offers(dialogue.lines)
    if reply.code in (500, 502, 504) and relay.security != "starttls" and not relay.username:
        reply = await dialogue.ask(f"HELO {name}", Phase.EHLO)
        if reply.code // 100 == 2:
            return {}
    raise BrokenDialogueError(relay_failure(reply, dialogue.rules))


def read_offers(lines: list[bytes]) -> Offers:
    """Return what the lines of a reply to EHLO offer."""
    offers: Offers = {}
    for line in lines[1:]:  # the first greets
        keyword, _blank, parameters = decode_text(line[4:]).upper().partition(" ")
        if keyword.startswith("AUTH="):  # an old spelling that some servers send besides
            keyword, parameters = "AUTH", f"{keyword[5:]} {parameters}"
        offers[keyword] = f"{offers.get(keyword, '')} {parameters}".strip()
    return offers


async def _start_tls(relay: RelayConfig, dialogue: Dialogue, offers: Offers) -> None:
    if "STARTTLS" not in offers:
        raise _misfit(
            Phase.STARTTLS, _("{host} does not offer STARTTLS; nothing is sent in the clear").format(host=relay.host)
        )
    reply = await dialogue.ask("STARTTLS", Phase.STARTTLS)
    if reply.code != 220:
        raise BrokenDialogueError(relay_failure(reply, dialogue.rules))
    if dialogue.wire.unread:
        # words slipped in before the handshake would be taken for the server's own after it (CVE-2011-0411; faults F08)
        raise _misfit(Phase.STARTTLS, _("someone between {host} and us speaks in the clear").format(host=relay.host))
    await _lay_tls(relay, dialogue, Phase.STARTTLS)


async def _lay_tls(relay: RelayConfig, dialogue: Dialogue, phase: Phase) -> None:
    try:
        context = make_tls_context(relay.ca_file)
    except OSError as error:
        text = _("the ca_file {file} cannot be read: {why}").format(file=relay.ca_file, why=error)
        raise _misfit(phase, text) from None
    try:
        async with asyncio.timeout(dialogue.patience.command_s):
            await dialogue.wire.start_tls(context, relay.host)
    except ssl.SSLCertVerificationError as error:
        text = _("the certificate of {host} is not to be trusted: {why}").format(
            host=relay.host, why=error.verify_message
        )
        raise _misfit(phase, text) from None
    except TimeoutError:
        raise broken(phase, _("no TLS within {n:g} seconds").format(n=dialogue.patience.command_s)) from None
    except LostConnectionError as error:
        raise broken(phase, error.text) from None
    except OSError as error:
        raise broken(phase, _("TLS with {host} failed: {why}").format(host=relay.host, why=error)) from None


async def _log_in(relay: RelayConfig, credentials: Credentials, dialogue: Dialogue, offers: Offers) -> None:
    """AUTH PLAIN (RFC 4616), else LOGIN; or XOAUTH2. The caller has seen to it that the wire is encrypted."""
    if not dialogue.wire.encrypted:
        raise AssertionError("a password is never sent in the clear")
    ways = offers.get("AUTH", "").split()
    try:
        proof = await credentials.fetch()
        if relay.auth == "xoauth2":
            reply = await _say_token(relay.username, proof, dialogue, ways)
            if reply.code == 535:  # it may have run out just now
                reply = await _say_token(relay.username, await credentials.fetch(proof), dialogue, ways)
        else:
            reply = await _say_password(relay.username, proof, dialogue, ways)
    except CredentialsError as error:
        raise broken(Phase.AUTH, error.text, ReplyClass.AUTH) from None
    if reply.code == 334:
        raise broken(Phase.AUTH, str(reply), ReplyClass.PROTOCOL)
    if reply.code // 100 != 2:
        raise BrokenDialogueError(relay_failure(reply, dialogue.rules))


async def _say_password(username: str, password: str, dialogue: Dialogue, ways: list[str]) -> Reply:
    if "PLAIN" in ways:
        return await dialogue.ask("AUTH PLAIN " + _base64(f"\0{username}\0{password}"), Phase.AUTH)
    if "LOGIN" not in ways:
        raise _no_way(ways)
    reply = await dialogue.ask("AUTH LOGIN", Phase.AUTH)
    for word in (username, password):
        if reply.code != 334:
            break
        reply = await dialogue.ask(_base64(word), Phase.AUTH)
    return reply


async def _say_token(username: str, token: str, dialogue: Dialogue, ways: list[str]) -> Reply:
    """AUTH XOAUTH2 as Gmail and Outlook document it: a refusal comes as a 334 that wants an empty line."""
    if "XOAUTH2" not in ways:
        raise _no_way(ways)
    reply = await dialogue.ask("AUTH XOAUTH2 " + _base64(f"user={username}\1auth=Bearer {token}\1\1"), Phase.AUTH)
    return await dialogue.ask("", Phase.AUTH) if reply.code == 334 else reply


def _no_way(ways: list[str]) -> BrokenDialogueError:
    offered = " ".join(ways) or _("none")
    return _misfit(Phase.AUTH, _("the relay offers no login we know (it offers: {ways})").format(ways=offered))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
