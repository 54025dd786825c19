"""Recipients of a delivery status report (RFC 3464, RFC 6533), from its groups of fields."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailer.mail.returned.addresses import field_address
from mailer.mail.returned.fields import Group, field
from mailer.mail.returned.judging import find_status
from mailer.model.report import ReportKind

MAX_RECIPIENTS = 200
_TYPE_PREFIX = re.compile(r"\s*[\w.-]{1,40}\s*;\s*")
_DETAIL = re.compile(r"\(([^()]{4,400})\)|^\d{3}\s.{3,}")
_ACTIONS = {
    "failed": ReportKind.BOUNCE,
    "failure": ReportKind.BOUNCE,  # not in the RFC, but in the world, like the next three
    "fail": ReportKind.BOUNCE,
    "error": ReportKind.BOUNCE,
    "undeliverable": ReportKind.BOUNCE,
    "delayed": ReportKind.DELAYED,
    "delay": ReportKind.DELAYED,
    "deferred": ReportKind.DELAYED,
    "delivered": ReportKind.DELIVERED,
    "relayed": ReportKind.RELAYED,
    "expanded": ReportKind.RELAYED,  # split up, as by a mailing list: no further word comes either
}
_BY_DIGIT = {"5": ReportKind.BOUNCE, "4": ReportKind.DELAYED, "2": ReportKind.DELIVERED}
_OTHER_WORDS = (
    "x-supplementary-info",
    "x400-supplementary-info",
    "x-notes",
    "x-display-name",
    "x-smtp-response",
    "x-error",
    "reason",
)


@dataclass(frozen=True, slots=True)
class StatusOf:
    """One recipient's group: who, what became of the mail, RFC 3463's code and the diagnostic; each may be empty.

    final: the address the report is really of, where that is another than the one first written to.
    """

    address: str
    kind: ReportKind | None
    status: str
    diagnostic: str
    final: str


def read_statuses(groups: Sequence[Group]) -> list[StatusOf]:
    """Return the recipients that groups name, each once for each kind of news; some reports repeat themselves."""
    found: dict[tuple[str, str, ReportKind | None], StatusOf] = {}
    for group in groups:
        if len(found) >= MAX_RECIPIENTS:
            break
        addresses = _addresses(group)
        if addresses:
            address = addresses[0]
            one = _read(group, address, next((other for other in addresses if other.lower() != address.lower()), ""))
            key = (address.lower(), one.final.lower(), one.kind)
            if key not in found or (not found[key].diagnostic and one.diagnostic):
                found[key] = one
    return list(found.values())


def _addresses(group: Group) -> list[str]:
    """Return the recipient as we wrote to it where the report says so, then who he became on the way."""
    if original := field_address(field(group, "original-recipient")):
        names = ("x-actual-recipient", "final-recipient", "x-final-recipient")
    else:
        names = ("final-recipient", "x-actual-recipient", "x-final-recipient")
    return [one for one in (original, *(field_address(field(group, name)) for name in names)) if one]


def _read(group: Group, address: str, final: str) -> StatusOf:
    told = field(group, "status")
    status = find_status(told[:40])
    diagnostic = field(group, "diagnostic-code", "x-diagnostic-code")
    if prefix := _TYPE_PREFIX.match(diagnostic):
        diagnostic = diagnostic[prefix.end() :]
    action = field(group, "action").lower()
    if not diagnostic.strip(" .") or not any(char.isalpha() for char in diagnostic):
        detail = _DETAIL.search(told) or _DETAIL.search(action)
        extra = field(group, *_OTHER_WORDS)
        diagnostic = diagnostic or (detail[1] or detail[0] if detail else extra)
    word = re.split(r"[\s;(,]", action.strip(), maxsplit=1)[0]
    kind = _ACTIONS.get(word) or _BY_DIGIT.get(told[:1])
    return StatusOf(address, kind, status, diagnostic, final)
