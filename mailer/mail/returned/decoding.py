"""Octets of a hostile mail as text: transfer encodings that are broken, charsets that are wrong, HTML."""

import base64
import binascii
import codecs
import html
import re
from email.header import decode_header
from email.message import Message

MAX_TEXT = 64 * 1024  # characters of one part; a notice says what it has to say in its head
_MAX_OCTETS = 3 * MAX_TEXT
_GB = "gb18030"  # contains GB 2312 and GBK
_ALIASES = {
    "gb2312": _GB, "gbk": _GB, "x-gbk": _GB, "cp936": _GB, "ms936": _GB, "cn-gb": _GB, "gb_2312-80": _GB,
    "csgb2312": _GB, "eucgb2312_cn": _GB, "euc-cn": _GB, "gb18030-2005": _GB, "chinese": _GB,
    "x-x-big5": "big5hkscs", "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "cp950": "big5hkscs",
    "unicode-1-1-utf-7": "utf-7", "unicode-1-1-utf-8": "utf-8", "utf8": "utf-8", "uft-8": "utf-8", "cp932": "cp932",
    "x-sjis": "cp932", "shift-jis": "cp932", "ks_c_5601-1987": "cp949", "iso-8859-8-i": "iso-8859-8",
    "us-ascii": "", "ascii": "", "ansi_x3.4-1968": "", "ansi_x3.110-1983": "", "unknown": "", "unknown-8bit": "",
    "8bit": "", "default": "", "default_charset": "",
}  # fmt: skip
_WESTERN = frozenset({"iso-8859-1", "iso8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "iso-8859-15"})
_TRUSTED = ("iso-2022", "iso2022", "utf-7", "utf-16", "hz")  # their octets look like another charset's
# the codecs that are charsets of mail; others unpack, escape, or take time by the square of the text
_KNOWN = re.compile(
    r"utf-(?:7|8|16|32)(?:-\w+)?|gb18030|gbk|gb2312|hz|big5(?:hkscs)?|cp\d{3,4}|euc_\w+|shift_jis\w*|iso2022_\w+"
    r"|iso8859-\d+|koi8-[rtu]|tis-620|johab|mac-\w+|kz1048|ptcp154|ascii"
)
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]*")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_UNSEEN = re.compile(r"(?is)<(script|style|head|title)\b[^>]{0,300}>")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15}|!)([^<>]{0,4000})>")
_COMMENT = re.compile(r"<!--")
_BREAKING = frozenset(
    [
        "br",
        "p",
        "div",
        "tr",
        "table",
        "li",
        "ul",
        "ol",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "pre",
        "blockquote",
        "body",
        "html",
        "dd",
        "dt",
    ]
)
_BLANKS = re.compile(r"[ \t\xa0]{2,}")


def known_charset(name: str) -> str:
    """Return a charset that mail may be in by the name of its codec, or empty for any other and for none."""
    name = name.strip().strip("'\"").lower()
    name = _ALIASES.get(name, name)
    try:
        codec = codecs.lookup(name).name if 0 < len(name) < 40 else ""
    except (LookupError, ValueError):
        return ""
    return name if _KNOWN.fullmatch(codec) else ""


def decode_octets(raw: bytes, charset: str = "") -> str:
    """Return octets as text, by the charset they are in rather than the one they claim; never raises.

    What is valid UTF-8 is UTF-8; then the declared charset; then GB18030 where it gives Chinese; then Latin-1.
    """
    raw = raw[:_MAX_OCTETS]
    if raw.isascii() and b"\x1b" not in raw and not charset.lower().startswith((*_TRUSTED, "unicode-1-1-utf-7")):
        return raw.decode("ascii")[:MAX_TEXT]
    charset = known_charset(charset)
    if b"\x1b$" in raw and raw.isascii():
        charset = "iso-2022-jp"
    candidates = (charset,) if charset.startswith(_TRUSTED) else ("utf-8", charset, _GB)
    if charset in _WESTERN:
        candidates = ("utf-8", _GB, charset)  # anything decodes as Latin-1, so its name proves nothing
    if charset == _GB and sum(octet > 127 for octet in raw[:200]) < 6:
        candidates = (_GB,)  # two characters of GBK may well be valid UTF-8
    for name in candidates:
        if (
            name
            and (text := _decode_strictly(raw, name)) is not None
            and (name != _GB or charset == _GB or _is_chinese(text))
        ):
            return text[:MAX_TEXT]
    for name in (charset, "latin-1"):
        try:
            return raw.decode(name or "latin-1", "replace")[:MAX_TEXT]
        except (LookupError, UnicodeError, ValueError):
            continue
    return ""


