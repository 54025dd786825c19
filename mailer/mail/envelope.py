"""The envelope of one message (RFC 5321 §2.3.1): what MAIL and RCPT say, and what a relay cannot carry."""

import re
from dataclasses import dataclass

from mailer.i18n import N_, _
from mailer.mail.dialogue import broken
from mailer.mail.opening import Offers
from mailer.model.outcome import Action, Meaning, Phase, Refused, RelayFailure, Reply, ReplyClass

_ADDRESS = re.compile(r"[^\s<>@\x00-\x20\x7f-\x9f\ud800-\udfff]+@[^\s<>@\x00-\x20\x7f-\x9f\ud800-\udfff]+")
_NOTIFY = {"all": "SUCCESS,FAILURE,DELAY", "failures": "FAILURE,DELAY"}
_PLAIN_XTEXT = re.compile(r"[!-*,-<>-~]*")
_LONGEST_ENVELOPE_ID = 100  # RFC 3461 §4.4
_LONGEST_ORIGINAL = 500  # RFC 3461 §4.2


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is said before a message: from whom (empty: the null sender), to whom, its octets, and its ENVID if any."""

    sender: str
    recipient: str
    size: int
    envelope_id: str = ""


def look_over(envelope: Envelope, offers: Offers) -> Refused | RelayFailure | None:
    """Return what can be said of an envelope before a word of it is sent: None when the relay may be asked."""
    sender, recipient = envelope.sender, envelope.recipient
    if sender and not _ADDRESS.fullmatch(sender):
        return broken(
            Phase.MAIL, _("“{text}” cannot be an envelope sender").format(text=sender), ReplyClass.CONFIG
        ).failure
    if not _ADDRESS.fullmatch(recipient):
        text = _("“{text}” cannot be written to").format(text=ascii(recipient))
        return _refused_here(text, ReplyClass.PROTOCOL, N_("This is no address that SMTP can carry."))
    if not (sender + recipient).isascii() and "SMTPUTF8" not in offers:
        text = _("the relay does not take addresses in other letters than ASCII (SMTPUTF8)")
        return _refused_here(text, ReplyClass.CONFIG, N_("The relay cannot carry this address (RFC 6531)."))
    limit = offers.get("SIZE", "")
    if limit.isdecimal() and 0 < int(limit) < envelope.size:
        text = _("the message has {n} octets, the relay takes {limit}").format(n=envelope.size, limit=limit)
        summary = N_("The message is larger than the server takes; link to a file instead of attaching it.")
        meaning = Meaning(ReplyClass.CONTENT, Action.STOP_AND_ASK, permanent=False, summary=summary)
        return RelayFailure(Reply(0, "", text, Phase.MAIL), meaning)
    return None


def _refused_here(text: str, reply_class: ReplyClass, summary: str) -> Refused:
    return Refused(Reply(0, "", text, Phase.RCPT), Meaning(reply_class, Action.NONE, permanent=True, summary=summary))


def asked_receipts(receipts: str, offers: Offers) -> str:
    """Return the value of NOTIFY for a relay's `receipts` (RFC 3461 §4.1); empty where it is not to be said."""
    return _NOTIFY.get(receipts, "") if "DSN" in offers else ""


def write_commands(envelope: Envelope, offers: Offers, notify: str) -> tuple[str, str]:
    """Return the MAIL and RCPT lines with the parameters the relay offers; notify: the receipts asked for, if any."""
    addresses = envelope.sender + envelope.recipient
    mail, rcpt = f"MAIL FROM:<{envelope.sender}>", f"RCPT TO:<{envelope.recipient}>"
    if "SIZE" in offers:
        mail += f" SIZE={envelope.size}"
    if not addresses.isascii():
        mail += " BODY=8BITMIME SMTPUTF8" if "8BITMIME" in offers else " SMTPUTF8"
    if notify:
        mail += " RET=HDRS"
        if envelope.envelope_id and len(name := write_xtext(envelope.envelope_id)) <= _LONGEST_ENVELOPE_ID:
            mail += f" ENVID={name}"
        rcpt += f" NOTIFY={notify}"
        if envelope.recipient.isascii():  # in other letters it is RFC 6533's utf-8 type, which few relays know
            original = f"rfc822;{write_xtext(envelope.recipient)}"
            rcpt += f" ORCPT={original}" if len(original) <= _LONGEST_ORIGINAL else ""
    return mail, rcpt


def write_xtext(text: str) -> str:
    """Return ASCII text as an xtext (RFC 3461 §4): what may not stand in a parameter as +XX."""
    if _PLAIN_XTEXT.fullmatch(text):
        return text
    return "".join(char if "!" <= char <= "~" and char not in "+=" else f"+{ord(char):02X}" for char in text)
