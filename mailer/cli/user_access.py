"""Commands on how users get into the console: user password, sessions, second-factor."""

import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.drawing import make_table, out, say, say_json, show_clock
from mailer.cli.options import AsOption, JsonOption, open_house
from mailer.errors import UsageError
from mailer.i18n import _, ngettext
from mailer.model.access import Session
from mailer.model.people import Right

if TYPE_CHECKING:
    from mailer.app import House

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help=_("the user’s name, in any letter case"))]
LONGEST_LINE = 4096


def add_to_users(group: typer.Typer) -> None:
    """Add these commands to the group of users."""
    group.command("password", help=_("Give a user a password for the console; every session of theirs ends."))(password)
    group.command("sessions", help=_("Show where a user is logged in, or log them out everywhere."))(sessions)
    group.command("second-factor", help=_("Show whether a user has a second factor, or take it away."))(second_factor)


def read_password_line() -> str:
    """Return the first line of stdin, as a script gives a password."""
    return sys.stdin.readline(LONGEST_LINE).rstrip("\r\n")


def ask_password(house: "House", names: Collection[str], *, optional: bool = False) -> str:
    """Ask twice for a new password, without showing it; where it is optional it may be empty.

    Raises UsageError where the two differ, and for a password that is too short or easily guessed.
    """
    question = _("New password (empty: none yet)") if optional else _("New password")
    first = typer.prompt(question, default="", show_default=False, hide_input=True, err=True)
    if optional and not first:
        return ""
    house.access.check_password(names, first)
    if typer.prompt(_("The same once more"), default="", show_default=False, hide_input=True, err=True) != first:
        raise UsageError(_("the two passwords are not the same"), cure=_("try again"))
    return str(first)


def password(
    ctx: typer.Context,
    user: NameArgument,
    from_stdin: Annotated[
        bool, typer.Option("--stdin", help=_("take the password from the first line of stdin, for scripts"))
    ] = False,
    name: AsOption = "",
) -> None:
    """Set a password."""
    with open_house(ctx) as house:
        house.people.require(name, Right.USERS)
        house.access.describe(user)
        if from_stdin:
            new = read_password_line()
        elif sys.stdin.isatty():
            new = ask_password(house, [user])
        else:
            raise UsageError(
                _("nobody is there to be asked"), field="--stdin", cure=_("add --stdin and write the password to stdin")
            )
        house.access.set_password(user, new, name)
    say(_("{name} has a new password and is logged out everywhere").format(name=user), "green")


def _describe(one: Session) -> dict[str, object]:
    return {
        "id": one.id,
        "created_at": one.created_at,
        "last_seen_at": one.last_seen_at,
        "expires_at": one.expires_at,
        "network": one.network,
        "agent": one.agent,
    }


def sessions(
    ctx: typer.Context,
    user: NameArgument,
    end: Annotated[bool, typer.Option("--end", help=_("log the user out everywhere"))] = False,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show or end sessions."""
    with open_house(ctx) as house:
        ended = house.access.end_sessions(user, name) if end else 0
        found, zone = house.access.list_sessions(user), house.config.zone
    if as_json:
        say_json({"ended": ended, "sessions": [_describe(one) for one in found]})
        return
    if end:
        line = ngettext("{name} is logged out of {n} browser", "{name} is logged out of {n} browsers", ended)
        say(line.format(name=user, n=ended), "green")
        return
    if not found:
        say(_("{name} is not logged in anywhere").format(name=user))
        return
    columns = (_("Logged in"), _("Last seen"), _("From"), _("Browser"))
    table = make_table("", *((column, "left") for column in columns))
    for one in found:
        table.add_row(show_clock(one.created_at, zone), show_clock(one.last_seen_at, zone), one.network, one.agent)
    out.print(table)


def second_factor(
    ctx: typer.Context,
    user: NameArgument,
    off: Annotated[bool, typer.Option("--off", help=_("take it away, such as when the telephone is lost"))] = False,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show or take away a second factor."""
    with open_house(ctx) as house:
        ended = house.access.end_second_factor(user, name) if off else False
        state, zone = house.access.describe(user), house.config.zone
    if as_json:
        say_json({"ended": ended, "set_at": state.second_factor_at, "recovery_codes": state.recovery_codes})
    elif ended:
        say(_("{name} logs in by password alone now").format(name=user), "green")
    elif state.second_factor_at is None:
        say(_("{name} has no second factor; one is set up in the console").format(name=user))
    else:
        line = _("{name} has a second factor since {time}; recovery codes left: {n}")
        say(line.format(name=user, time=show_clock(state.second_factor_at, zone), n=state.recovery_codes))
