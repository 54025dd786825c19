"""Final bytes of deliveries: an edition filled in for each recipient, with its headers (RFC 5322, 2369, 8058).

What is the same for all readers of an edition is written once, by a Composer; per reader only what differs is.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

from mailer.errors import InputError
from mailer.i18n import _
from mailer.mail.encoding import EncodedText
from mailer.mail.frame import make_frame
from mailer.mail.headers import write_mailbox, write_text, write_tokens
from mailer.mail.inserts import Inserts
from mailer.mail.letterhead import Letterhead, envelope_sender, make_letterhead
from mailer.mail.signature import list_names, relax_fields, write_signature
from mailer.model.delivery import Delivery
from mailer.model.edition import Edition, Slot, lead_straight
from mailer.tokens import TOKEN_LENGTH

if TYPE_CHECKING:
    from mailer.mail.dkim import Signer  # cryptography is slow to load, and only what sends needs it

__all__ = [
    "DELIVERY_HEADER", "PROOF_HEADER", "Composer", "Letterhead", "compose_message", "envelope_sender",
    "make_composer", "make_letterhead",
]  # fmt: skip

DELIVERY_HEADER = "X-Jianbao-Delivery"  # carries the delivery's token for relays that fix the envelope sender
PROOF_HEADER = "X-Jianbao-Proof"  # of a proof: how its issue stands
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._=+-]+@[A-Za-z0-9.-]+>")


def compose_message(edition: Edition, delivery: Delivery, letterhead: Letterhead) -> bytes:
    """Return the final bytes of one delivery, unsigned, as `Composer.compose` makes them. Raises InputError."""
    return make_composer(edition, letterhead).compose(delivery)


def make_composer(
    edition: Edition, letterhead: Letterhead, signers: "Sequence[Signer]" = (), *, proof: str = ""
) -> "Composer":
    """Return what composes the copies of an edition, each signed by all `signers`, whose domains align with From.

    proof: the standing of the issue in a word of ASCII, where the copies are proofs; a header field then says so.
    Raises InputError when the subject, a link or the name of a file cannot stand in a header.
    """
    return Composer(edition, letterhead, signers, proof=proof)


class Composer:
    """Composes the copies of one edition for one list. It never changes, so threads may share it.

    Not marked Auto-Submitted: people wrote the bulletin (RFC 3834 §5 is for answers and notices of machines), and
    List-Id keeps autoresponders quiet.
    """

    def __init__(
        self, edition: Edition, letterhead: Letterhead, signers: "Sequence[Signer]" = (), *, proof: str = ""
    ) -> None:
        if not letterhead.public_url:  # it may have been taken out of the settings since the edition was approved
            edition = lead_straight(edition)
        self._zone = letterhead.zone
        self._signers = tuple(signers)
        self._inserts = inserts = Inserts(letterhead)
        text, html = inserts.split(edition.text), inserts.split(edition.html)
        self._text = EncodedText(text, inserts.lengths)
        self._html = EncodedText(html, inserts.lengths)
        frame = make_frame(edition)
        self._opening = frame.opening + self._text.opening
        self._between = frame.between + self._html.opening
        self._closing = frame.closing  # may be megabytes
        # RFC 8058 wants https; over plain http one click would be anybody's
        one_click = letterhead.public_url.startswith("https://")
        self._leave = _write_unsubscribe(letterhead, one_click=one_click)
        varies = any(isinstance(part, Slot) for part in edition.subject)
        self._subject = edition.subject if varies else ()
        fields = [
            letterhead.fixed,
            b"" if varies else write_text("Subject", "".join(map(str, edition.subject))),
            write_tokens("List-Unsubscribe-Post", "List-Unsubscribe=One-Click") if one_click else b"",
            _write_feedback_id(edition, letterhead, "proof" if proof else "bulletin"),
            write_tokens(PROOF_HEADER, proof) if proof else b"",
            frame.fields,
        ]
        self._fields = b"".join(fields)
        self._relaxed = relax_fields(self._fields)
        subject_name = ("Subject",) if varies else ()
        own = ("To", *subject_name, "Date", "Message-ID", "List-Unsubscribe", DELIVERY_HEADER)
        self._signed = list_names(self._fields, own)
        self._signed_answer = list_names(self._fields, (*own, "In-Reply-To", "References"))

    def compose(self, delivery: Delivery) -> bytes:
        """Return the final bytes of one delivery as they go on the wire: the same delivery always gives the same bytes.

        CRLF throughout and at the end, no line that begins with a dot, none longer than RFC 5322 allows. To is the
        recipient's bare address: no header but Subject holds anything of a reader, and a reader's value there cannot
        start another. Raises InputError when a value cannot stand in a header.
        """
        values = self._inserts.values(delivery)
        fields = self._write_fields(delivery, values[0])
        body = [self._opening]
        self._text.fill(values, body)
        body.append(self._between)
        self._html.fill(values, body)
        if not self._signers:
            return b"".join([self._fields, fields, b"\r\n", *body, self._closing])
        texts = b"".join(body)
        digest = sha256(texts)
        digest.update(self._closing)
        signatures = self._sign(delivery, fields, digest.digest())
        return b"".join([*signatures, self._fields, fields, b"\r\n", texts, self._closing])

    def _write_fields(self, delivery: Delivery, unsubscribe: bytes) -> bytes:
        """Return the header fields that differ from reader to reader, in the order that `_signed` says."""
        _check_message_id(delivery.message_id)
        fields = [
            write_mailbox("To", "", delivery.recipient.address),
            write_text("Subject", self._inserts.fill(self._subject, delivery)) if self._subject else b"",
            _write_date(delivery.sent_date, self._zone),
            write_tokens("Message-ID", delivery.message_id),
            unsubscribe.join(self._leave),
            write_tokens(DELIVERY_HEADER, delivery.token),
        ]
        if delivery.answers:  # RFC 5322 §3.6.4: the first of a thread is all that its answers refer to
            _check_message_id(delivery.answers)
            fields += [write_tokens(name, delivery.answers) for name in ("In-Reply-To", "References")]
        return b"".join(fields)

    def _sign(self, delivery: Delivery, fields: bytes, body_hash: bytes) -> list[bytes]:
        relaxed = self._relaxed + relax_fields(fields)
        names = self._signed_answer if delivery.answers else self._signed
        return [write_signature(one, names, relaxed, body_hash, delivery.sent_date) for one in self._signers]


def _check_message_id(text: str) -> None:
    if not _MESSAGE_ID.fullmatch(text):
        raise InputError(_("“{text}” is not a Message-ID").format(text=text), field="Message-ID")


def _write_unsubscribe(letterhead: Letterhead, *, one_click: bool) -> tuple[bytes, ...]:
    """Return List-Unsubscribe, cut where the delivery's token stands in it. Raises InputError."""
    links = [letterhead.web_link("unsubscribe")] if one_click else []
    starts = [link.start for link in (*links, letterhead.mail_link()) if link is not None]
    write_tokens("List-Unsubscribe", *(f"<{start}{'a' * TOKEN_LENGTH}>," for start in starts))  # refuses what cannot be
    first, *others = starts
    return tuple(
        piece.encode() for piece in (f"List-Unsubscribe: <{first}", *(f">,\r\n <{other}" for other in others), ">\r\n")
    )


@lru_cache(maxsize=64)  # copies claimed together have one date
def _write_date(moment: datetime, zone: ZoneInfo) -> bytes:
    return write_tokens("Date", *format_datetime(moment.astimezone(zone)).split(" "))


def _write_feedback_id(edition: Edition, letterhead: Letterhead, kind: str) -> bytes:
    """Return Feedback-ID: Gmail counts complaints by its fields, parted by colons, and knows the sender by the last."""
    issue, name = (quote(text, safe="")[:60] for text in (edition.issue, edition.list_name))
    return write_tokens("Feedback-ID", f"{issue}:{name}:{kind}:{letterhead.sender_id}")
