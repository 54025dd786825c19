"""Which issue a due date is about."""

from collections.abc import Collection, Sequence

from mailer.model.numbering import IssueNumber, Term


def choose_issue(
    known: Sequence[IssueNumber],
    present: Collection[str],
    term: Term,
    mailed: Collection[str],
    opened: str = "",
    approved: str | None = None,
) -> str | None:
    """Return the slug of the issue that a due date is about, or None. present: the slugs of the folders there are.

    It is the one opened for that date, whatever became of it; else the newest approved one that was never mailed; else
    the newest one whose date belongs to the due date and that was not mailed. An approved one of other days yields to
    it: a leftover must not go out in its place.
    """
    by_slug = {one.slug: one for one in known}
    if opened in present:
        return opened
    own = [
        one for one in known if one.slug in present and one.counts and one.slug not in mailed and term.holds(one.date)
    ]
    newest = max(own, key=lambda one: one.age, default=None)
    if approved is not None and (newest is None or (approved in by_slug and term.holds(by_slug[approved].date))):
        return approved
    return newest.slug if newest is not None else None
