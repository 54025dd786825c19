"""Commands on users: user add, list, change, disable, enable."""

import sys
from typing import Annotated

import typer

from mailer.cli.drawing import make_table, out, say, say_json, show_clock
from mailer.cli.options import AsOption, HouseGroup, JsonOption, open_house
from mailer.cli.user_access import NameArgument, add_to_users, ask_password, read_password_line
from mailer.cli.user_tokens import add_tokens_to
from mailer.i18n import _
from mailer.model.people import Right, User, UserRole
from mailer.model.words import ROLE_WORDS

DisplayOption = Annotated[str | None, typer.Option("--display", metavar="TEXT", help=_("the name shown to others"))]
EmailOption = Annotated[str | None, typer.Option("--email", metavar="ADDR", help=_("where reminders go"))]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(
        name="user",
        cls=HouseGroup,
        no_args_is_help=True,
        help=_("Who may do what here: editors submit, approvers approve, senders send, admins register users."),
        epilog=_(
            "While nobody is registered, every command takes any name at its word. From the first user on, who must be "
            "an admin, each act needs --as NAME or MAILER_AS. No role holds the rights of another: an admin who also "
            "approves has both roles, such as `mailer user add 张三 --role admin --role approver`."
        ),
    )
    group.command("add", help=_("Register a user."))(add)
    group.command("list", help=_("Show the users."))(show)
    group.command("change", help=_("Change a user; the roles given replace the former ones."))(change)
    group.command("disable", help=_("Take all rights from a user, who stays on record."))(disable)
    group.command("enable", help=_("Give a disabled user the rights of its roles again."))(enable)
    add_to_users(group)
    add_tokens_to(group)
    app.add_typer(group)


def describe(user: User) -> dict[str, object]:
    """Return a user for --json."""
    return {
        "id": user.id,
        "name": user.name,
        "display_name": user.display_name,
        "email": user.email,
        "roles": sorted(user.roles),
        "rights": sorted(user.rights),
        "created_at": user.created_at,
        "disabled_at": user.disabled_at,
    }


def _words(user: User) -> str:
    return _(", ").join(_(ROLE_WORDS[role]) for role in UserRole if role in user.roles)


def _say_user(user: User, *, as_json: bool) -> None:
    if as_json:
        say_json(describe(user))
        return
    line = _("user {name}: {roles}") if user.disabled_at is None else _("user {name}: {roles}; disabled")
    say(line.format(name=user.name, roles=_words(user)))


def add(
    ctx: typer.Context,
    user: NameArgument,
    roles: Annotated[list[UserRole], typer.Option("--role", help=_("what the user may do; repeat for several"))],
    display: DisplayOption = None,
    email: EmailOption = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help=_("take a password for the console from the first line of stdin"))
    ] = False,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Register a user; where a terminal is there, it is asked for a password for the console."""
    with open_house(ctx) as house:
        first = not house.people.registered
        house.people.require(name, Right.USERS)
        names, password = [user, display or "", email or ""], ""
        if password_stdin:  # a password that is refused registers nobody
            password = read_password_line()
            house.access.check_password(names, password)
        elif sys.stdin.isatty() and not as_json:
            password = ask_password(house, names, optional=True)
        made = house.people.add(user, roles, name, display_name=display or "", email=email or "")
        if password:
            house.access.set_password(made.name, password, made.name if first else name)
    _say_user(made, as_json=as_json)
    if first and not as_json:
        say(_("from now on each act needs --as NAME, or MAILER_AS, of a user with the right"), "yellow")


def show(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show the users."""
    with open_house(ctx) as house:
        users = house.people.list()
        zone = house.config.zone
    if as_json:
        say_json([describe(one) for one in users])
        return
    if not users:
        say(_("nobody is registered, so any name is taken at its word: `mailer user add NAME --role admin`"))
        return
    table = make_table("", (_("Name"), "left"), (_("Shown as"), "left"), (_("Roles"), "left"), (_("Disabled"), "left"))
    for one in users:
        disabled = show_clock(one.disabled_at, zone) if one.disabled_at is not None else ""
        table.add_row(one.name, one.display_name, _words(one), disabled)
    out.print(table)


def change(
    ctx: typer.Context,
    user: NameArgument,
    roles: Annotated[list[UserRole] | None, typer.Option("--role", help=_("roles, instead of the former ones"))] = None,
    display: DisplayOption = None,
    email: EmailOption = None,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Change a user."""
    with open_house(ctx) as house:
        changed = house.people.change(user, name, roles=roles or (), display_name=display, email=email)
    _say_user(changed, as_json=as_json)


def disable(ctx: typer.Context, user: NameArgument, name: AsOption = "", as_json: JsonOption = False) -> None:
    """Disable a user."""
    with open_house(ctx) as house:
        _say_user(house.people.set_enabled(user, name, enabled=False), as_json=as_json)


def enable(ctx: typer.Context, user: NameArgument, name: AsOption = "", as_json: JsonOption = False) -> None:
    """Enable a user."""
    with open_house(ctx) as house:
        _say_user(house.people.set_enabled(user, name, enabled=True), as_json=as_json)
