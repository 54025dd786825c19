"""Commands on the house itself: who it is, and the person's word that this copy of it may send."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.drawing import MAILING_WORDS, say, say_json, show_time
from mailer.cli.notices import hold_line
from mailer.cli.options import JsonOption, open_house
from mailer.errors import HouseHeldError, StateError, UsageError
from mailer.i18n import N_, _, ngettext
from mailer.model.identity import IdentityReport
from mailer.model.people import Right

if TYPE_CHECKING:
    from mailer.app import House

VERDICT_WORDS = {
    "new": N_("new: no clock and no sender has run it yet"),
    "same": N_("the one that this machine has run"),
}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    house = typer.Typer(
        invoke_without_command=True,
        help=_(
            "Show which copy of the house this is, and whether it may send; confirm one that was moved or restored."
        ),
    )
    house.callback()(show)
    house.command("confirm", help=_("Let a restored, cloned or moved house send, after showing what it would send."))(
        confirm
    )
    app.add_typer(house, name="house")


def show(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show the identity."""
    if ctx.invoked_subcommand is not None:
        return
    with open_house(ctx, notices=False) as house:
        report = _report(house)
        if as_json:
            say_json(describe(report))
        else:
            draw(report, house)


def confirm(
    ctx: typer.Context,
    name: Annotated[str, typer.Option("--as", metavar="NAME", envvar="MAILER_AS", help=_("who confirms it"))],
    yes: Annotated[bool, typer.Option("--yes", help=_("do not ask; for scripts"))] = False,
    as_json: JsonOption = False,
) -> None:
    """Confirm this copy."""
    with open_house(ctx, notices=False) as house:
        report = _report(house)
        if report.hold is None:
            raise StateError(
                _("this house is not held: there is nothing to confirm"), cure=_("`mailer house` shows what it is")
            )
        house.people.require(name, Right.CONFIRM)
        if not as_json:
            draw(report, house)
            draw_outlook(report, house)
        if not yes:
            if as_json or not sys.stdin.isatty():
                raise UsageError(
                    _("nobody is there to be asked"),
                    field="--yes",
                    cure=_("add --yes where you have seen what it sends"),
                )
            typer.confirm(_("Does no other copy of this house send, and shall this one?"), abort=True)
        house.confirm(name)
        if as_json:
            say_json(describe(_report(house)))
        else:
            say(_("confirmed by {name}: this copy is the house from now on").format(name=name), "green")


def _report(house: "House") -> IdentityReport:
    try:
        return house.identity.report()
    except OSError:
        house.identity.require()
        raise HouseHeldError(_("this house sends nothing")) from None


def describe(report: IdentityReport) -> dict[str, object]:
    """Return what is known, for --json."""
    known, remembered, hold = report.known, report.remembered, report.hold
    return {
        "verdict": report.verdict.value,
        "why": hold.why if hold else "",
        "instance": known.instance_id,
        "generation": known.generation,
        "beat_at": known.beat_at,
        "clock_seen_at": known.clock_seen_at,
        "confirmed_by": known.confirmed_by,
        "confirmed_at": known.confirmed_at,
        "witness": report.witness,
        "remembered": None
        if remembered is None
        else {
            "instance": remembered.instance_id,
            "generation": remembered.generation,
            "written_at": remembered.written_at,
        },
    }


def draw(report: IdentityReport, house: "House") -> None:
    """Print what is known, for people."""
    known, remembered, zone = report.known, report.remembered, house.config.zone
    line = _("the database: instance {id}, generation {n}, last written {when}")
    say(line.format(id=known.instance_id or "–", n=known.generation, when=show_time(known.beat_at, zone)))
    if remembered is None:
        say(_("this machine: remembers no house here"))
    else:
        line = _("this machine: instance {id}, generation {n}, last written {when}")
        when = show_time(remembered.written_at, zone)
        say(line.format(id=remembered.instance_id, n=remembered.generation, when=when))
    say(_("it remembers in {file}").format(file=report.witness))
    say(_("the clock last ran {when}").format(when=show_time(known.clock_seen_at, zone)))
    if known.confirmed_at is not None:
        when = show_time(known.confirmed_at, zone)
        say(_("confirmed by {name}, {when}").format(name=known.confirmed_by, when=when))
    if report.hold is not None:
        say(hold_line(report.hold), "bold red")
    else:
        say(_(VERDICT_WORDS[report.verdict.value]), "green")


def draw_outlook(report: IdentityReport, house: "House") -> None:
    """Print what this copy would send once it is confirmed, and what it cannot know."""
    zone = house.config.zone
    say(_("Confirmed, this copy would go on with:"), "bold")
    running, planned, coming = house.mailings.running(), house.mailings.planned(), house.timetable.coming(3)
    for one in running:
        left = house.mailings.glance(str(one.id)).progress.remaining
        line = ngettext(
            "mailing {id} of issue {issue}, {status}: {n} recipient is left",
            "mailing {id} of issue {issue}, {status}: {n} recipients are left",
            left,
        )
        say("  " + line.format(id=one.id, issue=one.issue_slug, status=_(MAILING_WORDS[one.status]), n=left))
    for one in planned:
        line = _("mailing {id} of issue {issue}, planned for {when}")
        say("  " + line.format(id=one.id, issue=one.issue_slug, when=show_time(one.scheduled_at, zone)))
    for due in coming:
        line = _("schedule {name}, next due {when}")
        say("  " + line.format(name=due.schedule, when=show_time(due.due_at, zone)))
    if not (running or planned or coming):
        say("  " + _("nothing: no mailing runs or is planned, and there is no schedule"))
    since = report.known.beat_at
    if since is not None:
        line = _("It knows of nothing sent after {when}: whoever has had mail since gets it again.")
        say(line.format(when=show_time(since, zone)), "yellow")
    say(_("Where that may be so, `mailer cancel` what runs first. Only one copy may ever be confirmed."), "yellow")
