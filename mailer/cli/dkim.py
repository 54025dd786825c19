"""Commands on the keys that sign mail: dkim create, show."""

from typing import Annotated

import typer

from mailer.cli.drawing import say, say_json
from mailer.cli.options import HouseGroup, JsonOption, open_house
from mailer.i18n import _
from mailer.model.dkim import DkimKey, KeyType


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(
        name="dkim",
        cls=HouseGroup,
        no_args_is_help=True,
        help=_("Keys that sign what is sent (DKIM), so that receivers can tell it is yours and unchanged."),
        epilog=_(
            "1. `mailer dkim create 2026a` makes a key. 2. Put the record it prints into the DNS of your domain. "
            "3. Add the lines it prints to config.toml. For a mailbox of 163 or QQ none of this: the provider signs."
        ),
    )
    group.command("create", help=_("Make a key; print its DNS record and its lines for config.toml."))(create)
    group.command("show", help=_("Print the DNS records of the keys that config.toml names."))(show)
    app.add_typer(group)


def describe(key: DkimKey) -> dict[str, object]:
    """Return a key for --json; `strings` are the value as a zone file wants it, in pieces."""
    return {
        "selector": key.selector,
        "domain": key.domain,
        "type": key.key_type.value,
        "file": str(key.file),
        "record": {
            "name": key.record.name,
            "type": "TXT",
            "value": key.record.value,
            "strings": list(key.record.strings),
        },
    }


def write_settings(key: DkimKey) -> list[str]:
    """Return the lines of config.toml that make a key sign."""
    return [f"[dkim.{key.selector}]", f'key_file = "{key.file}"']


def draw_record(key: DkimKey) -> None:
    """Print a record as a form of a DNS provider asks for it, and as a line of a zone file."""
    say("  " + _("type: {text}").format(text="TXT"))
    say("  " + _("name: {text}").format(text=key.record.name))
    say("  " + _("value: {text}").format(text=key.record.value))
    pieces = " ".join(f'"{piece}"' for piece in key.record.strings)
    say("  " + _("or in a zone file: {text}").format(text=f"{key.record.name}. IN TXT ( {pieces} )"), "dim")


def create(
    ctx: typer.Context,
    selector: Annotated[
        str, typer.Argument(metavar="SELECTOR", help=_("the key’s name in DNS, such as 2026a; a new key, a new name"))
    ],
    key_type: Annotated[
        KeyType,
        typer.Option("--type", help=_("rsa, which all receivers know; ed25519 only beside an RSA key")),
    ] = KeyType.RSA,
    as_json: JsonOption = False,
) -> None:
    """Make a key."""
    with open_house(ctx) as house:
        key = house.signing.create(selector, key_type)
        named = selector in house.config.dkim
    lines = [] if named else write_settings(key)
    if as_json:
        say_json(describe(key) | {"settings": lines})
        return
    say(_("made {file}; keep a copy in a safe place").format(file=key.file))
    say(_("1. publish this record in the DNS of {domain}:").format(domain=key.domain))
    draw_record(key)
    if lines:
        say(_("2. when it can be looked up, add these lines to config.toml:"))
        for line in lines:
            say(f"  {line}")


def show(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Print the records of the keys in use."""
    with open_house(ctx) as house:
        keys = house.signing.keys()
    if as_json:
        say_json([describe(key) for key in keys])
        return
    for key in keys:
        say(_("{selector} ({type}) signs for {domain} with {file}").format(
            selector=key.selector, type=key.key_type.value, domain=key.domain, file=key.file
        ))  # fmt: skip
        draw_record(key)
    if not keys:
        say(_("nothing is signed; make a key with `mailer dkim create SELECTOR`"), "yellow")
