"""A mail that came back as the parts a report is made of; nothing in it may take long or raise for long."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message

from mailer.mail.returned.decoding import decode_octets, decode_words, part_octets, part_text
from mailer.mail.returned.parsing import parse_mail
from mailer.mail.returned.phrases import FAILED, has_phrase

MAX_READ = 1024 * 1024  # octets; what a report says stands in its head (facts S35)
ENOUGH = 128 * 1024
MAX_PARTS = 100
MAX_RULES = 5000  # the parser spends 15 µs on a part, however empty
_STATUS_TYPES = frozenset({"report/delivery-status", "report/global-delivery-status"})  # RFC 3464, RFC 6533
_DISPOSITION_TYPES = frozenset({"report/disposition-notification", "report/global-disposition-notification"})
_RETURNED_TYPES = frozenset({
    "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers",
    "text/rfc822", "text/rfc822-header", "message/partial",
})  # fmt: skip
_REPORT_KINDS = (b"delivery-status", b"feedback-report", b"disposition-notification")
_DAEMON = re.compile(r"(?i)mailer-?daemon|postmaster|mail.?delivery|delivery (?:sub)?system")
_FEEDBACK = re.compile(r"^Feedback-Type:[ \t]{0,4}[a-z-]{3,20}[ \t\r]{0,4}$", re.IGNORECASE | re.MULTILINE)
_DISPOSITION = re.compile(r"^Disposition:[^\n]{3,80};", re.IGNORECASE | re.MULTILINE)
_RECIPIENT = re.compile(r"^Final-Recipient:", re.IGNORECASE | re.MULTILINE)
_MAX_NOTICES = 8
_MAX_INNER = 400


@dataclass
class OpenedMail:
    """A mail's parts.

    head holds its own fields, notices what it says in words, originals the heads of the mails that it sends back.
    """

    head: Message
    notices: list[str] = field(default_factory=list)
    markups: list[str] = field(default_factory=list)  # HTML as it came: some links say more than the page shows
    statuses: list[str] = field(default_factory=list)
    dispositions: list[str] = field(default_factory=list)
    feedback: list[str] = field(default_factory=list)
    originals: list[Message] = field(default_factory=list)

    def value(self, name: str) -> str:
        """Return the mail's first field of this name, readable; empty where it has none."""
        return head_value(self.head, name)


def head_value(head: Message, name: str) -> str:
    """Return the first field of this name as readable text on one line, whatever octets it has."""
    wanted = name.lower()
    for key, value in head.raw_items():
        if key.lower() == wanted:
            return decode_words(str(value))
    return ""


def cap_mail(raw: bytes) -> bytes:
    """Cut off what no report needs: octets past MAX_READ, and all after MAX_RULES lines that look like boundaries.

    Past ENOUGH only what announces a report's own part is kept: the rest is the mail that is sent back, with pictures.
    """
    raw = raw[:MAX_READ]
    if len(raw) > ENOUGH and not any(kind in raw[ENOUGH:].lower() for kind in _REPORT_KINDS):
        raw = raw[:ENOUGH]
    end = -1
    for _number in range(MAX_RULES):
        end = raw.find(b"\n--", end + 1)
        if end < 0:
            return raw
    return raw[:end]


def open_mail(raw: bytes) -> OpenedMail:
    """Return a capped mail's parts. May raise what the email package raises on hostile mail."""
    opened = OpenedMail(parse_mail(_without_envelope(raw)))
    for part in _walk(opened.head, [MAX_PARTS]):
        _take(part, opened)
    if opened.originals and not opened.statuses and _wraps_report(opened):
        # some gateways wrap a report in a mail of their own that says nothing
        inner = opened.originals.pop(0)
        for part in _walk(inner, [MAX_PARTS]):
            _take(part, opened)
    return opened


def _wraps_report(opened: OpenedMail) -> bool:
    inner = opened.originals[0].get_content_type() == "multipart/report"
    said = any(has_phrase(notice.lower(), FAILED) for notice in opened.notices)
    return inner and not said and _DAEMON.search(opened.value("From")) is not None


def _without_envelope(raw: bytes) -> bytes:
    """Take off an mbox line and blank lines before the head."""
    raw = raw.lstrip(b"\r\n\t ") if raw[:1] in (b"\r", b"\n") else raw
    return raw.partition(b"\n")[2] if raw.startswith((b"From ", b">From ")) else raw


def _walk(part: Message, left: list[int]) -> Iterator[Message]:
    """Yield a mail's leaves, of left[0] parts at most; not of mails within it, whose reports are not this one's."""
    left[0] -= 1
    if left[0] < 0:
        return
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        for child in inner_parts(part):
            yield from _walk(child, left)
        return
    yield part


def inner_parts(part: Message) -> list[Message]:
    """Return the parts a part consists of, capped; empty for a leaf, whose text may be in any charset."""
    payload = part.get_payload() if part.is_multipart() else []
    return [inner for inner in payload if isinstance(inner, Message)][:_MAX_INNER] if isinstance(payload, list) else []


def _take(part: Message, opened: OpenedMail) -> None:
    kind = part.get_content_type()
    if kind in _STATUS_TYPES:
        opened.statuses.append(_fields_text(part))
    elif kind in _DISPOSITION_TYPES:
        opened.dispositions.append(_fields_text(part))
    elif kind == "report/feedback-report":
        opened.feedback.append(_fields_text(part))
    elif kind in _RETURNED_TYPES:
        if (head := _returned_head(part)) is not None:
            opened.originals.append(head)
    elif part.get_content_maintype() in ("text", "multipart") and kind != "text/calendar":
        if opened.originals and opened.notices:
            return  # what stands behind the returned mail belongs to it
        if len(opened.notices) < _MAX_NOTICES and (text := part_text(part)).strip():
            html = kind == "text/html"
            if html:
                opened.markups.append(decode_octets(part_octets(part)))
            if not html and part.get_content_disposition() != "attachment":
                _take_misplaced(text, opened)
            if not (html and opened.notices and _alternative(text, opened.notices[-1])):
                opened.notices.append(text)


def _take_misplaced(text: str, opened: OpenedMail) -> None:
    """Take a report's fields out of plain text, where the mail's own structure is broken or lost."""
    if _FEEDBACK.search(text):
        opened.feedback.append(text)
    elif _DISPOSITION.search(text) and _RECIPIENT.search(text):
        opened.dispositions.append(text)


def _alternative(page: str, plain: str) -> bool:
    """True where HTML says what the plain text before it has said."""
    words = set(page.split())
    return len(words & set(plain.split())) * 2 > len(words)


def _fields_text(part: Message) -> str:
    return decode_octets(part_octets(part)).replace("\r\n", "\n").replace("\r", "\n")


def _returned_head(part: Message) -> Message | None:
    """Return the head of the mail that a part sends back, or None where there is none."""
    if part.is_multipart():
        return next(iter(inner_parts(part)), None)
    octets = part_octets(part).lstrip()
    return parse_mail(octets, head_only=True) if octets else None
