"""What is the same in every message to one list, links included but for their token."""

from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote
from zoneinfo import ZoneInfo

from mailer.config import Config
from mailer.mail.headers import write_list_id, write_mailbox
from mailer.tokens import HouseSecret, Purpose

UNSUBSCRIBE_WORD = "unsubscribe"  # first word of the subject of an unsubscribe mail; the token follows
_WEB = {
    "unsubscribe": ("u", Purpose.UNSUBSCRIBE),
    "preferences": ("preferences", Purpose.PREFERENCES),
    "view": ("v", Purpose.VIEW),
    "click": ("c", Purpose.CLICK),
    "open": ("o", Purpose.OPEN),
    "tally_click": ("c", Purpose.TALLY_CLICK),
    "tally_open": ("o", Purpose.TALLY_OPEN),
    "received": ("r", Purpose.RECEIVED),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link of every copy to one list: `start`, and then a token, good for `purpose` and nothing else.

    The token is the delivery's, or for a tally the same in all copies.
    """

    start: str
    purpose: Purpose


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

    def web_link(self, name: str) -> Link | None:
        """Return a link to our pages by its name in `_WEB`; None where there are none."""
        place, purpose = _WEB[name]
        return Link(f"{self.public_url}/{place}/", purpose) if self.public_url else None

    def mail_link(self) -> Link:
        """Return the link to a mail by which a reader leaves (RFC 6068)."""
        address = quote(self.answers, safe="@.!$'*+-_~")
        return Link(f"mailto:{address}?subject={UNSUBSCRIBE_WORD}%20", Purpose.UNSUBSCRIBE)

    def link(self, name: str) -> Link | None:
        """Return what `links.NAME` is in a bulletin; None where it is empty."""
        if name == "unsubscribe_mail":
            return self.mail_link()
        return self.web_link(name) or (self.mail_link() if name == "unsubscribe" else None)

    @property
    def sender_id(self) -> str:
        """The sender's mark in Feedback-ID: of 5 to 15 plain characters and the same in all its mail."""
        return sha256(self.sender_address.rpartition("@")[2].lower().encode()).hexdigest()[:12]


def make_letterhead(config: Config, list_name: str, secret: HouseSecret) -> Letterhead:
    """Return the letterhead of one of the configured lists (KeyError for any other)."""
    sender = config.sender
    return Letterhead(
        sender_name=sender.name,
        sender_address=sender.address,
        reply_to=sender.reply_to,
        answers=sender.answers,
        list_id=f"{list_name}.{sender.domain}",
        list_title=config.lists[list_name].title,
        public_url=config.public_url,
        zone=config.zone,
        secret=secret,
    )


def envelope_sender(pattern: str, letterhead: Letterhead, token: str) -> str:
    """Return MAIL FROM: the relay's pattern with the token in it (VERP), else the letterhead's own address."""
    return pattern.replace("{token}", token) if pattern else letterhead.sender_address
