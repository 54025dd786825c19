"""Commands on single readers: contacts join, invite, leave, change, data, forget; organisations; retention."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from mailer.cli.drawing import make_table, out, reason_word, say, say_json, show_clock
from mailer.cli.lists import FIELD_WORDS
from mailer.cli.options import AsOption, HouseGroup, JsonOption, ListOption, acting_name, open_house
from mailer.errors import StateError, UsageError
from mailer.i18n import N_, _
from mailer.model.consent import Basis
from mailer.model.organisation import ContactReach, Reach
from mailer.model.os_words import say_os_error

AddressArgument = Annotated[str, typer.Argument(metavar="ADDR", help=_("an e-mail address"))]
OneListOption = Annotated[str, typer.Option("--list", "-l", help=_("a list by its name"))]
NameOption = Annotated[str | None, typer.Option("--name", help=_("the person’s name"))]
UnitOption = Annotated[str | None, typer.Option("--organisation", help=_("the unit the person belongs to"))]
CityOption = Annotated[str | None, typer.Option("--city", help=_("the unit’s city"))]

KIND_WORDS = {
    "contacts": N_("contacts on no list, erased: {n}"),
    "events": N_("words of bounces and other events: {n}"),
    "readings": N_("programs and networks of opens and clicks: {n}"),
    "replies": N_("replies of relays: {n}"),
    "returned": N_("returned mails kept for a person: {n}"),
    "logs": N_("notices: {n}"),
    "requests": N_("requests to join: {n}"),
    "sessions": N_("browsers that users of the console logged in with long ago: {n}"),
    "log_ins": N_("failed attempts to log in: {n}"),
    "api_answers": N_("answers of the API that were kept to be given again: {n}"),
}
TRACES_PENDING = N_(
    "the database’s log file still holds what was erased, as somebody reads in it: `mailer serve` tries again each "
    "half a minute, `mailer retention run` at once"
)
REACH_WORDS = {Reach.OFF_LISTS: N_("on no list"), Reach.SUPPRESSED: N_("gets no mail of ours: {reason}")}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    units = typer.Typer(
        name="organisations", cls=HouseGroup, no_args_is_help=True, help=_("The units that readers belong to.")
    )
    units.command("list", help=_("Show units with their contacts, by city."))(organisations)
    app.add_typer(units)
    keeping = typer.Typer(
        name="retention", cls=HouseGroup, no_args_is_help=True, help=_("What is kept of readers, and how long.")
    )
    keeping.command("run", help=escape(_("Clear now what is older than [retention] keeps.")))(run_retention)
    keeping.command("show", help=_("Show what is too old now, and the last clearing."))(show_retention)
    app.add_typer(keeping)


def add_to_contacts(group: typer.Typer) -> None:
    """Add the commands on one reader to the group of contacts."""
    group.command("join", help=_("Put a reader on a list that follows no sheet, or one who has left back on."))(join)
    group.command("invite", help=_("Ask a reader by mail to confirm that they want a list."))(invite)
    group.command(
        "leave",
        help=_(
            "Take a reader off lists for good, by their word: no sheet brings them back. Without --list: off all of "
            "them, now and later."
        ),
    )(leave)
    group.command("change", help=_("Correct what is kept of a reader."))(change)
    group.command("data", help=_("Hand out everything that is kept of a person, as JSON."))(hand_out)
    group.command("forget", help=_("Erase a person; the figures stay, and no sheet brings them back."))(forget)


def join(
    ctx: typer.Context,
    address: AddressArgument,
    list_name: OneListOption,
    source: Annotated[str, typer.Option("--source", metavar="TEXT", help=_("where the consent is on record"))],
    basis: Annotated[
        str,
        typer.Option(
            "--basis",
            metavar="BASIS",
            help=_("by which right they are written to: consent, contract, “legal duty” or “public data”"),
        ),
    ] = Basis.CONSENT.value,
    person: NameOption = None,
    unit: UnitOption = None,
    city: CityOption = None,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Put a reader on a list."""
    with open_house(ctx) as house:
        done = house.persons.join(
            address, list_name, acting_name(house, name),
            basis=basis, source=source, name=person or "", organisation=unit or "", city=city or "",
        )  # fmt: skip
    if as_json:
        say_json({"address": address, "list": list_name, "joined": done.news, "revived": done.revived})
        return
    line = _("{address} is on list {name} from now on") if done.news else _("{address} was on list {name} already")
    say(line.format(address=address, name=list_name))
    if done.revived:
        line = _(
            "until now it got no mail of ours: {reason}; that is lifted by the consent you named, for this list alone"
        )
        say(line.format(reason=reason_word(done.revived)), "yellow")


