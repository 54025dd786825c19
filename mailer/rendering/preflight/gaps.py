"""Looks for what was begun and not written: an issue, a section or an article with nothing in it."""

from mailer.i18n import _
from mailer.model.issue import Issue, issue_blocks
from mailer.model.report import Finding, Severity
from mailer.rendering.preflight.places import issue_place, part_place


def check_gaps(issue: Issue) -> list[Finding]:
    """Return an error for an issue with nothing to read, and a warning for each part that is a title only."""
    if not any(issue_blocks(issue)):
        text = _("there is nothing to read in this issue")
        return [Finding(Severity.ERROR, issue_place(issue), text, _("write the articles in issue.md"))]
    found: list[Finding] = []
    for section in issue.sections:
        if not section.articles and not section.blocks:
            text, cure = _("this section is empty"), _("write something under it, or take it out")
            found.append(Finding(Severity.WARNING, part_place(issue, section), text, cure))
        for article in section.articles:
            if not article.blocks:
                text, cure = _("this article is a title only"), _("write something under it, or take it out")
                found.append(Finding(Severity.WARNING, part_place(issue, article), text, cure))
    return found
