"""Mail that came back, read into what it reports (RFC 3464, 6522). Any bytes may come; none of them raise."""

import email
import logging
import re
from collections.abc import Iterator
from email.message import Message

from mailer.mail.message import DELIVERY_HEADER
from mailer.mail.replies import ReplyRules, classify_reply
from mailer.mail.reply_lines import decode_text, parse_reply_text
from mailer.model.outcome import Phase, Reply
from mailer.model.report import Report, ReportedRecipient, ReportKind

log = logging.getLogger(__name__)

MAX_READ = 1024 * 1024  # octets; what a report says stands in its head (facts S35)
MAX_RECIPIENTS = 200
MAX_PARTS = 100
MAX_RULES = 5000  # the parser spends 15 µs on a part, however empty
_TOKEN = r"[a-z2-7]{40}"  # noqa: S105 - the shape of tokens.sign_token, not a token
_IN_ADDRESS = re.compile(rf"[+=]({_TOKEN})@", re.IGNORECASE)
_IN_HEADER = re.compile(rf"^{DELIVERY_HEADER}:\s*({_TOKEN})\b".encode(), re.IGNORECASE | re.MULTILINE)
_WHOLE_TOKEN = re.compile(_TOKEN, re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_TYPE_PREFIX = re.compile(r"\s*[\w.-]+\s*;\s*")
_ADDRESSED = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Return-Path")
_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})  # RFC 3464, RFC 6533
_RETURNED_TYPES = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"})
_ACTIONS = {
    "failed": ReportKind.BOUNCE,
    "failure": ReportKind.BOUNCE,  # not in the RFC, but in the world
    "delayed": ReportKind.DELAYED,
    "delivered": ReportKind.DELIVERED,
    "relayed": ReportKind.RELAYED,
    "expanded": ReportKind.RELAYED,  # split up, as by a mailing list: no further word comes either
}
_BY_STATUS = {"5": ReportKind.BOUNCE, "4": ReportKind.DELAYED, "2": ReportKind.DELIVERED}
_GRAVEST_FIRST = (ReportKind.BOUNCE, ReportKind.DELAYED, ReportKind.RELAYED, ReportKind.DELIVERED)


def parse_report(raw: bytes, rules: ReplyRules | None = None) -> Report:
    """Return what a returned mail reports: a DSN's recipients with status, diagnostic and meaning, and its ties.

    The ties are the VERP token or our own header's, the ENVID, and the Message-ID of the returned mail, each empty
    where it is not told. Only the first megabyte is read. A report of several kinds is of the gravest, with only the
    recipients of that kind. `rules` say what diagnostics mean; without them the program's own do. What is no delivery
    report is OTHER, with the ties that were found. Never raises.
    """
    raw = _cap(raw)
    try:
        return _parse(raw, rules)
    except Exception:  # the email package raises on some hostile mail; such a mail waits for a person
        log.warning("a returned mail of %d octets cannot be parsed", len(raw), exc_info=True)
        return Report(ReportKind.OTHER, ())


def _cap(raw: bytes) -> bytes:
    """Cut off what no report needs: octets past MAX_READ, and all after MAX_RULES lines that look like boundaries."""
    raw = raw[:MAX_READ]
    end = -1
    for _number in range(MAX_RULES):
        end = raw.find(b"\n--", end + 1)
        if end < 0:
            return raw
    return raw[:end]


def _parse(raw: bytes, rules: ReplyRules | None) -> Report:
    mail = email.message_from_bytes(raw)
    parts = list(_walk(mail, [MAX_PARTS]))
    returned = next((found for part in parts if (found := _returned_head(part)) is not None), None)
    token = _find_token(raw, mail, returned)
    quoted_id = _MESSAGE_ID.search(_field(returned, "Message-ID")) if returned is not None else None
    message_id = quoted_id[0] if quoted_id else ""
    blocks = next((_blocks(part) for part in parts if part.get_content_type() in _STATUS_TYPES), [])
    envelope_id = next(filter(None, (_field(block, "Original-Envelope-Id") for block in blocks)), "")
    if _WHOLE_TOKEN.fullmatch(envelope_id):
        envelope_id = envelope_id.lower()
    kind, recipients = _read_recipients(blocks, rules)
    return Report(kind, recipients, token, envelope_id, message_id)


