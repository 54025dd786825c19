"""Counts on from the issue before: number and total each one more, or the first number of a new year."""

from collections.abc import Iterable

from mailer.i18n import _
from mailer.model.issue import Issue, Masthead
from mailer.model.numbering import IssueNumber
from mailer.model.report import Finding, Severity
from mailer.rendering.preflight.places import issue_place
from mailer.rendering.values import issue_line


def check_numbering(issue: Issue, others: Iterable[IssueNumber]) -> list[Finding]:
    """Return what is odd about the issue's numbers, given the other issues the house knows.

    A correction bears the number of the issue it corrects, and is counted with nothing else. A supplement is compared
    with those of its own name only. The first known issue is not judged. A gap asks, as does a number that another
    issue bears; numbers that contradict those before are an error where that issue's folder can still be mended.
    """
    if issue.corrects:
        return []  # check_correction compares the two
    masthead = issue.masthead
    own = IssueNumber(
        issue.slug, masthead.year, masthead.number, masthead.total, masthead.date, masthead.supplement.strip()
    )
    counted = [other for other in others if other.slug != own.slug and not other.corrects]
    kin = [other for other in counted if other.supplement.strip() == own.supplement]
    found = [finding for other in kin for finding in _check_taken(issue, own, other)]
    before = [other for other in kin if other.date < own.date]
    if found or not before:
        return found
    return _check_step(issue, own, max(before, key=lambda one: one.age))


def _check_taken(issue: Issue, own: IssueNumber, other: IssueNumber) -> list[Finding]:
    severity = Severity.WARNING  # a copy under another slug is how people try things out
    cure = _("give each its own number, here or in issues/{slug}/issue.md").format(slug=other.slug)
    found: list[Finding] = []
    if own.number is not None and (own.year, own.number) == (other.year, other.number):
        text = _("No. {number} of {year} is the number of issue {slug} already")
        found.append(
            Finding(
                severity,
                issue_place(issue, "number"),
                text.format(number=own.number, year=own.year, slug=other.slug),
                cure,
            )
        )
    if own.total is not None and own.total == other.total:
        text = _("the total {total} is that of issue {slug} already")
        found.append(
            Finding(severity, issue_place(issue, "total"), text.format(total=own.total, slug=other.slug), cure)
        )
    return found


def _check_step(issue: Issue, own: IssueNumber, before: IssueNumber) -> list[Finding]:
    counted = (own.number is not None and before.number is not None, own.total is not None and before.total is not None)
    same_year = own.year == before.year
    numbers = (own.number or 0) - ((before.number or 0) if same_year else 0)  # a new year begins with 1
    totals = (own.total or 0) - (before.total or 0)
    steps = [step for step, known in zip((numbers, totals), counted, strict=True) if known]
    if all(step == 1 for step in steps):
        return []
    said = {
        "before": before.slug,
        "old": _numbers(before),
        "new": _numbers(own),
    }
    if own.year < before.year or min(steps) < 1 or (same_year and len(set(steps)) > 1):
        return [
            Finding(
                Severity.ERROR if before.folder else Severity.WARNING,
                issue_place(issue, "number, total"),
                _("these numbers do not follow: {new} here, {old} in issue {before}").format(**said),
                _("count both on by one, or correct issues/{before}/issue.md").format(before=before.slug),
            )
        ]
    return [
        Finding(
            Severity.WARNING,
            issue_place(issue, "number, total"),
            _("is an issue missing? {new} here, {old} in issue {before}").format(**said),
            _("when none is missing, correct the numbers; else go on"),
        )
    ]


def _numbers(number: IssueNumber) -> str:
    masthead = Masthead("", "", "", number.year, number.number, number.total, number.date, number.supplement)
    return issue_line(masthead, _)
