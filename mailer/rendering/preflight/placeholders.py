"""Looks for place holders of a new issue's folder that nobody has written over."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields

from mailer.i18n import _, ngettext
from mailer.model.issue import Issue, Picture
from mailer.model.placeholder import count_placeholders
from mailer.model.report import Finding, Severity
from mailer.rendering.preflight.places import issue_place, placed_blocks, placed_texts


def check_placeholders(issue: Issue) -> list[Finding]:
    """Return an error for each place where a place holder stands: what is begun only must not go out."""
    counts: Counter[str] = Counter()
    for place, text in _all_texts(issue):
        counts[place] += count_placeholders(text)
    return [
        Finding(
            Severity.ERROR,
            place,
            ngettext("{n} place holder stands here", "{n} place holders stand here", count).format(n=count),
            _("write over it, or take it out"),
        )
        for place, count in counts.items()
        if count
    ]


def _all_texts(issue: Issue) -> Iterator[tuple[str, str]]:
    for name, text in (("subject", issue.subject), ("preheader", issue.preheader)):
        yield issue_place(issue, name), text
    for prefix, part in (("", issue.masthead), ("imprint.", issue.imprint)):
        for field in fields(part):
            value = getattr(part, field.name)
            if isinstance(value, str):
                yield issue_place(issue, f"{prefix}{field.name}"), value
    yield from placed_texts(issue)
    for place, block in placed_blocks(issue):
        if isinstance(block, Picture):
            yield place, block.alt
