"""What a report's words and codes about a recipient mean, by the rules that SMTP replies have."""

import re
from dataclasses import replace

from mailer.mail.replies import ReplyRules, classify_reply
from mailer.mail.reply_lines import parse_reply_text, tidy_text
from mailer.model.outcome import Meaning, Phase, Reply, ReplyClass
from mailer.model.report import ReportedRecipient, ReportKind

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
# Postfix and Exim say which command was answered; a reply to the message itself is about the message
_AT_DATA = re.compile(r"\bDATA command\b|end of data|after DATA|DATA:|transmission channel.{0,20}DATA", re.IGNORECASE)
_VAGUE = frozenset({ReplyClass.UNKNOWN, ReplyClass.TEMPORARY, ReplyClass.CONTENT, ReplyClass.PROTOCOL})


def find_status(text: str) -> str:
    """Return the first enhanced code (RFC 3463) in a text, or empty."""
    match = _STATUS.search(text)
    return match[1] if match else ""


def judge_recipient(
    address: str,
    kind: ReportKind,
    status: str,
    diagnostic: str,
    prose: str,
    rules: ReplyRules | None,
    final: str = "",
) -> ReportedRecipient:
    """Return a recipient with what its diagnostic means; where that says little, what the notice's prose says.

    A report that is not of failure for good is never hard: its codes count as 4yz whatever they are.
    """
    diagnostic = tidy_text(diagnostic)
    phase = Phase.DOT if _AT_DATA.search(diagnostic) else Phase.RCPT
    reply = parse_reply_text(diagnostic, phase)
    meaning = _classify(reply, status, kind, final or address, rules)
    if (
        meaning.rule == "default"
        and meaning.reply_class in _VAGUE
        and prose
        and kind in (ReportKind.BOUNCE, ReportKind.DELAYED)
    ):
        words = Reply(reply.code, reply.enhanced, " ".join(prose[:4000].split())[:1000], phase)
        second = _classify(words, status, kind, final or address, rules)
        if second.rule != "default":
            meaning = second
    return ReportedRecipient(address, status or reply.enhanced, diagnostic, meaning, final=final)


def _classify(reply: Reply, status: str, kind: ReportKind, address: str, rules: ReplyRules | None) -> Meaning:
    enhanced = reply.enhanced or status
    code = reply.code
    if kind is ReportKind.DELAYED:
        code, enhanced = (code if 400 <= code < 500 else 0), f"4.{enhanced[2:] or '0.0'}"
    elif kind is ReportKind.BOUNCE:
        if not code and not enhanced:
            enhanced = ""
        if code < 400:
            code = 0  # a greeting or a command that stands in a transcript
    elif kind in (ReportKind.DELIVERED, ReportKind.RELAYED):
        code, enhanced = 0, enhanced if enhanced.startswith("2") else "2.0.0"
    asked = Reply(code, enhanced, reply.text, reply.phase)
    meaning = classify_reply(asked, address.rpartition("@")[2], rules)
    if kind is ReportKind.BOUNCE and meaning.rule == "default" and not code and not enhanced:
        # given up without any code: not to be tried again, and nobody knows why
        meaning = classify_reply(Reply(550, "", "", Phase.RCPT), "", rules)
    if kind is ReportKind.DELAYED and meaning.reply_class.hard:
        meaning = replace(meaning, reply_class=ReplyClass.TEMPORARY, permanent=False)
    return meaning
