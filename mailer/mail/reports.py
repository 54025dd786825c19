"""Mail that came back, read into what it reports. Any bytes may come; none of them raise.

Standards first: feedback reports (RFC 5965), delivery status (RFC 3464, 6522, 6533), receipts (RFC 8098); then answers
(RFC 3834) and challenges; then notices in prose. mail/returned holds each of these.
"""

import logging
import re
from dataclasses import replace
from email import message_from_string
from email.message import Message

from mailer.i18n import N_
from mailer.mail.message import DELIVERY_HEADER
from mailer.mail.replies import ReplyRules
from mailer.mail.reply_codes import summary_of
from mailer.mail.returned.addresses import find_addresses, sender_address
from mailer.mail.returned.answers import is_automatic, is_challenge, is_receipt_in_words, is_reply
from mailer.mail.returned.disposition import is_refusal, read_disposition
from mailer.mail.returned.failures import is_failure, kind_of, read_failures
from mailer.mail.returned.feedback import (
    complained_addresses,
    feedback_text,
    feedback_type,
    is_complaint,
    original_envelope,
)
from mailer.mail.returned.fields import field, read_groups
from mailer.mail.returned.judging import judge_recipient
from mailer.mail.returned.notice import Notice, read_notice
from mailer.mail.returned.parts import MAX_READ, OpenedMail, cap_mail, head_value, open_mail
from mailer.mail.returned.status import read_statuses
from mailer.model.outcome import Action, Meaning, ReplyClass
from mailer.model.report import Report, ReportedRecipient, ReportKind

log = logging.getLogger(__name__)

__all__ = ["MAX_READ", "parse_report"]

COMPLAINED = N_("The reader called our mail spam.")
RECEIVED = N_("The reader's program sent a receipt.")

_TOKEN = r"[a-z2-7]{40}"  # noqa: S105 - the shape of tokens.sign_token, not a token
_IN_ADDRESS = re.compile(rf"[+=]({_TOKEN})@", re.IGNORECASE)
_IN_HEADER = re.compile(rf"^[> ]{{0,4}}{DELIVERY_HEADER}:\s{{0,4}}({_TOKEN})\b".encode(), re.IGNORECASE | re.MULTILINE)
_WHOLE_TOKEN = re.compile(_TOKEN, re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_QUOTED_ID = re.compile(r"^[^\w\n]{0,8}message-?id\s{0,4}[:：]\s{0,4}(<[^<>\s]{1,250}>)", re.IGNORECASE | re.MULTILINE)
_ADDRESSED = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Return-Path")
_OWN = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "From", "Sender", "Reply-To", "Errors-To", "Return-Path")
_GRAVEST_FIRST = (ReportKind.BOUNCE, ReportKind.DELAYED, ReportKind.RELAYED, ReportKind.DELIVERED)
_FIELDS = ("final-recipient:", "original-recipient:")
_MAX_NOTICE = 64 * 1024


def parse_report(raw: bytes, rules: ReplyRules | None = None) -> Report:
    """Return what a returned mail reports: its kind, recipients with status, diagnostic and meaning, and its ties.

    The ties are the VERP token or our own header's, the ENVID, and the Message-ID of the returned mail, each empty
    where it is not told. Only the first megabyte is read. A report of several kinds is of the gravest, and its
    recipients have each their own. `rules` say what diagnostics mean; without them the program's own do. What is no
    report is OTHER, with the ties that were found. Never raises.
    """
    raw = cap_mail(raw)
    try:
        return _parse(raw, rules)
    except Exception as error:  # the email package raises on some hostile mail; such a mail waits for a person
        log.warning("a returned mail of %d octets cannot be parsed: %s", len(raw), type(error).__name__)
        log.debug("where it cannot be", exc_info=True)
        return Report(ReportKind.OTHER, ())


def _parse(raw: bytes, rules: ReplyRules | None) -> Report:
    mail = open_mail(raw)
    own = frozenset(one.lower() for name in _OWN for one, _begin, _end in find_addresses(mail.value(name)))
    text = "\n\n".join(mail.notices)[:_MAX_NOTICE]
    sender = sender_address(mail.value("From"))
    notice = read_notice(text, mail.value("Subject"), own, sender.rpartition("@")[2].lower())
    if not mail.originals and (quoted := _quoted_head(notice.quoted)) is not None:
        mail.originals.append(quoted)
    kind, recipients, reply = _read(raw, mail, notice, own, rules)
    feedback = feedback_type(mail) if kind is ReportKind.COMPLAINT else ""
    return Report(
        kind,
        recipients,
        _find_token(raw, mail),
        _envelope_id(mail),
        _find_message_id(mail, text),
        sender,
        reply,
        feedback,
    )


_Read = tuple[ReportKind, tuple[ReportedRecipient, ...], bool]


def _read(raw: bytes, mail: OpenedMail, notice: Notice, own: frozenset[str], rules: ReplyRules | None) -> _Read:
    if is_complaint(mail):
        return (
            ReportKind.COMPLAINT if feedback_type(mail) != "not-spam" else ReportKind.OTHER,
            _complainants(mail),
            False,
        )
    kind, recipients = _read_statuses(mail, notice, rules)
    if recipients:
        return kind, recipients, False
    if mail.dispositions:
        return (*_read_receipt(mail, notice, rules), False)
    if is_failure(mail, notice):
        failures = read_failures(raw, mail, notice, own, rules)
        return failures.kind, failures.recipients, False
    if is_receipt_in_words(mail, notice.prose):
        return ReportKind.RECEIPT, _who_read(mail), False
    if is_challenge(mail, notice.prose):
        return ReportKind.CHALLENGE, (), False
    if is_automatic(mail, notice.prose):
        return ReportKind.AUTO_REPLY, (), False
    return ReportKind.OTHER, (), is_reply(mail)


