"""Mails by which readers leave: to the address of List-Unsubscribe (RFC 2369, 8058), or an answer that says 退订.

Only a request is read here; whose it is, a token decides that only we could have made.
"""

import html
import logging
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header
from email.message import Message

from mailer.mail.letterhead import UNSUBSCRIBE_WORD
from mailer.mail.reply_lines import decode_text
from mailer.mail.returned.decoding import decode_octets
from mailer.mail.returned.parsing import parse_mail

log = logging.getLogger(__name__)

MAX_READ = 256 * 1024  # octets; who wants to leave says so in the first line
MAX_PARTS = 20
MAX_BOUNDARIES = 500
MAX_IDS = 20
_TOKEN = r"[a-z2-7]{40}"  # noqa: S105 - the shape of tokens.sign_token, not a token
_IN_SUBJECT = re.compile(rf"\s*(?:re:\s*)?{UNSUBSCRIBE_WORD}\W{{0,3}}({_TOKEN})\b", re.IGNORECASE)
_IN_ADDRESS = re.compile(rf"[+=-]({_TOKEN})@", re.IGNORECASE)
_IN_ID = re.compile(rf"<({_TOKEN})@[^<>\s]{{1,250}}>", re.IGNORECASE)
_ADDRESSED = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
_SENDER = re.compile(r"(?:[^<>,;]*<)?\s*([^\s<>,;\"()]+@[^\s<>,;\"()]+)\s*>?\s*")
_REPLY_MARK = re.compile(r"\s*(?:re|aw|回复|答复|回覆)\s*[:：]\s*", re.IGNORECASE)
# all that a line may say, blanks and punctuation aside
_WORDS = re.compile(
    r"(?:你好|您好)?(?:请|我要|我想|我们要|申请|麻烦|要求)?(?:帮我|给我|为我|帮忙|予以)?"
    r"(?:退订|取消订阅|取消订阅邮件|退订邮件|退订此邮件|退订简报|不再订阅|unsubscribe|unsubscribeme|pleaseunsubscribe|"
    r"pleaseunsubscribeme|td|t|qx)(?:吧|了|谢谢|多谢|thanks|thankyou)?",
    re.IGNORECASE,
)
_MACHINE_FIELDS = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id", "X-Failed-Recipients")
_HIDDEN = (("<!--", "-->"), ("<head>", "</head>"), ("<style", "</style>"), ("<script", "</script>"))
_LINE_ENDS = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|hr|blockquote|/?h\d)\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LeaveRequest:
    """What a mail asks: to leave.

    token is one good for leaving, as it stands in the subject or address, empty without; answered are the tokens in
    the Message-IDs of the mails it answers, newest first, and sender is who says to have written it, empty where that
    is not one plain address. Both are whatever the mail says: neither is checked here.
    """

    token: str
    answered: tuple[str, ...]
    sender: str


def parse_leave_request(raw: bytes) -> LeaveRequest | None:
    """Return the request to leave that a mail is, or None for any other mail.

    It is one by a token after the word in its subject or in its address; or as a person's own first line, or subject,
    says nothing but a word for leaving. What programs answer by themselves (RFC 3834) is none of the second kind.
    Any bytes may come; none of them raise.
    """
    try:
        return _parse(_cap(raw))
    except Exception as error:  # the email package raises on some hostile mail; such a mail waits for a person
        log.warning("a mail of %d octets cannot be parsed: %s", len(raw), type(error).__name__)
        log.debug("where it cannot be", exc_info=True)
        return None


def _cap(raw: bytes) -> bytes:
    raw = raw[:MAX_READ]
    end = -1
    for _number in range(MAX_BOUNDARIES):
        end = raw.find(b"\n--", end + 1)
        if end < 0:
            return raw
    return raw[:end]


