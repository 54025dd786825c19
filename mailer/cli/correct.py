"""The command correct: the folder of a correction of an issue that has gone out."""

from typing import Annotated

import typer

from mailer.cli.drawing import err, say, say_json
from mailer.cli.options import AsOption, IssueArgument, JsonOption, acting_name, open_house
from mailer.i18n import _


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        "correct",
        help=_("Make a marked correction of an issue that has gone out; it is sent to exactly those who accepted it."),
        epilog=_(
            "For example: `mailer correct 2020-07 --reason WHAT` makes issues/2020-07-correction. Mend its text, "
            "approve it, then `mailer send 2020-07-correction`."
        ),
    )(correct)


def correct(
    ctx: typer.Context,
    issue: IssueArgument,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help=_("what was wrong, in words for its readers"))
    ] = "",
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make the folder of a correction."""
    with open_house(ctx) as house:
        made = house.corrections.make(issue, reason, acting_name(house, name))
    value = made.issue
    if as_json:
        say_json(
            {
                "slug": value.slug, "folder": str(made.folder.resolve()), "corrects": value.corrects,
                "correction": value.correction, "differs": made.differs,
            }
        )  # fmt: skip
        return
    say(_("made {folder}, a correction of issue {slug}").format(folder=made.folder, slug=value.corrects), "green")
    if made.differs:
        line = _("its text is that of {issue} as it is now, which was changed since it was sent")
        say(line.format(issue=issue), "yellow", err)
    if not value.correction:
        say(_("write what was wrong after `correction:` in its issue.md; readers see it"), "yellow")
    say(
        _("next: mend its text, then `mailer approve {slug} --as NAME` and `mailer send {slug}`").format(
            slug=value.slug
        )
    )
