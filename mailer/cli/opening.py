"""Commands on the next issue: issue new."""

from datetime import date
from typing import Annotated

import typer

from mailer.cli.drawing import say, say_json
from mailer.cli.options import HouseGroup, JsonOption, open_house
from mailer.errors import UsageError
from mailer.i18n import _


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(
        name="issue", cls=HouseGroup, no_args_is_help=True, help=_("The next issue: its folder made from the last one.")
    )
    group.callback()(_group)  # else Typer makes a single command of it
    group.command(
        "new",
        help=_("Make the folder of the next issue: numbers and date counted on, nothing written; never overwrites."),
    )(make_issue)
    app.add_typer(group)


def _group() -> None:
    """Hold the commands together."""


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip().replace("/", "-"))
    except ValueError:
        raise UsageError(
            _("“{text}” is not a date").format(text=text), field="--date", cure=_("write it as 2020-08-31")
        ) from None


def make_issue(
    ctx: typer.Context,
    day: Annotated[
        str | None, typer.Option("--date", metavar="DATE", help=_("its date; else the next due date without an issue"))
    ] = None,
    number: Annotated[
        int | None, typer.Option(min=1, max=9999, help=_("its number in the year; else one more than the last"))
    ] = None,
    like: Annotated[
        str | None,
        typer.Option("--from", metavar="ISSUE", help=_("the issue its sections are taken from; else the newest")),
    ] = None,
    slug: Annotated[str | None, typer.Option(help=_("the issue folder’s name; else year-number"))] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the folder of the next issue."""
    with open_house(ctx) as house:
        begun = house.months.begin(_parse_day(day) if day else None, number, like, slug)
    masthead = begun.issue.masthead
    if as_json:
        say_json(
            {
                "slug": begun.issue.slug,
                "folder": str(begun.folder.resolve()),
                "year": masthead.year,
                "number": masthead.number,
                "total": masthead.total,
                "date": masthead.date.isoformat(),
                "from": begun.before,
            }
        )
        return
    said = {"folder": begun.folder, "before": begun.before, "date": masthead.date}
    if masthead.number is None:
        say(_("made {folder} from {before}: dated {date}").format(**said))
    elif masthead.total is None:
        say(_("made {folder} from {before}: No. {number}, dated {date}").format(**said, number=masthead.number))
    else:
        say(_("made {folder} from {before}: No. {number} (issue {total}), dated {date}").format(
            **said, number=masthead.number, total=masthead.total
        ))  # fmt: skip
    say(_("next: write over each place holder; `mailer check {slug}` says what is missing").format(
        slug=begun.issue.slug
    ))  # fmt: skip
