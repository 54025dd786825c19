"""Commands of sign-off: submit, approve, return, approvals."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from mailer.cli.check import draw_findings
from mailer.cli.drawing import err, say, say_json, show_clock, who_word
from mailer.cli.options import IssueArgument, JsonOption, ListOption, open_house
from mailer.i18n import N_, _, ngettext
from mailer.model.approval import ApprovalRecord, Change, Voided, VoidReason
from mailer.model.delivery import IssueStatus
from mailer.model.report import Severity

if TYPE_CHECKING:
    from mailer.app import Rounds, SignOff

STATUS_WORDS: dict[IssueStatus, tuple[str, str]] = {
    IssueStatus.DRAFT: (N_("draft"), "yellow"),
    IssueStatus.SUBMITTED: (N_("submitted"), "yellow"),
    IssueStatus.APPROVED: (N_("approved"), "green"),
}
VOID_WORDS: dict[VoidReason, str] = {
    VoidReason.CHANGED: N_("its content was changed"),
    VoidReason.RENEWED: N_("it was submitted anew"),
    VoidReason.RETURNED: N_("it was returned"),
    VoidReason.WITHDRAWN: N_("it was withdrawn"),
}
DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
HASH_SHOWN = 12

SignerOption = Annotated[str, typer.Option("--as", metavar="NAME", envvar="MAILER_AS", help=_("who does it, by name"))]
OpinionOption = Annotated[str, typer.Option("--opinion", metavar="TEXT", help=_("what is kept beside it"))]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("submit", help=_("Submit this exact content, for lists, to those who sign off."))(submit)
    app.command("approve", help=_("Sign off this exact content; only what was approved is sent."))(approve)
    app.command("return", help=_("Return an issue to its author, with the reason."))(send_back)
    app.command(
        "approvals",
        help=_("Show how an issue stands: each step, what is missing, and what changed."),
        epilog=escape(_("`[approval]` in config.toml sets the steps, and whether each must be by another person.")),
    )(show)


def submit(
    ctx: typer.Context,
    issue: IssueArgument,
    name: SignerOption = "",
    lists: ListOption = None,
    opinion: OpinionOption = "",
    as_json: JsonOption = False,
) -> None:
    """Submit an issue."""
    with open_house(ctx) as house:
        signed = house.approvals.submit(issue, name, lists or [], opinion)
        registered = house.people.registered
    if as_json:
        say_json(describe_sign_off(signed))
        return
    _draw_sign_off(signed)
    _say_unregistered(signed.approval.submitted_by.name, registered=registered)


def approve(
    ctx: typer.Context,
    issue: IssueArgument,
    name: SignerOption = "",
    opinion: OpinionOption = "",
    step: Annotated[str, typer.Option("--step", metavar="NAME", help=_("the step you mean; refused if not next"))] = "",
    as_json: JsonOption = False,
) -> None:
    """Give the next step of approval."""
    with open_house(ctx) as house:
        signed = house.approvals.approve(issue, name, opinion, step)
        registered = house.people.registered
    if as_json:
        say_json(describe_sign_off(signed))
        return
    _draw_sign_off(signed)
    _say_unregistered(signed.approval.approved_by, registered=registered)


def send_back(
    ctx: typer.Context,
    issue: IssueArgument,
    name: SignerOption = "",
    opinion: OpinionOption = "",
    as_json: JsonOption = False,
) -> None:
    """Return an issue."""
    with open_house(ctx) as house:
        record = house.approvals.send_back(issue, name, opinion)
    if as_json:
        say_json(describe_record(record))
        return
    say(_("issue {slug} is returned to {name} and is a draft again").format(slug=issue, name=record.submitted_by.name))


def show(
    ctx: typer.Context,
    issue: IssueArgument,
    every: Annotated[bool, typer.Option("--all", help=_("earlier submissions too"))] = False,
    as_json: JsonOption = False,
) -> None:
    """Show how an issue stands."""
    with open_house(ctx) as house:
        rounds = house.approvals.rounds(issue)
        zone = house.config.zone
    if as_json:
        say_json(
            {
                "issue": rounds.slug,
                "status": rounds.status.value,
                "submissions": [describe_record(one) for one in rounds.records],
                "otherwise": list(rounds.otherwise),
                "unknown": rounds.unknown,
            }
        )
        return
    draw_rounds(rounds, zone, every=every)


def describe_sign_off(signed: "SignOff") -> dict[str, object]:
    """Return a submission or a step for --json."""
    return {
        "issue": signed.issue.slug,
        "editions": {one.list_name: one.sha256 for one in signed.editions},
        **describe_record(signed.approval),
    }


def describe_record(record: ApprovalRecord) -> dict[str, object]:
    """Return a submission and its steps for --json."""
    missing = record.next_step
    return {
        "approved_by": record.approved_by if record.approved_at is not None else None,
        "approved_at": record.approved_at,
        "content_sha256": record.content_sha256,
        "submitted_by": record.submitted_by.name,
        "submitted_at": record.submitted_at,
        "opinion": record.opinion,
        "lists": {one.name: {"sha256": one.sha256, "recipients": one.recipients} for one in record.lists},
        "steps": [{"name": one.name, "by": one.by.name, "opinion": one.opinion, "at": one.at} for one in record.given],
        "missing": missing.name if missing is not None and record.voided is None else None,
        "four_eyes": record.rules.four_eyes,
        "voided": _describe_voided(record.voided) if record.voided is not None else None,
    }


def _describe_voided(voided: Voided) -> dict[str, object]:
    change = voided.change
    return {
        "at": voided.at,
        "reason": voided.reason,
        "by": voided.by.name,
        "opinion": voided.opinion,
        "change": {
            "content_sha256": change.content_sha256,
            "diff": change.diff,
            "files": [{"name": one.name, "before": one.before, "after": one.after} for one in change.files],
            "lists": change.lists,
            "editions": change.editions,
        }
        if change is not None
        else None,
    }


def _say_unregistered(name: str, *, registered: bool) -> None:
    if not registered:
        line = _("no users are registered, so {name} is taken at their word; `mailer user add` registers them")
        say(line.format(name=name), "dim", err)


def _draw_sign_off(signed: "SignOff") -> None:
    draw_findings([finding for finding in signed.findings if finding.severity is not Severity.NOTE])
    record, slug = signed.approval, signed.issue.slug
    if record.approved_at is not None:
        say(_("issue {slug} is approved by {name}").format(slug=slug, name=record.approved_by), "green")
    elif record.given:
        last = record.given[-1]
        say(
            _("issue {slug}: {name} gave the step {step}").format(slug=slug, name=last.by.name, step=last.name), "green"
        )
    else:
        say(_("issue {slug} is submitted by {name}").format(slug=slug, name=record.submitted_by.name), "green")
    _say_missing(record, slug)
    for one in record.lists:
        readers = "" if one.recipients is None else ngettext("{n} reader", "{n} readers", one.recipients)
        line = _("list {name}: {readers}, sha256 {sha256}")
        say(line.format(name=one.name, readers=readers.format(n=one.recipients), sha256=one.sha256), "dim", err)


def _say_missing(record: ApprovalRecord, slug: str) -> None:
    if record.next_step is not None and record.voided is None:
        line = _("next: {step}, by `mailer approve {slug} --as NAME`")
        say(line.format(step=record.next_step.name, slug=slug), "yellow")


def draw_rounds(rounds: "Rounds", zone: ZoneInfo, *, every: bool) -> None:
    """Print how an issue stands and its newest submission, or every one."""
    word, style = STATUS_WORDS[rounds.status]
    line = _("issue {slug}: {status}; times in {zone}")
    say(line.format(slug=rounds.slug, status=_(word), zone=zone.key), style)
    if not rounds.records:
        say(_("never submitted: `mailer submit {slug} --as NAME`").format(slug=rounds.slug))
    for record in rounds.records if every else rounds.records[:1]:
        say("")
        _draw_record(record, rounds.slug, zone)
    if rounds.otherwise:
        line = _("templates or settings were changed since: rendered now it would look otherwise for {lists}")
        say(line.format(lists=_(", ").join(rounds.otherwise)), "yellow")
        cure = _("what is sent stays as it was submitted; `mailer submit {slug}` submits it as it looks now")
        say("  → " + cure.format(slug=rounds.slug))
    if rounds.unknown:
        say(_("whether it would look otherwise now cannot be told: {why}").format(why=rounds.unknown), "yellow")
    if len(rounds.records) > 1 and not every:
        n = len(rounds.records) - 1
        say(ngettext("{n} earlier submission: --all shows it", "{n} earlier submissions: --all shows them", n).format(
            n=n
        ), "dim")  # fmt: skip


def _draw_record(record: ApprovalRecord, slug: str, zone: ZoneInfo) -> None:
    _draw_act(_("submitted"), record.submitted_by.name, record.submitted_at, record.opinion, zone)
    for one in record.given:
        _draw_act(one.name, one.by.name, one.at, one.opinion, zone)
    _say_missing(record, slug)
    say(_("content sha256 {sha256}").format(sha256=record.content_sha256), "dim")
    for edition in record.lists:
        count = "–" if edition.recipients is None else str(edition.recipients)
        readers = ngettext("{n} reader", "{n} readers", edition.recipients or 0).format(n=count)
        line = _("list {name}: {readers}, sha256 {sha256}")
        say("  " + line.format(name=edition.name, readers=readers, sha256=edition.sha256))
    if record.voided is not None:
        _draw_voided(record.voided, zone)


def _draw_act(what: str, name: str, at: datetime, opinion: str, zone: ZoneInfo) -> None:
    say(f"{what}  {name}  {show_clock(at, zone)}")
    for line in opinion.splitlines():
        say(f"    {line}")


def _draw_voided(voided: Voided, zone: ZoneInfo) -> None:
    why = _(VOID_WORDS[voided.reason]) if voided.reason is not None else _("it was changed, or approved anew")
    line = _("void since {time}: {why} ({who})")
    say(line.format(time=show_clock(voided.at, zone), why=why, who=who_word(voided.by)), "bold yellow")
    for line in voided.opinion.splitlines():
        say(f"    {line}")
    if voided.change is not None:
        _draw_change(voided.change)


def _draw_change(change: Change) -> None:
    if not change.known:
        say(
            "  " + _("what it was is not kept; its content is now sha256 {sha256}").format(sha256=change.content_sha256)
        )
    if change.lists is not None:
        say("  " + _("now for the lists {lists}").format(lists=_(", ").join(change.lists)))
    if change.editions:
        line = _("templates or settings were changed, for the lists {lists}")
        say("  " + line.format(lists=_(", ").join(change.editions)))
    for file in change.files:
        before, after = (one[:HASH_SHOWN] or _("none") for one in (file.before, file.after))
        say("  " + _("{file}: sha256 {before} → {after}").format(file=file.name, before=before, after=after))
    for line in change.diff.splitlines():
        say(f"  {line}", DIFF_STYLES.get(line[:1], ""))
