"""One strict reading of an e-mail address, used at import, in the console and at the wire."""

import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from mailer.errors import AddressError
from mailer.i18n import _

MAX_LENGTH = 254  # RFC 5321 §4.5.3.1.3: a path of 256 octets less its angle brackets
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


def is_provider(domain: str) -> bool:
    """Return whether a domain is that of a provider of mailboxes, such as 163 or QQ."""
    return f".{domain.lower()}".endswith(tuple(f".{provider}" for provider in _PROVIDERS))


def parse_address(text: str) -> Address:
    """Return the address meant by `text`: exactly one bare address, no display name, comment or quoted local part.

    Full-width letters and signs are folded (NFKC) and invisible characters dropped first, as sheets hold them.
    No DNS is asked. Raises AddressError for anything else; control characters are never repaired.
    """
    if any(unicodedata.category(char) == "Cc" or char in "\u2028\u2029" for char in text.strip(" \t")):
        raise AddressError(_("the address holds a control character"), cure=_("type the address anew"))
    folded = unicodedata.normalize("NFKC", text).translate(_INVISIBLE).strip()
    try:
        # test_environment admits .test, reserved by RFC 6761, which our own tests and demo write to
        parsed = validate_email(folded, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError:
        shown = folded if len(folded) <= 60 else folded[:57] + "..."
        raise AddressError(
            _("“{text}” is not an e-mail address").format(text=shown) if folded else _("the address is empty"),
            cure=_("write one address such as name@domain.example, without name or brackets"),
        ) from None
    written = f"{parsed.local_part}@{parsed.ascii_domain.lower()}"
    if len(written.encode()) > MAX_LENGTH:
        raise AddressError(_("the address is longer than {n} octets").format(n=MAX_LENGTH))
    return Address(text=written, key=written.casefold())


def mask_address(address: str) -> str:
    """Return an address its owner knows again and nobody else learns: `reader@x.example` as `r***r@x.example`.

    The stars are always three; of a local part of one or two characters the last is hidden too.
    """
    local, _, domain = address.rpartition("@")
    head = local[:1] if len(local) > 1 else ""
    tail = local[-1:] if len(local) > 2 else ""
    return f"{head}***{tail}@{domain}"