def invite(
    ctx: typer.Context,
    address: AddressArgument,
    lists: Annotated[list[str], typer.Option("--list", "-l", help=_("a list by its name; repeat for several"))],
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Ask a reader to confirm."""
    with open_house(ctx) as house:
        asked = house.joining.invite(address, lists, acting_name(house, name))
    if as_json:
        say_json({"address": address, "lists": asked, "asked": True})
        return
    say(_("{address} is asked by mail to confirm: {names}").format(address=address, names=_(", ").join(asked)))
    if len(asked) < len(set(lists)):
        already = [one for one in lists if one not in asked]
        say(_("{address} is on {names} already").format(address=address, names=_(", ").join(already)))


def leave(
    ctx: typer.Context,
    address: AddressArgument,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help=_("why, for the consent log"))],
    lists: ListOption = None,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take a reader off lists."""
    with open_house(ctx) as house:
        ended = house.persons.leave(address, lists or [], reason, acting_name(house, name))
    if as_json:
        say_json({"address": address, "left": ended, "everywhere": not lists})
        return
    if ended:
        say(_("{address} has left: {names}").format(address=address, names=_(", ").join(ended)))
    else:
        say(_("{address} had left already").format(address=address))
    if not lists:
        say(_("it gets no more mail: no sheet and no import adds it to any list"))


def change(
    ctx: typer.Context,
    address: AddressArgument,
    person: NameOption = None,
    title: Annotated[str | None, typer.Option("--title", help=_("the person’s title"))] = None,
    unit: UnitOption = None,
    city: CityOption = None,
    level: Annotated[str | None, typer.Option("--level", help=_("the unit’s level, such as 省 or 市"))] = None,
    phone: Annotated[str | None, typer.Option("--phone", help=_("the telephone number"))] = None,
    language: Annotated[str | None, typer.Option("--language", help=_("zh_CN or en"))] = None,
    attributes: Annotated[
        list[str] | None, typer.Option("--attribute", metavar="NAME=TEXT", help=_("an attribute; NAME= removes it"))
    ] = None,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Correct a reader."""
    said = {
        "name": person, "title": title, "organisation": unit, "city": city, "level": level, "phone": phone,
        "language": language,
    }  # fmt: skip
    changes: dict[str, object] = {key: value.strip() for key, value in said.items() if value is not None}
    with open_house(ctx) as house:
        if attributes:
            changes["attributes"] = _read_attributes(attributes, house.persons.attributes(address))
        changed = house.persons.change(address, changes, acting_name(house, name))
    if as_json:
        say_json({"address": changed.address, "changed": sorted(changes)})
        return
    say(
        _("{address} is corrected: {fields}").format(
            address=changed.address, fields=_(", ").join(_(FIELD_WORDS[one]) for one in sorted(changes))
        )
    )


def _read_attributes(words: list[str], known: dict[str, str]) -> tuple[tuple[str, str], ...]:
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.strip():
            raise UsageError(_("this is no attribute: {text}").format(text=word), cure=_("write NAME=TEXT"))
        known[key.strip()] = value.strip()
    return tuple(sorted((key, value) for key, value in known.items() if value))


def hand_out(
    ctx: typer.Context,
    address: AddressArgument,
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help=_("write it to a new file that only you may read"))
    ] = None,
    name: AsOption = "",
) -> None:
    """Hand out all that is kept of a person."""
    with open_house(ctx) as house:
        found = house.persons.hand_out(address, acting_name(house, name))
    if file is None:
        say_json(found)
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        why = _("cannot be written: {why}").format(why=say_os_error(error))
        raise StateError(why, file=file, cure=_("name a file that is not there yet")) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(found, stream, ensure_ascii=False, indent=2)
    say(_("everything kept of {address} stands in {file}").format(address=address, file=file))


def forget(ctx: typer.Context, address: AddressArgument, name: AsOption = "", as_json: JsonOption = False) -> None:
    """Erase a person."""
    with open_house(ctx) as house:
        done = house.persons.forget(address, acting_name(house, name))
    if as_json:
        say_json({"deliveries": done.deliveries, "sheets": done.sheets, "pending": done.pending})
        return
    say(_("the person is erased; {n} copies stay in the figures, under no name").format(n=done.deliveries))
    if done.pending:
        say(_(TRACES_PENDING), "yellow")
    for sheet in done.sheets:
        say(_("{file} still names the address: take the row out; it subscribes nobody").format(file=sheet), "yellow")
    say(_("backups and files that were exported are not touched"), "yellow")
    if not done.overwritten:
        say(_("PostgreSQL keeps the octets of former rows in its files until VACUUM has made room of them"), "yellow")


def organisations(
    ctx: typer.Context,
    city: Annotated[str, typer.Option("--city", help=_("only those of this city"))] = "",
    without: Annotated[bool, typer.Option("--without-address", help=_("only those of which no address works"))] = False,
    as_json: JsonOption = False,
) -> None:
    """Show units with their contacts."""
    with open_house(ctx) as house:
        found = house.persons.organisations(city, without_address=without)
    if as_json:
        say_json(
            [
                {
                    "name": one.name, "city": one.city, "level": one.level, "works": one.works,
                    "contacts": [
                        {"address": each.address, "name": each.name, "title": each.title, "reach": each.reach.value,
                         "reason": each.reason}
                        for each in one.contacts
                    ],
                }
                for one in found
            ]
        )  # fmt: skip
        return
    table = make_table(
        "", (_("City"), "left"), (_("Organisation"), "left"), (_("Level"), "left"), (_("Contacts"), "left")
    )
    for one in found:
        lines = [_say_contact(each) for each in one.contacts] or [_("nobody")]
        table.add_row(one.city, one.name, one.level, "\n".join(lines))
    out.print(table)
    dead = sum(not one.works for one in found)
    if dead:
        say(_("{n} of {all} have no address that works").format(n=dead, all=len(found)), "yellow")


def _say_contact(one: ContactReach) -> str:
    told = " ".join(part for part in (one.address, one.name, one.title) if part)
    if one.reach is Reach.WORKS:
        return told
    return told + _(" ({why})").format(
        why=_(REACH_WORDS[one.reach]).format(reason=reason_word(one.reason) if one.reason else "–")
    )


def run_retention(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("only say what would be cleared"))] = False,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Clear what is too old."""
    with open_house(ctx) as house:
        counts = house.retention.count() if dry_run else house.retention.run(acting_name(house, name))
        pending = house.retention.traces_since() is not None
    if as_json:
        say_json(counts)
        return
    for kind, count in counts.items():
        say(_(KIND_WORDS[kind]).format(n=count))
    if pending:
        say(_(TRACES_PENDING), "yellow")
    if dry_run:
        say(_("nothing was changed (--dry-run)"))


def show_retention(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show what is too old, and the last clearing."""
    with open_house(ctx) as house:
        counts, last, zone = house.retention.count(), house.retention.last_run(), house.config.zone
        traces = house.retention.traces_since()
    if as_json:
        told = None if last is None else {"day": last.day, "ended_at": last.ended_at, "counts": dict(last.counts)}
        say_json({"too_old": counts, "last": told, "traces_since": traces})
        return
    for kind, count in counts.items():
        say(_(KIND_WORDS[kind]).format(n=count))
    if traces is not None:
        say(_(TRACES_PENDING), "yellow")
    if last is None:
        say(_("nothing was cleared yet; `mailer serve` does it once a day"))
    elif last.ended_at is not None:
        say(_("cleared last on {when}").format(when=show_clock(last.ended_at, zone)))