def _decode_strictly(raw: bytes, name: str) -> str | None:
    try:
        return raw.decode(name)
    except UnicodeDecodeError as error:
        if len(raw) - error.start > 3 or error.start == 0:  # a character cut in two at the end is none of its fault
            return None
        return raw[: error.start].decode(name, "ignore")
    except (LookupError, UnicodeError, ValueError):
        return None


def _is_chinese(text: str) -> bool:
    """True where what is beyond ASCII is nearly all signs and characters in common use (GB 2312's first level)."""
    beyond = [char.encode(_GB) for char in text[:2000] if char > "\x7f"]
    common = sum(
        len(pair) == 2 and pair[1] > 0xA0 and (0xB0 <= pair[0] <= 0xD7 or pair[0] in (0xA1, 0xA3)) for pair in beyond
    )
    return common * 10 >= len(beyond) * 8


def part_octets(part: Message) -> bytes:
    """Return a part's content without its transfer encoding; broken base64 as far as it goes."""
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding not in ("base64", "quoted-printable"):
        raw = part.get_payload(decode=True)  # the octets as they are; without `decode` they would become text
        return raw[: _MAX_OCTETS * 2] if isinstance(raw, bytes) else b""
    try:
        payload = part.get_payload()
    except (LookupError, ValueError):  # it decodes by a charset that may be anything
        return b""
    if not isinstance(payload, str):
        return b""
    raw = payload[: _MAX_OCTETS * 2].encode("utf-8", "surrogateescape")
    return _from_base64(raw) if encoding == "base64" else binascii.a2b_qp(raw)


def _from_base64(raw: bytes) -> bytes:
    match = _BASE64.match(raw.lstrip())
    run = _NO_BASE64.sub(b"", match[0].partition(b"=")[0]) if match else b""
    if len(run) * 2 < len(raw) and b" " in raw.strip():
        return raw  # prose under a wrong label, or with a footer that is longer than the part
    return base64.b64decode(
        run[: len(run) // 4 * 4] + (b"" if len(run) % 4 < 2 else run[-(len(run) % 4) :] + b"=" * (4 - len(run) % 4))
    )


def part_text(part: Message) -> str:
    """Return a part's text; HTML without its tags, a line for each block."""
    try:
        charset = part.get_param("charset", "")
    except (TypeError, ValueError, AttributeError):
        charset = ""
    raw = part_octets(part)
    if isinstance(charset, tuple):
        charset = charset[2]
    text = decode_octets(raw, str(charset)).replace("\r\n", "\n").replace("\r", "\n")
    return text_of_html(text) if part.get_content_subtype() == "html" else text


def text_of_html(markup: str) -> str:
    """Return the readable text of HTML: line ends where blocks end, no styles, no comments; <a@b> stays an address."""
    kept: list[str] = []
    at = 0
    while (match := _UNSEEN.search(markup, at)) is not None:
        kept.append(markup[at : match.start()])
        end = markup.lower().find(f"</{match[1].lower()}", match.end()) if len(kept) < 50 else -1
        if end < 0:
            at = match.end()
            break
        at = end
    kept.append(markup[at:])
    bare = "".join(kept)
    while (begin := bare.find("<!--")) >= 0:
        end = bare.find("-->", begin)
        bare = bare[:begin] + (bare[end + 3 :] if end >= 0 else bare[begin + 4 :])
        if len(kept) > 100:
            break
        kept.append("")
    bare = (
        " ".join(bare.split("\n")) if "<br" in bare.lower() or "<p" in bare.lower() or "<td" in bare.lower() else bare
    )
    plain = html.unescape(_TAG.sub(_replace_tag, bare))
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in plain.split("\n"))[:MAX_TEXT]


def _replace_tag(match: re.Match[str]) -> str:
    name, rest = match[2].lower(), match[3]
    if "@" in rest and " " not in rest and "=" not in rest:
        return match[0].replace("<", "&lt;").replace(">", "&gt;")
    if name in _BREAKING:
        return "\n"
    return " " if name in ("td", "th") else ""


def decode_words(value: str) -> str:
    """Return a header's text with its encoded words (RFC 2047) decoded, whatever charset they name; on one line."""
    value = value[:4000]
    octets = value.encode("utf-8", "surrogateescape")
    if "=?" not in value:
        return " ".join(decode_octets(octets).split())
    try:
        pieces = decode_header(value)
    except Exception:  # noqa: BLE001 - the email package raises several kinds on broken words
        return " ".join(decode_octets(octets).split())
    words = [
        decode_octets(piece, charset or "")
        if isinstance(piece, bytes)
        else decode_octets(piece.encode("utf-8", "surrogateescape"))
        for piece, charset in pieces
    ]
    return " ".join("".join(words).split())
