"""Looks at the links of an issue: whether they are written so that they can lead anywhere. Nothing is fetched here."""

import ipaddress
import re
from urllib.parse import urlsplit

from mailer.errors import AddressError
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.issue import Issue, Link, plain_text
from mailer.model.report import Finding, Severity
from mailer.rendering.preflight.places import issue_place, placed_inlines

_STOPS = "。，、；：！？）》」』”’"
_HOST = re.compile(r"(?=.{1,253}$)(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*")
_VAGUE = re.compile(
    r"(请?(点击|点|戳|按|看|见)?(这里|此处|这儿|我|链接)|请?点击(查看|进入|打开|阅读)?|点我|链接|网址|(查看)?详情|"
    r"(click )?(here|this)|link|more|read more|details)[>》→…。.!！]*",
    re.IGNORECASE,
)


def gather_links(issue: Issue) -> tuple[tuple[str, str], ...]:
    """Return (place, target) of every link of the issue in reading order, each once."""
    found = [(place, node.target.strip()) for place, node in placed_inlines(issue) if isinstance(node, Link)]
    if issue.imprint.qr:
        found.append((issue_place(issue, "imprint.qr"), issue.imprint.qr.strip()))
    return tuple(dict.fromkeys(found))


def check_links(issue: Issue) -> list[Finding]:
    """Return the links that cannot work as they are written, and those whose text says nothing."""
    found: list[Finding] = []
    for place, target in gather_links(issue):
        if fault := _find_fault(target):
            severity, text, cure = fault
            found.append(Finding(severity, place, _("{what}: {text}").format(what=text, text=target[:100]), cure))
    for place, node in placed_inlines(issue):
        if isinstance(node, Link) and _VAGUE.fullmatch(shown := plain_text(node.content).strip()):
            text = _("the link text “{text}” does not say where it leads").format(text=shown)
            found.append(Finding(Severity.WARNING, place, text, _("write the name of what it leads to as the link")))
        elif isinstance(node, Link) and not plain_text(node.content).strip():
            text = _("a link has no text, so nobody can follow it: {target}").format(target=node.target[:100])
            found.append(Finding(Severity.WARNING, place, text, _("write the name of what it leads to as the link")))
    return found


def _find_fault(target: str) -> tuple[Severity, str, str] | None:
    lowered = target.lower()
    mend = _("correct the link in issue.md")
    if lowered.startswith("mailto:"):
        try:
            parse_address(target[7:].partition("?")[0])
        except AddressError:
            return Severity.ERROR, _("this is no mail address"), mend
        return None
    if lowered.startswith("tel:"):
        good = re.fullmatch(r"\+?[\d().-]{3,}(;[\w=.+-]+)*", target[4:])
        return None if good else (Severity.ERROR, _("this is no telephone number"), mend)
    if not lowered.startswith(("http://", "https://")):
        return Severity.ERROR, _("this link cannot be used"), _("begin it with https://, http://, mailto: or tel:")
    return _find_web_fault(target, mend)


def _find_web_fault(target: str, mend: str) -> tuple[Severity, str, str] | None:
    try:
        parts = urlsplit(target)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return Severity.ERROR, _("this is no web address"), mend
    if any(char.isspace() for char in target) or lowers(target).count("://") > lowers(parts.query).count("://") + 1:
        return Severity.ERROR, _("this is no web address"), mend
    if parts.username is not None:
        return Severity.WARNING, _("a name or password stands in the link"), mend
    if _is_inside(host):
        return Severity.ERROR, _("readers cannot reach this address, it is of your own network"), mend
    if not _HOST.fullmatch(host) and not _is_number(host):
        return Severity.ERROR, _("this is no web address"), mend
    if target[-1] in _STOPS or any(stop in host for stop in _STOPS):
        return Severity.WARNING, _("the punctuation after the link has become a part of it"), mend
    if port not in (None, 80, 443):
        return Severity.NOTE, _("many offices let nobody through to this port"), mend
    return None


def lowers(text: str) -> str:
    """Return the text in lower case, percent signs of :// resolved, as a link in a link may be written."""
    return text.lower().replace("%3a%2f%2f", "://")


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_inside(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".lan", ".intranet")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
