"""Addresses as they stand in prose and in fields of reports (RFC 3464 §2.3, RFC 6533)."""

import re

_LOCAL = r"[^\s<>()\[\]{}|,;:\"'\\/@`“”‘’，；：。、（）《》【】「」]"
_LABEL = r"(?:[0-9A-Za-z\u00c0-\u024f_-]{1,63}|[\u0370-\u2fff\u3040-\ufaff]{1,63})"
_DOMAIN = rf"(?:{_LABEL}\.){{1,12}}(?:[A-Za-z][A-Za-z0-9-]{{1,62}}|[\u0370-\u2fff\u3040-\ufaff]{{2,20}})"
ADDRESS = re.compile(rf"(?<!{_LOCAL})({_LOCAL}{{1,128}})@({_DOMAIN})")
_TYPE_PREFIX = re.compile(r"\s*([\w.-]{1,40})\s*;\s*")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_WHOLE = re.compile(
    rf"(?:\"[^\"\r\n]{{1,128}}\"|[^\s<>@\"]{{1,128}})@(?:{_DOMAIN}|\[[0-9A-Fa-f.:]{{2,60}}\]|[\w-]{{1,63}})"
)
_SOURCE_ROUTE = re.compile(r"^@[^:\s]{1,200}:")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def is_address(text: str) -> bool:
    """True for what may be a mailbox; an address shortened with dots by a web archive is none."""
    return "..." not in text and len(text) <= 320 and _WHOLE.fullmatch(text) is not None


def tidy_address(text: str) -> str:
    """Return the address in a text such as `<@relay:a@x.example>` or `"A" <a@x.example>`; empty where there is none."""
    text = text.strip()
    if "<" in text and ">" in text:
        text = text[text.rindex("<") + 1 :].partition(">")[0]
    text = (
        _SOURCE_ROUTE.sub("", text.strip(" <>()[];,'\t"))
        .removeprefix("mailto:")
        .removeprefix("smtp:")
        .removeprefix("SMTP:")
    )
    text = text.rstrip(".")
    if len(text) > 1 and text[0] == '"' == text[-1]:
        text = text[1:-1]
    return text if is_address(text) else ""


def field_address(value: str) -> str:
    """Return the address of a Final-Recipient or Original-Recipient field, its type and encoding taken off.

    RFC 3461 §4 writes odd characters as +XX, RFC 6533 §3 as \\x{XXXX}; other types than rfc822 and utf-8 name no
    mailbox of the Internet.
    """
    kind = "rfc822"
    if match := _TYPE_PREFIX.match(value):
        kind, value = match[1].lower(), value[match.end() :]
    if kind == "x400":
        return ""
    address = tidy_address(value)
    if not address and "@" in value:
        found = ADDRESS.search(value)
        address = found[0] if found and is_address(found[0]) else ""
    if kind in ("utf-8", "utf8"):
        address = _EMBEDDED.sub(_from_hex, address)
    elif _XTEXT.search(address) and (plain := _XTEXT.sub(lambda match: chr(int(match[1], 16)), address)).isprintable():
        # a tag such as +2B or +AB is no encoding; what stands for = or + always is
        address = plain if re.search(r"\+(?:2B|3D|20)", address) and is_address(plain) else address
    return address


def _from_hex(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else match[0]


def sender_address(value: str) -> str:
    """Return the address of a From field, also such as MAILER-DAEMON@mx, whose domain has no dot; or empty."""
    return next((one for one, _begin, _end in find_addresses(value)), "") or tidy_address(value)


def find_addresses(line: str) -> list[tuple[str, int, int]]:
    """Return each address in a line of prose with where it begins and ends."""
    found = []
    for match in ADDRESS.finditer(line):
        local, begin = match[1], match.start()
        # Chinese words stand before an address without a blank: 无法发送到a@x.example
        chinese = [piece.end() for piece in _CHINESE.finditer(local)]
        if chinese and local[chinese[-1] :].isascii() and local[chinese[-1] :]:
            begin += chinese[-1]
            local = local[chinese[-1] :]
        trimmed = local.lstrip(".=*-&%$#!~^?")
        begin += len(local) - len(trimmed)
        address = f"{trimmed}@{match[2]}".rstrip(".-")
        if trimmed and is_address(address):
            found.append((address, begin, match.end()))
        if len(found) >= 20:
            break
    return found
