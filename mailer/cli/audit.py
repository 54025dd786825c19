"""Commands on the audit trail: audit list, verify."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from mailer.cli.drawing import say, say_json, show_clock
from mailer.cli.options import HouseGroup, JsonOption, open_house
from mailer.i18n import _, ngettext
from mailer.model.audit import AuditCheck, AuditEntry
from mailer.model.audit_words import FAULT_WORDS, read_details, say_act, say_actor, say_details


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(
        name="audit",
        cls=HouseGroup,
        no_args_is_help=True,
        help=_("Who did what, on record: entries are only ever added, each chained to the one before."),
        epilog=_(
            "Note the head that `mailer audit verify` prints, on paper or in another system: `mailer audit verify "
            "--head HASH` later tells whether anything up to it was taken away. The trail names no reader."
        ),
    )
    group.command("list", help=_("Show the newest entries first."))(show)
    group.command("verify", help=_("Check that no entry was changed, removed, inserted or reordered."))(verify)
    app.add_typer(group)


def show(
    ctx: typer.Context,
    issue: Annotated[str, typer.Option("--issue", metavar="ISSUE", help=_("only an issue and its mailings"))] = "",
    mailing: Annotated[str, typer.Option("--mailing", metavar="MAILING", help=_("only a mailing"))] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help=_("at most as many entries"))] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show entries."""
    with open_house(ctx) as house:
        entries = house.audit.list(limit, issue, mailing)
        numbers = {one.subject.name for one in entries if one.subject.kind == "user" and one.subject.name.isdecimal()}
        users = {str(number): name for number, name in house.people.names(set(map(int, numbers))).items()}
        zone = house.config.zone
    if as_json:
        say_json([describe(one) for one in entries])
        return
    if not entries:
        say(_("nothing is on record yet"))
        return
    say(_("Times in {zone}").format(zone=zone.key), "bold")
    for one in entries:
        say(f"{one.id:>5}  {_moment(one.at, zone)}  {say_actor(one)}  {say_act(one, users)}")
        if details := say_details(one.details):
            say(f"       {details}", "dim")


def describe(entry: AuditEntry) -> dict[str, object]:
    """Return an entry for --json."""
    return {
        "id": entry.id,
        "at": entry.at,
        "actor": {"name": entry.actor.name, "user_id": entry.actor.user_id},
        "act": entry.act,
        "subject": {"kind": entry.subject.kind, "name": entry.subject.name},
        "details": read_details(entry.details),
        "previous_sha256": entry.previous_sha256,
        "sha256": entry.sha256,
    }


def _moment(at: str, zone: ZoneInfo) -> str:
    try:
        return show_clock(datetime.fromisoformat(at), zone)
    except ValueError:
        return at


def verify(
    ctx: typer.Context,
    head: Annotated[
        str, typer.Option("--head", metavar="HASH", help=_("a head noted earlier: is it still part of the chain?"))
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Check the trail."""
    with open_house(ctx) as house:
        found = house.audit.verify(head)
    if as_json:
        say_json(
            {
                "whole": found.whole,
                "entries": found.count,
                "head": {"id": found.head.id, "sha256": found.head.sha256} if found.head is not None else None,
                "fault": found.fault,
                "fault_at": found.fault_at,
                "noted_head_found": found.noted,
                "remembered_head_found": found.remembered,
            }
        )
    else:
        _draw_check(found)
    if not found.whole:
        raise typer.Exit(1)


def _draw_check(found: AuditCheck) -> None:
    if found.fault is not None:
        say(_(FAULT_WORDS[found.fault]).format(id=found.fault_at), "bold red")
        line = ngettext("{n} entry before it is whole", "{n} entries before it are whole", found.count)
        say(line.format(n=found.count))
        say("  → " + _("compare it with a backup; who can write to the database file can do this"))
        return
    wrong = []
    if found.noted is False:
        wrong.append(
            _("the head that was noted is not part of the chain: entries were taken away, or all were rewritten")
        )
    if found.remembered is False:
        line = _(
            "this machine keeps a head that is not part of the chain: entries were taken away, or all were rewritten"
        )
        wrong.append(line)
    for line in wrong:
        say(line, "bold red")
    if wrong:
        say("  → " + _("compare it with a backup; who can write to the database file can do this"))
    else:
        line = ngettext("{n} entry, whole and in order", "{n} entries, whole and in order", found.count)
        say(line.format(n=found.count), "green")
    if found.noted:
        say(_("the head that was noted is part of the chain"), "green")
    if found.head is not None:
        say(_("head: {sha256}").format(sha256=found.head.sha256))
