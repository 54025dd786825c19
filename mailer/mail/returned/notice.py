"""Recipients named in the words of a notice: near the words that say it failed, before the mail that is sent back.

No layout of one program is known here. What counts is where an address stands: at the head of a line, behind a label,
in a sentence of failure, or elsewhere; the best kind that occurs is taken.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from mailer.mail.returned.addresses import find_addresses
from mailer.mail.returned.phrases import (
    CONTACT,
    FAILED,
    GIVEN_UP,
    LATE,
    NAMED,
    NOT_RECIPIENT,
    SUBJECT,
    begins_quotation,
    find_lines,
    has_phrase,
)

MAX_LINES = 1000
MAX_LINE = 1000
MAX_NAMED = 200
_MAX_TOLD = 1500
# full width to half, kinds of blanks to one; a character for a character, so that places stay the same
_NARROW = {0xFF01 + number: 0x21 + number for number in range(94)} | dict.fromkeys(
    (0x3000, 0xA0, 0x200B, 0x200C, 0x200D, 0xFEFF, 0x202F, 0x2009), " "
)
_BEFORE = " \t<>\"'*|•·–-—()[]:#`「『“‘«=&;"
_BETWEEN = " \t<>\"',;、，；"
_AFTER = re.compile(
    r"\s*(?:$|[>:,;.()\]\"'*|「」』”’»…<\[-]|[^\x00-\x7f]|(?:on|at|because|the|was|is|has|host|does|could|cannot|not|no"
    r"|user|mailbox|action|rejected|failed|unknown|said|die|wurde|n'|est)\b)",
    re.IGNORECASE,
)
_ALIAS = re.compile(
    r"\((?:expanded|generated|was addressed|originally addressed|forwarded)(?: by| to| from)?:?\s{0,4}[<\"]?$",
    re.IGNORECASE,
)
_REPLY = re.compile(
    r"(?<![\w.@/:#-])[45]\d\d(?:[ -]|: |#)(?! ?(?:bytes|messages|octets|kb|times|days|hours|minutes|more|of)\b)",
    re.IGNORECASE,
)
_ENHANCED = re.compile(r"(?<![\w.])[45]\.\d{1,2}\.\d{1,3}(?![\d.])")
_ROLES = frozenset(
    {
        "postmaster",
        "mailer-daemon",
        "abuse",
        "support",
        "helpdesk",
        "webmaster",
        "hostmaster",
        "admin",
        "administrator",
        "noreply",
        "no-reply",
    }
)
_OF_SENDER = re.compile(r"(?:\bfrom|来自|发自|von|寄件者)[:\s<\"']{1,4}$")
_EXAMPLE = re.compile(r"\be\.g\.|for example|, try |例如|比如")
_ANNOTATION = re.compile(r"(?:wrote|writes|schrieb|写道|a écrit)\s*:?\s*$", re.IGNORECASE)

_TELLING = re.compile(
    r"unknown|no such|invalid|full|quota|violation|not found|not exist|illegal|不存在|满|已停用|unbekannt"
    r"|не существует"
)
_REASON = re.compile(
    r"\W{0,6}(?:退信(?:的)?(?:具体)?原因|退回原因|失败(?:的)?原因|错误(?:原因|信息|描述|详情|提示)"
    r"|原因(?:说明)?|英文说明|远程(?:响应|服务器)|诊断(?:信息|代码)|服务器(?:返回|响应|应答|回复)(?:信息"
    r"|消息)?|返回信息|详细信息|退件原因"
    r"|reasons?(?: of failure| for failure)?|error(?: type| text| description| message| detail)?"
    r"|diagnostic(?: code| information| was)?|details?|because|grund|raison|motivo|причина|エラー内容"
    r"|理由)\s{0,4}(?:[:=]|是|$)",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\W{0,6}(?:建议|解决|处理建议|处理方法|可能(?:的)?原因|可能是|您可以|请(?:您)?(?:检查|核对|确认|核实)|提示|温馨提示|常见原因"
    r"|what (?:can|should|to) |how (?:to|do) "
    r"|possible |suggest|troubleshoot|please (?:check|verify|try|make sure)|check (?:that|the|for|whether)|solution)",
    re.IGNORECASE,
)
_ENCODED = re.compile(r"[A-Za-z0-9+/]{60,100}={0,2}")
_LOCAL_NAME = re.compile(r"\s{0,12}([A-Za-z0-9][A-Za-z0-9._-]{1,30})\s*$")

HEADS, LABELLED, SPOKEN, ELSEWHERE = 4, 3, 2, 1


@dataclass(frozen=True, slots=True)
class Named:
    """A recipient that a notice names, and the words that stand to it; perhaps none."""

    address: str
    told: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice says.

    weight: how sure the place is where the named stand. prose is all before the quoted mail, quoted the rest; words is
    prose without the lines that only name.
    """

    named: tuple[Named, ...]
    weight: int
    failed: bool
    late: bool
    prose: str
    words: str
    quoted: str

    @property
    def certain(self) -> bool:
        """True where recipients head a line or stand behind a label."""
        return self.weight >= LABELLED


