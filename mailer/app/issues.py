"""Issues of a house: imported, rendered, checked, approved."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mailer.app.ground import Ground
from mailer.app.lists import Lists
from mailer.errors import NotFoundError, StateError, UsageError
from mailer.i18n import _
from mailer.mail.message import compose_message, make_letterhead
from mailer.mail.parts import read_parts
from mailer.model.delivery import Delivery, MailingRecord, Recipient
from mailer.model.edition import Edition
from mailer.model.issue import ImportRemark, Issue
from mailer.model.report import Finding, Severity
from mailer.publishing.approval import approve_issue
from mailer.sources.import_file import import_document
from mailer.sources.issue_folder import issue_digest, load_issue, write_issue
from mailer.store import deliveries, issues, mailings
from mailer.tokens import Purpose, sign_token


@dataclass(frozen=True, slots=True)
class Rendered:
    """Where one edition was written."""

    list_name: str
    html: Path
    text: Path
    eml: Path
    sha256: str


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
            cure=_("here are: {slugs}").format(slugs=", ".join(self.slugs()) or _("none yet; `mailer import FILE`")),
        )

    def slugs(self) -> list[str]:
        """Return the issues of this folder, oldest name first."""
        return sorted(path.parent.name for path in self._ground.home.glob("issues/*/issue.md"))

    def load(self, name: str) -> Issue:
        """Read an issue. Raises IssueError, NotFoundError."""
        return load_issue(self.folder(name))

    def read(self, name: str) -> tuple[Issue, str]:
        """Read an issue and the sha256 of what was read. Raises StateError when it is being changed meanwhile."""
        folder = self.folder(name)
        digest = issue_digest(folder)
        issue = load_issue(folder)
        if issue_digest(folder) != digest:
            raise StateError(_("the issue is being changed"), file=folder, cure=_("save it, then try again"))
        return issue, digest

    def import_document(self, file: Path, slug: str | None, *, replace: bool) -> tuple[Issue, tuple[ImportRemark, ...]]:
        """Read a document and write its issue folder. Raises IssueError; StateError when the folder exists."""
        _config = self._ground.config  # a folder without settings is no newsletter: say so before anything is written
        issue, remarks = import_document(file, slug)
        write_issue(issue, self._ground.home / "issues" / issue.slug, replace=replace)
        return issue, remarks

    def render(self, issue: Issue, lists: Sequence[str] = ()) -> list[Edition]:
        """Render one edition for each list. Raises TemplateError."""
        from mailer.rendering.edition import render_edition  # slow to load, and most commands do not render

        return [
            render_edition(issue, name, self._ground.config.lists[name], self._ground.config, self._ground.templates)
            for name in self._lists.choose(lists)
        ]

    def check(self, issue: Issue, editions: Sequence[Edition]) -> list[Finding]:
        """Return the preflight's findings over these editions, each once."""
        from mailer.rendering.preflight import check_edition

        found = [finding for edition in editions for finding in check_edition(edition, issue, self._ground.config)]
        return list(dict.fromkeys(found))

    def write_editions(self, editions: Sequence[Edition], out: Path) -> list[Rendered]:
        """Write each edition as HTML, text and a complete message, filled for a made-up reader."""
        samples = [self._sample_delivery(edition) for edition in editions]  # makes var/ as private as it must be
        _make_folder(out)
        return [self._write_edition(edition, sample, out) for edition, sample in zip(editions, samples, strict=True)]

    def write_sent(self, mailing: MailingRecord, out: Path) -> list[Rendered]:
        """Write, for each list of a mailing, its first accepted message as it was sent."""
        _make_folder(out)
        written: list[Rendered] = []
        with self._ground.store.read() as connection:
            for list_id, _name, edition_id in mailings.mailing_lists(connection, mailing.id):
                number = deliveries.sample_delivery(connection, mailing.id, list_id)
                delivery = deliveries.find_delivery(connection, number) if number is not None else None
                if delivery is not None:
                    written.append(self._write_edition(issues.load_edition(connection, edition_id), delivery, out))
        return written

    def _sample_delivery(self, edition: Edition) -> Delivery:
        token = sign_token(self._ground.secret, Purpose.BOUNCE, 0)
        domain = self._ground.config.sender.address.rpartition("@")[2]
        now = self._ground.now()
        return Delivery(
            id=0,
            mailing_id=0,
            issue_slug=edition.issue,
            list_name=edition.list_name,
            edition_id=0,
            recipient=Recipient("reader@reader.example", organisation=_("a reader’s organisation")),
            message_id=f"<{token}@{domain}>",
            token=token,
            sent_date=now,
            clock_from=now,
            attempts=0,
            lease="",
        )

    def _write_edition(self, edition: Edition, delivery: Delivery, out: Path) -> Rendered:
        message = compose_message(
            edition, delivery, make_letterhead(self._ground.config, edition.list_name, self._ground.secret)
        )
        name = f"{edition.issue}-{edition.list_name}"
        files = Rendered(
            edition.list_name,
            out / f"{name}.html",
            out / f"{name}.txt",
            out / f"{name}.eml",
            edition.sha256,
        )
        parts = read_parts(message)
        files.html.write_text(parts.html, "utf-8")
        files.text.write_text(parts.text, "utf-8")
        files.eml.write_bytes(message)
        return files

    def approve(self, name: str, approved_by: str) -> tuple[Issue, list[Edition], list[Finding]]:
        """Render, check, freeze and approve an issue. Raises StateError when the preflight has errors."""
        issue, digest = self.read(name)
        editions = self.render(issue)
        findings = self.check(issue, editions)
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        if errors:
            raise StateError(
                _("the preflight has errors: {first}").format(first=f"{errors[0].place}: {errors[0].text}"),
                cure=_("`mailer check {slug}` lists them all").format(slug=issue.slug),
            )
        with self._ground.store.write() as connection:
            approve_issue(connection, issue, digest, editions, approved_by, self._ground.now())
        return issue, editions, findings


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            _("the folder cannot be made: {why}").format(why=error.strerror), file=folder, cure=_("name another folder")
        ) from None
