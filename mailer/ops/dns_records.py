"""What the DNS says of the domains that a house sends from: SPF, DKIM, DMARC, and whether hosts are there."""

import socket
from collections.abc import Callable, Iterator, Sequence

import dns.exception
import dns.resolver

from mailer.i18n import _
from mailer.model.dkim import DnsRecord
from mailer.model.report import Finding, Severity

LONGEST_S = 5.0

Ask = Callable[[str], tuple[str, ...]]


class DnsUnansweredError(Exception):
    """The name servers gave no answer, neither that there is such a name nor that there is none."""


def ask_texts(name: str, resolver: dns.resolver.Resolver | None = None) -> tuple[str, ...]:
    """Return the TXT records of a name, the strings of each joined (RFC 7208 §3.3); none where there are none.

    Raises DnsUnansweredError.
    """
    try:
        asked = resolver or dns.resolver.Resolver()
        answer = asked.resolve(name, "TXT", lifetime=LONGEST_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.exception.DNSException, OSError) as error:
        raise DnsUnansweredError(str(error)) from None
    return tuple(b"".join(one.strings).decode("utf-8", "replace") for one in answer)


def look_at_spf(domain: str, ask: Ask = ask_texts) -> Iterator[Finding]:
    """Find a domain of envelope senders without one SPF record, or whose record lets everybody send (RFC 7208)."""
    found = [one for one in ask(domain) if one.lower().split(" ")[0] == "v=spf1"]
    if not found:
        yield Finding(
            Severity.WARNING,
            domain,
            _("The DNS has no SPF record for it: many servers defer or refuse its mail."),
            _("Publish a TXT record “v=spf1 … -all” that names your relay; its operator tells what stands for …"),
        )
    elif len(found) > 1:
        yield Finding(
            Severity.ERROR,
            domain,
            _("The DNS has {n} SPF records for it, so that none counts.").format(n=len(found)),
            _("Join them into one."),
        )
    elif "+all" in found[0].lower().split() or "all" in found[0].lower().split():
        yield Finding(
            Severity.WARNING,
            domain,
            _("Its SPF record lets everybody send in its name."),
            _("End it in -all or ~all instead."),
        )


def look_at_dkim(records: Sequence[DnsRecord], ask: Ask = ask_texts) -> Iterator[Finding]:
    """Find keys of ours that the DNS does not have, or has otherwise: their signatures fail everywhere (RFC 6376)."""
    for record in records:
        found = [_tags(one) for one in ask(record.name)]
        wanted = _tags(record.value)
        keys = [one["p"] for one in found if "p" in one]
        if not keys:
            text = _("The DNS does not have this key, so what is signed with it counts as unsigned, or worse.")
        elif wanted.get("p") not in keys:
            text = _("The DNS has another key under this name: our signatures fail.")
        else:
            continue
        yield Finding(
            Severity.ERROR, record.name, text, _("Publish what `mailer dkim show` prints, and wait for the old to age.")
        )


def look_at_dmarc(domain: str, ask: Ask = ask_texts) -> Iterator[Finding]:
    """Find a domain that neither itself nor one above it has a DMARC record for (RFC 7489)."""
    labels = domain.split(".")
    above = [".".join(labels[start:]) for start in range(max(len(labels) - 1, 1))]
    if not any(one.lower().startswith("v=dmarc1") for name in above for one in ask(f"_dmarc.{name}")):
        yield Finding(
            Severity.WARNING,
            f"_dmarc.{domain}",
            _("The DNS has no DMARC record for it; large providers ask for one of who sends to many."),
            _("Publish a TXT record “v=DMARC1; p=none; rua=mailto:…” to begin with."),
        )


def look_at_host(name: str, host: str) -> Iterator[Finding]:
    """Find a host that cannot be found. name: what it is to us."""
    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        yield Finding(
            Severity.ERROR,
            name,
            _("The host {host} is not found: {why}").format(host=host, why=why),
            _("See how it is written, and that this machine reaches its name servers."),
        )


def look_at_port(name: str, host: str, port: int, longest_s: float = LONGEST_S) -> Iterator[Finding]:
    """Find a server that no connection can be made to; none is found at a host that is not there. name: as above."""
    try:
        socket.create_connection((host, port), timeout=longest_s).close()
    except (socket.gaierror, UnicodeError):
        return  # look_at_host tells it
    except OSError as error:
        why = getattr(error, "strerror", None) or str(error)
        yield Finding(
            Severity.ERROR,
            name,
            _("Nothing answers at {host} port {port}: {why}").format(host=host, port=port, why=why),
            _("See that the server runs, that the port is right, and that no firewall stands between."),
        )


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, _sign, value in pairs if name.strip()}
