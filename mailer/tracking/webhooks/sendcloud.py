"""SendCloud (sendcloud.net), a Chinese provider: a form, signed by HMAC-SHA256 of timestamp and token with the APP KEY.

Source: its documentation of WebHook. The signature does not cover the rest of the form, so what is signed is good for
one body only (store.returned.note_hook), and not for long: what fails is sent again within 31 minutes, the same.
Nothing parts the timestamp from the token in what is signed, so the two are remembered as one: digits moved from one to
the other keep the signature.
"""

import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qs

from mailer.mail.message import DELIVERY_HEADER
from mailer.mail.replies import ReplyRules
from mailer.mail.returned.judging import judge_recipient
from mailer.model.outcome import Action, Meaning, ReplyClass
from mailer.model.report import Report, ReportedRecipient, ReportKind
from mailer.tracking.webhooks.provider import AHEAD, HookCall, HookMessage, HookRefusedError, HookReport

_KINDS = {
    "deliver": ReportKind.DELIVERED,
    "invalid": ReportKind.BOUNCE,
    "soft_bounce": ReportKind.BOUNCE,
    "report_spam": ReportKind.COMPLAINT,
}
_TOKEN = re.compile(r"[a-z2-7]{40}", re.IGNORECASE)
_SECONDS, _MILLISECONDS = re.compile(r"[0-9]{10}"), re.compile(r"[0-9]{13}")  # both until the year 2286
_SENT_TOKEN = re.compile(r"[!-~]{1,200}")
MAX_FIELDS = 200


class SendCloud:
    """SendCloud."""

    window = timedelta(hours=1)

    def read(self, call: HookCall) -> HookMessage:
        """Return what a form says. Raises HookRefusedError."""
        form = _parse(call.body)
        timestamp, token = form.get("timestamp", ""), form.get("token", "")
        if not _SENT_TOKEN.fullmatch(token):
            raise HookRefusedError("without a token")
        signed = f"{timestamp}{token}"
        expected = hmac.new(call.key.encode(), signed.encode("utf-8", "replace"), sha256).hexdigest()
        given = form.get("signature", "").lower().encode("utf-8", "replace")
        if not call.key or not hmac.compare_digest(expected.encode(), given):
            raise HookRefusedError("its signature does not fit")
        sent_at = _time(timestamp)
        if sent_at is None or not call.now - self.window <= sent_at <= call.now + AHEAD:
            raise HookRefusedError("too old, or without a time")
        return HookMessage(signed, _read_reports(form, sent_at, call.rules))


def _parse(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="replace")
    except ValueError:
        raise HookRefusedError("no form") from None
    return {name: values[0] for name, values in fields.items()}


def _time(text: str) -> datetime | None:
    if _MILLISECONDS.fullmatch(text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    return datetime.fromtimestamp(int(text), UTC) if _SECONDS.fullmatch(text) else None


def _read_reports(form: dict[str, str], sent_at: datetime, rules: ReplyRules) -> tuple[HookReport, ...]:
    kind, address = _KINDS.get(form.get("event", "")), form.get("recipient", "").strip()
    if kind is None or not address:
        return ()
    said = form.get("reason") or form.get("message") or ""
    if kind is ReportKind.COMPLAINT:
        meaning = Meaning(ReplyClass.OPT_OUT, Action.SUPPRESS, permanent=True, rule="complaint")
        one = ReportedRecipient(address, "", said, meaning)
    else:
        passing = form["event"] == "soft_bounce"
        one = judge_recipient(address, ReportKind.DELAYED if passing else kind, "", said, "", rules)
    token, message_id = _find_ties(form.get("userHeaders", ""))
    feedback = "abuse" if kind is ReportKind.COMPLAINT else ""
    return (HookReport(Report(kind, (one,), token, message_id=message_id, feedback=feedback), sent_at),)


def _find_ties(headers: str) -> tuple[str, str]:
    """Return our token and Message-ID of the header fields that SendCloud gives back as JSON."""
    try:
        found = json.loads(headers or "{}")
    except (ValueError, RecursionError):
        return "", ""
    fields = {str(name).lower(): value for name, value in found.items()} if isinstance(found, dict) else {}
    token, message_id = fields.get(DELIVERY_HEADER.lower()), fields.get("message-id")
    return (
        token.strip().lower() if isinstance(token, str) and _TOKEN.fullmatch(token.strip()) else "",
        message_id if isinstance(message_id, str) else "",
    )
