"""What changed since a submission: a diff of the text, files by their hashes, the choice of lists, the editions."""

import difflib
from collections.abc import Mapping

from mailer.model.approval import ApprovalRecord, Change, FileChange, IssueContent

CONTEXT = 2  # lines around a change


def compare_content(before: IssueContent | None, after: IssueContent) -> Change:
    """Return how two contents of an issue differ; `before` is None where the text was not kept."""
    if before is None:
        return Change(after.sha256, known=False)
    names = sorted(before.files.keys() | after.files.keys())
    files = [FileChange(name, before.files.get(name, ""), after.files.get(name, "")) for name in names]
    return Change(
        after.sha256, diff_texts(before.source, after.source), tuple(one for one in files if one.before != one.after)
    )


def diff_texts(before: str, after: str) -> str:
    """Return the unified diff of two texts, empty where they are equal."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), "submitted/issue.md", "now/issue.md", n=CONTEXT, lineterm=""
    )
    return "\n".join(lines)


def compare_choice(before: ApprovalRecord, lists: Mapping[str, int], content: IssueContent) -> Change | None:
    """Return how a new choice of lists and their editions (name to id) differs from what stands, None where equal."""
    other = tuple(name for name, number in lists.items() if before.editions.get(name, number) != number)
    choice = tuple(lists) if set(lists) != set(before.editions) else None
    return Change(content.sha256, lists=choice, editions=other) if other or choice is not None else None
