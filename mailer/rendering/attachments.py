"""The files a copy carries: the bulletin as PDF, and those the issue names."""

import mimetypes
import re
from collections.abc import Mapping

from mailer.config import ListConfig
from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.edition import Asset
from mailer.model.issue import Issue
from mailer.rendering.blocks import Translate, clean
from mailer.rendering.values import full_name, issue_line

_NAME_OCTETS = 180  # most file systems take 255, and mail programs put numbers behind a name
_FORBIDDEN = re.compile(r"[\\/:*?\"<>|\x00-\x1f\x7f]+")
_TYPES = mimetypes.MimeTypes()  # the table of Python alone: the machine's own would give other bytes elsewhere
_TYPES.add_type("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx")
_TYPES.add_type("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx")
_TYPES.add_type("application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx")
_TYPES.add_type("application/vnd.ms-works", ".wps")


def attach_files(
    issue: Issue, settings: ListConfig, files: Mapping[str, bytes], pdf: bytes, translate: Translate
) -> tuple[Asset, ...]:
    """Return what a copy of this list carries, the PDF first, each under a name of its own.

    Raises IssueError for a file that the issue names and `files` lacks.
    """
    found: list[Asset] = []
    if "pdf" in settings.attachments and pdf:
        found.append(Asset(pdf_name(issue, translate), "application/pdf", pdf))
    for name in issue.attachments if "files" in settings.attachments else ():
        if name not in files:
            raise IssueError(
                _("the attachment {name} is not there").format(name=name),
                file=f"issues/{issue.slug}/issue.md",
                field="attachments",
                cure=_("put it into the folder of the issue, or take it out"),
            )
        shown = _free_name(safe_name(name.rpartition("/")[2]), {each.name for each in found})
        found.append(Asset(shown, _media_type(shown), files[name]))
    return tuple(found)


def _media_type(name: str) -> str:
    media_type, packed = _TYPES.guess_type(name)
    # a .tar.gz is no tar before it is unpacked
    return media_type if media_type and not packed else "application/octet-stream"


def _free_name(name: str, taken: set[str]) -> str:
    """Return the name, with a number before its ending where another attachment has it: folders do not travel."""
    stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
    free, number = name, 2
    while free in taken:
        free = f"{stem} ({number}){dot}{ending}"
        number += 1
    return free


def pdf_name(issue: Issue, translate: Translate) -> str:
    """Return the name readers see of the bulletin's PDF: whose, what, which issue."""
    return safe_name(f"{full_name(issue.masthead)} {issue_line(issue.masthead, translate)}.pdf")


def safe_name(name: str) -> str:
    """Return a file name that every system takes, its ending kept."""
    stem, dot, ending = clean(_FORBIDDEN.sub(" ", name)).strip(" .").rpartition(".")
    if not dot:
        stem, ending = ending, ""
    room = _NAME_OCTETS - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore").strip() + dot + ending
