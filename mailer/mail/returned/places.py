"""Where addresses stand in a notice, and how much that says: the best kind of place that occurs is taken."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mailer.mail.returned.addresses import find_addresses
from mailer.mail.returned.phrases import CONTACT, NAMED, NOT_RECIPIENT, has_phrase

MAX_PLACES = 200
# at the head of a line or behind a label of its own; behind a word such as "to"; in a sentence of failure; elsewhere
HEADS, LABELLED, SPOKEN, ELSEWHERE = 4, 3, 2, 1
AROUND = " \t<>\"'*|•·–-—()[]:#`「『“‘«=&;"
_BETWEEN = " \t<>\"',;、，；"
_AFTER = re.compile(
    r"\s*(?:$|[>:,;.()\]\"'*|「」』”’»…<\[-]|[^\x00-\x7f]|(?:on|at|because|the|was|is|has|host|does|could"
    r"|cannot|not|no"
    r"|user|mailbox|action|rejected|failed|unknown|said|die|wurde|n'|est)\b)",
    re.IGNORECASE,
)
_ALIAS = re.compile(
    r"\((?:expanded|generated|was addressed|originally addressed|forwarded)(?: by| to| from)?:?\s{0,4}[<\"]?$",
    re.IGNORECASE,
)
_OF_SENDER = re.compile(r"(?:\bfrom|来自|发自|von|寄件者)[:\s<\"']{1,4}$")
_EXAMPLE = re.compile(r"\be\.g\.|for example|, try |例如|比如")
_ANNOTATION = re.compile(r"(?:wrote|writes|schrieb|写道|a écrit)\s*:?\s*$", re.IGNORECASE)
_LOCAL_NAME = re.compile(r"\s{0,12}([A-Za-z0-9][A-Za-z0-9._-]{1,30})\s*$")
_CODE = re.compile(r"(?<![\w.@/:#-])[45]\d\d(?:[ #-]|: )|(?<![\w.])[45]\.\d{1,2}\.\d{1,3}(?![\d.])")
_ROLES = frozenset({
    "postmaster", "mailer-daemon", "abuse", "support", "helpdesk", "webmaster", "hostmaster", "admin", "administrator",
    "noreply", "no-reply",
})  # fmt: skip


@dataclass(slots=True)
class Place:
    """An address in a notice: on which line, where it ends there, and its weight."""

    address: str
    line: int
    end: int
    weight: int


@dataclass(frozen=True, slots=True)
class Lines:
    """A notice's lines, plain and in small letters; those with words of failure; the line since which it failed."""

    plain: Sequence[str]
    low: Sequence[str]
    failed: set[int]
    since: int

    def near_failure(self, number: int) -> bool:
        """True where the line or the one before it speaks of failure."""
        return number in self.failed or (number > 0 and number - 1 in self.failed)

    def asks_to_write(self, number: int) -> bool:
        """True where the line or the one before it asks the reader to write to an address."""
        near = (line for line in (number, number - 1) if line >= 0 and line not in self.failed)
        return any(has_phrase(self.low[line], CONTACT) for line in near)


def find_places(lines: Lines, own: Collection[str]) -> list[Place]:
    """Return where addresses stand that may be recipients; `own` ones, and postmasters, with the least weight."""
    places: list[Place] = []
    for number, line in enumerate(lines.plain):
        if "@" not in line or NOT_RECIPIENT.match(lines.low[number]):
            continue
        before, listed = 0, 0
        for address, begin, end in find_addresses(line):
            if (smtp := address.lower().find("smtp=")) >= 0:  # X.400: c=US;a= ;p=Firm;dda:SMTP=a@x.example
                address, begin = address[smtp + 5 :], 0
            weight = _weigh(line, begin, end, number, lines)
            if listed and not line[before:begin].strip(_BETWEEN):
                weight = listed  # a list on one line, of which only the first stands behind the label
            before, listed = end, weight
            if weight and (address.lower() in own or address.lower().partition("@")[0] in _ROLES):
                weight = ELSEWHERE
            if weight:
                places.append(Place(address, number, end, weight))
        if len(places) >= MAX_PLACES:
            break
    return places


def _weigh(line: str, begin: int, end: int, number: int, lines: Lines) -> int:
    """Return the weight of an address in a line; 0 where it is surely no recipient."""
    before, after = line[:begin].lower(), line[end:]
    token = before.rpartition(" ")[2]
    if "://" in token or token.endswith(("/", "=", "%", "?")) or after[:1] in ("/", "?"):
        return 0
    if _ALIAS.search(before[-40:]):
        return HEADS
    if _OF_SENDER.search(before[-20:]) or _EXAMPLE.search(lines.low[number]):
        return 0
    if before.strip(AROUND) in ("", "smtp", "rfc822"):
        return _weigh_head(after, number, lines)
    near = lines.near_failure(number)
    if NAMED.search(before[-70:]):
        own_label = before.rstrip(" <\"'[").endswith((":", "=", "-")) or "rcpt to" in before[-20:]
        known = near or lines.since <= number
        if own_label:
            return HEADS if known else LABELLED
        return LABELLED if known else SPOKEN
    if has_phrase(before, CONTACT):
        return 0
    return SPOKEN if near or _CODE.search(line) else ELSEWHERE


def _weigh_head(after: str, number: int, lines: Lines) -> int:
    """Return the weight of an address at the head of a line, by what follows it there."""
    if _ANNOTATION.search(after) or (after.strip() and not _AFTER.match(after)):
        return SPOKEN if lines.near_failure(number) else 0
    if not after.lstrip(" >").startswith(":") and lines.asks_to_write(number):
        return 0
    return HEADS if lines.since <= number else ELSEWHERE


def choose_places(places: Sequence[Place], low: Sequence[str]) -> list[Place]:
    """Return the places of the best weight, one an address; of the last weight only where that is one address."""
    best = max((place.weight for place in places), default=0)
    chosen: dict[str, Place] = {}
    for place in places:
        if place.weight == best:
            chosen.setdefault(place.address.lower(), place)
    if best == ELSEWHERE and len(chosen) > 1:
        return []
    # Sun's and PMDF's reports give the address it was sent to, then the one that was written to
    originals = [place for place in chosen.values() if low[place.line].lstrip().startswith("original address")]
    for original in originals:
        for key, place in list(chosen.items()):
            if place.line == original.line - 1 and low[place.line].lstrip().startswith("recipient address"):
                del chosen[key]
    return list(chosen.values())


def places_of_names(lines: Lines, domain: str) -> list[Place]:
    """Return bare names in a list that a line of failure introduces with a colon: mailboxes of the reporting domain."""
    if not domain:
        return []
    for number in sorted(lines.failed):
        if lines.low[number].rstrip().endswith(":"):
            break
        if number + 1 < len(lines.low) and lines.low[number + 1].rstrip().endswith(":"):
            number += 1
            break
    else:
        return []
    places: list[Place] = []
    for line in range(number + 1, min(number + 20, len(lines.plain))):
        if match := _LOCAL_NAME.match(lines.plain[line]):
            places.append(Place(f"{match[1]}@{domain}", line, match.end(), SPOKEN))
        elif lines.plain[line].strip():
            break
    return places
