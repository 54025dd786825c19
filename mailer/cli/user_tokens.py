"""Commands on tokens of the API: user token add, list, revoke."""

from datetime import timedelta
from typing import Annotated

import typer

from mailer.cli.drawing import err, make_table, out, say, say_json, show_clock
from mailer.cli.options import AsOption, HouseGroup, JsonOption, acting_name, open_house
from mailer.i18n import _
from mailer.model.api_token import ApiToken, Scope, scopes_of


def add_tokens_to(group: typer.Typer) -> None:
    """Add these commands to the group of users."""
    tokens = typer.Typer(
        name="token",
        cls=HouseGroup,
        no_args_is_help=True,
        help=_("Tokens by which other programs act for a user over the API."),
    )
    tokens.command(
        "add",
        help=_("Make a token and print it, this once."),
        epilog=_(
            "For example: `mailer user token add li --for “membership system” --scope contacts:write --days 365`."
        ),
    )(add)
    tokens.command("list", help=_("Show the tokens: whose, for what, when last used."))(show)
    tokens.command("revoke", help=_("End a token at once."))(revoke)
    group.add_typer(tokens)


def add(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(metavar="NAME", help=_("for whom the program acts"))],
    purpose: Annotated[str, typer.Option("--for", metavar="WORDS", help=_("what it is for"))] = "",
    scopes: Annotated[list[Scope] | None, typer.Option("--scope", help=_("what it may do; repeat for more"))] = None,
    days: Annotated[
        int, typer.Option("--days", min=0, max=3650, help=_("good for so many days; 0: without end"))
    ] = 365,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make a token."""
    with open_house(ctx) as house:
        until = house.now() + timedelta(days=days) if days else None
        made, token = house.api_tokens.add(user, purpose, scopes or [], until, acting_name(house, name))
    useless = sorted(made.scopes - set(scopes_of(made.user.rights)))
    if useless:
        words = _("{name} has no role for {scopes}: until then the token is of no use for it")
        said = words.format(name=made.user.name, scopes=_(", ").join(useless))
        say(_("warning: ") + said, "yellow", console=err)
    if as_json:
        say_json({**describe(made), "token": token})
        return
    say(_("Token {n}, shown only now; whoever has it acts for {name}:").format(n=made.id, name=made.user.name))
    out.print(token, markup=False, soft_wrap=True)


def show(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show the tokens."""
    with open_house(ctx) as house:
        found, zone = house.api_tokens.list(), house.config.zone
    if as_json:
        say_json([describe(one) for one in found])
        return
    if not found:
        say(_("there is no token"))
        return
    columns = ((_("No."), "right"), (_("User"), "left"), (_("For"), "left"), (_("Scopes"), "left"))
    table = make_table("", *columns, (_("Last used"), "whole"), (_("Until"), "whole"), (_("Revoked"), "whole"))
    for one in found:
        scopes = _(", ").join(sorted(scope.value for scope in one.scopes))
        times = (show_clock(moment, zone) for moment in (one.last_used_at, one.expires_at, one.revoked_at))
        table.add_row(str(one.id), one.user.name, one.name, scopes, *times)
    out.print(table)


def revoke(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help=_("its number, as `list` shows it"))],
    name: AsOption = "",
) -> None:
    """End a token."""
    with open_house(ctx) as house:
        house.api_tokens.revoke(number, acting_name(house, name))
    say(_("token {n} is good for nothing any more").format(n=number))


def describe(one: ApiToken) -> dict[str, object]:
    """Return a token for --json, without itself."""
    return {
        "id": one.id, "user": one.user.name, "for": one.name, "scopes": sorted(scope.value for scope in one.scopes),
        "created_at": one.created_at, "expires_at": one.expires_at, "last_used_at": one.last_used_at,
        "revoked_at": one.revoked_at,
    }  # fmt: skip
