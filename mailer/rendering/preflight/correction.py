"""Looks at a correction: what it says was wrong, which issue it corrects, and that its readers see both."""

from collections.abc import Iterable

from mailer.i18n import _
from mailer.model.edition import Edition
from mailer.model.issue import Issue
from mailer.model.numbering import IssueNumber
from mailer.model.report import Finding, Severity
from mailer.rendering.preflight.parity import bare_text, shown_texts, visible_text
from mailer.rendering.preflight.places import issue_place, list_place


def check_correction(issue: Issue, others: Iterable[IssueNumber]) -> list[Finding]:
    """Return an error for each thing that keeps a correction from being one; nothing for any other issue."""
    if not issue.corrects:
        return []
    found: list[Finding] = []
    if not issue.correction.strip():
        text, cure = _("it does not say what was wrong"), _("write it after `correction:` in issue.md; readers see it")
        found.append(Finding(Severity.ERROR, issue_place(issue, "correction"), text, cure))
    original = next((other for other in others if other.slug == issue.corrects), None)
    place = issue_place(issue, "corrects")
    if original is None or original.slug == issue.slug:
        text = _("there is no issue {slug} to correct").format(slug=issue.corrects)
        found.append(Finding(Severity.ERROR, place, text, _("write the folder name of the issue that went out")))
    elif original.corrects:
        text = _("issue {slug} is a correction itself").format(slug=issue.corrects)
        cure = _("write `corrects: {slug}`: those who got that issue get this correction, too")
        found.append(Finding(Severity.ERROR, place, text, cure.format(slug=original.corrects)))
    elif _numbers(original) != _numbers_of(issue):
        text = _("a correction bears the number of the issue it corrects, {slug}, and this one does not")
        cure = _("take year, number, total and supplement from issues/{slug}/issue.md")
        place = issue_place(issue, "number, total")
        found.append(Finding(Severity.ERROR, place, text.format(slug=original.slug), cure.format(slug=original.slug)))
    return found


def _numbers(one: IssueNumber) -> tuple[int, int | None, int | None, str]:
    return one.year, one.number, one.total, one.supplement.strip()


def _numbers_of(issue: Issue) -> tuple[int, int | None, int | None, str]:
    masthead = issue.masthead
    return masthead.year, masthead.number, masthead.total, masthead.supplement.strip()


def check_notice(edition: Edition, issue: Issue) -> list[Finding]:
    """Return an error for each part of a correction that does not say what was wrong: a template without the notice."""
    wanted = bare_text(issue.correction)
    if not issue.corrects or not wanted:
        return []
    parts = shown_texts(edition) | ({_("web page"): visible_text(edition.page)} if edition.page else {})
    text = _("this part of a correction does not say what was wrong")
    cure = _("show `issue.correction` in the template, as templates/ of a new newsletter folder does")
    return [
        Finding(Severity.ERROR, list_place(part, edition.list_name), text, cure)
        for part, shown in parts.items()
        if wanted not in shown
    ]
