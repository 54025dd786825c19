"""Issues as people write them in the console: the text and its files, former versions, and how it will look."""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from mailer.app import written
from mailer.app.ground import Ground
from mailer.app.issues import Issues, LoadedIssue
from mailer.app.people import People
from mailer.app.versions import Version, Versions, digest_text, write_file
from mailer.errors import InputError, IssueError, NotFoundError, StateError, UsageError
from mailer.i18n import _
from mailer.model.approval import IssueContent
from mailer.model.audit import Act, Subject
from mailer.model.delivery import IssueStatus
from mailer.model.people import Actor, Right
from mailer.model.report import Finding
from mailer.publishing.approval import look_at_issue
from mailer.sources.issue_files import (
    ISSUE_FILE,
    UnfitFileError,
    check_attachment,
    check_attachment_name,
    check_document,
    check_name,
    check_picture,
    load_files,
)
from mailer.sources.issue_folder import issue_digest, parse_issue, read_source
from mailer.sources.merging import join_changes
from mailer.sources.slug import parse_slug
from mailer.store import approvals, audit, issues, people
from mailer.store.database import Connection

MAX_TEXT = 1 << 20  # characters
NO_DETAILS = "{}"  # on the trail: the text was written; a file has its name there
MAX_STEM, MAX_STEM_OCTETS = 60, 200  # of a file's name; file systems take 255 octets, with a number and the ending
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")

AT_ONCE = timedelta(seconds=30)  # between a text kept as a version and the act on record: a database may be busy


