"""Commands on addresses that get nothing: suppressions list, add, lift."""

from typing import Annotated

import typer
from rich.markup import escape

from mailer.cli.drawing import make_table, out, reason_word, say, say_json, show_clock
from mailer.cli.options import AsOption, HouseGroup, JsonOption, acting_name, open_house
from mailer.i18n import _
from mailer.model.contact_words import say_source
from mailer.model.suppression import SuppressionEntry

HASH_SHOWN = 12
AddressArgument = Annotated[str, typer.Argument(metavar="ADDR", help=_("an address"))]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help=_("why, for the record"))]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(
        name="suppressions",
        cls=HouseGroup,
        no_args_is_help=True,
        help=_("Addresses that get nothing: dead ones, those that complained, and those you enter."),
        epilog=escape(
            _(
                "They are kept as HMACs: an address is shown only where a contact has it. [suppression] in config.toml "
                "says when bounces and complaints suppress; see docs/returned.md."
            )
        ),
    )
    group.command("list", help=_("Show what is suppressed, the newest first."))(show)
    group.command("add", help=_("Suppress an address, on the record."))(add)
    group.command("lift", help=_("Let an address get mail again, on the record."))(lift)
    app.add_typer(group)


def describe(entry: SuppressionEntry) -> dict[str, object]:
    """Return one entry for --json."""
    return {
        "address": entry.address,
        "hash": entry.address_hash,
        "reason": entry.reason,
        "source": entry.source,
        "since": entry.since,
        "until": entry.until,
        "note": entry.note,
    }


def show(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show what is suppressed."""
    with open_house(ctx) as house:
        entries, zone = house.suppressions.list(), house.config.zone
    if as_json:
        for entry in entries:
            say_json(describe(entry))
        return
    table = make_table(
        _("Suppressed addresses: {n}").format(n=len(entries)),
        (_("address"), "left"),
        (_("why"), "left"),
        (_("since ({zone})").format(zone=zone.key), "whole"),
        (_("source"), "left"),
    )
    for entry in entries:
        why = reason_word(entry.reason)
        if entry.note:
            why = _("{what}: {text}").format(what=why, text=entry.note)
        address = entry.address or f"HMAC {entry.address_hash[:HASH_SHOWN]}…"
        table.add_row(address, why, show_clock(entry.since, zone), say_source(entry.source))
    out.print(table)


def add(
    ctx: typer.Context, address: AddressArgument, reason: ReasonOption, name: AsOption = "", as_json: JsonOption = False
) -> None:
    """Suppress an address."""
    with open_house(ctx) as house:
        house.suppressions.add(address, reason, acting_name(house, name))
    if as_json:
        say_json({"address": address, "suppressed": True})
    else:
        say(_("{address} gets nothing from now on").format(address=address))


def lift(
    ctx: typer.Context, address: AddressArgument, reason: ReasonOption, name: AsOption = "", as_json: JsonOption = False
) -> None:
    """Let an address get mail again."""
    with open_house(ctx) as house:
        lifted = house.suppressions.lift(address, reason, acting_name(house, name))
        zone = house.config.zone
    if as_json:
        say_json({"address": address, "suppressed": False, "was": describe(lifted)})
        return
    said = _("{address} gets mail again; it got none since {when} ({why}, {source})")
    when, why, source = show_clock(lifted.since, zone), reason_word(lifted.reason), say_source(lifted.source)
    say(said.format(address=address, when=when, why=why, source=source))
