"""What a reply means: the rules of replies.toml first, the RFCs' codes where no rule matches."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, BinaryIO

from mailer.mail.reply_codes import by_code, effective_digit
from mailer.model.outcome import Action, Meaning, Phase, Reply, ReplyClass

TABLE = "replies.toml"
_OPENING = frozenset({Phase.CONNECT, Phase.BANNER, Phase.EHLO, Phase.STARTTLS, Phase.AUTH, Phase.MAIL})
_OF_RECIPIENT = frozenset(
    {ReplyClass.GONE, ReplyClass.INACTIVE, ReplyClass.FULL, ReplyClass.OPT_OUT, ReplyClass.RATE_RECIPIENT}
)
# a 5yz of these classes is about this address or this message; of the others, about us, the relay or the moment
_FINAL = frozenset({ReplyClass.GONE, ReplyClass.INACTIVE, ReplyClass.OPT_OUT, ReplyClass.CONTENT, ReplyClass.UNKNOWN})
_PAUSE_S = 60
_HINT = re.compile(r"(?:in|after|for|wait)\s+(\d{1,5})\s*(s|sec|secs|seconds?|m|min|mins|minutes?)\b", re.IGNORECASE)
_LONGEST_HINT_S = 86400


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table; `permanent` None means by class and first digit."""

    name: str
    match: re.Pattern[str]
    code: re.Pattern[str] | None
    domains: re.Pattern[str] | None
    permanent: bool | None
    meaning: Meaning

    def fits(self, text: str, code: str, domain: str) -> bool:
        """True when code, domain and words all match; an unknown domain is no objection."""
        return (
            (self.code is None or self.code.fullmatch(code) is not None)
            and (self.domains is None or not domain or self.domains.fullmatch(domain) is not None)
            and self.match.search(text) is not None
        )


def _pattern(row: dict[str, Any], key: str) -> re.Pattern[str] | None:
    return re.compile(row[key], re.IGNORECASE) if key in row else None


def _read_rule(row: dict[str, Any]) -> Rule:
    return Rule(
        name=row["name"],
        match=re.compile(row["match"], re.IGNORECASE),
        code=_pattern(row, "code"),
        domains=_pattern(row, "domains"),
        permanent=row.get("permanent"),
        meaning=Meaning(
            reply_class=ReplyClass(row["class"]),
            action=Action(row["action"]),
            permanent=False,
            retry_after_s=row.get("retry_after_s", 0),
            after_issues=row.get("after_issues", 0),
            rule=row["name"],
            summary=row["meaning"],
        ),
    )


@cache
def load_rules() -> tuple[Rule, ...]:
    """Return the rules in the order of the table."""
    table = tomllib.loads(files(__package__).joinpath(TABLE).read_text("utf-8"))
    return tuple(_read_rule(row) for row in table["rule"])


def classify_reply(reply: Reply, recipient_domain: str = "") -> Meaning:
    """Return what a reply means: the first rule that matches its words, else its codes (RFC 3463, RFC 5321 §4.2).

    Before RCPT nothing is ever the recipient's: no such class, never permanent (facts F13), and what would be tried
    again rests the relay. A 4yz is never permanent; a 5yz may not be either (a rate limit, a full mailbox). Pure.
    """
    text = f"{reply.enhanced} {reply.text}".lstrip()
    digit = effective_digit(reply)
    code = str(reply.code) if reply.code else digit
    for rule in load_rules():
        if rule.fits(text, code, recipient_domain.lower()):
            permanent = digit != "4" and rule.meaning.reply_class in _FINAL
            meaning = replace(rule.meaning, permanent=permanent if rule.permanent is None else rule.permanent)
            break
    else:
        meaning = by_code(reply)
    if not meaning.permanent and (hint := _HINT.search(reply.text)):
        asked = int(hint[1]) * (60 if hint[2].lower().startswith("m") else 1)
        meaning = replace(meaning, retry_after_s=min(max(asked, meaning.retry_after_s), _LONGEST_HINT_S))
    return _of_relay(meaning, digit) if reply.phase in _OPENING else meaning


def _of_relay(meaning: Meaning, digit: str) -> Meaning:
    if meaning.reply_class in _OF_RECIPIENT:
        meaning = replace(meaning, reply_class=ReplyClass.SENDER_POLICY, action=Action.STOP_AND_ASK, after_issues=0)
        if digit == "4":
            meaning = replace(meaning, reply_class=ReplyClass.TEMPORARY, action=Action.RETRY)
    if meaning.action in (Action.RETRY, Action.SLOW_DOMAIN, Action.SUPPRESS_AFTER, Action.SUPPRESS, Action.NONE):
        wait = meaning.retry_after_s or _PAUSE_S
        meaning = replace(meaning, action=Action.PAUSE_RELAY, retry_after_s=wait, after_issues=0)
    return replace(meaning, permanent=False)


def extract_meanings(
    stream: BinaryIO, keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Yield the table's sentences for the catalogue; a Babel extraction method (`[extractors]` in its mapping)."""
    for number, line in enumerate(stream.read().decode("utf-8").splitlines(), 1):
        if line.startswith("meaning = "):
            yield number, "_", tomllib.loads(line)["meaning"], []
