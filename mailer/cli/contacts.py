"""Commands on contacts: contacts import, imports, export, show, list."""

from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.contact_json import describe_history, describe_import, describe_listed, describe_record, describe_undo
from mailer.cli.contact_words import draw_history, draw_import, draw_undo
from mailer.cli.drawing import make_table, out, say, say_json, show_clock
from mailer.cli.options import AsOption, HouseGroup, JsonOption, ListOption, acting_name, open_house
from mailer.cli.persons import add_to_contacts
from mailer.errors import UsageError
from mailer.i18n import _, ngettext
from mailer.model.contact_words import subscription_word
from mailer.model.listed import ContactFilter


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(
        name="contacts",
        cls=HouseGroup,
        no_args_is_help=True,
        help=_("Who is written to: import and export sheets, look somebody up, join, leave, the rights of a person."),
    )
    group.command(
        "import",
        help=_("Bring the contacts of a sheet (csv, xlsx, xls, et, ods) onto a list, or take an import back (--undo)."),
        epilog=_(
            "Look first: `mailer contacts import 名单.xlsx --list members --dry-run --refused 退回.xlsx` says what "
            "would change and writes what is refused to a sheet that can be mended and imported in turn. A blank "
            "cell leaves what is known; nobody is taken off the list; who left or is suppressed does not come back."
        ),
    )(import_sheet)
    group.command("imports", help=_("Show what was imported, by whom and when."))(imports)
    group.command(
        "export",
        help=_("Write contacts to a sheet, .csv or .xlsx."),
        epilog=_(
            "The sheet can be imported again as it is. In a .csv, what a spreadsheet would calculate stands behind an "
            "apostrophe; prefer .xlsx where it is to be edited: spreadsheets take zeros and digits from phone numbers "
            "in a .csv."
        ),
    )(export)
    group.command("show", help=_("Tell everything on record of an address: lists, consent, imports, copies."))(show)
    group.command("list", help=_("Show contacts, list by list."))(list_contacts)
    add_to_contacts(group)
    app.add_typer(group)


def import_sheet(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help=_("the sheet"), show_default=False)] = None,
    list_name: Annotated[
        str, typer.Option("--list", "-l", metavar="LIST", help=_("the list they come onto; needed, but for --undo"))
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("only say what would change"))] = False,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="HEADING=FIELD",
            help=_(
                "which column is what, where that is guessed wrongly or not at all: 邮箱=address, C=phone, "
                "备注=attribute, 备用=-; repeat"
            ),
        ),
    ] = None,
    sheet: Annotated[str, typer.Option("--sheet", metavar="NAME", help=_("only this sheet of a workbook"))] = "",
    refused: Annotated[
        Path | None, typer.Option("--refused", metavar="FILE", help=_("write what is refused to this sheet"))
    ] = None,
    basis: Annotated[
        str,
        typer.Option("--basis", metavar="TEXT", help=_("by whose leave they are written to; else by the list’s role")),
    ] = "",
    undo: Annotated[
        int | None, typer.Option("--undo", metavar="N", min=1, help=_("put back what import N changed"))
    ] = None,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Import a sheet, or undo an import."""
    from mailer.app import ImportOrder

    if undo is not None:
        _undo(ctx, undo, name, dry_run=dry_run, as_json=as_json)
        return
    if file is None or not list_name:
        raise UsageError(_("say which sheet goes onto which list"), cure=_("`mailer contacts import FILE --list LIST`"))
    with open_house(ctx) as house:
        order = ImportOrder(file, list_name, tuple(mapping or ()), sheet, basis, refused)
        report = house.contacts.import_sheet(order, acting_name(house, name), dry_run=dry_run)
    if as_json:
        say_json(describe_import(report, dry_run=dry_run))
        return
    draw_import(report, refused, dry_run=dry_run)


def _undo(ctx: typer.Context, number: int, name: str, *, dry_run: bool, as_json: bool) -> None:
    with open_house(ctx) as house:
        report = house.contacts.undo_import(number, acting_name(house, name), dry_run=dry_run)
    if as_json:
        say_json(describe_undo(report, dry_run=dry_run))
        return
    draw_undo(report, dry_run=dry_run)


def imports(
    ctx: typer.Context,
    list_name: Annotated[str, typer.Option("--list", "-l", metavar="LIST", help=_("only into this list"))] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help=_("at most as many entries"))] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show imports, the newest first."""
    with open_house(ctx) as house:
        found = house.contacts.imports(limit, list_name)
        zone = house.config.zone
    if as_json:
        say_json([describe_record(one) for one in found])
        return
    if not found:
        say(_("nothing was imported yet"))
        return
    table = make_table(
        _("Imports, times in {zone}").format(zone=zone.key),
        (_("No."), "right"),
        (_("When"), "whole"),
        (_("By"), "left"),
        (_("List"), "left"),
        (_("Sheet"), "left"),
        (_("new"), "right"),
        (_("changed"), "right"),
        (_("rows refused"), "right"),
    )
    for one in found:
        changed = sum(one.counts.get(kind, 0) for kind in ("joined", "moved", "changed", "reordered"))
        file = one.file_name
        if one.undone_at is not None:
            word = _("(undone in part by {name})") if one.undone_kept else _("(undone by {name})")
            file += " " + word.format(name=one.undone_by or "–")
        table.add_row(
            str(one.number), show_clock(one.at, zone), one.by or "–", one.list_name, file,
            str(one.counts.get("new", 0)), str(changed), str(one.counts.get("refused", 0)),
        )  # fmt: skip
    out.print(table)


