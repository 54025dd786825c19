"""Commands that keep the time: serve and schedule; and the sender's own process."""

import asyncio
import contextlib
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.drawing import err, make_table, out, say, say_json, show_clock, show_time
from mailer.cli.options import JsonOption, open_house
from mailer.errors import StateError
from mailer.i18n import N_, _

if TYPE_CHECKING:
    from mailer.app import House

log = logging.getLogger(__name__)

RESTART_S = 2.0
MOST_RESTART_S = 60.0
GOOD_RUN_S = 300.0  # after one this long, the next wait is the shortest again


PAST_WORDS = {
    "planned": N_("a mailing was planned"),
    "held: later than its grace": N_("held, as it was too late"),
    "nothing is approved": N_("nothing was approved, so nothing was sent"),
}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("serve", help=_("Keep the schedule, send what is due, and answer readers, until stopped."))(serve)
    app.command("schedule", help=_("Show what goes out when."))(show_schedule)
    app.command("sender", hidden=True)(run_sender)


def serve(ctx: typer.Context) -> None:
    """Run until stopped."""
    with open_house(ctx) as house:
        house.relays.settings()  # what would fail at the due moment fails now
        lock = house.lock("serve")
        lock.require(_("another `mailer serve` runs on this folder"), _("stop that one first"))
        try:
            asyncio.run(_serve(house))
        finally:
            lock.free()


async def _serve(house: "House") -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    await asyncio.to_thread(house.open)
    clock = house.timetable.make_clock()
    sender = asyncio.create_task(_keep_sender(house.home, stop))
    tasks = [sender]
    if house.config.public_url:
        tasks.append(asyncio.create_task(_serve_web(house, stop)))
    clock.start(lambda: asyncio.to_thread(house.timetable.tick), house.timetable.next_wake)
    _announce(house)
    try:
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        await clock.stop()
        for task in tasks:
            await task  # raises what ended it
    finally:
        stop.set()
        await asyncio.gather(*tasks, return_exceptions=True)


def _announce(house: "House") -> None:
    coming = house.timetable.coming(1)
    when = show_time(coming[0].due_at, house.config.zone) if coming else _("nothing is scheduled")
    err.print(_("serving {folder}; next: {when}; stop with Ctrl-C").format(
        folder=house.home.resolve(), when=when
    ), markup=False, soft_wrap=True)  # fmt: skip


async def _serve_web(house: "House", stop: asyncio.Event) -> None:
    def listening(port: int) -> None:
        err.print(
            _("public pages on http://{host}:{port}").format(host=house.config.web.host, port=port),
            markup=False,
            soft_wrap=True,
        )

    from mailer.cli.readers import ReaderActions, create_public_app, serve_public  # FastAPI is slow to load

    actions = await asyncio.to_thread(ReaderActions, house)
    try:
        app = create_public_app(actions, house.config)
        await serve_public(app, house.config.web.host, house.config.web.port, stop, on_listening=listening)
    finally:
        await asyncio.to_thread(actions.close)


async def _keep_sender(home: Path, stop: asyncio.Event) -> None:
    """Run the sender as a child process, and again when it dies; on stop let it drain."""
    wait = RESTART_S
    while not stop.is_set():
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "mailer", "-C", str(home), "sender", stdin=asyncio.subprocess.PIPE
        )
        began = asyncio.get_running_loop().time()
        ended = asyncio.create_task(child.wait())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            if child.returncode is None:
                child.terminate()
            await ended
            return
        stopping.cancel()
        if asyncio.get_running_loop().time() - began > GOOD_RUN_S:
            wait = RESTART_S
        log.error("the sender ended with %s; started again in %.0f s", child.returncode, wait)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await stop.wait()
        wait = min(wait * 2, MOST_RESTART_S)


def run_sender(ctx: typer.Context) -> None:
    """Deliver what runs until told to stop, or until the process that started this one is gone."""
    with open_house(ctx) as house:
        asyncio.run(_send_until_stopped(house))


async def _send_until_stopped(house: "House") -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    if not sys.stdin.isatty():
        # the parent holds the other end of our stdin and never writes: its end is the parent's end, even by kill -9
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        watching = asyncio.create_task(reader.read())
        watching.add_done_callback(lambda _task: stop.set())
    while True:
        try:
            await house.relays.deliver(stop)
        except StateError as error:  # a `send --wait` is at work, or the last sender is still draining
            log.warning("%s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RESTART_S):
                    await stop.wait()
        if stop.is_set():
            return


def show_schedule(
    ctx: typer.Context,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=100, help=_("how many dates"))] = 6,
    as_json: JsonOption = False,
) -> None:
    """Show the next dates."""
    with open_house(ctx) as house:
        coming = house.timetable.coming(count)
        planned = house.mailings.planned()
        past = house.timetable.past(3)
        zone = house.config.zone
        settings = house.config.schedule
    if as_json:
        say_json(
            {
                "schedules": [
                    {"schedule": one.schedule, "due_at": one.due_at, "provisional": one.provisional} for one in coming
                ],
                "past": [
                    {"schedule": one.schedule, "due_at": one.due_at, "mailing": one.mailing_id, "result": one.result}
                    for one in past
                ],
                "mailings": [
                    {"mailing": one.id, "issue": one.issue_slug, "scheduled_at": one.scheduled_at} for one in planned
                ],
            }
        )
        return
    if not coming and not planned:
        say(_("nothing is scheduled: add a [schedule.monthly] table to config.toml, or `mailer send ISSUE --at TIME`"))
        return
    title = _("Times in {zone}").format(zone=zone.key)
    table = make_table(title, (_("When"), "whole"), (_("What"), "left"), (_("Lists"), "left"), (_("Note"), "left"))
    for one in planned:
        what = _("mailing {id} of issue {issue}").format(id=one.id, issue=one.issue_slug)
        table.add_row(show_clock(one.scheduled_at, zone), what, _(", ").join(one.lists), "")
    for occurrence in coming:
        schedule = settings[occurrence.schedule]
        note = _("provisional: the holidays are not announced yet") if occurrence.provisional else ""
        what = _("schedule {name}: the newest approved issue").format(name=occurrence.schedule)
        lists = _(", ").join(schedule.lists) or _("all")
        table.add_row(show_clock(occurrence.due_at, zone), what, lists, note)
    out.print(table)
    for one_past in past:
        word = _(PAST_WORDS[one_past.result]) if one_past.result in PAST_WORDS else one_past.result
        when = show_clock(one_past.due_at, zone)
        say(_("was due {when}, schedule {name}: {result}").format(when=when, name=one_past.schedule, result=word))
