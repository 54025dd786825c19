"""The words by which notices say that mail failed, is late, or is quoted; most stand in phrases.toml.

They are plain phrases, searched in small letters and half width, as finding fifty phrases costs less than one clever
pattern and never more than time in proportion to the text.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable
from importlib.resources import files

_TABLES: dict[str, list[str]] = tomllib.loads(files(__package__).joinpath("phrases.toml").read_text("utf-8"))


def phrases_of(table: str) -> tuple[str, ...]:
    """Return a table of phrases.toml."""
    return tuple(_TABLES[table])


FAILED, LATE, GIVEN_UP = phrases_of("failed"), phrases_of("late"), phrases_of("given_up")
SUBJECT, CONTACT = phrases_of("subject"), phrases_of("contact")
_DECORATED, _OPENINGS, _ENDINGS = phrases_of("decorated"), phrases_of("openings"), phrases_of("endings")
_NOUNS, _KEEPS = phrases_of("nouns"), phrases_of("keeps")

# the labels before a recipient's address on its line
NAMED = re.compile(
    r"(?:(?:(?:final|original|failed|intended|bad|invalid|unknown|undeliverable|rejected|envelope"
    r"|actual)[- ])?(?:recipients?|users?|address(?:es)?|mailbox|destination"
    r"|addressee)(?: ?\(e?s\))?(?: (?:e-?mail )?address(?:es)?)?(?: (?:is|was|has failed|failed))?"
    r"|userid|undeliver(?:able|ed)(?: mail| message)?(?: to| for)?|addressed to|error-for|rcpt to"
    r"|failed to|delivered to|delivered for|deliver (?:your |this |the )?(?:message|mail|e-?mail)? ?to"
    r"|attempts|e-?mail address|local mailbox|destined (?:to|for)"
    r"|deliver to|sent to|message to|mail to|e-?mail to|violation for|intended for|delivery to|message for"
    r"|mail for|unknown|reach|reaching|not found|failed|failure"
    r"|收件(?:人|方|者)(?:地址|邮箱|信箱|帐号|账号)?|收信(?:人|方|者)(?:地址|邮箱)?|接收(?:人|方"
    r"|者)(?:地址|邮箱)?|目的?标?(?:的)?地址|失败(?:的)?(?:地址|收件人|邮箱)|邮箱地址|邮件地址|退信地址"
    r"|(?:发送|投递|送达|传递|递送|发)(?:到|至|给|往)(?:以下|下列)?(?:的)?(?:收件人|地址|邮箱|邮件地址)?"
    r"|收件者|宛先(?:アドレス)?|送信先|受信者|empf[äa]nger(?:adresse)?|destinataires?"
    r"|destinatari[oa]s?(?: errad[oa])?|получател[ьяи]|адрес(?:ат|у)?|почтовый ящик)"
    r"\s{0,6}[:=-]?[\s<\"'`\[«(]{0,8}(?:smtp:|mailto:)?$"
)
# the labels of what is no recipient
NOT_RECIPIENT = re.compile(
    r"^[\s>*|•·-]{0,10}(?:from|sender|reply-to|return-path|mail from|message-?id|references|in-reply-to"
    r"|resent-from|x-[\w-]{1,40}|received|envelope[ -]from|received-from-mta|发件人|发信人|寄件人|发送者"
    r"|发送人|发件地址|发件方|寄件者|来自|差出人|送信元|送信者"
    r"|von|absender|de|expéditeur|remitente|от|отправитель|cc|bcc|抄送|密送|date|subject|主\s{0,3}题"
    r"|list-[\w-]{1,20}|errors[ -]to|reporting-mta|message id|originator|sender address)(?: (?:address"
    r"|地址))?\s{0,6}(?::|<\S{1,80}@)"
)
_DECORATION = re.compile(r"[\s>]{0,4}[-=*_#|+~<.]{2,100}")
_HEADER_LINE = re.compile(
    r"[>| ]{0,4}(?:received: (?:from|by|\()|return-path: ?<|x-received: |dkim-signature: |delivered-to: "
    r"|from \S{1,200} +(?:mon|tue|wed|thu|fri|sat|sun) )"
)


def find_lines(text: str, starts: list[int], phrases: Iterable[str]) -> set[int]:
    """Return the numbers of the lines of a text in which one of the phrases stands; starts are the lines' offsets."""
    found: set[int] = set()
    for phrase in phrases:
        at = text.find(phrase)
        for _time in range(100):
            if at < 0:
                break
            number = bisect_right(starts, at) - 1
            found.add(number)
            following = starts[number + 1] if number + 1 < len(starts) else len(text)
            at = text.find(phrase, following)
    return found


def has_phrase(text: str, phrases: Iterable[str]) -> bool:
    """True where one of the phrases stands in the text."""
    return any(phrase in text for phrase in phrases)


def begins_quotation(line: str) -> bool:
    """True where a line (small letters, half width) begins the mail that is sent back."""
    if _HEADER_LINE.match(line):
        return True
    if len(line) > 160 or "@" in line:
        return False
    bare = line.strip(" >-=*_#|+~<.:\t")
    if _DECORATION.match(line):
        return has_phrase(bare, _DECORATED) and not has_phrase(bare, _KEEPS)
    if has_phrase(line, _KEEPS):
        return False
    whole = line.strip()
    return (
        whole.startswith(_OPENINGS)
        or (bare.endswith(_ENDINGS) and has_phrase(bare, _NOUNS))
        or bare == "message removed"
    )
