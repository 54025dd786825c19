"""Which addresses a bulletin may link to: http, https, mailto and tel, nothing a mail program would run."""

import re
from urllib.parse import urlsplit

from markdown_it.common.normalize_url import normalizeLink

from mailer.i18n import _

MAX_LENGTH = 2000  # what Outlook and the mail gateways still pass on whole
_FORMS = {
    "http": re.compile(r"https?://[^/?#]+([/?#].*)?", re.IGNORECASE),
    "mailto": re.compile(r"mailto:[^@?]+@[^@?]+(\?.*)?", re.IGNORECASE),
    "tel": re.compile(r"tel:\+?[0-9().-]+", re.IGNORECASE),
}


def parse_target(text: str) -> str:
    """Return the link target in ASCII (RFC 3986: percent-encoded path, punycode host).

    Raises ValueError with a sentence for the user when it is not an absolute http, https, mailto or tel address.
    """
    target = normalizeLink(text.strip())
    scheme = target.partition(":")[0].lower()
    form = _FORMS.get("http" if scheme == "https" else scheme)
    if form is None:
        raise ValueError(_("“{text}” is not a http, https, mailto or tel address").format(text=text[:80]))
    if len(target) > MAX_LENGTH or not re.fullmatch(r"[!-~]+", target) or re.search(r"[<>\"\\`{}|^]", target):
        raise ValueError(_("“{text}” is too long or holds a character no address has").format(text=text[:80]))
    if not form.fullmatch(target) or not _has_host(target):
        raise ValueError(_("“{text}” is not a whole address").format(text=text[:80]))
    return target


def _has_host(target: str) -> bool:
    try:
        parts = urlsplit(target)
        return parts.scheme not in ("http", "https") or (bool(parts.hostname) and parts.port != 0)
    except ValueError:
        return False
