"""One delivery's final bytes: an edition filled in for one recipient, with its headers (RFC 5322, 2045, 2369, 8058)."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from mailer.config import Config
from mailer.errors import InputError
from mailer.i18n import _
from mailer.mail.files import encode_files
from mailer.mail.headers import write_list_id, write_mailbox, write_text, write_tokens
from mailer.model.delivery import Delivery
from mailer.model.edition import RECIPIENT_FIELDS, Edition, fill_segments
from mailer.tokens import HouseSecret, Purpose, sign_token

DELIVERY_HEADER = "X-Jianbao-Delivery"  # carries the delivery's token for relays that fix the envelope sender
UNSUBSCRIBE_WORD = "unsubscribe"  # first word of the subject of an unsubscribe mail; the token follows
_LINE_END = re.compile(r"\r\n|\r|\n")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._=+-]+@[A-Za-z0-9.-]+>")


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What is the same in every message to one list; made once per mailing and list.

    reply_to may be empty; answers is where unsubscribe mails go; list_id has a dot (RFC 2919); public_url may be empty.
    Raises InputError when one of them cannot stand in a header.
    """

    sender_name: str
    sender_address: str
    reply_to: str
    answers: str
    list_id: str
    list_title: str
    public_url: str
    zone: ZoneInfo
    secret: HouseSecret = field(repr=False)
    fixed: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        lines = [write_mailbox("From", self.sender_name, self.sender_address)]
        if self.reply_to:
            lines.append(write_mailbox("Reply-To", "", self.reply_to))
        lines.append(write_list_id(self.list_title, self.list_id))
        object.__setattr__(self, "fixed", b"".join(lines))


def make_letterhead(config: Config, list_name: str, secret: HouseSecret) -> Letterhead:
    """Return the letterhead of one of the configured lists (KeyError for any other)."""
    sender = config.sender
    return Letterhead(
        sender_name=sender.name,
        sender_address=sender.address,
        reply_to=sender.reply_to,
        answers=sender.answers,
        list_id=f"{list_name}.{sender.address.rpartition('@')[2]}",
        list_title=config.lists[list_name].title,
        public_url=config.public_url,
        zone=config.zone,
        secret=secret,
    )


def envelope_sender(pattern: str, letterhead: Letterhead, token: str) -> str:
    """Return MAIL FROM: the relay's pattern with the token in it (VERP), else the letterhead's own address."""
    return pattern.replace("{token}", token) if pattern else letterhead.sender_address


@dataclass(frozen=True, slots=True)
class UnsubscribeLinks:
    """The ways out of one delivery's list: by mail always, by web (https or, on a private net, http) or empty."""

    mail: str
    web: str

    @property
    def shown(self) -> str:
        """The link that stands in the bulletin itself."""
        return self.web or self.mail


def unsubscribe_links(letterhead: Letterhead, delivery_id: int) -> UnsubscribeLinks:
    """Return the links by which this delivery's reader leaves; their token is good for nothing else."""
    token = sign_token(letterhead.secret, Purpose.UNSUBSCRIBE, delivery_id)
    address = quote(letterhead.answers, safe="@.!$'*+-_~")
    mail = f"mailto:{address}?subject={UNSUBSCRIBE_WORD}%20{token}"  # RFC 6068
    return UnsubscribeLinks(mail, f"{letterhead.public_url}/u/{token}" if letterhead.public_url else "")


def view_link(letterhead: Letterhead, delivery_id: int) -> str:
    """Return the reader's link to the web page of the issue, empty where public_url is."""
    if not letterhead.public_url:
        return ""
    return f"{letterhead.public_url}/v/{sign_token(letterhead.secret, Purpose.VIEW, delivery_id)}"


