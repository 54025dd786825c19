"""Commands on what readers fetched: tracking judge."""

from typing import Annotated

import typer

from mailer.cli.drawing import say, say_json
from mailer.cli.options import HouseGroup, JsonOption, open_house
from mailer.i18n import _, ngettext


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(name="tracking", cls=HouseGroup, no_args_is_help=True, help=_("Opens and clicks."))
    group.callback()(_keep_group)
    group.command("judge", help=_("Judge again whether people or machines opened and clicked, by the present rules."))(
        judge
    )
    app.add_typer(group)


def _keep_group() -> None:
    """Keep `judge` a word of its own: Typer would let a group of one command fall together with it."""


def judge(
    ctx: typer.Context,
    mailing: Annotated[
        str, typer.Option("--mailing", metavar="MAILING", help=_("only of this mailing: its number, or `last`"))
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Judge again."""
    with open_house(ctx) as house:
        done = house.readings.judge(house.mailings.get(mailing).id if mailing else None)
    if as_json:
        say_json({"requests": done.requests, "changed": done.changed})
        return
    looked = ngettext("looked at {n} request", "looked at {n} requests", done.requests).format(n=done.requests)
    changed = ngettext("{n} has another verdict now", "{n} have another verdict now", done.changed)
    say(_("{what}: {text}").format(what=looked, text=changed.format(n=done.changed)))
