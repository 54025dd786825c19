"""Follows an issue's links as a reader would, and reaches nothing but public web servers while it does (facts S05).

Every name is resolved here, every address judged, and the connection made to the address that was judged: a name that
answers otherwise the second time leads nowhere. The only room that opens web connections for a preflight.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mailer.i18n import _
from mailer.model.report import Finding, Severity

if TYPE_CHECKING:
    import httpx  # slow to load: only who asks for --online waits for it

MAX_REDIRECTS = 5
MAX_OCTETS = 65_536
TOTAL_S = 20.0
AT_ONCE = 6
_AGENT = "Mozilla/5.0 (compatible; Jianbao link check)"
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last four octets are an address of IPv4
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215
# a server that refuses HEAD may still answer GET
_ASK_AGAIN = frozenset({400, 401, 403, 404, 405, 406, 410, 500, 501, 503})

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Verdict(StrEnum):
    """What became of a link."""

    FINE = "fine"
    GONE = "gone"  # the server says there is no such page
    NO_HOST = "no host"  # the name does not exist
    FORBIDDEN = "forbidden"  # it leads into a network that readers do not reach
    BAD_CERTIFICATE = "bad certificate"
    LOOPS = "loops"  # more than MAX_REDIRECTS
    UNKNOWN = "unknown"  # no answer, or one that says nothing about the page


class _RefusedError(Exception):
    def __init__(self, verdict: Verdict, detail: str) -> None:
        super().__init__(detail)
        self.verdict = verdict
        self.detail = detail


def is_public(address: Address) -> bool:
    """Return True for an address of the public internet, looking into the forms of IPv6 that hold one of IPv4."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo is not None or address in _LOCAL_NAT64:
            return False
        if int(address) >> 32 == 0:  # the old ::a.b.c.d
            return False
        if inner is not None:
            return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


async def resolve_name(host: str, port: int) -> list[str]:
    """Return the addresses of a name. Raises OSError (socket.gaierror) as the system does."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]).partition("%")[0] for entry in found]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a check may go; tests narrow or move it, everybody else takes it as it is."""

    ports: frozenset[int] = frozenset({80, 443})
    allows: Callable[[Address], bool] = is_public
    resolve: Resolve = resolve_name
    total_s: float = TOTAL_S
    authorities: str | None = field(default=None)


async def follow_link(target: str, reach: Reach) -> tuple[Verdict, str]:
    """Return what became of one http or https link, and a few words of detail. Never raises for what the web does."""
    import httpx

    try:
        async with asyncio.timeout(reach.total_s):
            return await _follow(httpx.URL(target), reach)
    except _RefusedError as refused:
        return refused.verdict, refused.detail
    except TimeoutError:
        return Verdict.UNKNOWN, _("no answer in {n} s").format(n=round(reach.total_s))
    except httpx.HTTPError as error:
        if _is_about_certificate(error):
            return Verdict.BAD_CERTIFICATE, _("its certificate is not valid")
        return Verdict.UNKNOWN, str(error) or type(error).__name__
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        return Verdict.UNKNOWN, str(error)


def _is_about_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


async def _follow(url: "httpx.URL", reach: Reach) -> tuple[Verdict, str]:
    for _hop in range(MAX_REDIRECTS + 1):
        status, location = await _ask(url, reach, "HEAD")
        if status in _ASK_AGAIN:
            status, location = await _ask(url, reach, "GET")
        if 300 <= status < 400 and location:
            url = url.join(location)
            continue
        if status in (404, 410):
            return Verdict.GONE, str(status)
        if status < 400:
            return Verdict.FINE, str(status)
        return Verdict.UNKNOWN, str(status)
    return Verdict.LOOPS, _("more than {n} redirects").format(n=MAX_REDIRECTS)


async def _ask(url: "httpx.URL", reach: Reach, method: str) -> tuple[int, str]:
    """Make one request to a judged address; the body of an answer is read up to MAX_OCTETS and dropped."""
    import httpx

    address = await _judge(url, reach)
    name = url.raw_host.decode("ascii")
    head = {
        "Host": url.netloc.decode("ascii"), "User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "identity",
        "Connection": "close",
    }  # fmt: skip
    context = ssl.create_default_context(cafile=reach.authorities)
    # no proxy, no .netrc, no cookies kept: one client a request
    async with httpx.AsyncClient(verify=context, trust_env=False, follow_redirects=False, timeout=10.0) as client:
        pinned = url.copy_with(host=str(address), username=None, password=None)
        request = client.build_request(method, pinned, headers=head, extensions={"sni_hostname": name})
        answer = await client.send(request, stream=True)
        try:
            if method == "GET":
                taken = 0
                async for chunk in answer.aiter_raw(4096):
                    taken += len(chunk)
                    if taken >= MAX_OCTETS:
                        break
            return answer.status_code, answer.headers.get("location", "")
        finally:
            await answer.aclose()


