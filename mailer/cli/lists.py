"""Commands on distribution lists: lists, lists sync."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.drawing import make_table, out, say, say_json
from mailer.cli.options import AsOption, HouseGroup, JsonOption, ListOption, acting_name, open_house
from mailer.i18n import N_, _
from mailer.model.people import Right

if TYPE_CHECKING:
    from mailer.app.lists import ListChange

FIELD_WORDS = {
    "address": N_("address"),
    "name": N_("name"),
    "title": N_("title"),
    "organisation": N_("organisation"),
    "city": N_("city"),
    "phone": N_("phone"),
    "level": N_("level"),
    "language": N_("language"),
    "attributes": N_("attributes"),
}
JOINING_WORDS = {"staff": N_("by import"), "invite": N_("by invitation"), "open": N_("readers join")}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(
        name="lists",
        cls=HouseGroup,
        invoke_without_command=True,
        help=_("The distribution lists and how many are on them."),
    )
    group.callback()(show)
    group.command(
        "sync",
        help=_("Make lists follow their sheets; who unsubscribed stays away."),
        epilog=_(
            "A sheet that drops more than `most_dropped` of its list (half of it, where config.toml says nothing; two "
            "may always go, but not everybody) is taken for a mistake and changes nothing. --dry-run says so too, and "
            "ends with the same exit code."
        ),
    )(sync)
    group.command("segments", help=_("The segments of lists: how many readers each means, and who they are."))(segments)
    app.add_typer(group)


def show(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show the lists."""
    if ctx.invoked_subcommand is not None:
        return
    with open_house(ctx) as house:
        counts = house.lists.count()
        settings = house.config.lists
    if as_json:
        say_json(
            [
                {
                    "name": one.value.name,
                    "title": one.value.title,
                    "role": one.value.role.value,
                    "active": one.active,
                    "left": one.left,
                    "file": settings[one.value.name].file,
                    "joining": settings[one.value.name].joining,
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
        one_list = settings[value.name]
        sheet = one_list.file or _(JOINING_WORDS[one_list.joining])
        table.add_row(value.name, value.title, value.role.value, str(one.active), str(one.left), sheet)
    out.print(table)
    if not any(one.active for one in counts):
        say(
            _("nobody is subscribed yet: fill the sheets, then `mailer lists sync`; or `mailer contacts import`"),
            "yellow",
        )


def _draw_change(change: "ListChange", *, whole: bool) -> None:
    """Say what is not plain from the numbers; whole: also each row that comes, changes or goes."""
    if whole:
        for contact in change.added:
            say(f"  + {contact.address}", "green")
        for changed in change.differing:
            parts = [
                f"{_(FIELD_WORDS[name])} {_show(getattr(changed.before, name))} → {_show(getattr(changed.after, name))}"
                for name in changed.fields
            ]
            say(f"  ~ {changed.after.address}: " + _(", ").join(parts))
        for contact in change.removed:
            say(f"  - {contact.address}", "yellow")
    if change.moved:
        say("  " + _("{n} stand elsewhere in the sheet").format(n=change.moved))
    if change.refused:
        say("  " + _("{n} in the sheet stay away:").format(n=len(change.refused)), "yellow")
        for one in change.refused:
            say(f"    {one.contact.address}: {one.sentence}", "yellow")
    if change.silent:
        say("  " + _("{n} on the list get nothing:").format(n=len(change.silent)), "yellow")
        for one in change.silent:
            say(f"    {one.contact.address}: {one.sentence}", "yellow")


def _show(value: object) -> str:
    if isinstance(value, tuple):
        return _(", ").join(f"{name}={text}" for name, text in value) or "–"
    return str(value) or "–"


def segments(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[SEGMENT]", help=_("show whom this segment means"))] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the segments with their counts, or whom one means."""
    with open_house(ctx) as house:
        counts = house.lists.count_segments([name] if name else [])
        members = house.lists.read_segment(name) if name else {}
    if as_json:
        say_json(
            [
                {
                    "name": one.name,
                    "lists": dict(one.lists),
                    **(
                        {"members": {key: [each.address for each in who] for key, who in members.items()}}
                        if name
                        else {}
                    ),
                }
                for one in counts
            ]
        )
        return
    if not counts:
        say(_("no segment is set: write [segments.NAME] in config.toml"))
        return
    for one in counts:
        parts = _(", ").join(f"{key} {count}" for key, count in one.lists.items())
        say(_("{name}: {n} readers ({lists})").format(name=one.name, n=sum(one.lists.values()), lists=parts))
    for who in members.values():
        for contact in who:
            say("  " + "  ".join(part for part in (contact.address, contact.organisation, contact.name) if part))


def sync(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[LIST]…", help=_("list names; none means all"))] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("only say what would change"))] = False,
    only: ListOption = None,
    shrink: Annotated[
        bool, typer.Option("--shrink", "--yes", help=_("even where a sheet drops more of its list than it usually may"))
    ] = False,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make lists follow their sheets."""
    with open_house(ctx) as house:
        by = acting_name(house, name)
        chosen = [*(names or []), *(only or [])]
        house.lists.require_sheets(chosen)
        if not dry_run:
            _draw_changes(house.lists.sync(chosen, by, may_shrink=shrink), dry_run=False, as_json=as_json)
            return
        changes = house.lists.sync(chosen, dry_run=True, may_shrink=True)
        _draw_changes(changes, dry_run=True, as_json=as_json)
        house.people.require(by, Right.CONTACTS)  # what would keep the sync itself from it
        if not shrink:
            house.lists.require_size(changes)


def _draw_changes(changes: "Mapping[str, ListChange]", *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                name: {
                    "added": [one.address for one in change.added],
                    "changed": [one.address for one in change.changed],
                    "fields": {one.after.address: list(one.fields) for one in change.differing},
                    "moved": change.moved,
                    "removed": [one.address for one in change.removed],
                    "kept_out": [one.address for one in change.kept_out],
                    "why": {one.contact.address: one.sentence for one in (*change.refused, *change.silent)},
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
        _draw_change(change, whole=dry_run)
    if dry_run:
        say(_("nothing was changed (--dry-run)"))