def compose_message(edition: Edition, delivery: Delivery, letterhead: Letterhead) -> bytes:
    """Return the final bytes of one delivery, CRLF throughout: the same delivery always gives the same bytes.

    multipart/alternative, text before HTML, both UTF-8 in base64, the one wire form; pictures that the HTML names by
    Content-ID stand with it in a multipart/related (RFC 2387), attachments after both in a multipart/mixed. To is the
    recipient's bare address: no header but Subject holds anything of a reader, and a reader's value there cannot start
    another. Not marked Auto-Submitted: people wrote it (RFC 3834 §5 is for answers and notices of machines), and
    List-Id keeps autoresponders quiet. Raises InputError when a value cannot stand in a header.
    """
    links = unsubscribe_links(letterhead, delivery.id)
    values = {f"recipient.{name}": getattr(delivery.recipient, name) for name in RECIPIENT_FIELDS}
    values["links.unsubscribe"] = links.shown
    values["links.unsubscribe_mail"] = links.mail
    values["links.view"] = view_link(letterhead, delivery.id)
    # Base64 has no "=_", so a boundary cannot stand in a part (RFC 2045 §6.7); none is the beginning of another
    nonce = hashlib.sha256(delivery.message_id.encode()).hexdigest()[:32]
    kind, boundary = "alternative", f"=_{nonce}"
    parts = [
        _write_part("plain", fill_segments(edition.text, values)),
        _write_part("html", fill_segments(edition.html, values)),
    ]
    if edition.inline:
        related = [parts.pop(), *encode_files(edition.inline, "inline")]
        parts.append(_write_multipart('related; type="text/html"', f"=_related_{nonce}", related))
    if edition.attachments:
        bodies = _write_multipart(kind, boundary, parts)
        kind, boundary = "mixed", f"=_mixed_{nonce}"
        parts = [bodies, *encode_files(edition.attachments, "attachment")]
    head = _write_headers(edition, delivery, letterhead, links, values, f"multipart/{kind};", boundary)
    return b"".join([head, b"\r\n", *_between(boundary, parts)])


def _between(boundary: str, parts: list[bytes]) -> Iterator[bytes]:
    for part in parts:
        yield f"--{boundary}\r\n".encode()
        yield part
    yield f"--{boundary}--\r\n".encode()


def _write_multipart(kind: str, boundary: str, parts: list[bytes]) -> bytes:
    head = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'
    return b"".join([head.encode(), *_between(boundary, parts)])


def _write_headers(
    edition: Edition,
    delivery: Delivery,
    letterhead: Letterhead,
    links: UnsubscribeLinks,
    values: Mapping[str, str],
    content_type: str,
    boundary: str,
) -> bytes:
    if not _MESSAGE_ID.fullmatch(delivery.message_id):
        raise InputError(_("“{text}” is not a Message-ID").format(text=delivery.message_id), field="Message-ID")
    # RFC 8058 wants https; over plain http one click would be anybody's
    one_click = links.web.startswith("https://")
    leave = [f"<{links.web}>,", f"<{links.mail}>"] if one_click else [f"<{links.mail}>"]
    lines = [
        letterhead.fixed,
        write_mailbox("To", "", delivery.recipient.address),
        write_text("Subject", fill_segments(edition.subject, values)),
        write_tokens("Date", *format_datetime(delivery.sent_date.astimezone(letterhead.zone)).split(" ")),
        write_tokens("Message-ID", delivery.message_id),
        write_tokens("List-Unsubscribe", *leave),
        write_tokens("List-Unsubscribe-Post", "List-Unsubscribe=One-Click") if one_click else b"",
        write_tokens(DELIVERY_HEADER, delivery.token),
        write_tokens("MIME-Version", "1.0"),
        write_tokens("Content-Type", content_type, f'boundary="{boundary}"'),
    ]
    return b"".join(lines)


def _write_part(kind: str, text: str) -> bytes:
    # text parts are lines ended by CRLF before they are encoded (RFC 2046 §4.1.1)
    encoded = base64.encodebytes(_LINE_END.sub("\r\n", text).encode("utf-8", "replace"))
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + encoded.replace(b"\n", b"\r\n")
