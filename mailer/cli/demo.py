"""The command demo."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from mailer.cli.drawing import err, say, say_json
from mailer.cli.options import JsonOption
from mailer.cli.progress import watch
from mailer.cli.report import write_files
from mailer.cli.summary import draw_summary
from mailer.errors import StateError
from mailer.i18n import _, current_language, ngettext
from mailer.model.figures import Report
from mailer.model.report_words import REPORT_WORDS
from mailer.model.standing import Glance

if TYPE_CHECKING:
    from mailer.app import House
    from mailer.demo.play import DemoResult


class _Doors:
    """The doors of the house, for the demo."""

    async def serve_pages(self, house: "House", stop: asyncio.Event, listening: Callable[[int], None]) -> None:
        from mailer.cli.readers import ReaderActions, create_public_app, serve_public  # FastAPI is slow to load

        actions = await asyncio.to_thread(ReaderActions, house)
        try:
            await serve_public(create_public_app(actions, house.config), "127.0.0.1", 0, stop, on_listening=listening)
        finally:
            await asyncio.to_thread(actions.close)

    def write_report(self, house: "House", report: Report, path: Path) -> Path:
        return write_files(house, report, house.reports.views(report), html=path)[0]


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("demo", help=_("The whole job here and now: bulletin, lists, a local SMTP server, report."))(run_demo)


def run_demo(
    folder: Annotated[Path, typer.Option("--dir", help=_("the folder the demo makes anew each time"))] = Path(
        "var/demo"
    ),
    as_json: JsonOption = False,
) -> None:
    """Play the whole job."""
    from mailer.demo.play import final_states, play  # slow to load

    def step(sentence: str) -> None:
        if not as_json:
            err.print(f"✓ {sentence}", markup=False, soft_wrap=True)

    async def follow(look: Callable[[], Glance], delivering: asyncio.Task[None], zone: ZoneInfo) -> None:
        await watch(look, lambda _glance: delivering.done(), zone, quiet=as_json, wake=delivering)

    result = asyncio.run(play(folder.resolve(), current_language(), step, follow, _Doors()))
    if as_json:
        say_json(describe(result))
    else:
        draw(result)
    states = final_states(result.summary)
    if sum(states.values()) != result.summary.planned or result.twice or result.taken != states["accepted"]:
        raise StateError(_("the figures of the demo do not add up; this is a fault of the program"))


def describe(result: "DemoResult") -> dict[str, object]:
    """Return the demo's outcome as one object for --json; every path is absolute."""
    from mailer.demo.play import final_states

    summary, figures = result.summary, result.figures
    return {
        "issue": summary.mailing.issue_slug,
        "planned": summary.planned,
        **final_states(summary),
        "bounced": summary.bounced,
        "complaints": figures.events("complaint"),
        "receipts": figures.events("receipt"),
        "delivered": figures.heard("delivered"),
        "received": figures.events("received"),
        "unsubscribed": figures.events("unsubscribe"),
        "opened": figures.reading("opens", "human"),
        "clicked": figures.reading("clicks", "human"),
        "machines": figures.reading("clicks", "machine"),
        "retries": summary.retries,
        "seconds": round(result.seconds, 2),
        "files": {
            "html": {one.list_name: str(one.html) for one in result.files},
            "text": {one.list_name: str(one.text) for one in result.files},
            "eml": {one.list_name: str(one.eml) for one in result.files},
            "report": str(result.report),
            "database": str(result.database),
        },
    }


def draw(result: "DemoResult") -> None:
    """Print the demo's outcome for people."""
    draw_summary(result.summary)
    for returned in result.returned:
        for one in returned.report.recipients:
            said = {"address": one.address, "status": one.status, "diagnostic": one.diagnostic}
            kind = _(REPORT_WORDS[returned.report.kind])
            say("  " + _("returned later: {address}: {kind} {status} {diagnostic}").format(**said, kind=kind))
    figures = result.figures
    say(
        _("{opened} readers opened it and {clicked} clicked, machines not counted; {received} confirmed receipt; "
          "{left} unsubscribed").format(
            opened=figures.reading("opens", "human"),
            clicked=figures.reading("clicks", "human"),
            received=figures.events("received"),
            left=figures.events("unsubscribe"),
        )
    )  # fmt: skip
    say(
        ngettext("the mail server holds {n} message", "the mail server holds {n} messages", result.taken).format(
            n=result.taken
        )
        + _(", nobody has one twice")
    )
    say("")
    for files in result.files:
        for path in (files.html, files.text, files.eml):
            say(str(path))
    say(str(result.database))
    say(_("the report: {path}").format(path=result.report), "bold")
    say("")
    say(_("done in {seconds} s").format(seconds=f"{result.seconds:.1f}"), "green")
    say(_("look on: `mailer -C {folder} status last`, `mailer -C {folder} lists`").format(folder=result.folder), "dim")
