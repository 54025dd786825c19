"""Addresses in a cell: one or several, and what was probably meant by one that is none."""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

from mailer.errors import AddressError
from mailer.i18n import _
from mailer.model.address import Address, parse_address

_BLANKS = " \t\r\n\u3000\xa0"  # no other control character: they are refused, not passed over
_SEPARATORS = re.compile(rf"[;；、,，/／|｜{_BLANKS}]+")
# where a cell has one @ only, a blank or comma may be a slip within it
_CLEAR_SEPARATORS = re.compile(r"[;；、/／|｜\r\n]+|[,，]+\s*$")
_PROVIDERS = (
    "163.com", "126.com", "yeah.net", "188.com", "vip.163.com", "qq.com", "vip.qq.com", "foxmail.com", "139.com",
    "189.cn", "sina.com", "sina.cn", "sohu.com", "aliyun.com", "gmail.com", "outlook.com", "hotmail.com", "icloud.com",
)  # fmt: skip
# real domains that are a letter away from a provider's
_REAL = frozenset({"162.com", "169.com", "188.cn", "263.net", "263.com", "mail.com", "email.com", "ymail.com",
                   "sina.com.cn", "163.net", "tom.com", "21cn.com", "live.com", "msn.com", "me.com", "mac.com",
                   "soho.com"})  # fmt: skip
