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
            if address := field_address(field(group, name)):
                return [address]
    for head in mail.originals:
        for name in ("X-HmXmrOriginalRecipient", "X-Original-To", "Delivered-To", "X-Rcpt-To", "Envelope-To", "To"):
            if found := find_addresses(head_value(head, name)):
                return [found[0][0]] if len(found) == 1 or name != "To" else []
    return []


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
