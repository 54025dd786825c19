"""Amazon SES, which reports through Amazon SNS.

Sources: docs.aws.amazon.com/sns "Verifying the signatures of Amazon SNS messages" (versions 1 and 2), "Parsing message
formats"; docs.aws.amazon.com/ses "Contents of notifications" and "Event data that Amazon SES publishes to Amazon SNS".
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from mailer.i18n import N_
from mailer.mail.certified import verify_certified
from mailer.mail.message import DELIVERY_HEADER
from mailer.mail.replies import ReplyRules
from mailer.mail.returned.judging import judge_recipient
from mailer.model.outcome import Action, Meaning, ReplyClass
from mailer.model.report import Report, ReportedRecipient, ReportKind
from mailer.tracking.webhooks.provider import AHEAD, HookCall, HookMessage, HookRefusedError, HookReport

_HOST = r"sns\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?"
_CERTIFICATE = re.compile(rf"https://{_HOST}/SimpleNotificationService-[0-9a-f]{{32}}\.pem")
_CONFIRM = re.compile(rf"https://{_HOST}/\?Action=ConfirmSubscription&[A-Za-z0-9&=:%._~-]{{1,1500}}")
_REGION = re.compile(r"arn:aws(?:-cn|-us-gov)?:sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_.-]{1,256}")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_ALGORITHMS = {"1": "sha1", "2": "sha256"}
_KINDS = {
    "Bounce": ReportKind.BOUNCE,
    "Complaint": ReportKind.COMPLAINT,
    "Delivery": ReportKind.DELIVERED,
    "DeliveryDelay": ReportKind.DELAYED,
}
_VERP = re.compile(r"[+=]([a-z2-7]{40})@", re.IGNORECASE)
_TOKEN = re.compile(r"[a-z2-7]{40}", re.IGNORECASE)
_ON_THEIR_LIST = ("OnAccountSuppressionList", "Suppressed")  # SES did not even try: it had bounced or complained before
_NO_MAILBOX = ("General", "NoEmail")  # a hard bounce, says SES of both
# RFC 3463's code for what SES says in a word, of mail that it does not try again
_STATUS_OF = {
    "MailboxFull": "5.2.2",
    "MessageTooLarge": "5.3.4",
    "ContentRejected": "5.6.0",
    "AttachmentRejected": "5.6.0",
}
ON_THEIR_LIST = N_("Amazon SES has the address on its own suppression list.")


class AmazonSes:
    """Amazon SES through SNS: only of topics that the settings name, with a signature by SNS's certificate."""

    window = timedelta(days=1)

    def read(self, call: HookCall) -> HookMessage:
        """Return what an SNS message says. Raises HookRefusedError."""
        message = _parse(call.body)
        kind, topic = message.get("Type", ""), message.get("TopicArn", "")
        if kind not in _SIGNED:
            raise HookRefusedError("no message of SNS that is listened to")
        if topic not in call.config.topics:  # before anything is fetched for a stranger
            raise HookRefusedError("of a topic that the settings do not name")
        sent_at = _time(message.get("Timestamp"))
        if sent_at is None or not call.now - self.window <= sent_at <= call.now + AHEAD:
            raise HookRefusedError("too old, or without a time")
        _verify(message, kind, topic, call)
        name = message.get("MessageId", "")
        if not name:
            raise HookRefusedError("without an id")
        if kind == "SubscriptionConfirmation":
            url = message.get("SubscribeURL", "")
            if not (match := _CONFIRM.fullmatch(url)) or match[1] != _region(topic):
                raise HookRefusedError("its SubscribeURL is not of SNS")
            return HookMessage(name, confirm=url)
        return HookMessage(name, tuple(_read_reports(message.get("Message", ""), sent_at, call.rules)))


def _parse(body: bytes) -> dict[str, str]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise HookRefusedError("no JSON") from None
    if not isinstance(found, dict):
        raise HookRefusedError("no JSON object")
    return {key: value for key, value in found.items() if isinstance(value, str)}


def _region(topic: str) -> str:
    match = _REGION.fullmatch(topic)
    return match[1] if match else ""


def _verify(message: Mapping[str, str], kind: str, topic: str, call: HookCall) -> None:
    algorithm = _ALGORITHMS.get(message.get("SignatureVersion", ""))
    url = message.get("SigningCertURL", "")
    if algorithm is None or not (match := _CERTIFICATE.fullmatch(url)) or match[1] != _region(topic):
        raise HookRefusedError("its SigningCertURL is not of SNS")
    try:
        signature = base64.b64decode(message.get("Signature", ""), validate=True)
    except (binascii.Error, ValueError):
        raise HookRefusedError("its signature is none") from None
    signed = "".join(f"{name}\n{message[name]}\n" for name in _SIGNED[kind] if name in message)
    try:
        octets = signed.encode()
    except UnicodeEncodeError:
        raise HookRefusedError("it holds lone surrogates") from None
    if not verify_certified(call.fetch(url), signature, octets, algorithm, call.now):
        raise HookRefusedError("its signature does not fit")


