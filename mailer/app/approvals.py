"""Sign-off in a house: an issue is submitted, approved step by step, returned, and asked how it stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailer.app.ground import Ground
from mailer.app.issues import Issues, LoadedIssue
from mailer.app.lists import Lists
from mailer.app.people import People
from mailer.errors import MailerError, StateError, UsageError
from mailer.i18n import _
from mailer.model.approval import ApprovalRecord, ApprovalRules, Step, Voided, VoidReason
from mailer.model.delivery import IssueStatus
from mailer.model.edition import Edition
from mailer.model.issue import Issue
from mailer.model.people import Actor, Right
from mailer.model.report import Finding, Severity
from mailer.publishing import approval as publishing
from mailer.publishing.approval import Submission
from mailer.publishing.people import require_step
from mailer.sources.issue_folder import issue_digest
from mailer.store import approvals, issues

MOST_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class SignOff:
    """What a submission or a step came to: the issue, its frozen editions, the preflight's findings, the record."""

    issue: Issue
    editions: tuple[Edition, ...]
    findings: tuple[Finding, ...]
    approval: ApprovalRecord


@dataclass(frozen=True, slots=True)
class Rounds:
    """How an issue stands: its submissions, the newest first, and what would look otherwise if it were rendered now.

    otherwise: lists of the newest submission, if that stands, whose templates or settings were changed since. unknown:
    why that cannot be told.
    """

    slug: str
    status: IssueStatus
    records: tuple[ApprovalRecord, ...]
    otherwise: tuple[str, ...] = ()
    unknown: str = ""


