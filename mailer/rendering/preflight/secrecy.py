"""Looks for markings of secrecy: what bears one must not go by internet mail (保守国家秘密法)."""

import re

from mailer.i18n import _
from mailer.model.issue import Issue
from mailer.model.report import Finding, Severity
from mailer.rendering.preflight.places import issue_place, placed_texts

# a level with its star or its term, as GB/T 9704-2012 §7.2.2 prints it; the level alone only in the masthead
_LEVEL = "(?:绝密|机密|秘密)"
_TERM = r"(?:[★☆*＊]|[一二三四五六七八九十\d]+\s*(?:年|个月)|长期)"
_MARKED = re.compile(rf"{_LEVEL}\s*{_TERM}")
_MASTHEAD = re.compile(rf"{_LEVEL}(?:级)?\s*(?:{_TERM}.*)?")
_INTERNAL = re.compile(
    r"内部(?:资料|文件|材料|刊物)\s*"
    r"(?:[，,、；;：:（(\s]*\S{0,10}?(?:保存|外传|翻印|传播|公开|交流).{0,8})?[。！!)）]?"
)


def check_secrecy(issue: Issue) -> list[Finding]:
    """Return an error for a marking in the masthead; a note for one that stands as such in the text."""
    place = issue_place(issue, "secrecy")
    marking = re.sub(r"\s+", "", issue.masthead.secrecy)
    found: list[Finding] = []
    if _MASTHEAD.fullmatch(marking) or _MARKED.search(marking) or _INTERNAL.fullmatch(marking):
        found.append(
            Finding(
                Severity.ERROR,
                place,
                _("the masthead is marked “{marking}”: it must not go by internet mail").format(marking=marking),
                _("ask whoever marked it; take the marking out only when it does not hold"),
            )
        )
    elif marking:
        found.append(
            Finding(
                Severity.WARNING,
                place,
                _("the masthead is marked “{marking}”: may it go by internet mail?").format(marking=marking),
                _("ask whoever marked it"),
            )
        )
    for where, text in placed_texts(issue):
        mark = _MARKED.search(text) or _INTERNAL.fullmatch(text.strip())
        if mark:
            found.append(
                Finding(
                    Severity.NOTE,
                    where,
                    _("“{marking}” looks like a marking of secrecy").format(marking=mark[0]),
                    _("see that what it stands on may go by internet mail"),
                )
            )
    return found
