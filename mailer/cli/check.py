"""The command check: an issue's preflight, and with --online its links."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Protocol

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from mailer.cli.drawing import SEVERITY_WORDS, err, say, say_json, say_marked
from mailer.cli.options import IssueArgument, JsonOption, ListOption, open_house
from mailer.i18n import _, ngettext
from mailer.model.report import Finding, Severity


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("check", help=_("Check an issue before it is approved."))(check)


def draw_findings(findings: list[Finding]) -> None:
    """Print findings, the gravest first."""
    order = list(Severity)
    for finding in sorted(findings, key=lambda one: order.index(one.severity)):
        word, style = SEVERITY_WORDS[finding.severity]
        say_marked(_(word), style, " " + _("{what}: {text}").format(what=finding.place, text=finding.text))
        if finding.cure:
            say(f"  → {finding.cure}")


def count_findings(findings: list[Finding]) -> str:
    """Return how many there are of each severity, as a line."""
    counts = {severity: sum(one.severity is severity for one in findings) for severity in Severity}
    errors, warnings, notes = counts[Severity.ERROR], counts[Severity.WARNING], counts[Severity.NOTE]
    parts = [
        ngettext("{n} error", "{n} errors", errors).format(n=errors) if errors else "",
        ngettext("{n} warning", "{n} warnings", warnings).format(n=warnings) if warnings else "",
        ngettext("{n} note", "{n} notes", notes).format(n=notes) if notes else "",
    ]
    return _(", ").join(part for part in parts if part)


class _Moves(Protocol):
    def __call__(self, done: int, total: int, /) -> None: ...


@contextmanager
def _link_progress(*, quiet: bool) -> Iterator[_Moves]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=err,
        transient=True,
        disable=quiet or not err.is_terminal,
    )
    with bar:
        task = bar.add_task(_("links"), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def check(
    ctx: typer.Context,
    issue: IssueArgument,
    lists: ListOption = None,
    online: Annotated[bool, typer.Option("--online", help=_("follow the links, too"))] = False,
    as_json: JsonOption = False,
) -> None:
    """Check an issue; exit code 1 when there is an error."""
    with open_house(ctx) as house:
        loaded = house.issues.read(issue)
        editions = house.issues.render(loaded, lists or [])
        findings = house.issues.check(loaded.issue, editions)
        findings += house.checks.ask_spam_filter(editions)
        if online:
            with _link_progress(quiet=as_json) as moves:
                findings += house.checks.follow_links(loaded.issue, moves)
    errors = any(finding.severity is Severity.ERROR for finding in findings)
    if as_json:
        order = list(Severity)
        say_json(
            [
                {"severity": one.severity.value, "place": one.place, "text": one.text, "cure": one.cure}
                for one in sorted(findings, key=lambda one: order.index(one.severity))
            ]
        )
    else:
        draw_findings(findings)
        if findings:
            say(count_findings(findings))
        if errors:
            say(_("not to be approved before the errors are mended"), "bold red")
        else:
            say(_("nothing stands in the way of approval"), "green")
    raise typer.Exit(1 if errors else 0)
