"""Commands on issues: new, import."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.drawing import say, say_json
from mailer.cli.options import JsonOption, open_house
from mailer.i18n import _, ngettext
from mailer.model.issue import ImportRemark, Issue, Role, issue_tables


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("new", help=_("Make a newsletter folder: settings, templates, empty lists."))(make_new)
    app.command("import", help=_("Turn a document into an issue folder; never overwrites one unasked."))(import_file)


def make_new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help=_("the folder to make; it must not hold anything yet"))],
    as_json: JsonOption = False,
) -> None:
    """Make a newsletter folder."""
    from mailer.app import create_newsletter  # slow to load

    made = create_newsletter(folder)
    if as_json:
        say_json({"folder": str(folder.resolve()), "files": [str(path) for path in made]})
        return
    say(_("made {folder}").format(folder=folder))
    say(_("next: set sender and relay in {file}, then `mailer -C {folder} import FILE`").format(
        file=folder / "config.toml", folder=shlex.quote(str(folder))
    ))  # fmt: skip


def describe_import(issue: Issue, remarks: tuple[ImportRemark, ...]) -> dict[str, object]:
    """Return what an import came to, for --json."""
    bodies = {line.role.value: list(line.bodies) for line in issue.circulation}
    masthead = issue.masthead
    return {
        "slug": issue.slug,
        "year": masthead.year,
        "number": masthead.number,
        "total": masthead.total,
        "date": masthead.date.isoformat(),
        "sections": [section.title for section in issue.sections],
        "articles": len(issue.articles),
        "tables": len(issue_tables(issue)),
        "circulation": {role.value: bodies.get(role.value, []) for role in (Role.UPWARD, Role.SIDEWAYS)} | bodies,
        "warnings": [{"line": one.line, "text": one.text, "cure": one.cure} for one in remarks],
    }


def import_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("a bulletin: Word, WPS, text, Markdown or HTML"))],
    slug: Annotated[str | None, typer.Option(help=_("the issue folder’s name; else year-number"))] = None,
    replace: Annotated[bool, typer.Option("--replace", help=_("replace an issue folder that exists"))] = False,
    as_json: JsonOption = False,
) -> None:
    """Turn a document into an issue folder."""
    with open_house(ctx) as house:
        issue, remarks = house.issues.import_document(file, slug, replace=replace)
        folder = house.home / "issues" / issue.slug
    if as_json:
        say_json(describe_import(issue, remarks))
        return
    say(_("made {folder}: {sections}, {articles}, {tables}").format(
        folder=folder,
        sections=ngettext("{n} section", "{n} sections", len(issue.sections)).format(n=len(issue.sections)),
        articles=ngettext("{n} article", "{n} articles", len(issue.articles)).format(n=len(issue.articles)),
        tables=ngettext("{n} table", "{n} tables", len(issue_tables(issue))).format(n=len(issue_tables(issue))),
    ))  # fmt: skip
    for remark in remarks:
        say(_("{file}:{line}: {text}").format(file=file, line=remark.line, text=remark.text), "yellow")
        say(f"  → {remark.cure}")