_ENDINGS = {
    "con": "com", "cmo": "com", "ocm": "com", "comm": "com", "coom": "com", "vom": "com", "xom": "com", "cim": "com",
    "c0m": "com", "cpm": "com", "clm": "com", "come": "com", "nte": "net", "ner": "net", "met": "net", "cnn": "cn",
    "cm": "cn",
}  # fmt: skip
_AROUND = " \t\r\n.,;:。，；：、!！?？'\"“”‘’<>《》()（）[]【】"
# signs that word processors and input methods write for a hyphen
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"), "-")
_TEXT_MARKS = "'’‘`"
_AT = re.compile(r"\s*(?:\(at\)|\[at\]|（at）|\{at\}|#|★|@@+|艾特| at )\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AddressToken:
    """One address of a cell, or the text that is none with the reason; suggestion: what was probably meant.

    mended: what was put right in it before it was an address.
    """

    text: str
    address: Address | None = None
    error: AddressError | None = None
    suggestion: str = ""
    mended: str = ""


def read_address_cell(cell: str, *, exact: bool = False) -> list[AddressToken]:
    """Return the addresses of a cell in its order, each with what is doubtful; none for an empty cell.

    Several are parted by ; 、 , / or blanks, unless the cell as a whole is one address. An address with a domain that
    looks mistyped is taken as it is, with a suggestion. exact: the cell was written by us, so it has no mark of text.
    """
    text = cell.strip(_BLANKS)
    if not text:
        return []
    try:
        if text.isascii() and (exact or text[0] not in _TEXT_MARKS):
            return [_taken(text, parse_address(text))]
        return [_read_marked(text, exact=exact)]
    except AddressError as error:
        several = unicodedata.normalize("NFKC", text).count("@") > 1
        parts = [part for part in (_SEPARATORS if several else _CLEAR_SEPARATORS).split(text) if part]
        tokens = [_read_token(part, exact=exact) for part in parts]
        if (several and len(parts) > 1) or any(token.address is not None for token in tokens):
            return tokens
        # one address with something in it that does not belong there, or none
        return [AddressToken(text, error=error, suggestion=suggest_address(text))]


def _read_marked(text: str, *, exact: bool) -> AddressToken:
    """Read one address, behind the mark by which a spreadsheet knows a text, or with what only looks like a hyphen."""
    mended = []
    bare = text if exact else text.lstrip(_TEXT_MARKS)
    if bare != text:
        mended.append(_("the mark {mark} before the address was taken off").format(mark=text[0]))
    plain = bare.translate(_HYPHENS)
    if plain != bare:
        mended.append(_("a sign that only looks like a hyphen was taken as one"))
    return replace(_taken(text, parse_address(plain)), mended=_("; ").join(mended))


def _read_token(text: str, *, exact: bool) -> AddressToken:
    try:
        return _read_marked(text, exact=exact)
    except AddressError as error:
        return AddressToken(text, error=error, suggestion=suggest_address(text))


def _taken(text: str, address: Address) -> AddressToken:
    domain = suggest_domain(address.domain)
    local = address.text.rpartition("@")[0]
    return AddressToken(text, address, suggestion=f"{local}@{domain}" if domain else "")


@lru_cache(maxsize=20_000)
def suggest_domain(domain: str) -> str:
    """Return the domain that was probably meant by a likely slip (163.con, gmial.com); empty where it looks right."""
    if domain in _PROVIDERS or domain in _REAL:
        return ""
    near = next((one for one in _PROVIDERS if _is_slip(domain, one)), "")
    if near:
        return near
    stem, _sep, ending = domain.rpartition(".")
    # .cm is a country; only a provider's name before it makes it a slip
    if ending in _ENDINGS and (ending != "cm" or f"{stem}.cn" in _PROVIDERS or f"{stem}.com" in _PROVIDERS):
        wanted = f"{stem}.{_ENDINGS[ending]}"
        return f"{stem}.com" if f"{stem}.com" in _PROVIDERS else wanted
    if domain.endswith((".com.com", ".cn.cn")):
        return domain.rpartition(".")[0]
    return ""


def _is_slip(typed: str, meant: str) -> bool:
    """Return whether one letter too many, too few or another, or two in the wrong order, lie between two domains."""
    if abs(len(typed) - len(meant)) > 1:
        return False
    start = next((at for at, (one, two) in enumerate(zip(typed, meant, strict=False)) if one != two), None)
    if start is None:
        return len(typed) != len(meant)
    a, b = typed[start:], meant[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def suggest_address(text: str) -> str:
    """Return the address that was probably meant by a text that is none; empty where nothing is near."""
    whole = unicodedata.normalize("NFKC", text)
    if len(whole) > 200:
        return ""
    folded = whole.strip(_AROUND)
    inside = re.search(r"[<(]([^<>()\s]+@[^<>()\s]+)[>)]", whole)
    tries = [inside[1]] if inside else []
    tries.append(folded)
    tries.append(folded.removeprefix("mailto:").removeprefix("MAILTO:"))
    packed = re.sub(r"\s+", "", folded)
    tries.append(packed)
    tries.append(re.sub(r"^[^A-Za-z0-9]*[\u4e00-\u9fff]+[:：]?", "", packed))
    mended = re.sub(r"\s+", "", _AT.sub("@", folded, count=1))
    tries += [mended, re.sub(r"[。,，、·]", ".", mended), re.sub(r"\.{2,}", ".", re.sub(r"[。,，、·]", ".", mended))]
    tries.append(tries[-1].replace(".@", "@").replace("@.", "@"))
    if "@" not in mended:
        tries += [
            f"{packed[: -len(one)]}@{one}"
            for one in sorted(_PROVIDERS, key=len, reverse=True)
            if packed.lower().endswith(one) and len(packed) > len(one)
        ]
    elif "." not in mended.rpartition("@")[2]:
        tries += [one for ending in ("com", "cn", "net") if (one := _with_dot(mended, ending))]
    for one in tries:
        try:
            address = parse_address(one)
        except AddressError:
            continue
        domain = suggest_domain(address.domain)
        return f"{address.text.rpartition('@')[0]}@{domain}" if domain else address.text
    return ""


def _with_dot(text: str, ending: str) -> str:
    """Return an address whose domain lost the dot before its ending (163com), or the ending itself; empty for none."""
    local, _at, domain = text.rpartition("@")
    bare = domain.removesuffix(ending)
    return f"{local}@{bare}.{ending}" if f"{bare}.{ending}" in _PROVIDERS else ""
