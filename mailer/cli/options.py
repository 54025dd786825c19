"""What commands share: the house of the folder, --json, and how an error ends a command."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from mailer.cli.drawing import say_error
from mailer.cli.notices import say_notice
from mailer.errors import HouseHeldError, MailerError, UsageError
from mailer.i18n import _

if TYPE_CHECKING:
    from mailer.app import House

JsonOption = Annotated[bool, typer.Option("--json", help=_("print JSON for scripts"))]
ListOption = Annotated[list[str] | None, typer.Option("--list", "-l", help=_("a list by its name; repeat for several"))]
IssueArgument = Annotated[
    str, typer.Argument(metavar="ISSUE", help=_("an issue: its slug such as 2020-07, or its folder"))
]
MailingArgument = Annotated[str, typer.Argument(metavar="MAILING", help=_("a mailing: its number, or `last`"))]

AsOption = Annotated[
    str,
    typer.Option("--as", metavar="NAME", envvar="MAILER_AS", help=_("who does it; needed once users are registered")),
]


def logged_in_name() -> str:
    """Return who is logged in, for the record. Raises UsageError where that has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise UsageError(
            _("nobody is logged in by name"), field="--as", cure=_("say who has it done: --as NAME")
        ) from None


def acting_name(house: "House", name: str) -> str:
    """Return who acts: the name given, else who is logged in while nobody is registered, else nobody."""
    return name or ("" if house.people.registered else logged_in_name())


_UsageError: Any = typer.BadParameter.__mro__[1]  # click's; Typer brings its own and names it nowhere


def _name_of(param: Any) -> str:
    return str(param.opts[0] if param.param_type_name == "option" else param.metavar or param.name)


class HouseGroup(TyperGroup):
    """A group of commands whose expected errors end in one clear line and their exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an expected error is printed, not traced."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            # Typer has these words in English only; the class of a missing one is not public
            if type(error).__name__ != "MissingParameter" or error.param is None:
                raise
            raise _UsageError(_("{name} is missing").format(name=_name_of(error.param)), error.ctx) from None
        except MailerError as error:
            say_error(error)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None


@contextmanager
def open_house(ctx: typer.Context, *, notices: bool = True) -> Iterator["House"]:
    """Open the newsletter folder of this command, and close it after; say then, on stderr, what a person must know."""
    from mailer.app import House  # the libraries of the database are slow to load, and --help needs none of them

    house = House(Path(ctx.obj))
    try:
        yield house
    except HouseHeldError:
        notices = False  # the error says it
        raise
    finally:
        if notices:
            say_notice(house)
        house.close()