def _read_reports(text: str, sent_at: datetime, rules: ReplyRules) -> Iterator[HookReport]:
    """Yield a report for each recipient that an SES notification tells of; nothing for what is none."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return  # SNS may carry other things, and says so once itself when a topic is made
    word = _text(told, "notificationType") or _text(told, "eventType")
    kind = _KINDS.get(word)
    if kind is None:
        return
    part = _table(told, word[0].lower() + word[1:])
    token, message_id = _find_ties(_table(told, "mail"))
    for one in _recipients(kind, part, rules):
        yield HookReport(
            Report(
                kind,
                (one,),
                token,
                message_id=message_id,
                feedback=(_text(part, "complaintFeedbackType") or "abuse") if kind is ReportKind.COMPLAINT else "",
            ),
            _time(_text(part, "timestamp")) or sent_at,
        )


def _find_ties(mail: Mapping[str, Any]) -> tuple[str, str]:
    """Return our token, from our header or the envelope sender, and the Message-ID we gave; SES gives another."""
    token = message_id = ""
    for header in _list(mail, "headers"):
        if isinstance(header, dict):
            name, value = _text(header, "name").lower(), _text(header, "value").strip()
            if name == DELIVERY_HEADER.lower() and _TOKEN.fullmatch(value):
                token = value.lower()
            elif name == "message-id":
                message_id = value
    if not token and (match := _VERP.search(_text(mail, "source"))):
        token = match[1].lower()
    return token, message_id


def _recipients(kind: ReportKind, part: Mapping[str, Any], rules: ReplyRules) -> Iterator[ReportedRecipient]:
    if kind is ReportKind.DELIVERED:
        for address in _list(part, "recipients"):
            if isinstance(address, str):
                yield judge_recipient(address, kind, "", _text(part, "smtpResponse"), "", rules)
        return
    lists = {
        ReportKind.BOUNCE: "bouncedRecipients",
        ReportKind.COMPLAINT: "complainedRecipients",
        ReportKind.DELAYED: "delayedRecipients",
    }
    for one in _list(part, lists[kind]):
        if isinstance(one, dict) and (address := _text(one, "emailAddress")):
            yield _judge(kind, part, one, address, rules)


def _judge(
    kind: ReportKind, part: Mapping[str, Any], one: Mapping[str, Any], address: str, rules: ReplyRules
) -> ReportedRecipient:
    diagnostic = _text(one, "diagnosticCode").removeprefix("smtp;").strip()
    if kind is ReportKind.COMPLAINT:
        meaning = Meaning(ReplyClass.OPT_OUT, Action.SUPPRESS, permanent=True, rule="complaint")
        return ReportedRecipient(address, "", _text(part, "complaintFeedbackType"), meaning)
    if kind is ReportKind.BOUNCE and _text(part, "bounceSubType") in _ON_THEIR_LIST:
        meaning = Meaning(ReplyClass.INACTIVE, Action.SUPPRESS, permanent=True, rule="ses-list", summary=ON_THEIR_LIST)
        return ReportedRecipient(address, _text(one, "status"), diagnostic or _text(part, "bounceSubType"), meaning)
    typed = _mean_bounce(part, _text(one, "status"), diagnostic, rules) if kind is ReportKind.BOUNCE else None
    found = judge_recipient(address, kind, _text(one, "status"), diagnostic, "", rules)
    return replace(found, meaning=typed or found.meaning, diagnostic=found.diagnostic or _text(part, "bounceSubType"))


def _mean_bounce(part: Mapping[str, Any], status: str, diagnostic: str, rules: ReplyRules) -> Meaning:
    """Return what a bounce means, by the type that SES gives it and, where that says little, by the server's words."""

    def judge(kind: ReportKind, status: str, diagnostic: str = "", prose: str = "") -> Meaning:
        return judge_recipient("", kind, status, diagnostic, prose, rules).meaning

    word, sub = _text(part, "bounceType"), _text(part, "bounceSubType")
    if word == "Permanent":
        return judge(ReportKind.BOUNCE, status, diagnostic, "no such user" if sub in _NO_MAILBOX else "")
    if word == "Transient" and sub in _STATUS_OF:
        return judge(ReportKind.BOUNCE, _STATUS_OF[sub])
    if word == "Transient":
        return judge(ReportKind.DELAYED, status, diagnostic)
    said = judge(ReportKind.BOUNCE, "", diagnostic)  # SES cannot tell why, so nothing is lasting
    return judge(ReportKind.BOUNCE, "") if said.reply_class.hard else said


def _table(found: Any, key: str) -> dict[str, Any]:
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, dict) else {}


def _list(found: Mapping[str, Any], key: str) -> list[Any]:
    value = found.get(key)
    return value if isinstance(value, list) else []


def _text(found: Any, key: str) -> str:
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