@dataclass(frozen=True, slots=True)
class IssueGlance:
    """An issue on the shelf. wrong: why its text cannot be read, else empty.

    lists: those that it is submitted or approved for, in sending order; none for a draft.
    """

    slug: str
    title: str
    label: str
    day: date | None
    status: IssueStatus
    wrong: str = ""
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A picture or attachment in an issue's folder."""

    name: str
    size: int

    @property
    def is_picture(self) -> bool:
        """True for what a page can show."""
        return self.name.lower().endswith(PICTURE_SUFFIXES)


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of an issue as it lies in its folder. digest: of the text, by which a save knows what was edited."""

    slug: str
    text: str
    digest: str
    files: tuple[DraftFile, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a text that was sent to be saved.

    text: as it is now, or with conflicts as it is proposed, both sides marked, and nothing of it is written. other: who
    changed the issue meanwhile; empty for nobody. same: it was the same person, in another window.
    """

    draft: Draft
    text: str
    conflicts: int
    other: str
    same: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How a text looks for one list, and what the preflight says of it."""

    html: str
    text: str
    subject: str
    findings: tuple[Finding, ...]


class Drafts:
    """The issues of a house, as those who write them see them."""

    def __init__(self, ground: Ground, house_issues: Issues) -> None:
        self._ground = ground
        self._issues = house_issues
        self._people = People(ground)
        self._versions = Versions(ground)

    def shelf(self, count: int, after: str = "") -> list[IssueGlance]:
        """Return issues, the newest name first: at most `count`, those after a slug in that order."""
        slugs = [slug for slug in reversed(self._issues.slugs()) if not after or slug < after]
        return [self.glance(slug) for slug in slugs[:count]]

    def glance(self, slug: str) -> IssueGlance:
        """Return an issue's title, date and standing; what cannot be read says so. Raises NotFoundError."""
        folder = self._issues.folder(slug)
        with self._ground.store.read() as connection:
            status, approval = look_at_issue(connection, slug, issue_digest(folder))
        lists = tuple(approval.editions) if approval is not None else ()
        try:
            issue = self._issues.load(slug)
        except InputError as error:
            line = f"{ISSUE_FILE}:{error.line}: " if error.line is not None else ""
            return IssueGlance(slug, slug, "", None, status, f"{line}{error.message}", lists)
        head = issue.masthead
        label = _("{year} no. {number}").format(year=head.year, number=head.number) if head.number else str(head.year)
        if head.total:
            label = _("{label} (no. {total} in all)").format(label=label, total=head.total)
        return IssueGlance(slug, f"{head.organisation}{head.title}", label, head.date, status, lists=lists)

    def open(self, slug: str) -> Draft:
        """Return the text and files of an issue. Raises NotFoundError, IssueError."""
        folder = self._issues.folder(slug)
        files = [
            DraftFile(path.relative_to(folder).as_posix(), path.stat().st_size)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != ISSUE_FILE and not path.name.startswith(".")
        ]
        text = read_source(folder)
        return Draft(slug, text, digest_text(text), tuple(files))

    def create(self, slug: str, text: str, by: str) -> Draft:
        """Make an issue's folder from the text of its issue.md, which must be whole. Raises IssueError, StateError."""
        name = parse_slug(slug)
        folder = self._ground.home / "issues" / name
        if folder.exists():
            raise StateError(_("there is an issue {slug} already").format(slug=name), file=folder)
        parse_issue(text, file=folder / ISSUE_FILE, slug=name)
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.WRITE, connection)
            write_file(folder / ISSUE_FILE, text.encode())
            audit.record(connection, actor, Act.WRITE, Subject("issue", name), self._ground.now())
        return self.open(name)

    def save(self, slug: str, text: str, digest: str, by: str) -> Draft:
        """Write the text of an issue; the former one is kept as a version.

        digest: of the text that was edited. Raises StateError where somebody has changed it meanwhile, or the
        person may not write; IssueError for a text that is none. One that is not yet a whole issue is saved all the
        same: nothing that was written is lost.
        """
        folder, text = self._issues.folder(slug), _tidy(text)
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.WRITE, connection)
            before = read_source(folder)
            if digest_text(before) != digest:
                raise StateError(
                    _("somebody has changed this issue since you opened it"),
                    cure=_("copy your text, load the page anew, and put your changes into the newer text"),
                )
            self._write(connection, slug, before, text, actor)
        return self.open(slug)

    def settle(self, slug: str, text: str, digest: str, by: str) -> Settled:
        """Write the text of an issue as `save` does; where somebody has changed it meanwhile, join both changes.

        Where both changed the same place nothing is written but a version of what was sent: both stand in the text
        that is returned, marked, for the person to settle and save. Raises as `save`, but not for another's change.
        """
        folder, text = self._issues.folder(slug), _tidy(text)
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.WRITE, connection)
            before = read_source(folder)
            base = before if digest_text(before) == digest else self._versions.find(slug, digest)
            writer = None if base == before else self._last_writer(connection, slug)
            same = writer is not None and writer == (actor if actor.user_id is None else Actor("", actor.user_id))
            other = "" if base == before else _name_of(connection, writer) or _("somebody else")
            theirs = _("your text from elsewhere") if same else _("the text of {name}").format(name=other)
            merge = join_changes(base, text, before, _("your text"), theirs)
            if merge.conflicts:
                self._versions.keep(slug, text)
            else:
                self._write(connection, slug, before, merge.text, actor)
        return Settled(self.open(slug), merge.text, merge.conflicts, other, same)

    def _write(self, connection: Connection, slug: str, before: str, text: str, actor: Actor) -> None:
        if text != before:
            self._versions.keep(slug, before)
            write_file(self._issues.folder(slug) / ISSUE_FILE, text.encode())
            self._versions.keep(slug, text)
            audit.record(connection, actor, Act.WRITE, Subject("issue", slug), self._ground.now())

    def _last_writer(self, connection: Connection, slug: str) -> Actor | None:
        entries = audit.entries_about(connection, Subject("issue", slug))
        acts = [one for one in entries if one.act == Act.WRITE and one.details == NO_DETAILS]
        return acts[-1].actor if acts else None

    def add_file(self, slug: str, name: str, content: bytes, by: str) -> str:
        """Put a picture or attachment into an issue's folder, under a name Markdown takes as it is; return the name.

        A file of the same name is replaced only by the same content; else the new one gets a number. Raises IssueError
        for what mail cannot carry or is not what its ending says, StateError where the person may not write.
        """
        folder = self._issues.folder(slug)
        chosen = _fit_name(name)
        try:
            if DraftFile(chosen, 0).is_picture:
                check_name(chosen)
                check_picture(chosen, content, len(content))
            else:
                check_attachment_name(chosen)
                check_attachment(chosen, content, len(content))
                check_document(chosen, content)
        except UnfitFileError as error:
            raise IssueError(str(error), cure=error.cure, file=name) from None
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.WRITE, connection)
            stem, dot, suffix = chosen.rpartition(".")
            number = 1
            while (folder / chosen).exists() and (folder / chosen).read_bytes() != content:
                number += 1
                chosen = f"{stem}-{number}{dot}{suffix}"
            write_file(folder / chosen, content)
            audit.record(connection, actor, Act.WRITE, Subject("issue", slug), self._ground.now(), file=chosen)
        return chosen

    def read_file(self, slug: str, name: str) -> bytes:
        """Return a file of an issue's folder. Raises NotFoundError."""
        folder = self._issues.folder(slug)
        if name not in {one.name for one in self.open(slug).files}:
            raise NotFoundError(_("there is no file {name}").format(name=name), file=folder)
        return (folder / name).read_bytes()

    def remove_file(self, slug: str, name: str, by: str) -> None:
        """Take a file out of an issue's folder; it is kept with the versions. Raises NotFoundError, StateError."""
        content = self.read_file(slug, name)
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.WRITE, connection)
            kept = self._versions.folder(slug) / "files"
            write_file(kept / f"{secrets.token_hex(4)}-{Path(name).name}", content)
            (self._issues.folder(slug) / name).unlink()
            audit.record(connection, actor, Act.WRITE, Subject("issue", slug), self._ground.now(), removed=name)

    def look(self, slug: str, list_name: str, text: str | None = None) -> Look:
        """Return how an issue, or another text for it, looks for a list, as a made-up reader gets it.

        Raises IssueError, TemplateError, ConfigError, LimitError: what keeps it from being rendered.
        """
        loaded = self._load(slug, text)
        editions = self._issues.make_forms(loaded, [list_name], pdf=False).editions
        (shown,) = written.preview_editions(self._ground, editions)
        findings = self._issues.check(loaded.issue, editions)
        subject = "".join(part if isinstance(part, str) else part.fallback for part in editions[0].subject)
        return Look(shown.html, shown.text, subject, tuple(findings))

    def check(self, slug: str, text: str | None = None) -> tuple[Finding, ...]:
        """Return what the preflight says of an issue for all lists. Raises as `look`."""
        loaded = self._load(slug, text)
        return tuple(self._issues.check(loaded.issue, self._issues.make_forms(loaded, pdf=False).editions))

    def submitted_text(self, slug: str) -> str | None:
        """Return the text that was last submitted, None where none was."""
        with self._ground.store.read() as connection:
            record = issues.find_issue(connection, slug)
            newest = approvals.list_approvals(connection, record.id, 1) if record is not None else []
            content = approvals.read_content(connection, newest[0].id) if newest else None
            return content.source if content is not None else None

    def versions(self, slug: str) -> list[Version]:
        """Return the texts that were saved in the console, the newest first."""
        self._issues.folder(slug)
        return self._versions.list(slug)

    def authors(self, slug: str) -> dict[str, str]:
        """Return who wrote versions, by their names: of each that was kept as somebody saved it in the console."""
        with self._ground.store.read() as connection:
            acts = [one for one in audit.entries_about(connection, Subject("issue", slug)) if one.act == Act.WRITE]
            names = people.user_names(connection, {one.actor.user_id for one in acts if one.actor.user_id is not None})
        written = [(datetime.fromisoformat(one.at), names.get(one.actor.user_id or 0, one.actor.name)) for one in acts]
        found: dict[str, str] = {}
        versions = self._versions.list(slug)
        for at, name in written:  # the text is kept before its act; what was there before it, just before that
            before = next((one for one in versions if one.saved_at <= at), None)
            if before is not None and at - before.saved_at < AT_ONCE:
                found[before.name] = name
        return found

    def version(self, slug: str, name: str) -> str:
        """Return a text that was saved. Raises NotFoundError."""
        return self._versions.read(slug, name)

    def _load(self, slug: str, text: str | None) -> LoadedIssue:
        if text is None:
            return self._issues.read(slug)
        folder = self._issues.folder(slug)
        issue = parse_issue(text, file=folder / ISSUE_FILE, slug=slug, folder=folder)
        return LoadedIssue(issue, IssueContent(issue_digest(folder)), load_files(folder, issue))


def _name_of(connection: Connection, writer: Actor | None) -> str:
    if writer is None or writer.user_id is None:
        return writer.name if writer is not None else ""
    return people.user_names(connection, [writer.user_id]).get(writer.user_id, "")


def _fit_name(name: str) -> str:
    """Return a file's name as Markdown and mail can carry it: its last part, letters and digits of any script.

    Composed (NFC), so that it is one name on every machine; anything else becomes a hyphen.
    """
    stem, _dot, suffix = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1]).rpartition(".")
    letters = "".join(char if char in "-_" or unicodedata.category(char)[0] in "LMN" else "-" for char in stem)
    plain = re.sub(r"-{2,}", "-", letters).strip("-")[:MAX_STEM].encode()[:MAX_STEM_OCTETS].decode(errors="ignore")
    kind = re.sub(r"[^A-Za-z0-9]", "", suffix).lower()[:8]
    if not kind:
        raise UsageError(_("“{name}” has no ending that says its kind").format(name=name[:80]))
    return f"{plain or 'file'}.{kind}"


def _tidy(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_TEXT or "\0" in text:
        raise IssueError(_("this is no text of an issue"), cure=_("paste the text without its pictures"))
    return text
