"""Issues of a house: imported, rendered, checked."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mailer.app import written
from mailer.app.checks import find_findings
from mailer.app.ground import Ground
from mailer.app.lists import Lists
from mailer.app.written import Rendered, WrittenForms
from mailer.child import Limits
from mailer.errors import IssueError, NotFoundError, StateError
from mailer.i18n import _
from mailer.model.approval import IssueContent
from mailer.model.delivery import MailingRecord
from mailer.model.edition import Edition
from mailer.model.issue import ImportRemark, Issue
from mailer.model.report import Finding
from mailer.sources.import_file import import_document
from mailer.sources.issue_files import ISSUE_FILE, load_files
from mailer.sources.issue_folder import file_digests, issue_digest, load_issue, read_source, write_issue

if TYPE_CHECKING:
    from mailer.rendering.forms import Forms

OFFICE_KINDS = (".doc", ".wps", ".rtf", ".odt")  # read by LibreOffice, which takes its time


@dataclass(frozen=True, slots=True)
class LoadedIssue:
    """An issue as its folder held it at one moment: `content` binds an approval, `files` is what the issue names."""

    issue: Issue
    content: IssueContent
    files: dict[str, bytes] = field(repr=False)


class Issues:
    """The issues of a house."""

    def __init__(self, ground: Ground, lists: Lists) -> None:
        self._ground = ground
        self._lists = lists

    def folder(self, name: str) -> Path:
        """Return the folder of an issue given by slug or path. Raises NotFoundError."""
        for folder in (self._ground.home / "issues" / name, Path(name)):
            if (folder / "issue.md").is_file():
                return folder
        raise NotFoundError(
            _("there is no issue {name}").format(name=name),
            file=self._ground.home / "issues",
            cure=_("here are: {slugs}").format(slugs=_(", ").join(self.slugs()) or _("none yet; `mailer import FILE`")),
        )

    def slugs(self) -> list[str]:
        """Return the issues of this folder, oldest name first."""
        return sorted(path.parent.name for path in self._ground.home.glob("issues/*/issue.md"))

    def load(self, name: str) -> Issue:
        """Read an issue without its files. Raises IssueError, NotFoundError."""
        return load_issue(self.folder(name))

    def read(self, name: str) -> LoadedIssue:
        """Read an issue with its files and hash. Raises StateError when it is being changed meanwhile."""
        folder = self.folder(name)
        digest = issue_digest(folder)
        issue = load_issue(folder)
        files = load_files(folder, issue)
        content = IssueContent(digest, read_source(folder), file_digests(folder))
        if issue_digest(folder) != digest:
            raise StateError(_("the issue is being changed"), file=folder, cure=_("save it, then try again"))
        return LoadedIssue(issue, content, files)

    def import_document(self, file: Path, slug: str | None, *, replace: bool) -> tuple[Issue, tuple[ImportRemark, ...]]:
        """Read a document in the child and write its issue folder with its pictures.

        A folder that is replaced is kept in var/replaced; a remark says so where it held files of its own.
        Raises IssueError; StateError when the folder exists; LimitError for one that takes too much to read.
        """
        _config = self._ground.config  # a folder without settings is no newsletter: say so before anything is written
        office = file.suffix.lower() in OFFICE_KINDS
        limits = Limits(
            seconds=90 if office else 3,
            megabytes=2000 if office else 300,
            doing=_("reading the document"),
            file=file,
            cure=_("save it anew in its program, without pictures it does not need, or copy its text into a new one"),
        )
        found = self._ground.child.run(limits, import_document, file, slug)
        folder = self._ground.home / "issues" / found.issue.slug
        told = self._keep_replaced(folder, found.files) if replace and folder.is_dir() else ()
        write_issue(found.issue, folder, replace=replace, files=found.files)
        return found.issue, (*told, *found.remarks)

    def _keep_replaced(self, folder: Path, files: Mapping[str, bytes]) -> tuple[ImportRemark, ...]:
        """Copy a folder that is about to be replaced to var/replaced; say which of its files the new one lacks."""
        names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
        if not names:
            return ()
        kept = self._ground.var / "replaced" / f"{folder.name}-{issue_digest(folder)[:12]}"
        try:
            shutil.copytree(folder, kept, dirs_exist_ok=True)
        except (OSError, shutil.Error) as error:
            raise IssueError(_("cannot be written: {why}").format(why=str(error)[:200]), file=kept) from None
        lost = [name for name in names if name not in files and name != ISSUE_FILE]
        if not lost:
            return ()
        text = _("the replaced issue held files that this one has not: {names}").format(names=_(", ").join(lost))
        return (ImportRemark(1, text, _("copy what is still needed from {folder}").format(folder=kept)),)

    def make_forms(
        self, loaded: LoadedIssue, lists: Sequence[str] = (), *, pdf: bool | None = None, others: bool = False
    ) -> "Forms":
        """Render an issue in the child: an edition for each list (none: all), the rest as rendering.forms says.

        Raises TemplateError, IssueError, ConfigError; LimitError for templates that take too much; StateError where a
        PDF is wanted and cannot be made here.
        """
        from mailer.rendering.forms import render_forms

        chosen = self._lists.choose(lists)
        config = self._ground.config
        heavy = any("pdf" in config.lists[name].attachments for name in chosen) if pdf is None else pdf
        limits = Limits(
            seconds=60 if heavy else 10,
            megabytes=1000 if heavy else 300,
            doing=_("rendering the issue"),
            file=self._ground.templates,
            cure=_("look for a loop in what was changed last there, or for very large pictures"),
        )
        return self._ground.child.run(
            limits, render_forms, loaded.issue, chosen, config, self._ground.templates, loaded.files,
            pdf=pdf, others=others,
        )  # fmt: skip

    def render(self, loaded: LoadedIssue, lists: Sequence[str] = ()) -> list[Edition]:
        """Render one edition for each list, as `make_forms` does."""
        return list(self.make_forms(loaded, lists).editions)

    def check(self, issue: Issue, editions: Sequence[Edition]) -> list[Finding]:
        """Return the preflight's findings over these editions, each once, the gravest first."""
        return find_findings(self._ground, issue, editions)

    def write_forms(self, issue: Issue, forms: "Forms", out: Path) -> WrittenForms:
        """Write every form that was made, editions filled for a made-up reader. Raises UsageError."""
        return written.write_forms(self._ground, issue.slug, forms, out)

    def draw_preview(self, issue: Issue, forms: "Forms") -> str:
        """Return the preview page: what readers see on several screens, side by side."""
        from mailer.rendering.preview import draw_preview

        return draw_preview(issue, written.preview_editions(self._ground, forms.editions))

    def write_sent(self, mailing: MailingRecord, out: Path) -> list[Rendered]:
        """Write, for each list of a mailing, its first accepted message as it was sent."""
        return written.write_sent(self._ground, mailing, out)