def _walk(part: Message, left: list[int]) -> Iterator[Message]:
    """Yield a mail's parts, at most left[0], without entering mails within it: their reports are not this one's."""
    left[0] -= 1
    if left[0] < 0:
        return
    yield part
    children = part.get_payload()
    if part.get_content_maintype() == "multipart" and isinstance(children, list):
        for child in children:
            if isinstance(child, Message):
                yield from _walk(child, left)


def _field(block: Message, name: str) -> str:
    """Return the first header of this name as readable text, whatever octets it has; empty where there is none."""
    for key, value in block.raw_items():
        if key.lower() == name.lower():
            # the parser keeps octets beyond ASCII as surrogates
            octets = str(value).encode("utf-8", "surrogateescape")
            return decode_text(b" ".join(octets.split()))
    return ""


def _returned_head(part: Message) -> Message | None:
    """Return the headers of the mail that a part sends back, or None when it is no such part."""
    if part.get_content_type() not in _RETURNED_TYPES:
        return None
    payload = part.get_payload()
    if isinstance(payload, list):
        return payload[0] if payload and isinstance(payload[0], Message) else None
    octets = part.get_payload(decode=True)
    return email.message_from_bytes(octets) if isinstance(octets, bytes) else None


def _find_token(raw: bytes, mail: Message, returned: Message | None) -> str:
    for name in _ADDRESSED:
        if match := _IN_ADDRESS.search(_field(mail, name)):
            return match[1].lower()
    if returned is not None:
        if _WHOLE_TOKEN.fullmatch(own := _field(returned, DELIVERY_HEADER)):
            return own.lower()
        if match := _IN_ADDRESS.search(_field(returned, "Return-Path")):
            return match[1].lower()
    quoted = _IN_HEADER.search(raw)
    return quoted[1].decode("ascii").lower() if quoted else ""


def _blocks(part: Message) -> list[Message]:
    """Return the groups of fields of a delivery-status part, the per-message one first (RFC 3464 §2.1)."""
    payload = part.get_payload()
    if part.get_content_type() == "message/delivery-status" and isinstance(payload, list):
        return [block for block in payload if isinstance(block, Message)][: MAX_RECIPIENTS + 1]
    # the parser takes message/global-delivery-status for one mail: its head, then the other groups as its text
    inner = payload[0] if isinstance(payload, list) and payload else None
    if not isinstance(inner, Message):
        return []
    groups = re.split(rb"\n[ \t\r]*\n", inner.as_bytes(), maxsplit=MAX_RECIPIENTS + 1)
    return [email.message_from_bytes(group) for group in groups[: MAX_RECIPIENTS + 1]]


def _read_recipients(
    blocks: list[Message], rules: ReplyRules | None
) -> tuple[ReportKind, tuple[ReportedRecipient, ...]]:
    found: list[tuple[ReportKind, ReportedRecipient]] = []
    for block in blocks:
        address = _address(block)
        if address:
            found.append(_read_recipient(block, address, rules))
    for kind in _GRAVEST_FIRST:
        # some reports repeat themselves
        those = {recipient.address: recipient for its_kind, recipient in reversed(found) if its_kind is kind}
        if those:
            return kind, tuple(reversed(those.values()))
    return ReportKind.OTHER, ()


def _address(block: Message) -> str:
    """Return the recipient as we wrote to it where the report says so, else the final one."""
    for name in ("Original-Recipient", "Final-Recipient"):
        address = _TYPE_PREFIX.sub("", _field(block, name), count=1).strip(" <>")
        if "@" in address:
            return address
    return ""


def _read_recipient(block: Message, address: str, rules: ReplyRules | None) -> tuple[ReportKind, ReportedRecipient]:
    told = _field(block, "Status")
    match = _STATUS.search(told)
    status = match[0] if match else ""
    diagnostic = _field(block, "Diagnostic-Code")
    if prefix := _TYPE_PREFIX.match(diagnostic):
        diagnostic = diagnostic[prefix.end() :]
    action = _field(block, "Action").lower().partition(" ")[0].strip(";")
    kind = _ACTIONS.get(action) or _BY_STATUS.get(told[:1], ReportKind.OTHER)
    # Postfix says which command was answered; a reply to the message itself is about the message
    phase = Phase.DOT if re.search(r"\bDATA command\b", diagnostic) else Phase.RCPT
    reply = parse_reply_text(diagnostic or told, phase)
    reply = Reply(reply.code, reply.enhanced or status, reply.text, phase)
    meaning = classify_reply(reply, address.rpartition("@")[2], rules)
    return kind, ReportedRecipient(address, status, diagnostic, meaning)
