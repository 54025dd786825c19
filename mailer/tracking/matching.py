"""Ties a report to the delivery it is about, the surest way first (DESIGN §7)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.errors import AddressError
from mailer.model.address import is_provider, parse_address
from mailer.model.delivery import Delivery
from mailer.model.report import Report, ReportedRecipient, ReportKind, Tie
from mailer.store import deliveries
from mailer.store.database import Connection
from mailer.tokens import HouseSecret, Purpose, read_token

_GUESSED = frozenset({ReportKind.BOUNCE, ReportKind.DELAYED, ReportKind.COMPLAINT})
_INSIDE = (".local", ".lan", ".internal", ".intranet", ".localdomain", ".corp", ".home.arpa")
_TOKEN = re.compile(r"[a-z2-7]{40}")


@dataclass(frozen=True, slots=True)
class MatchRules:
    """What is enough to tie a report that names no delivery: `within` this time of one; 0: nothing is.

    postmasters: addresses in small letters whose word is as good as known, in the relay's own mailbox.
    """

    within: timedelta = timedelta()
    postmasters: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """A delivery and what ties a report to it; one: what the report says of its reader, if anything.

    kind: what became of the copy. about: the other address that `one` speaks of, where it was forwarded; else empty.
    """

    delivery: Delivery
    tie: Tie
    one: ReportedRecipient | None
    kind: ReportKind
    about: str


def match_report(
    connection: Connection,
    secret: HouseSecret,
    report: Report,
    now: datetime,
    rules: MatchRules | None = None,
    *,
    own_mailbox: bool = False,
) -> Match | None:
    """Return the delivery a report is about: by VERP token, else ENVID, else Message-ID, else probably, by its address.

    A token that we did not sign, or the Message-ID of a mail that we never sent, matches nothing and is no guess
    either. own_mailbox: the report lay in the mailbox that the relay itself keeps for us.
    """
    named = report.message_id.strip("<>").partition("@")[0]  # the token stands in our Message-IDs too
    for token, tie in ((report.token, Tie.TOKEN), (report.envelope_id, Tie.ENVELOPE_ID), (named, Tie.MESSAGE_ID)):
        number = read_token(secret, Purpose.BOUNCE, token) if token else None
        delivery = deliveries.find_delivery(connection, number, secret) if number is not None else None
        if delivery is not None:
            return Match(delivery, tie, *_about(report, delivery.recipient.address))
    if report.token or report.message_id or _TOKEN.fullmatch(report.envelope_id):
        return None
    return _guess(connection, secret, report, now, rules or MatchRules(), own_mailbox=own_mailbox)


def _guess(
    connection: Connection, secret: HouseSecret, report: Report, now: datetime, rules: MatchRules, *, own_mailbox: bool
) -> Match | None:
    if not rules.within:
        return None
    for one in report.recipients:
        kind = report.kind_of(one)
        if kind not in _GUESSED:
            continue
        key = _key(one.address)
        number = deliveries.find_probable(connection, key, now, rules.within) if key else None
        delivery = deliveries.find_delivery(connection, number, secret) if number is not None else None
        if delivery is not None:
            sure = own_mailbox and report.sender.lower() in rules.postmasters
            return Match(delivery, Tie.POSTMASTER if sure else Tie.PROBABLE, one, kind, _other_than(key, one))
    return None


def _about(report: Report, address: str) -> tuple[ReportedRecipient | None, ReportKind, str]:
    """Return what the report says of this address, what became of the mail to it, and whom it speaks of instead.

    Where it is about others, as of a copy that was forwarded: of the only one of the gravest kind, with his address.
    """
    named = [one for one in report.recipients if is_same_mailbox(one.address, address)]
    gravest = [one for one in report.recipients if report.kind_of(one) is report.kind]
    if not named and len(gravest) == 1:
        (only,) = gravest
        return only, report.kind_of(only), only.final or only.address
    if not named:
        return None, report.kind, ""
    # a copy may have gone on to somebody, too: what became of it in the mailbox itself counts first
    one, other = min(((one, _other_than(address, one)) for one in named), key=lambda pair: bool(pair[1]))
    return one, report.kind_of(one), other


def _other_than(address: str, one: ReportedRecipient) -> str:
    return "" if not one.final or is_same_mailbox(one.final, address) else one.final


def is_same_mailbox(address: str, ours: str) -> bool:
    """Tell whether an address is ours as a server on its way writes it.

    In other letters, with or without a tag, as punycode or not, at a host of the domain (zhang@mx1.firm.example) or at
    a name that only the house knows (zhang@firm.local, zhang).
    """
    local, _at, domain = (_key(address) or address.strip('"').casefold()).rpartition("@")
    our_local, _at, our_domain = (_key(ours) or ours.casefold()).rpartition("@")
    if not local:
        return domain in (our_local, "")
    if local.strip('"').partition("+")[0] != our_local.strip('"').partition("+")[0]:
        return False
    if domain == our_domain or "." not in domain or domain.endswith(_INSIDE):
        return True
    if is_provider(domain) or is_provider(our_domain):  # user@vip.163.com is another than user@163.com
        return False
    return domain.endswith(f".{our_domain}") or our_domain.endswith(f".{domain}")


def _key(address: str) -> str:
    try:
        return parse_address(address).key
    except AddressError:
        return ""
