"""Sign-off: draft → submitted → approved, in steps, each by a person with that right.

A submission freezes the editions and is bound to their sha256, to the sha256 of the issue's folder, and to the lists
it was made for. Another content, or another choice of lists, voids it with all steps given, and what changed is kept
beside it. What is sent are the frozen editions, never a later rendering: so a template or a setting that is edited
afterwards changes nothing of what goes out and voids nothing. It is noticed where somebody could be misled: a step is
refused while the issue would look otherwise if it were rendered now, and `mailer approvals` says so of an approved one.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.errors import NotFoundError, StateError, UsageError
from mailer.i18n import _
from mailer.model.approval import (
    ApprovalRecord,
    ApprovalRules,
    Change,
    GivenStep,
    IssueContent,
    Step,
    Voided,
    VoidReason,
)
from mailer.model.audit import Act, Subject
from mailer.model.delivery import IssueStatus, MailingStatus
from mailer.model.edition import Edition
from mailer.model.issue import Issue
from mailer.model.people import PROGRAM, Actor, fold_name
from mailer.publishing.changes import compare_choice, compare_content
from mailer.store import approvals, audit, issues, mailings
from mailer.store.database import Connection

LONGEST_OPINION = 2000


@dataclass(frozen=True, slots=True)
class Submission:
    """What is submitted: an issue as its folder held it, an edition for each list chosen, in sending order.

    recipients: how many readers each list has now; a list that is not named was not counted.
    """

    issue: Issue
    content: IssueContent
    editions: Sequence[Edition]
    recipients: Mapping[str, int]
    rules: ApprovalRules


def check_opinion(opinion: str) -> str:
    """Return an opinion as it is kept. Raises UsageError for one that is too long or holds control characters."""
    kept = opinion.strip()
    if len(kept) > LONGEST_OPINION or not kept.replace("\n", "").isprintable():
        raise UsageError(
            _("this opinion cannot be kept"),
            field="--opinion",
            cure=_("write at most {n} characters of plain text").format(n=LONGEST_OPINION),
        )
    return kept


def notice_change(connection: Connection, issue: Issue, content: IssueContent, now: datetime) -> ApprovalRecord | None:
    """Return what of this very content is submitted or approved, or None.

    What was submitted of another content is voided here, with the difference, and the issue is a draft.
    """
    known = issues.find_issue(connection, issue.slug)
    if known is not None:
        issues.lock_issue(connection, known.id)
        current = approvals.current_approval(connection, known.id)
        if current is not None and current.content_sha256 != content.sha256:
            change = compare_content(approvals.read_content(connection, current.id), content)
            _void(connection, issue.slug, current, Voided(now, VoidReason.CHANGED, PROGRAM, change=change))
    record = issues.record_issue(connection, issue, content.sha256, now)
    return approvals.current_approval(connection, record.id)


def submit_issue(
    connection: Connection, submission: Submission, by: Actor, opinion: str, now: datetime
) -> ApprovalRecord:
    """Freeze these editions and submit exactly them for these lists; submitting the same again changes nothing.

    What stood of other lists, editions or rules is voided. Raises UsageError for an opinion that cannot be kept.
    """
    opinion = check_opinion(opinion)
    issue, content, rules = submission.issue, submission.content, submission.rules
    current = notice_change(connection, issue, content, now)
    record = issues.find_issue(connection, issue.slug)
    assert record is not None
    frozen = issues.freeze_editions(connection, record.id, submission.editions, now)
    if current is not None:
        change = compare_choice(current, frozen, content)
        if change is None and current.rules == rules:
            return current
        _void(connection, issue.slug, current, Voided(now, VoidReason.RENEWED, by, change=change))
        issues.move_issue(connection, record.id, IssueStatus.DRAFT, now)
    chosen = [(number, submission.recipients.get(name)) for name, number in frozen.items()]
    number = approvals.insert_approval(connection, record.id, content, chosen, rules, by, opinion, now)
    issues.move_issue(connection, record.id, IssueStatus.SUBMITTED, now)
    made = approvals.load_approval(connection, number)
    audit.record(
        connection, by, Act.SUBMIT, _subject(issue.slug), now,
        approval=number,
        content=content.sha256,
        lists={one.name: {"edition": one.sha256, "recipients": one.recipients} for one in made.lists},
        steps=[one.name for one in rules.steps],
        four_eyes=rules.four_eyes,
        **_witness(opinion),
    )  # fmt: skip
    return made


def next_step(current: ApprovalRecord, by: str, step: str = "") -> Step:
    """Return the step that is given next, by whom is named. Raises UsageError where another was asked for.

    Raises StateError where four eyes are asked for and this person has submitted the issue or given a step.
    """
    missing = current.next_step
    assert missing is not None
    if step and fold_name(step) != fold_name(missing.name):
        raise UsageError(
            _("the next step is {next}, not {step}").format(next=missing.name, step=step),
            field="--step",
            cure=_("steps are given in their order: {steps}").format(
                steps=_(", ").join(one.name for one in current.rules.steps)
            ),
        )
    if current.rules.four_eyes:
        before = {current.submitted_by.name: _("submitted it")}
        before |= {one.by.name: _("gave the step {step}").format(step=one.name) for one in current.given}
        for name, did in before.items():
            if fold_name(name) == fold_name(by):
                raise StateError(
                    _("{name} {did}, so another must give the step {step}").format(
                        name=name, did=did, step=missing.name
                    ),
                    cure=_("four_eyes is on in config.toml: each step is by another person, none by the author"),
                )
    return missing


def give_step(
    connection: Connection, slug: str, current: ApprovalRecord, by: Actor, opinion: str, now: datetime
) -> ApprovalRecord:
    """Give the next step to what stands submitted; the last one approves it.

    Raises StateError when it no longer stands as it was looked at: another gave the step, or it was voided.
    """
    opinion = check_opinion(opinion)
    issues.lock_issue(connection, current.issue_id)
    if approvals.load_approval(connection, current.id) != current:
        raise StateError(
            _("issue {slug} was acted on by another just now").format(slug=slug),
            cure=_("look at `mailer approvals {slug}`").format(slug=slug),
        )
    step = next_step(current, by.name)
    approvals.insert_step(connection, current.id, len(current.given), GivenStep(step.name, by, opinion, now))
    if len(current.given) + 1 == len(current.rules.steps):
        approvals.complete_approval(connection, current.id, now)
        issues.move_issue(connection, current.issue_id, IssueStatus.APPROVED, now)
    audit.record(
        connection, by, Act.APPROVE, _subject(slug), now,
        approval=current.id,
        step=step.name,
        content=current.content_sha256,
        editions=[one.sha256 for one in current.lists],
        **_witness(opinion),
    )  # fmt: skip
    return approvals.load_approval(connection, current.id)


def approve_issue(
    connection: Connection, submission: Submission, by: Actor, now: datetime, opinion: str = ""
) -> ApprovalRecord:
    """Submit and give every missing step, all by one person; what stands approved of the same stays as it is."""
    current = submit_issue(connection, submission, by, opinion, now)
    while current.next_step is not None:
        current = give_step(connection, submission.issue.slug, current, by, opinion, now)
    return current


def return_issue(connection: Connection, slug: str, by: Actor, opinion: str, now: datetime) -> ApprovalRecord:
    """Send a submitted or approved issue back to draft, with the reason; every step given is void.

    A mailing under it is held: from the end of this transaction nothing more of it is sent. Raises NotFoundError,
    StateError for a draft, UsageError without an opinion.
    """
    opinion = check_opinion(opinion)
    if not opinion:
        raise UsageError(_("say why it is returned"), field="--opinion", cure=_("--opinion TEXT"))
    record = issues.find_issue(connection, slug)
    if record is None:
        raise NotFoundError(
            _("issue {slug} was never submitted").format(slug=slug),
            cure=_("`mailer submit {slug} --as NAME`").format(slug=slug),
        )
    issues.lock_issue(connection, record.id)
    current = approvals.current_approval(connection, record.id)
    if current is None:
        raise StateError(
            _("issue {slug} is a draft; there is nothing to return").format(slug=slug),
            cure=_("look at `mailer approvals {slug}`").format(slug=slug),
        )
    _void(connection, slug, current, Voided(now, VoidReason.RETURNED, by, opinion))
    issues.move_issue(connection, record.id, IssueStatus.DRAFT, now)
    told = _("its approval was taken back: {opinion}").format(opinion=opinion)
    for number in mailings.mailings_under(connection, current.id):
        mailings.move_mailing(connection, number, MailingStatus.HELD, now, told, by=by, why="returned")
    return approvals.load_approval(connection, current.id)


def withdraw_issue(connection: Connection, slug: str, by: Actor, now: datetime) -> ApprovalRecord:
    """Take a submission back that is not approved yet: the issue is a draft again, every step given is void.

    Raises StateError where nothing is submitted, where it is approved, or where another person has submitted it.
    """
    record = issues.find_issue(connection, slug)
    if record is not None:
        issues.lock_issue(connection, record.id)
    current = approvals.current_approval(connection, record.id) if record is not None else None
    if record is None or current is None:
        raise StateError(_("issue {slug} is not submitted").format(slug=slug))
    if current.approved_at is not None:
        raise StateError(
            _("issue {slug} is approved already").format(slug=slug), cure=_("ask who signs it off to return it")
        )
    if fold_name(current.submitted_by.name) != fold_name(by.name):
        raise StateError(
            _("issue {slug} was submitted by {name}").format(slug=slug, name=current.submitted_by.name),
            cure=_("only who has submitted it withdraws it"),
        )
    _void(connection, slug, current, Voided(now, VoidReason.WITHDRAWN, by))
    issues.move_issue(connection, record.id, IssueStatus.DRAFT, now)
    return approvals.load_approval(connection, current.id)


def look_at_issue(connection: Connection, slug: str, content_sha256: str) -> tuple[IssueStatus, ApprovalRecord | None]:
    """Return where this very content stands, with its approval if it has one; changes nothing."""
    known = issues.find_issue(connection, slug)
    if known is None or known.content_sha256 != content_sha256:
        return IssueStatus.DRAFT, None
    return known.status, approvals.current_approval(connection, known.id)


def find_approval(
    connection: Connection, issue: Issue, content: IssueContent, now: datetime
) -> ApprovalRecord | StateError:
    """Return the standing approval of this very content, or the error that says why there is none.

    Content that was changed after its approval makes the issue a draft and voids the approval; so the error is
    returned, not raised: the caller commits first.
    """
    current = notice_change(connection, issue, content, now)
    if current is not None and current.approved_at is not None:
        return current
    if current is not None:
        assert current.next_step is not None
        return StateError(
            _("issue {slug} is submitted, but not approved").format(slug=issue.slug),
            cure=_("the step {step} is missing: `mailer approve {slug} --as NAME`").format(
                step=current.next_step.name, slug=issue.slug
            ),
        )
    record = issues.find_issue(connection, issue.slug)
    assert record is not None
    cure = _("look at it and run `mailer approve {slug} --as NAME`").format(slug=issue.slug)
    return StateError(why_a_draft(issue.slug, approvals.newest_approval(connection, record.id)), cure=cure)


def why_not_approved(connection: Connection, slug: str, content_sha256: str) -> str:
    """Return in a sentence why an issue with this content is not approved; empty where it is. Changes nothing."""
    status, current = look_at_issue(connection, slug, content_sha256)
    if status is IssueStatus.APPROVED:
        return ""
    if current is not None:
        return _("issue {slug} is submitted, but not approved").format(slug=slug)
    known = issues.find_issue(connection, slug)
    newest = approvals.newest_approval(connection, known.id) if known is not None else None
    if newest is not None and newest.voided is None:  # nobody has looked at the issue since it was changed
        return _("issue {slug} was changed after its approval").format(slug=slug)
    return why_a_draft(slug, newest)


def why_a_draft(slug: str, newest: ApprovalRecord | None) -> str:
    """Return in a sentence why an issue is a draft, given its newest submission, which is voided."""
    if newest is None or newest.voided is None:
        return _("issue {slug} is not approved").format(slug=slug)
    if newest.voided.reason is VoidReason.RETURNED:
        return _("issue {slug} was returned by {name}: {opinion}").format(
            slug=slug, name=newest.voided.by.name, opinion=newest.voided.opinion
        )
    if newest.voided.reason is VoidReason.WITHDRAWN:
        return _("issue {slug} was withdrawn by who had submitted it").format(slug=slug)
    if newest.approved_at is None:
        return _("issue {slug} was changed after it was submitted").format(slug=slug)
    return _("issue {slug} was changed after its approval").format(slug=slug)


def _void(connection: Connection, slug: str, current: ApprovalRecord, voided: Voided) -> None:
    approvals.void_approval(connection, current.id, voided)
    by_hand = {VoidReason.RETURNED: Act.RETURN, VoidReason.WITHDRAWN: Act.WITHDRAW}
    act = by_hand.get(voided.reason, Act.VOID) if voided.reason is not None else Act.VOID
    details: dict[str, object] = {"approval": current.id, "why": voided.reason, **_witness(voided.opinion)}
    if voided.change is not None:
        details |= _hashes(current, voided.change)
    audit.record(connection, voided.by, act, _subject(slug), voided.at, **details)


def _hashes(current: ApprovalRecord, change: Change) -> dict[str, object]:
    """Return a change as the trail holds it: no text and no file's name, which may be anybody's."""
    files = [[one.before, one.after] for one in change.files]
    found: dict[str, object] = {"before": current.content_sha256, "after": change.content_sha256, "files": files}
    return found | ({"lists": list(change.lists)} if change.lists is not None else {})


def _witness(opinion: str) -> dict[str, str]:
    """Return an opinion as the trail holds it: by its hash, as what staff write may name a reader."""
    return {"opinion": hashlib.sha256(opinion.encode()).hexdigest()} if opinion else {}


def _subject(slug: str) -> Subject:
    return Subject("issue", slug)
