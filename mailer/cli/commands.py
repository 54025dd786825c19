"""The commands, gathered."""

from pathlib import Path
from typing import Annotated

import typer

from mailer import __version__
from mailer.cli import (
    approval,
    audit,
    bounces,
    check,
    contacts,
    correct,
    demo,
    dkim,
    doctor,
    forecast,
    holding,
    house,
    issues,
    lists,
    mailings,
    opening,
    persons,
    proof,
    relays,
    render,
    report,
    retry,
    schedule,
    serve,
    staff_notices,
    suppressions,
    tracking,
    users,
    why,
)
from mailer.cli.drawing import say
from mailer.cli.options import HouseGroup
from mailer.i18n import _

app = typer.Typer(
    name="mailer",
    cls=HouseGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=_("Publishes a periodical bulletin by e-mail and accounts for every copy."),
    epilog=_("Start with `mailer demo`, then `mailer new DIR`. Exit code: 0 done, 1 failed, 2 wrong use."),
)


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"mailer {__version__}")
        raise typer.Exit


@app.callback()
def start(
    ctx: typer.Context,
    home: Annotated[
        Path,
        typer.Option("-C", "--home", envvar="MAILER_HOME", help=_("the newsletter folder"), show_default=_("here")),
    ] = Path(),
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help=_("print the version"))
    ] = False,
) -> None:
    """Keep the folder for the command that follows."""
    ctx.obj = home


for room in (
    demo,
    issues,
    opening,
    render,
    check,
    proof,
    correct,
    approval,
    lists,
    contacts,
    persons,
    mailings,
    forecast,
    holding,
    why,
    report,
    retry,
    schedule,
    serve,
    staff_notices,
    relays,
    bounces,
    suppressions,
    tracking,
    dkim,
    users,
    audit,
    house,
    doctor,
):
    room.add_to(app)
