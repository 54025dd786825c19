"""The command doctor."""

from typing import Annotated

import typer

from mailer.cli.check import count_findings, draw_findings
from mailer.cli.drawing import say, say_json
from mailer.cli.options import JsonOption, open_house
from mailer.i18n import _
from mailer.model.report import Severity


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        "doctor",
        help=_("Look the newsletter over: settings, secrets, folders, database, sheets, templates, clock, fonts."),
        epilog=_(
            "Nothing is changed or sent. With --online the network is asked, too: whether hosts are there, and what "
            "the DNS says of SPF, DKIM and DMARC; `mailer relay test NAME` tries a log-in. Exit code 1 when there is "
            "an error; warnings and notes alone are 0."
        ),
    )(doctor)


def doctor(
    ctx: typer.Context,
    online: Annotated[bool, typer.Option("--online", help=_("ask the DNS and look for hosts, too"))] = False,
    as_json: JsonOption = False,
) -> None:
    """Look a newsletter over."""
    with open_house(ctx, notices=False) as house:
        findings = house.doctor.examine(thorough=True, online=online)
    failed = any(one.severity is Severity.ERROR for one in findings)
    if as_json:
        found = [
            {"severity": one.severity.value, "place": one.place, "text": one.text, "cure": one.cure} for one in findings
        ]
        say_json({"good": not failed, "online": online, "findings": found})
    else:
        draw_findings(findings)
        say(count_findings(findings) or _("Nothing was found."), "red" if failed else "green")
    if failed:
        raise typer.Exit(1)
