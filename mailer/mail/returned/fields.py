"""Groups of fields as reports hold them (RFC 3464 §2.1): well formed or with blank lines missing, double or astray."""

import re
from collections.abc import Iterable

from mailer.mail.returned.decoding import decode_words

MAX_GROUPS = 201
_MAX_LINES = 8000
_FIELD = re.compile(r"[>\s]{0,4}([A-Za-z][A-Za-z0-9-]{1,40})[ \t]{0,3}:(.*)")
# a second one of these in a group tells of another recipient
_ONCE = frozenset({"final-recipient", "original-recipient", "action", "status", "diagnostic-code"})
_RECIPIENT = ("final-recipient", "original-recipient", "x-actual-recipient")

Group = dict[str, str]


def read_groups(text: str) -> list[Group]:
    """Return the groups of fields in a text, names in small letters; the first field of a name counts.

    A blank line ends a group; so does a recipient's field that the group has already. Fields that a stray blank line
    parted from their recipient are joined to it again.
    """
    groups: list[Group] = [{}]
    last = ""
    for line in text.split("\n")[:_MAX_LINES]:
        if not line.strip():
            last = ""
            if groups[-1]:
                groups.append({})
        elif line[0] in " \t" and last:
            if len(groups[-1][last]) < 4000:
                groups[-1][last] += " " + line.strip()
        elif match := _FIELD.match(line):
            last = match[1].lower()
            if last in groups[-1]:
                if last not in _ONCE:
                    last = ""
                    continue
                groups.append({})
            groups[-1][last] = match[2].strip()
        else:
            last = ""
        if len(groups) > MAX_GROUPS * 2:
            break
    return _join(group for group in groups if group)[:MAX_GROUPS]


def _join(groups: Iterable[Group]) -> list[Group]:
    joined: list[Group] = []
    for group in groups:
        lone = not any(name in group for name in _RECIPIENT)
        if joined and _wants(joined[-1], group, lone):
            joined[-1] = {**group, **joined[-1]}
        else:
            joined.append(group)
    return joined


def _wants(before: Group, group: Group, lone: bool) -> bool:
    """True where the fields of `group` belong to the recipient of the group before it, or the other way round."""
    if lone:
        told = "action" in group or "status" in group or "diagnostic-code" in group
        named = any(name in before for name in _RECIPIENT)
        return told and named and not any(name in before for name in _ONCE & group.keys())
    told_before = "action" in before or "status" in before
    return (
        told_before
        and not any(name in before for name in (*_RECIPIENT, "reporting-mta"))
        and not _ONCE & before.keys() & group.keys()
    )


def field(group: Group, *names: str) -> str:
    """Return the first of these fields that has a value, readable; empty where none has."""
    for name in names:
        if value := group.get(name, "").strip():
            return decode_words(value)
    return ""
