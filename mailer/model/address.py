"""One strict reading of an e-mail address, used at import, in the console and at the wire."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from mailer.errors import AddressError
from mailer.i18n import _

MAX_LENGTH = 254  # RFC 5321 §4.5.3.1.3: a path of 256 octets less its angle brackets
MAX_LOCAL = 64  # octets, RFC 5321 §4.5.3.1.1
MAX_DOMAIN = 253  # characters of a name in DNS
# dot-atoms of the letters that nearly all addresses are made of: such a local part needs no further look
_PLAIN = re.compile(r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z0-9.-]+)", re.ASCII)
# mailboxes that anyone may have; who has one does not own the domain
_PROVIDERS = (
    "163.com", "126.com", "yeah.net", "188.com", "qq.com", "foxmail.com", "139.com", "189.cn", "sina.com", "sina.cn",
    "sohu.com", "aliyun.com", "gmail.com", "outlook.com", "hotmail.com", "icloud.com",
)  # fmt: skip
_INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD))


@dataclass(frozen=True, slots=True)
class Address:
    """An address we can write to.

    text: local part as written, domain in lower-case ASCII (punycode). key: the form by which two spellings are the
    same mailbox, as RFC 5321 §2.4 leaves the local part's case to its host and no host of our readers keeps it.
    """

    text: str
    key: str

    @property
    def domain(self) -> str:
        """The domain, in lower-case ASCII."""
        return self.text.rpartition("@")[2]

    @property
    def is_international(self) -> bool:
        """Whether the local part has letters beyond ASCII, which only relays with SMTPUTF8 carry (RFC 6531)."""
        return not self.text.isascii()


def is_provider(domain: str) -> bool:
    """Return whether a domain is that of a provider of mailboxes, such as 163 or QQ."""
    return f".{domain.lower()}".endswith(tuple(f".{provider}" for provider in _PROVIDERS))


def parse_address(text: str) -> Address:
    """Return the address meant by `text`: exactly one bare address, no display name, comment or quoted local part.

    Full-width letters and signs are folded (NFKC) and invisible characters dropped first, as sheets hold them.
    No DNS is asked. Raises AddressError for anything else; control characters and lone surrogates are never repaired.
    """
    if text.isascii() and (plain := _PLAIN.fullmatch(text.strip(" \t"))):
        folded = plain[0]
    else:
        if any(unicodedata.category(char) in ("Cc", "Cs") or char in "\u2028\u2029" for char in text.strip(" \t")):
            raise AddressError(_("the address holds a control character"), cure=_("type the address anew"))
        folded = unicodedata.normalize("NFKC", text).translate(_INVISIBLE).strip()
        plain = _PLAIN.fullmatch(folded)
    if plain is not None and len(plain[1]) <= MAX_LOCAL and (domain := _ascii_domain(plain[2])):
        written = f"{plain[1]}@{domain}"
    else:
        # also to refuse: its word is the last
        written = _validate(folded) or ""
    local = written.rpartition("@")[0]
    if not local.isascii() and not all(char.isascii() or unicodedata.category(char)[0] in "LMN" for char in local):
        written = ""  # dashes, quotes and the like of other writing: a slip, or made to be taken for another address
    if "=?" in written:
        written = ""  # a header would be read as an encoded word (RFC 2047), and what that may hide is refused there
    if not local.isascii() and _mixes_scripts(local):
        written = ""
    if not written:
        if any(map(_mixes_scripts, re.split(r"[@.]", folded))):
            raise AddressError(
                _("the address mixes letters of several alphabets that look alike"), cure=_("type the address anew")
            )
        shown = folded if len(folded) <= 60 else folded[:57] + "..."
        raise AddressError(
            _("“{text}” is not an e-mail address").format(text=shown) if folded else _("the address is empty"),
            cure=_("write one address such as name@domain.example, without name or brackets"),
        )
    key = written.casefold()
    if len(written.encode()) > MAX_LENGTH or len(key) > MAX_LENGTH:
        raise AddressError(_("the address is longer than {n} octets").format(n=MAX_LENGTH))
    if len(written.rpartition("@")[0].encode()) > MAX_LOCAL:
        raise AddressError(_("the part before @ is longer than {n} octets").format(n=MAX_LOCAL))
    return Address(text=written, key=key)


def mask_address(address: str) -> str:
    """Return an address its owner knows again and nobody else learns: `reader@x.example` as `r***r@x.example`.

    The stars are always three; of a local part of one or two characters the last is hidden too.
    """
    local, _, domain = address.rpartition("@")
    head = local[:1] if len(local) > 1 else ""
    tail = local[-1:] if len(local) > 2 else ""
    return f"{head}***{tail}@{domain}"


# a name of letters, digits and hyphens that needs no look at Unicode: no label begins as punycode does
_PLAIN_DOMAIN = re.compile(r"(?:(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII)
_SPECIAL = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES if name != "test")


@lru_cache(maxsize=20_000)
def _ascii_domain(domain: str) -> str:
    """Return a domain in lower-case ASCII, empty when it is none; the same few domains make up every list."""
    folded = domain.lower()
    if len(folded) < MAX_DOMAIN - 2 and _PLAIN_DOMAIN.fullmatch(folded) and not f".{folded}".endswith(_SPECIAL):
        return folded  # what the library would say, for a tenth of its time
    return (_validate(f"x@{domain}") or "")[2:]


def _validate(text: str) -> str | None:
    try:
        # test_environment admits .test, reserved by RFC 6761, which our own tests and demo write to
        parsed = validate_email(text, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError:
        return None
    # the library measures a domain as people write it; DNS knows only this form
    domain = parsed.ascii_domain.lower()
    stem, _dot, ending = domain.rpartition(".")
    if not stem or min(len(ending), len(parsed.domain.rpartition(".")[2])) < 2 or len(domain) > MAX_DOMAIN:
        return None  # no host of a network, and no country or other end of a name has one letter
    if domain != parsed.domain and any(map(_mixes_scripts, parsed.domain.split("."))):
        return None
    return f"{parsed.local_part}@{domain}"


# letters that stand in one word with Latin ones where people write so
_BESIDE_LATIN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"})


def _mixes_scripts(text: str) -> bool:
    """Return whether letters of two alphabets stand in a text that nobody writes in one word (UTS 39 §5.2)."""
    if text.isascii():
        return False
    letters = [char for char in text if unicodedata.category(char) in ("Ll", "Lu", "Lt", "Lo")]
    scripts = {unicodedata.name(char, "").partition(" ")[0] for char in letters} - _BESIDE_LATIN
    beside = any(unicodedata.name(char, "").partition(" ")[0] in _BESIDE_LATIN for char in letters)
    return len(scripts) > 1 or (beside and bool(scripts - {"LATIN"}))
