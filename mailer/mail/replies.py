"""What a reply means: the rules of reply_rules/ first, an operator's before them, the RFCs' codes where none fits."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, BinaryIO

from mailer.config import ReplyRule
from mailer.mail.reply_codes import BY_CODE, OPENING, by_code, effective_digit, summary_of
from mailer.mail.reply_lines import MAX_TEXT
from mailer.model.outcome import Action, Meaning, Reply, ReplyClass
from mailer.model.pattern import compile_pattern

FOLDER = "reply_rules"
# in this order: the providers' own words, then any relay's about us, then what many servers say
TABLES = (
    "netease", "tencent", "alibaba", "china", "google", "microsoft", "yahoo", "apple", "relay", "filters", "common",
)  # fmt: skip
_SHARED = (
    "common"  # its "no such user" has many speakers, so `doubts` may outrank it; a provider's or an operator's not
)
DOUBTS = "doubts"
_OF_READER = frozenset(
    {ReplyClass.GONE, ReplyClass.INACTIVE, ReplyClass.FULL, ReplyClass.OPT_OUT, ReplyClass.RATE_RECIPIENT}
)
# what is said of an address for good wants a 5 in every code
_LASTING = frozenset({ReplyClass.GONE, ReplyClass.INACTIVE, ReplyClass.OPT_OUT})
_DOUBTFUL = frozenset({ReplyClass.GONE, ReplyClass.INACTIVE, ReplyClass.UNKNOWN})
# a 5yz of these classes is about this address or this message; of the others, about us, the relay or the moment
_FINAL = _LASTING | {ReplyClass.CONTENT, ReplyClass.UNKNOWN}
_PAUSE_S = 60
_HINT = re.compile(r"\b(?:in|after|for|wait) (\d{1,5}) ?(s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b")
_UNITS_S = {"s": 1, "m": 60, "h": 3600}
_LONGEST_HINT_S = 86400
_IN_ADDRESS = "abcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+-/=?^_`{|}~"
# signs of full width, and the blank and quotation mark that belong to them; unlike NFKC this lengthens nothing
_NARROW = {0xFF01 + number: 0x21 + number for number in range(94)} | {0x3000: " ", 0x2019: "'", 0x3002: "."}
_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]()|]")
_EMPTY_BRACKETS = re.compile(r"<>:?|\[\]|\(\)|\"\"|''")


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of a table, ready to be asked; `permanent` None means by class and code."""

    words: tuple[str, ...]
    match: re.Pattern[str] | None
    codes: tuple[str, ...]
    domains: tuple[str, ...]
    permanent: bool | None
    meaning: Meaning

    def fits(self, words: str, code: str, domain: str) -> bool:
        """True when code, domain and words all fit; an unknown domain is no objection."""
        if self.codes and not code.startswith(self.codes):
            return False
        if self.domains and domain and not f".{domain}".endswith(self.domains):
            return False
        for word in self.words:  # a loop, as `any` costs more than what it asks
            if word in words:
                return True
        return self.match is not None and self.match.search(words) is not None


@dataclass(frozen=True, slots=True)
class ReplyRules:
    """Rules in the order they are asked; made by load_rules.

    doubts: asked where one of the rules named in `doubted`, or a code alone, would call the reader's address dead.
    """

    rules: tuple[Rule, ...]
    doubts: tuple[Rule, ...] = ()
    doubted: frozenset[str] = frozenset()


def _make_rule(row: ReplyRule) -> Rule:
    meaning = Meaning(
        reply_class=row.reply_class,
        action=row.action,
        permanent=False,
        retry_after_s=row.retry_after_s,
        after_issues=row.after_issues,
        rule=row.name,
        summary=row.meaning or summary_of(row.reply_class),
    )
    literals, pattern = _split_pattern(row.match)
    return Rule(
        words=(*(_fold(word) for word in row.words), *literals),
        match=compile_pattern(pattern) if pattern else None,
        codes=row.codes,
        domains=tuple(f".{domain}" for domain in row.domains),
        permanent=row.permanent,
        meaning=meaning,
    )


def _split_pattern(pattern: str) -> tuple[tuple[str, ...], str]:
    """Return the alternatives of a pattern that are plain text, in small letters, and the pattern of the others.

    `re` tries every alternative at every place of the text; a plain one is found four times as fast by itself.
    """
    if "[]" in pattern or "[^]" in pattern or "\\]" in pattern:
        return (), pattern  # sets that hold a bracket: rare, and not worth reading here
    parts, depth, begun, at = [], 0, 0, 0
    while at < len(pattern):
        match pattern[at]:
            case "\\":
                at += 1
            case "[":
                at = pattern.index("]", at)
            case "(":
                depth += 1
            case ")":
                depth -= 1
            case "|" if depth == 0:
                parts.append(pattern[begun:at])
                begun = at + 1
            case _:
                pass
        at += 1
    parts.append(pattern[begun:])
    plain = [one for one in parts if one and not _SPECIAL.search(one)]
    return tuple(one.lower() for one in plain), "|".join(one for one in parts if one not in plain)


