"""Commands on distribution lists: lists, lists sync."""

from typing import Annotated

import typer

from mailer.cli.drawing import make_table, out, say, say_json
from mailer.cli.options import HouseGroup, JsonOption, open_house
from mailer.i18n import _


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(
        name="lists",
        cls=HouseGroup,
        invoke_without_command=True,
        help=_("The distribution lists and how many are on them."),
    )
    group.callback()(show)
    group.command("sync", help=_("Make lists follow their sheets; who unsubscribed stays away."))(sync)
    app.add_typer(group)


def show(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show the lists."""
    if ctx.invoked_subcommand is not None:
        return
    with open_house(ctx) as house:
        counts = house.lists.count()
        files = {name: settings.file for name, settings in house.config.lists.items()}
    if as_json:
        say_json(
            [
                {
                    "name": one.value.name,
                    "title": one.value.title,
                    "role": one.value.role.value,
                    "active": one.active,
                    "left": one.left,
                    "file": files[one.value.name],
                }
                for one in counts
            ]
        )
        return
    table = make_table(
        "",
        (_("List"), "whole"),
        (_("Title"), "left"),
        (_("Role"), "left"),
        (_("active"), "right"),
        (_("left"), "right"),
        (_("Sheet"), "whole"),
    )
    for one in counts:
        value = one.value
        table.add_row(
            value.name, value.title, value.role.value, str(one.active), str(one.left), files[value.name] or "–"
        )
    out.print(table)
    if not any(one.active for one in counts):
        say(
            _("nobody is subscribed yet: fill the sheets, then `mailer lists sync`; or `mailer contacts import`"),
            "yellow",
        )


def sync(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[LIST]…", help=_("list names; none means all"))] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("only say what would change"))] = False,
    shrink: Annotated[bool, typer.Option("--shrink", help=_("even where a sheet drops most of its list"))] = False,
    as_json: JsonOption = False,
) -> None:
    """Make lists follow their sheets."""
    with open_house(ctx) as house:
        house.lists.require_sheets(names or [])
        changes = house.lists.sync(names or [], dry_run=dry_run, may_shrink=shrink or dry_run)
    if as_json:
        say_json(
            {
                name: {
                    "added": [one.address for one in change.added],
                    "changed": [one.address for one in change.changed],
                    "removed": [one.address for one in change.removed],
                    "kept_out": [one.address for one in change.kept_out],
                    "unchanged": change.unchanged,
                }
                for name, change in changes.items()
            }
        )
        return
    for name, change in changes.items():
        say(_("{list}: {added} added, {changed} changed, {removed} removed, {unchanged} unchanged").format(
            list=name,
            added=len(change.added),
            changed=len(change.changed),
            removed=len(change.removed),
            unchanged=change.unchanged,
        ))  # fmt: skip
        if change.kept_out:
            say("  " + _("{n} in the sheet have unsubscribed and stay away").format(n=len(change.kept_out)), "yellow")
    if dry_run:
        say(_("nothing was changed (--dry-run)"))