class Approvals:
    """The approvals of a house."""

    def __init__(self, ground: Ground, issues: Issues, lists: Lists) -> None:
        self._ground = ground
        self._issues = issues
        self._lists = lists
        self._people = People(ground)

    def submit(self, name: str, by: str, lists: Sequence[str] = (), opinion: str = "") -> SignOff:
        """Render, check and freeze an issue for lists (none: all), which follow their sheets first, and submit it.

        Raises StateError when the preflight has errors, and what `publishing.people.require` raises.
        """
        self._require_author(by)
        loaded = self._issues.read(name)
        chosen = self._lists.choose(lists)
        editions, findings = self._render(loaded, chosen)
        wanted = self._prepare(loaded, editions, self._ground.config.approval.rules)
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.SUBMIT, connection)
            made = publishing.submit_issue(connection, wanted, actor, opinion, self._ground.now())
        return SignOff(loaded.issue, tuple(editions), tuple(findings), made)

    def approve(self, name: str, by: str, opinion: str = "", step: str = "") -> SignOff:
        """Give the next step to what is submitted of this very content; `step` only says which that should be.

        A draft is submitted, for all lists, and approved at once where one person will do. What is approved stays as it
        is, unless it would look otherwise now: then it is approved anew. Raises StateError when the preflight has
        errors, when the issue is not submitted, when templates or settings were changed since; and as `submit`.
        """
        loaded = self._issues.read(name)
        with self._ground.store.write() as connection:
            current = publishing.notice_change(connection, loaded.issue, loaded.content, self._ground.now())
        rules = self._ground.config.approval.rules
        at_once = rules.one_person_will_do
        self._require_signer(by, current, rules, loaded.issue.slug, step)
        chosen = self._lists.choose(tuple(current.editions) if current is not None else ())
        editions, findings = self._render(loaded, chosen)
        stands = current is not None and _other_editions(current, editions) == ()
        if current is not None and not stands and (current.approved_at is None or not at_once):
            raise StateError(
                _("templates or settings were changed since the issue was submitted: it would look otherwise now"),
                cure=_("`mailer submit {slug} --as NAME` submits it as it looks now").format(slug=loaded.issue.slug),
            )
        wanted = None if stands else self._prepare(loaded, editions, rules)
        now = self._ground.now()
        with self._ground.store.write() as connection:
            if wanted is not None:
                actor = self._people.require(by, Right.SUBMIT, connection)
                require_step(connection, by, rules.steps[0])
                current = publishing.approve_issue(connection, wanted, actor, now, opinion)
            elif current is not None and current.next_step is not None:
                actor = require_step(connection, by, publishing.next_step(current, by, step))
                current = publishing.give_step(connection, loaded.issue.slug, current, actor, opinion, now)
        assert current is not None
        return SignOff(loaded.issue, tuple(editions), tuple(findings), current)

    def send_back(self, name: str, by: str, opinion: str) -> ApprovalRecord:
        """Return a submitted or approved issue to its author, with the reason. Raises as `publishing.return_issue`."""
        slug = self._issues.folder(name).name
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.RETURN, connection)
            if not actor.name:
                raise UsageError(_("say who returns it"), field="--as", cure=_("--as NAME"))
            return publishing.return_issue(connection, slug, actor, opinion, self._ground.now())

    def withdraw(self, name: str, by: str) -> ApprovalRecord:
        """Take one's own submission back before it is approved. Raises as `publishing.withdraw_issue`."""
        slug = self._issues.folder(name).name
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.SUBMIT, connection)
            return publishing.withdraw_issue(connection, slug, actor, self._ground.now())

    def standing(self, slug: str) -> ApprovalRecord | None:
        """Return the submission or approval that a change of an issue would undo; None where there is none."""
        digest = issue_digest(self._issues.folder(slug))
        with self._ground.store.read() as connection:
            return publishing.look_at_issue(connection, slug, digest)[1]

    def returned(self, slug: str) -> Voided | None:
        """Return how an issue was sent back to its author, None where it was not, or was submitted again since."""
        with self._ground.store.read() as connection:
            record = issues.find_issue(connection, slug)
            newest = approvals.newest_approval(connection, record.id) if record is not None else None
        voided = newest.voided if newest is not None else None
        return voided if voided is not None and voided.reason is VoidReason.RETURNED else None

    def rounds(self, name: str) -> Rounds:
        """Return how an issue stands. A change of its content is noticed by looking, as by every other command."""
        loaded = self._issues.read(name)
        with self._ground.store.write() as connection:
            current = publishing.notice_change(connection, loaded.issue, loaded.content, self._ground.now())
            record = issues.find_issue(connection, loaded.issue.slug)
            assert record is not None
            records = tuple(approvals.list_approvals(connection, record.id, MOST_ROUNDS))
        if current is None:
            return Rounds(record.slug, record.status, records)
        try:
            editions = self._issues.render(loaded, self._lists.choose(tuple(current.editions)))
        except MailerError as error:
            return Rounds(record.slug, record.status, records, unknown=str(error))
        return Rounds(record.slug, record.status, records, _other_editions(current, editions))

    def approve_copy(self, loaded: LoadedIssue, editions: Sequence[Edition], by: Actor) -> ApprovalRecord:
        """Approve an issue in a copy of the house that mails nobody: no rights are asked, one step will do."""
        wanted = self._prepare(loaded, editions, ApprovalRules((Step(by.name),)))
        with self._ground.store.write() as connection:
            return publishing.approve_issue(connection, wanted, by, self._ground.now())

    def _prepare(self, loaded: LoadedIssue, editions: Sequence[Edition], rules: ApprovalRules) -> Submission:
        """Let the lists follow their sheets, count them, and return what is to be submitted."""
        names = [one.list_name for one in editions]
        self._lists.sync(names)
        return Submission(loaded.issue, loaded.content, editions, self._lists.count_recipients(names), rules)

    def _require_author(self, by: str) -> None:
        if not self._people.require(by, Right.SUBMIT).name:
            raise UsageError(_("say who submits it"), field="--as", cure=_("--as NAME"))

    def _require_signer(
        self, by: str, current: ApprovalRecord | None, rules: ApprovalRules, slug: str, step: str
    ) -> None:
        """Look whether this person may give what is missing, before the issue is rendered, which takes its time."""
        missing = rules.steps[0]
        if current is not None and current.next_step is not None:
            missing = publishing.next_step(current, by, step)
        with self._ground.store.read() as connection:
            require_step(connection, by, missing)
        if current is not None:
            return
        cure = _("`mailer submit {slug} --as NAME` comes first").format(slug=slug)
        if not rules.one_person_will_do:
            raise StateError(_("issue {slug} is not submitted").format(slug=slug), cure=cure)
        try:
            self._people.require(by, Right.SUBMIT)
        except StateError as error:
            raise StateError(
                _("issue {slug} is not submitted, and {why}").format(slug=slug, why=error), cure=error.cure
            ) from None

    def _render(self, loaded: LoadedIssue, lists: Sequence[str]) -> tuple[list[Edition], list[Finding]]:
        """Render and check. Raises StateError when the preflight has errors."""
        editions = self._issues.render(loaded, lists)
        findings = self._issues.check(loaded.issue, editions)
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        if errors:
            first = _("{what}: {text}").format(what=errors[0].place, text=errors[0].text)
            raise StateError(
                _("the preflight has errors: {first}").format(first=first),
                cure=_("`mailer check {slug}` lists them all").format(slug=loaded.issue.slug),
            )
        return editions, findings


def _other_editions(current: ApprovalRecord, editions: Sequence[Edition]) -> tuple[str, ...]:
    """Return the lists whose editions are not those that were frozen."""
    frozen = {one.name: one.sha256 for one in current.lists}
    return tuple(one.list_name for one in editions if frozen.get(one.list_name) != one.sha256)
