"""Complaints: feedback reports (RFC 5965), and the few providers that forward them without one."""

import re

from mailer.mail.returned.addresses import field_address, find_addresses
from mailer.mail.returned.fields import Group, field, read_groups
from mailer.mail.returned.parts import OpenedMail, head_value

_SUBJECT = re.compile(
    r"(?i)complaint about (?:a )?message|e-?mail feedback report|feedback (?:loop )?report"
    r"|abuse (?:feedback )?report|spam complaint|spam report|junk (?:mail|email) report|fbl report"
    r"|垃圾邮件(?:举报|投诉)|(?:举报|投诉)垃圾邮件|反垃圾投诉|client tos notification|用户投诉"
)
# who keeps the reader to himself puts such a word, or a long digest (RFC 6590), in the place of the name
_REDACTED = re.compile(r"(?i)redacted|undisclosed|anonymous|suppressed|hidden|x{3,}|\*{1,}|[0-9a-f]{32,}|[\w+/=-]{40,}")
_RECIPIENTS = ("original-rcpt-to", "removal-recipient", "original-recipient", "x-rcpt-to", "recipient")


def is_complaint(mail: OpenedMail) -> bool:
    """True for a feedback report, or where a provider forwards a whole mail under a subject that says complaint."""
    if mail.feedback or mail.head.get("X-XARF") is not None or mail.head.get("X-ARF") is not None:
        return True
    typed = "feedback-report" in str(mail.head.get("Content-Type", "")).lower()
    return bool(mail.originals) and (typed or _SUBJECT.search(mail.value("Subject")) is not None)


def feedback_type(mail: OpenedMail) -> str:
    """Return the kind of a feedback report in small letters: abuse, fraud, not-spam, ...; abuse where none is told."""
    for group in _groups(mail):
        if told := field(group, "feedback-type"):
            return told.lower().split()[0]
    return "abuse"


def complained_addresses(mail: OpenedMail) -> list[str]:
    """Return the addresses of the readers who complained; empty where the provider keeps them to itself."""
    for group in _groups(mail):
        for name in _RECIPIENTS:
            address = field_address(field(group, name))
            if address and not is_redacted(address):
                return [address]
    for head in mail.originals:
        for name in ("X-HmXmrOriginalRecipient", "X-Original-To", "Delivered-To", "X-Rcpt-To", "Envelope-To", "To"):
            if found := find_addresses(head_value(head, name)):
                first = found[0][0]
                return [first] if (len(found) == 1 or name != "To") and not is_redacted(first) else []
    return []


def is_redacted(address: str) -> bool:
    """True where an address only stands for one that a provider keeps to itself."""
    return _REDACTED.fullmatch(address.rpartition("@")[0]) is not None


def feedback_text(mail: OpenedMail) -> str:
    """Return what the report says in fields, on one line."""
    words = []
    for group in _groups(mail)[:1]:
        for name in (
            "feedback-type",
            "user-agent",
            "source-ip",
            "reported-domain",
            "auth-failure",
            "arrival-date",
            "received-date",
        ):
            if value := field(group, name):
                words.append(f"{name}: {value}")
    return "; ".join(words)[:500]


def original_envelope(mail: OpenedMail) -> str:
    """Return the envelope id of the mail complained of, where the report names it."""
    return next((value for group in _groups(mail) if (value := field(group, "original-envelope-id"))), "")


def _groups(mail: OpenedMail) -> list[Group]:
    return [group for text in mail.feedback for group in read_groups(text)]