async def _judge(url: "httpx.URL", reach: Reach) -> Address:
    if url.scheme not in ("http", "https"):
        raise _RefusedError(Verdict.FORBIDDEN, _("it leads to {scheme}:").format(scheme=url.scheme))
    port = url.port or (443 if url.scheme == "https" else 80)
    if port not in reach.ports:
        raise _RefusedError(Verdict.UNKNOWN, _("port {port} is not asked").format(port=port))
    try:
        found = [ipaddress.ip_address(one) for one in await reach.resolve(url.host, port)]
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise _RefusedError(Verdict.UNKNOWN, _("names cannot be resolved just now")) from None
        raise _RefusedError(Verdict.NO_HOST, url.host) from None
    except (OSError, UnicodeError) as error:
        raise _RefusedError(Verdict.NO_HOST, f"{url.host}: {error}") from None
    if not found:
        raise _RefusedError(Verdict.NO_HOST, url.host)
    for address in found:  # one that is not public is enough: which one a reader gets is chance
        if not reach.allows(address):
            raise _RefusedError(Verdict.FORBIDDEN, f"{url.host} = {address}")
    return found[0]


async def follow_links(
    targets: Sequence[str], reach: Reach, progress: Callable[[int, int], None] | None = None
) -> Mapping[str, tuple[Verdict, str]]:
    """Return what became of each http or https link, a few at a time; `progress` hears (done, all)."""
    wanted = [one for one in dict.fromkeys(targets) if one.lower().startswith(("http://", "https://"))]
    gate = asyncio.Semaphore(AT_ONCE)
    done = 0

    async def one(target: str) -> tuple[str, tuple[Verdict, str]]:
        nonlocal done
        async with gate:
            answer = await follow_link(target, reach)
        done += 1
        if progress:
            progress(done, len(wanted))
        return target, answer

    return dict(await asyncio.gather(*map(one, wanted)))


_CURES: dict[Verdict, Callable[[], tuple[Severity, str, str]]] = {
    Verdict.GONE: lambda: (Severity.ERROR, _("there is no such page"), _("correct the link in issue.md")),
    Verdict.NO_HOST: lambda: (Severity.ERROR, _("there is no such server"), _("correct the link in issue.md")),
    Verdict.FORBIDDEN: lambda: (
        Severity.ERROR, _("it leads into a network that readers do not reach"), _("link to a public page"),
    ),
    Verdict.BAD_CERTIFICATE: lambda: (
        Severity.WARNING, _("readers’ browsers will warn of it"), _("tell its owner, or link to another page"),
    ),
    Verdict.LOOPS: lambda: (Severity.WARNING, _("it leads round and round"), _("open it yourself, and correct it")),
    Verdict.UNKNOWN: lambda: (Severity.WARNING, _("it could not be checked"), _("open it yourself")),
}  # fmt: skip


def link_findings(links: Sequence[tuple[str, str]], answers: Mapping[str, tuple[Verdict, str]]) -> list[Finding]:
    """Return a finding for each (place, target) whose answer was not fine."""
    found: list[Finding] = []
    for place, target in links:
        verdict, detail = answers.get(target, (Verdict.FINE, ""))
        if verdict is not Verdict.FINE:
            severity, text, cure = _CURES[verdict]()
            found.append(
                Finding(
                    severity,
                    place,
                    _("{what}: {text} ({detail})").format(what=text, text=target[:100], detail=detail),
                    cure,
                )
            )
    return found


def check_links_online(
    links: Sequence[tuple[str, str]], progress: Callable[[int, int], None] | None = None, reach: Reach | None = None
) -> list[Finding]:
    """Follow the links of an issue, given with their places, and return what is wrong with them."""
    answers: Any = asyncio.run(follow_links([target for _place, target in links], reach or Reach(), progress))
    return link_findings(links, answers)
