"""An issue's month in a house: its folder opened, its editors reminded, and the issue that a due date is about."""

import logging
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from mailer.app.checks import known_numbers
from mailer.app.ground import Ground
from mailer.app.issues import Issues
from mailer.app.mailings import Mailings
from mailer.app.notices import Notices
from mailer.errors import MailerError, NotFoundError, StateError, StoreError, UsageError
from mailer.i18n import _, current_language
from mailer.model.approval import ApprovalRecord
from mailer.model.delivery import IssueStatus
from mailer.model.issue import Issue
from mailer.model.numbering import IssueNumber, count_on, newest_issue
from mailer.model.placeholder import count_placeholders, placeholder_mark
from mailer.model.report import Severity
from mailer.ops.notices import Readiness, not_opened_notice, opened_notice, reminder_notice, show_moment
from mailer.publishing.choice import choose_issue
from mailer.scheduling.due import schedule_zone
from mailer.scheduling.month import Step, StepKind, find_steps, local_name, next_issue_date, term_of
from mailer.sources.issue_files import ISSUE_FILE
from mailer.sources.issue_folder import load_issue, write_issue
from mailer.sources.skeleton import make_skeleton
from mailer.sources.slug import parse_slug
from mailer.sources.text_file import read_text_file
from mailer.store import approvals, issues, mailings, schedules
from mailer.store.database import Connection

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Beginning:
    """A new issue, ready to be written: the issue before it, itself, and its folder."""

    before: str
    issue: Issue
    folder: Path

    def write(self) -> None:
        """Write the folder, all or nothing. Raises StateError when it is there already."""
        write_issue(self.issue, self.folder)