@cache
def _read_table(name: str) -> tuple[Rule, ...]:
    table = tomllib.loads(files(__package__).joinpath(FOLDER, f"{name}.toml").read_text("utf-8"))
    return tuple(_make_rule(ReplyRule.model_validate(row)) for row in table["rule"])


@cache
def load_rules(extra: tuple[ReplyRule, ...] = ()) -> ReplyRules:
    """Return an operator's rules (config.replies.rules), followed by the program's own."""
    own = [rule for name in TABLES for rule in _read_table(name)]
    shared = frozenset(rule.meaning.rule for rule in _read_table(_SHARED)) - {row.name for row in extra}
    return ReplyRules((*map(_make_rule, extra), *own), _read_table(DOUBTS), shared)


def classify_reply(reply: Reply, recipient_domain: str = "", rules: ReplyRules | None = None) -> Meaning:
    """Return what a reply means: the first rule that fits its words, else its codes (RFC 3463, RFC 5321 §4.2).

    Without `rules` the program's own count. Before RCPT nothing is ever the recipient's: no such class, never
    permanent (facts F13), and what would be tried again rests the relay. A 4yz is never permanent, and neither it nor
    codes that contradict each other (F19) say an address is dead; a 5yz may pass, too (a rate limit, a full mailbox).
    Pure; any text will do.
    """
    words = _searched(reply)
    digit = effective_digit(reply)
    meaning = (
        by_code(reply) if digit in "23" else _by_words(reply, words, recipient_domain.lower(), rules or load_rules())
    )
    if digit == "4":
        meaning = replace(meaning, permanent=False)
    if not meaning.permanent and meaning.action is not Action.NONE and (hint := _HINT.search(words)):
        asked = int(hint[1]) * _UNITS_S[hint[2][0]]
        meaning = replace(meaning, retry_after_s=min(max(asked, meaning.retry_after_s), _LONGEST_HINT_S))
    return _of_relay(meaning) if reply.phase in OPENING else meaning


def _by_words(reply: Reply, words: str, domain: str, rules: ReplyRules) -> Meaning:
    meaning = _first_fitting(reply, words, domain, rules)
    if (meaning.reply_class in _DOUBTFUL and meaning.rule in rules.doubted) or (
        meaning.reply_class.hard and meaning.rule == BY_CODE
    ):
        code = str(reply.code) if reply.code else effective_digit(reply)
        for doubt in rules.doubts:
            if doubt.fits(words, code, domain):
                return _told_by(doubt)
    return meaning


def _told_by(rule: Rule) -> Meaning:
    permanent = rule.meaning.reply_class in _FINAL if rule.permanent is None else rule.permanent
    return replace(rule.meaning, permanent=permanent)


def _first_fitting(reply: Reply, words: str, domain: str, rules: ReplyRules) -> Meaning:
    digit = effective_digit(reply)
    code = str(reply.code) if reply.code else digit
    lasting = digit in "05" and not (reply.enhanced and digit != reply.enhanced[0])
    opening = reply.phase in OPENING
    for rule in rules.rules:
        told = rule.meaning
        of_reader = told.reply_class in _OF_READER or told.action in (Action.SUPPRESS, Action.SUPPRESS_AFTER)
        if (opening and of_reader) or (told.reply_class in _LASTING and not lasting):
            continue
        if rule.fits(words, code, domain):
            return _told_by(rule)
    return by_code(reply)


def _of_relay(meaning: Meaning) -> Meaning:
    if meaning.action not in (Action.STOP_AND_ASK, Action.RECONNECT, Action.PAUSE_RELAY):
        wait = meaning.retry_after_s or _PAUSE_S
        meaning = replace(meaning, action=Action.PAUSE_RELAY, retry_after_s=wait, after_issues=0)
    return replace(meaning, permanent=False)


def _fold(text: str) -> str:
    """Return text as rules see it: small letters, signs of half width, single blanks, capped."""
    return " ".join(text[:MAX_TEXT].translate(_NARROW).lower()[:MAX_TEXT].split())


def _searched(reply: Reply) -> str:
    """Return what rules are asked about: enhanced code and text, without the addresses in it.

    An address stands in the middle of the words (`user a@x.example not found`) and is its owner's choice: one named
    "mailbox-full" must mean nothing.
    """
    words = _fold(reply.text)
    if "@" in words:
        first, *parts = words.split("@")
        kept = [first.rstrip(_IN_ADDRESS) if parts else first]
        kept += [part.lstrip(_IN_ADDRESS).rstrip(_IN_ADDRESS) for part in parts[:-1]]
        kept.append(parts[-1].lstrip(_IN_ADDRESS))
        words = " ".join(_EMPTY_BRACKETS.sub("", "".join(kept)).split())
    return f"{reply.enhanced} {words}".lstrip()


def extract_meanings(
    stream: BinaryIO, keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Yield a table's sentences for the catalogue; a Babel extraction method (`[extractors]` in its mapping)."""
    for number, line in enumerate(stream.read().decode("utf-8").splitlines(), 1):
        if line.startswith("meaning = "):
            yield number, "_", tomllib.loads(line)["meaning"], []