def _quoted_head(quoted: str) -> Message | None:
    """Return the head of a mail that a notice quotes in its text, or None."""
    lines = [line.lstrip("> |\t") if line[:1] in ">|" else line for line in quoted[:16000].split("\n")]
    for number, line in enumerate(lines[:12]):
        if re.match(r"[A-Za-z][\w-]{1,40}:\s", line):
            return message_from_string("\n".join(lines[number:]))
    return None


# delivery status


def _read_statuses(
    mail: OpenedMail, notice: Notice, rules: ReplyRules | None
) -> tuple[ReportKind, tuple[ReportedRecipient, ...]]:
    groups = [group for text in mail.statuses for group in read_groups(text)]
    if not groups and any(name in notice.prose.lower() for name in _FIELDS):
        groups = read_groups(notice.prose)  # the right words in a part of the wrong type
    told = {one.address.lower(): one.told for one in notice.named}
    found: list[tuple[ReportKind, ReportedRecipient]] = []
    statuses = read_statuses(groups)
    for one in statuses:
        kind = one.kind or (kind_of(mail, notice) if is_failure(mail, notice) else ReportKind.OTHER)
        diagnostic = one.diagnostic
        if not any(char.isalpha() for char in diagnostic) and kind in (ReportKind.BOUNCE, ReportKind.DELAYED):
            diagnostic = told.get(one.address.lower(), "") or diagnostic
        prose = notice.words if len(statuses) == 1 else ""
        found.append((kind, judge_recipient(one.address, kind, one.status, diagnostic, prose, rules, one.final)))
    found = [(kind, one) for kind in _GRAVEST_FIRST for its_kind, one in found if its_kind is kind]
    recipients: dict[tuple[str, str], ReportedRecipient] = {}
    for kind, recipient in found:
        recipients.setdefault((recipient.address.lower(), recipient.final.lower()), replace(recipient, kind=kind))
    return (found[0][0] if found else ReportKind.OTHER), tuple(recipients.values())


def _envelope_id(mail: OpenedMail) -> str:
    told = (field(group, "original-envelope-id") for text in mail.statuses for group in read_groups(text))
    envelope_id = next(filter(None, told), "") or original_envelope(mail)
    return envelope_id.lower() if _WHOLE_TOKEN.fullmatch(envelope_id) else envelope_id


# complaints and receipts


def _complainants(mail: OpenedMail) -> tuple[ReportedRecipient, ...]:
    kind = feedback_type(mail)
    if kind in ("auth-failure", "dmarc", "dkim"):  # RFC 6591: about our signatures, by no reader
        meaning = Meaning(
            ReplyClass.SENDER_POLICY, Action.STOP_AND_ASK, False, 0, 0, kind, summary_of(ReplyClass.SENDER_POLICY)
        )
    else:
        meaning = Meaning(ReplyClass.OPT_OUT, Action.SUPPRESS, True, 0, 0, kind, COMPLAINED)
    text = feedback_text(mail) or mail.value("Subject")
    return tuple(ReportedRecipient(address, "", text, meaning) for address in complained_addresses(mail))


def _who_read(mail: OpenedMail) -> tuple[ReportedRecipient, ...]:
    """Return who sends a receipt of a few words, which names nobody else for sure."""
    senders = [one for one, _begin, _end in find_addresses(mail.value("From"))]
    meaning = Meaning(ReplyClass.UNKNOWN, Action.NONE, False, 0, 0, "receipt", RECEIVED)
    return tuple(ReportedRecipient(one, "", "displayed", meaning) for one in senders[:1])


def _read_receipt(
    mail: OpenedMail, notice: Notice, rules: ReplyRules | None
) -> tuple[ReportKind, tuple[ReportedRecipient, ...]]:
    address, done, _message_id = read_disposition(mail)
    if is_refusal(mail, notice.failed):
        words = notice.prose.partition(":")[2].strip() or notice.prose
        return ReportKind.BOUNCE, (
            judge_recipient(address, ReportKind.BOUNCE, "", words, "", rules),
        ) if address else ()
    if not address:
        return ReportKind.RECEIPT, ()
    meaning = Meaning(ReplyClass.UNKNOWN, Action.NONE, False, 0, 0, "receipt", RECEIVED)
    return ReportKind.RECEIPT, (ReportedRecipient(address, "", done, meaning),)


# ties


def _find_token(raw: bytes, mail: OpenedMail) -> str:
    for name in _ADDRESSED:
        if match := _IN_ADDRESS.search(mail.value(name)):
            return match[1].lower()
    for returned in mail.originals:
        if _WHOLE_TOKEN.fullmatch(own := head_value(returned, DELIVERY_HEADER)):
            return own.lower()
        if match := _IN_ADDRESS.search(head_value(returned, "Return-Path")):
            return match[1].lower()
    at = raw.lower().find(DELIVERY_HEADER.lower().encode())
    quoted = _IN_HEADER.search(raw, max(raw.rfind(b"\n", 0, at), 0)) if at >= 0 else None
    return quoted[1].decode("ascii").lower() if quoted else ""


def _find_message_id(mail: OpenedMail, text: str) -> str:
    """Return the Message-ID of the mail this one is about: returned, named in a field, quoted in the text, answered."""
    for returned in mail.originals:
        if match := _MESSAGE_ID.search(head_value(returned, "Message-ID")):
            return match[0]
    if match := _MESSAGE_ID.search(read_disposition(mail)[2]):
        return match[0]
    if match := _QUOTED_ID.search(text):
        return match[1]
    for name in ("In-Reply-To", "References"):
        if found := _MESSAGE_ID.findall(mail.value(name)):
            return str(found[-1])
    return ""