@dataclass(slots=True)
class _Place:
    address: str
    line: int
    end: int
    weight: int


def read_notice(text: str, subject: str, own: Collection[str] = (), domain: str = "") -> Notice:
    """Return what the words of a notice say of which recipients.

    `own` are addresses in small letters that the mail itself is to and from: they count only where nothing else does.
    `domain` is the reporting server's, for names without one.
    """
    lines = [line[:MAX_LINE].translate(_NARROW) for line in text.split("\n")[:MAX_LINES]]
    cut = _find_quotation(lines)
    kept, rest = lines[:cut], lines[cut:]
    low = [line.lower() for line in kept]
    whole = "\n".join(low)
    starts = [0]
    for line in low[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    about = subject.translate(_NARROW).lower()
    failed = find_lines(whole, starts, FAILED)
    told_before = has_phrase(about, SUBJECT)
    places = _weigh(kept, low, failed, -1 if told_before else min(failed, default=MAX_LINES), own)
    chosen = _choose(places, low) or _without_domain(kept, low, failed, domain)
    late_subject = has_phrase(about, LATE) and "fail" not in about
    late = late_subject or (has_phrase(whole, LATE) and not has_phrase(whole, GIVEN_UP))
    return Notice(
        named=tuple(Named(place.address, _told(place, chosen, kept)) for place in chosen),
        weight=chosen[0].weight if chosen else 0,
        failed=bool(failed),
        late=late,
        prose="\n".join(kept).strip(),
        words=_words(kept, {place.line for place in chosen if place.weight == HEADS}),
        quoted="\n".join(rest),
    )


def _words(lines: list[str], naming: set[int]) -> str:
    """Return a notice's own words: without the lines that only name, and without advice, which lists what may be."""
    kept: list[str] = []
    advice = False
    for number, line in enumerate(lines):
        if _ADVICE.match(line):
            advice = True
        elif advice and _REASON.match(line):
            advice = False
        if not advice and number not in naming and line.strip():
            kept.append(line.strip())
    return " ".join(kept)


def _find_quotation(lines: list[str]) -> int:
    """Return the number of the line that begins the returned mail; something must have been said before it."""
    said, encoded = False, 0
    for number, line in enumerate(lines):
        encoded = encoded + 1 if _ENCODED.fullmatch(line) else 0
        if encoded == 3:
            return number - 2
        if said and not encoded and begins_quotation(line.lower()):
            return number
        said = said or len(line.strip()) > 3
    return len(lines)


def _weigh(lines: list[str], low: list[str], failed: set[int], since: int, own: Collection[str]) -> list[_Place]:
    places: list[_Place] = []
    for number, line in enumerate(lines):
        if "@" not in line or NOT_RECIPIENT.match(low[number]):
            continue
        before, listed = 0, 0
        for address, begin, end in find_addresses(line):
            if (smtp := address.lower().find("smtp=")) >= 0:  # X.400: c=US;a= ;p=Firm;dda:SMTP=a@x.example
                address, begin = address[smtp + 5 :], 0
            weight = _weight(line, begin, end, number, low, failed, since)
            if listed and not line[before:begin].strip(_BETWEEN):
                weight = listed  # a list on one line, of which only the first stands behind the label
            before, listed = end, weight
            if weight and (address.lower() in own or address.lower().partition("@")[0] in _ROLES):
                weight = ELSEWHERE
            if weight:
                places.append(_Place(address, number, end, weight))
        if len(places) >= MAX_NAMED:
            break
    return places


def _weight(line: str, begin: int, end: int, number: int, low: list[str], failed: set[int], since: int) -> int:
    before, after = line[:begin].lower(), line[end:]
    token = before.rpartition(" ")[2]
    if "://" in token or token.endswith(("/", "=", "%", "?")) or after[:1] in ("/", "?"):
        return 0
    if _ALIAS.search(before[-40:]):
        return HEADS
    if _OF_SENDER.search(before[-20:]) or _EXAMPLE.search(low[number]):
        return 0
    bare = before.strip(_BEFORE)
    near = number in failed or (number > 0 and number - 1 in failed)
    label = NAMED.search(before[-70:])
    if not bare or (
        bare in ("smtp", "rfc822", "to") and before.rstrip().endswith((":", "<", ";", "[smtp:")) and bare != "to"
    ):
        if _ANNOTATION.search(after) or (after.strip() and not _AFTER.match(after)):
            return SPOKEN if near else 0
        if not after.lstrip(" >").startswith(":") and _asks_to_write(number, low, failed):
            return 0
        return HEADS if since <= number else ELSEWHERE
    if label and (before.rstrip(" <\"'[").endswith((":", "=", "[smtp:", "-")) or "rcpt to" in before[-20:]):
        return HEADS if since <= number or near else LABELLED
    if has_phrase(before, CONTACT) and not label:
        return 0
    if label:
        return LABELLED if near or (since <= number and number - 3 < len(low)) else SPOKEN
    if near or has_code(line):
        return SPOKEN
    return ELSEWHERE


def _asks_to_write(number: int, low: list[str], failed: set[int]) -> bool:
    """True where the words of this line or of the line just before it ask the reader to write to an address."""
    if number not in failed and has_phrase(low[number], CONTACT):
        return True
    return number > 0 and number - 1 not in failed and has_phrase(low[number - 1], CONTACT)


def _choose(places: list[_Place], low: list[str]) -> list[_Place]:
    """Return the places of the best weight, one an address; of the last weight only where that is one address."""
    best = max((place.weight for place in places), default=0)
    chosen: dict[str, _Place] = {}
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


def _without_domain(lines: list[str], low: list[str], failed: set[int], domain: str) -> list[_Place]:
    """Return bare names in a list that a line of failure introduces with a colon: mailboxes of the reporting domain."""
    if not domain:
        return []
    for number in sorted(failed):
        if low[number].rstrip().endswith(":"):
            break
        if number + 1 < len(low) and low[number + 1].rstrip().endswith(":"):
            number += 1
            break
    else:
        return []
    places: list[_Place] = []
    for line in range(number + 1, min(number + 20, len(lines))):
        if match := _LOCAL_NAME.match(lines[line]):
            places.append(_Place(f"{match[1]}@{domain}", line, match.end(), SPOKEN))
        elif lines[line].strip():
            break
    return places


def _told(place: _Place, chosen: list[_Place], lines: list[str]) -> str:
    """Return the words that stand to an address: around it and below it, its line with a code, the reason given."""
    address = place.address.lower()
    following = min((other.line for other in chosen if other.line > place.line), default=len(lines))
    line = lines[place.line]
    begin = line.lower().find(address)
    before = line[: max(begin, 0)].strip(_BEFORE)
    after = line[place.end :].lstrip(" >:;,.)]\"'*-")
    collected = [after] if after.strip() else []
    if before and (_TELLING.search(before.lower()) or not NAMED.search(f"{before.lower()}: ")):
        collected.insert(0, before)
    below = lines[place.line + 1 : min(following, place.line + 40)]
    for text in below:
        if not text.strip():
            if any(any(char.isalpha() for char in said) for said in collected):
                break
            continue
        if words := text.strip(" \t-=*_#|~"):
            collected.append(words)
        if sum(map(len, collected)) > _MAX_TOLD:
            break
    told = " ".join(" ".join(collected).split())[:_MAX_TOLD]
    if has_code(told):
        return told
    for number, text in enumerate(lines):
        if address in text.lower() and has_code(text):
            more = lines[number + 1].strip() if number + 1 < len(lines) else ""
            return f"{text.strip()} {more}".strip()[:_MAX_TOLD]
    return _reason(below) or told


def _reason(lines: list[str]) -> str:
    """Return what stands behind labels such as 退信原因 or Reason, with the rest of their paragraphs; or empty."""
    collected: list[str] = []
    within = False
    for line in lines:
        if label := _REASON.match(line):
            collected.append(line[label.end() :].strip())
            within = True
        elif not line.strip():
            within = within and not collected[-1]
        elif within:
            collected.append(line.strip())
    return " ".join(" ".join(collected).split())[:_MAX_TOLD]


def has_code(text: str) -> bool:
    """True where an SMTP code or an enhanced code stands in a text."""
    return _REPLY.search(text) is not None or _ENHANCED.search(text) is not None


def find_reply(text: str) -> str:
    """Return a text from its first SMTP code on; all of it where only an enhanced code is in it; or empty."""
    if match := _REPLY.search(text[:8000]):
        return " ".join(text[match.start() : match.start() + 800].split())
    return " ".join(text[:800].split()) if _ENHANCED.search(text[:800]) else ""


def line_of_code(prose: str) -> str:
    """Return the first line of a notice that holds a reply with what follows in its paragraph, or empty."""
    if (match := _REPLY.search(prose) or _ENHANCED.search(prose)) is None:
        return ""
    begin = prose.rfind("\n", 0, match.start()) + 1
    end = prose.find("\n\n", match.end())
    return " ".join(prose[begin : end if end > 0 else begin + 800][:800].split())