class Months:
    """The months of a house's issues."""

    def __init__(self, ground: Ground, house_issues: Issues, house_mailings: Mailings, notices: Notices) -> None:
        self._ground = ground
        self._issues = house_issues
        self._mailings = house_mailings
        self._notices = notices

    def begin(
        self, day: date | None = None, number: int | None = None, like: str | None = None, slug: str | None = None
    ) -> Beginning:
        """Make the folder of the next issue, and return it; an existing one is never touched.

        Numbers go on from the newest issue, supplements aside. day: its date, else that of the next due date without
        an issue; number: its number, else counted on; like: the issue its sections and tables are taken from, else
        the newest. Raises StateError, UsageError, NotFoundError, IssueError, each with the cure.
        """
        beginning = self._prepare(day, number, like, slug)
        beginning.write()
        return beginning

    def _prepare(self, day: date | None, number: int | None, like: str | None, slug: str | None) -> Beginning:
        known = known_numbers(self._ground)
        last = newest_issue(known)
        if last is None:
            raise StateError(
                _("there is no issue to go on from"),
                cure=_("begin with `mailer import FILE`; the next is made from it"),
            )
        if day is None and number is None:
            self._refuse_begun(last)
        day = day or next_issue_date(self._ground.config, last, self._ground.now(), self._ground.working_days)
        try:
            number, total = count_on(last, day.year, number)
        except ValueError:
            raise UsageError(
                _("an issue of {date} with this number does not come after issue {slug}").format(
                    date=day, slug=last.slug
                ),
                cure=_("leave --number and --date out, or correct issues/{slug}/issue.md").format(slug=last.slug),
            ) from None
        name = slug or (f"{day.year}-{number:02d}" if number is not None else f"{day:%Y-%m}")
        parse_slug(name)
        folder = self._ground.home / "issues" / name
        if folder.exists() or any(one.slug == name for one in known):
            raise StateError(
                _("there is an issue {slug} already").format(slug=name),
                file=folder,
                cure=_("name the new one with --slug"),
            )
        model = self._find_model(like, last, known)
        masthead = replace(model.masthead, year=day.year, number=number, total=total, date=day, supplement="")
        mark = placeholder_mark(current_language())
        return Beginning(model.slug, make_skeleton(model, name, masthead, mark), folder)

    def _refuse_begun(self, last: IssueNumber) -> None:
        """Raise StateError while the newest issue is a skeleton itself: asked for twice, one would make two."""
        file = self._ground.home / "issues" / last.slug / ISSUE_FILE
        if file.is_file() and count_placeholders(read_text_file(file)):
            raise StateError(
                _("issue {slug} is begun and not written yet").format(slug=last.slug),
                file=file,
                cure=_("write that one; or give --date or --number for one after it"),
            )

    def _find_model(self, like: str | None, last: IssueNumber, known: list[IssueNumber]) -> Issue:
        if like is not None:
            return load_issue(self._issues.folder(like))
        folders = [one for one in known if one.folder and one.counts]
        if not folders:
            raise NotFoundError(
                _("the folder of issue {slug} is not here any more").format(slug=last.slug),
                file=self._ground.home / "issues",
                cure=_("put it back, or name another with --from"),
            )
        return load_issue(self._ground.home / "issues" / max(folders, key=lambda one: one.age).slug)

    def choose(self, schedule: str, due_at: datetime) -> str | None:
        """Return the slug of the issue an occurrence is about, mailed before or not; None where there is none."""
        config = self._ground.config
        with self._ground.store.read() as connection:
            mailed = mailings.mailed_issues(connection, config.base_lists(config.schedule[schedule].lists))
            approved = issues.newest_approved_unmailed(connection)
            opened = schedules.steps_done(connection, schedule, local_name(due_at)).get(StepKind.OPEN.value, "")
        term = term_of(schedule, config, due_at, self._ground.working_days)
        return choose_issue(
            known_numbers(self._ground), self._issues.slugs(), term, mailed, opened,
            approved.slug if approved is not None else None,
        )  # fmt: skip

    def is_mailed(self, slug: str, schedule: str) -> bool:
        """Return whether a mailing, not cancelled, was made of an issue for a list of this schedule."""
        with self._ground.store.read() as connection:
            config = self._ground.config
            return slug in mailings.mailed_issues(connection, config.base_lists(config.schedule[schedule].lists))

    def take_steps(self) -> None:
        """Open and remind as the schedules say, each step once; one that fails does not keep the others."""
        for step in find_steps(self._ground.config, self._ground.now(), self._ground.working_days):
            try:
                with self._ground.store.read() as connection:
                    done = schedules.steps_done(connection, step.schedule, local_name(step.due_at))
                if step.name not in done:
                    (self._open if step.kind is StepKind.OPEN else self._remind)(step)
            except MailerError as error:
                log.error("schedule %s, due %s, %s: %s", step.schedule, step.due_at.isoformat(), step.name, error)

    def _take(self, step: Step, connection: Connection, result: str, slug: str = "") -> bool:
        local_at, now = local_name(step.due_at), self._ground.now()
        taken = schedules.take_step(connection, step.schedule, local_at, step.name, now, result, slug)
        if taken:
            log.warning("schedule %s, due %s, %s: %s", step.schedule, step.due_at.isoformat(), step.name, result)
        return taken

    def _open(self, step: Step) -> None:
        """Make the folder within the transaction that takes the step: of two clocks the second finds it done.

        A crash between the two leaves a folder, which the next try finds standing.
        """
        about, due = _about(step), self._show_due(step)
        standing = self.choose(step.schedule, step.due_at)
        if standing is not None:
            with self._ground.store.write() as connection:
                self._take(step, connection, f"skipped: issue {standing} stands already", standing)
            return
        try:
            beginning = self._prepare(step.due_at.date(), None, None, None)
        except StoreError:
            raise
        except MailerError as error:
            with self._ground.store.write() as connection:
                if self._take(step, connection, f"failed: {error}"):
                    why = "\n".join(part for part in (str(error), error.cure) if part)
                    self._notices.write(connection, not_opened_notice(about, why, due))
            return
        with self._ground.store.write() as connection:
            slug = beginning.issue.slug
            if self._take(step, connection, f"opened {slug}", slug):
                beginning.write()
                self._notices.write(connection, opened_notice(about, slug, beginning.before, due))

    def _remind(self, step: Step) -> None:
        slug = self.choose(step.schedule, step.due_at) or ""
        if slug and self.is_mailed(slug, step.schedule):
            ready, result = None, f"not needed: issue {slug} is mailed or planned"
        else:
            ready = self._look_at(slug)
            result = f"reminded of {slug or 'no issue'}" if ready is not None else f"not needed: {slug} is approved"
        with self._ground.store.write() as connection:
            if self._take(step, connection, result, slug) and ready is not None:
                notice = reminder_notice(_about(step), ready, step.days, self._show_due(step))
                self._notices.write(connection, notice, until=step.until)

    def _look_at(self, slug: str) -> Readiness | None:
        """Return what an issue lacks before it may go out; None when it is approved as it is."""
        if not slug:
            return Readiness()
        try:
            if isinstance(self._mailings.find_approval(slug), ApprovalRecord):
                return None
            loaded = self._issues.read(slug)
            found = self._issues.check(loaded.issue, self._issues.render(loaded))
            errors = [
                _("{what}: {text}").format(what=one.place, text=one.text)
                for one in found
                if one.severity is Severity.ERROR
            ]
        except StoreError:
            raise
        except MailerError as error:
            errors = [str(error)]
        return Readiness(slug, self._standing(slug), tuple(errors))

    def _standing(self, slug: str) -> str:
        with self._ground.store.read() as connection:
            record = issues.find_issue(connection, slug)
            newest = approvals.newest_approval(connection, record.id) if record is not None else None
        if record is not None and record.status is IssueStatus.SUBMITTED and newest is not None and newest.next_step:
            return _("It is submitted; the step {step} is missing.").format(step=newest.next_step.name)
        if newest is not None and newest.approved_at is not None:
            return _("It was changed after its approval, which counts no more.")
        return _("It is a draft.")

    def _show_due(self, step: Step) -> str:
        return show_moment(step.due_at, schedule_zone(self._ground.config.schedule[step.schedule], self._ground.config))


def _about(step: Step) -> str:
    return f"schedule {step.schedule} {local_name(step.due_at)} {step.name}"