def export(
    ctx: typer.Context,
    names: ListOption = None,
    segments: Annotated[
        list[str] | None, typer.Option("--segment", metavar="NAME", help=_("a segment by its name; repeat for several"))
    ] = None,
    file: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help=_("the sheet to write: .csv or .xlsx"))
    ] = Path("contacts.xlsx"),
    everyone: Annotated[bool, typer.Option("--all", help=_("also who has left, and who is on no list"))] = False,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Write contacts to a sheet."""
    with open_house(ctx) as house:
        if segments:
            house.lists.count_segments(segments)  # a list is none
        chosen = [*(names or ()), *(segments or ())]
        count = house.contacts.export(file, chosen, acting_name(house, name), everyone=everyone)
    if as_json:
        say_json({"file": file, "rows": count})
        return
    line = ngettext("{n} row written to {file}", "{n} rows written to {file}", count)
    say(line.format(n=count, file=file), "green")


def show(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDR", help=_("the address"))],
    as_json: JsonOption = False,
) -> None:
    """Tell what is on record of an address."""
    with open_house(ctx) as house:
        history = house.contacts.tell(address)
        zone = house.config.zone
    if as_json:
        say_json(describe_history(history))
        return
    draw_history(history, zone)


def list_contacts(
    ctx: typer.Context,
    names: ListOption = None,
    find: Annotated[str, typer.Option("--find", metavar="TEXT", help=_("with this text in any field"))] = "",
    status: Annotated[
        str, typer.Option("--status", help=_("active, left (they have left) or pending (they were asked)"))
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help=_("at most as many entries"))] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show contacts."""
    if status not in ("", "active", "left", "pending"):
        raise UsageError(
            _("there is no status {name}").format(name=status),
            field="--status",
            cure=_("one of: active, left, pending"),
        )
    with open_house(ctx) as house:
        found = house.contacts.find(ContactFilter(tuple(names or ()), status, find), limit + 1)
    more, found = len(found) > limit, found[:limit]
    if as_json:
        say_json([describe_listed(one) for one in found])
        return
    if not found:
        say(_("no contact is like that"))
        return
    table = make_table(
        "", (_("List"), "left"), (_("Organisation"), "left"), (_("Name"), "left"), (_("Job title"), "left"),
        (_("City"), "left"), (_("Address"), "whole"), (_("Status"), "left"),
    )  # fmt: skip
    for one in found:
        value = one.contact
        table.add_row(
            one.list_name or "–",
            value.organisation,
            value.name,
            value.title,
            value.city,
            value.address,
            subscription_word(one.status) or "–",
        )
    out.print(table)
    if more:
        say(_("there are more: --limit, or --find TEXT"), "dim")
