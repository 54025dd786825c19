"""Reply lines of an SMTP server (RFC 5321 §4.2, RFC 2034) read into a Reply; also the replies quoted in bounces."""

import codecs
import re
import unicodedata
from collections.abc import Sequence

from mailer.model.outcome import Phase, Reply

MAX_TEXT = 1000  # characters kept; a database row and a page are no place for a server's novel
_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?![.\d])[\s:,;-]*")
_QUOTED = re.compile(
    r"(?:[\w-]{1,20} ?; ?)?(?:([245]\d\d)(?![\d.])[ :-]*)?(?:[(#]*([245]\.\d{1,3}\.\d{1,3})(?![.\d])\)?[ :-]*)?",
    re.IGNORECASE,
)
_LEADING = re.compile(r"(?:[\w-]{1,20} ?; ?)?[(#]*[245](?:\d\d(?![\d.])|\.\d{1,3}\.\d{1,3})")
# how mail servers quote another's reply: Postfix and qmail "said:", Exim "host …]:", Exchange "returned '", Gmail
# "The response was:", Alibaba "reply:", sendmail "<<< "
_SAID = re.compile(
    r"(?:\b(?:said|reply|replied|returned|response was|rcpt host [\w.-]{1,80})|\]|<<<)[:;]? ?['\"]?(?=[245]\d\d[ :-])",
    re.IGNORECASE,
)
_TRAILING = re.compile(r"\(#([245]\.\d{1,3}\.\d{1,3})\)")


class MalformedReplyError(Exception):
    """The server does not keep to SMTP; `text` is what it sent, readable and capped."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def decode_text(raw: bytes) -> str:
    """Return a server's words as one readable line: UTF-8, else GB18030 (facts F21); no control characters, capped."""
    if raw.isascii() and len(raw) <= MAX_TEXT and (plain := raw.decode("ascii")).isprintable():
        return plain.strip()
    whole = len(raw) <= MAX_TEXT * 4
    raw = raw[: MAX_TEXT * 4]
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(raw, final=whole)
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    return tidy_text(text)


def tidy_text(text: str) -> str:
    """Return text on one line without control characters, at most MAX_TEXT characters."""
    clean = "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char for char in text)
    clean = clean.strip()
    return clean if len(clean) <= MAX_TEXT else clean[: MAX_TEXT - 1] + "…"


def split_line(line: bytes) -> tuple[int, bool, bytes]:
    """Return code, whether it is the reply's last line, and the text's octets; raises MalformedReplyError."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise MalformedReplyError(decode_text(line))
    return int(match[1]), match[2] != b"-", match[3] or b""


def make_reply(lines: Sequence[bytes], phase: Phase) -> Reply:
    """Return the reply of its lines (without line ends). The enhanced code is taken off each line it stands on.

    Raises MalformedReplyError when the lines disagree on the code, or one is not a reply line at all.
    """
    code, texts = 0, []
    for line in lines:
        number, _last, text = split_line(line)
        if code and number != code:
            raise MalformedReplyError(decode_text(b" / ".join(lines)))
        code = number
        texts.append(text)
    whole = decode_text(b" ".join(text for text in texts if text))
    first = _ENHANCED.match(whole)
    enhanced = first[1] if first else ""
    if first:
        whole = whole[first.end() :].replace(f" {enhanced} ", " ")
    return Reply(code, enhanced, whole, phase)


def parse_reply_text(text: str, phase: Phase = Phase.DOT) -> Reply:
    """Return the reply quoted in a bounce or pasted by a person: `smtp; 550 5.1.1 …`, `550-5.1.1 …`, or words only.

    Of `host mx.example[192.0.2.1] said: 550 …` only what the host said is kept; codes repeated on each line of a reply
    are taken off. What is not there stays 0 or empty; never raises.
    """
    tidy = " ".join(tidy_text(text).split())
    if _LEADING.match(tidy) is None and (inner := _SAID.search(tidy)):
        tidy = tidy[inner.end() :]
    match = _QUOTED.match(tidy)
    assert match is not None  # every part is optional
    code, enhanced, words = int(match[1] or 0), match[2] or "", tidy[match.end() :]
    if code:
        words = words.replace(f" {code}-{enhanced} ", " ").replace(f" {code} {enhanced} ", " ")
    if not enhanced and (trailing := _TRAILING.search(words)):
        enhanced = trailing[1]  # qmail: Sorry, no mailbox here by that name. (#5.1.1)
    return Reply(code, enhanced, words, phase)