def _parse(raw: bytes) -> LeaveRequest | None:
    mail = parse_mail(raw)
    if mail.get_content_type() == "multipart/report":
        return None
    subject = _field(mail, "Subject")
    token = _find_token(mail, subject)
    if not token and not (_is_by_a_person(mail) and _asks(mail, subject)):
        return None
    ids = f"{_field(mail, 'In-Reply-To')} {' '.join(reversed(_field(mail, 'References').split()))}"
    answered = tuple(dict.fromkeys(match[1].lower() for match in _IN_ID.finditer(ids)))[:MAX_IDS]
    sender = _SENDER.fullmatch(_field(mail, "From"))
    return LeaveRequest(token, answered, sender[1] if sender else "")


def _find_token(mail: Message, subject: str) -> str:
    if match := _IN_SUBJECT.match(subject):
        return match[1].lower()
    for name in _ADDRESSED:
        if match := _IN_ADDRESS.search(_field(mail, name)):
            return match[1].lower()
    return ""


def _is_by_a_person(mail: Message) -> bool:
    automatic = _field(mail, "Auto-Submitted").lower()
    bulk = _field(mail, "Precedence").lower() in ("bulk", "junk", "list", "auto_reply")
    return automatic in ("", "no") and not bulk and not any(mail.get(name) is not None for name in _MACHINE_FIELDS)


def _asks(mail: Message, subject: str) -> bool:
    bare = subject
    while match := _REPLY_MARK.match(bare):
        bare = bare[match.end() :]
    return _is_word(bare) or _is_word(_first_line(mail))


def _is_word(text: str) -> bool:
    if text.startswith((">", "|", "｜", "＞")):  # somebody else's words
        return False
    letters = unicodedata.normalize("NFKC", text[:100])
    return _WORDS.fullmatch("".join(char for char in letters if char.isalnum())) is not None


def _first_line(mail: Message) -> str:
    """Return the first line with anything on it of the text a person wrote, the plain one where there are two."""
    texts = {part.get_content_type(): _text(part) for part in reversed(list(_walk(mail, [MAX_PARTS])))}
    plain = texts.get("text/plain", "")
    if not plain.strip():
        page = _show(texts.get("text/html", ""))
        plain = html.unescape(re.sub(r"<[^<>]*>", "", _LINE_ENDS.sub("\n", page)))
    return next((line.strip() for line in plain.splitlines() if line.strip("\ufeff\u200b \t\u3000\xa0")), "")


def _show(page: str) -> str:
    """Return the HTML without what is not shown; one pass each, as an end that is missing must not cost more."""
    for start, end in _HIDDEN:
        pieces: list[str] = []
        lowered, position = page.lower(), 0
        while (opening := lowered.find(start, position)) >= 0:
            pieces.append(page[position:opening])
            closing = lowered.find(end, opening)
            position = len(page) if closing < 0 else closing + len(end)
        page = " ".join([*pieces, page[position:]])
    return page


def _walk(part: Message, left: list[int]) -> Iterator[Message]:
    left[0] -= 1
    if left[0] < 0:
        return
    children = part.get_payload()
    if part.get_content_maintype() == "multipart" and isinstance(children, list):
        for child in children:
            if isinstance(child, Message):
                yield from _walk(child, left)
    elif part.get_content_type() in ("text/plain", "text/html") and part.get_content_disposition() != "attachment":
        yield part


def _text(part: Message) -> str:
    octets = part.get_payload(decode=True)
    if not isinstance(octets, bytes):
        return ""
    return decode_octets(octets, part.get_content_charset() or "")


def _field(mail: Message, name: str) -> str:
    """Return the first header of this name as readable text, encoded words read; empty where there is none."""
    for key, value in mail.raw_items():
        if key.lower() != name.lower():
            continue
        octets = b" ".join(str(value).encode("utf-8", "surrogateescape").split())[:4000]
        if b"=?" not in octets:
            return decode_text(octets)
        words: list[str] = []
        for part, charset in decode_header(octets.decode("ascii", "replace")):
            raw = part if isinstance(part, bytes) else part.encode("utf-8", "replace")
            gb = (charset or "").lower().startswith("gb")
            words.append(raw.decode("gb18030", "replace") if gb else decode_text(raw))
        return " ".join("".join(words).split())
    return ""
