"""What replies mean, explained to people: needs no newsletter folder, and hears its rules where there is one."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mailer.config import FILE_NAME, load_config
from mailer.mail.replies import ReplyRules, classify_reply, load_rules
from mailer.mail.reply_lines import MAX_TEXT, decode_text, parse_reply_text
from mailer.model.outcome import Meaning, Phase

_LONGEST_LINE = MAX_TEXT * 4 + 1  # octets; what is beyond is not looked at


def rules_for(home: Path) -> ReplyRules:
    """Return the program's rules, after those of the folder's settings where it has any. Raises ConfigError."""
    return load_rules(load_config(home).replies.rules if (home / FILE_NAME).exists() else ())


def explain_reply(text: str, phase: Phase, domain: str, rules: ReplyRules) -> Meaning:
    """Return what a reply means that a person pasted or a bounce quoted; `domain` is the recipient's or empty."""
    return classify_reply(parse_reply_text(text, phase), domain, rules)


def read_replies(stream: BinaryIO) -> Iterator[str]:
    """Yield one reply a line as each comes, as readable text (UTF-8, else GB18030); blank lines are left out.

    A line of any length takes no more memory than a short one: what is beyond a reply's cap is dropped.
    """
    while line := stream.readline(_LONGEST_LINE):
        rest = line
        while len(rest) == _LONGEST_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(_LONGEST_LINE)
        if text := decode_text(line.rstrip(b"\r\n")):
            yield text
