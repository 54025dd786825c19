"""Makes the folder of a correction: the issue's own, with what its front matter says of the correction."""

import re
import secrets
import shutil
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import Issue
from mailer.sources.front_matter import FENCE, quote_value
from mailer.sources.issue_files import ISSUE_FILE, load_files
from mailer.sources.issue_folder import load_issue, parse_issue, without_lines, write_issue
from mailer.sources.slug import parse_slug
from mailer.sources.text_file import read_text_file

_OLD_KEYS = re.compile(r"(?:corrects|correction)\s*:")
_HINT = "# 更正了什么，写在下面一行，读者会看到 · what was wrong, on the next line: readers see it"


def name_correction(corrects: str, taken: Collection[str]) -> str:
    """Return the slug of the next correction of an issue: SLUG-correction, SLUG-correction-2, and so on."""
    slug, number = f"{corrects}-correction", 1
    while slug in taken:
        number += 1
        slug = f"{corrects}-correction-{number}"
    return parse_slug(slug)


def write_correction(original: Path, folder: Path, corrects: str, correction: str) -> Issue:
    """Copy an issue's folder as that of a correction of issue `corrects`, and return it; `correction` may be empty.

    Its text stays as its editors wrote it. Hidden files stay behind. Raises IssueError for an issue that cannot be
    read or a folder that cannot be written, StateError when the folder exists.
    """
    issue = replace(load_issue(original), slug=folder.name, corrects=corrects, correction=correction.strip())
    text = _marked(read_text_file(original / ISSUE_FILE), issue)
    try:
        read_back = parse_issue(text, file=folder / ISSUE_FILE, slug=folder.name)
    except IssueError:
        read_back = None
    if read_back is None or without_lines(read_back) != without_lines(issue):
        # front matter in a form that lines cannot be put into
        write_issue(issue, folder, files=load_files(original, issue))
        return issue
    new = folder.parent / f".{folder.name}.{secrets.token_hex(4)}.new"
    try:
        shutil.copytree(original, new, ignore=shutil.ignore_patterns(".*", ISSUE_FILE))
        (new / ISSUE_FILE).write_text(text, "utf-8")
        new.rename(folder)
    except (OSError, shutil.Error) as error:
        raise IssueError(_("cannot be written: {why}").format(why=str(error)[:200]), file=folder) from None
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return issue


def _marked(text: str, issue: Issue) -> str:
    """Return the text of issue.md with the two keys at the head of its front matter, in place of those it had."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == FENCE), len(lines))
    kept, dropping = [], False
    for line in lines[1:end]:
        dropping = bool(_OLD_KEYS.match(line)) or (dropping and line[:1] in (" ", "\t"))
        if not dropping and line != _HINT:
            kept.append(line)
    added = [f"corrects: {quote_value(issue.corrects)}"]
    added += [f"correction: {quote_value(issue.correction)}"] if issue.correction else [_HINT, "correction:"]
    return "\n".join([FENCE, *added, *kept, *lines[end:]])
