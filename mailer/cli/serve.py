"""The command that keeps the time, serve; and the sender's own process."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.drawing import err, show_time
from mailer.cli.options import open_house
from mailer.errors import MailerError, StateError, UsageError
from mailer.i18n import _
from mailer.model.unit import UnitKind

if TYPE_CHECKING:
    from mailer.app import House

log = logging.getLogger(__name__)

NOTICES_EVERY_S = 10.0
NOTICES_LAST_S = 5.0  # what one that is on its way still gets at the end
COUNT_EVERY_S = 60.0
RESTART_S = 2.0
MOST_RESTART_S = 60.0
GOOD_RUN_S = 300.0  # after one this long, the next wait is the shortest again


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("serve", help=_("Keep the schedule, send what is due, and answer readers, until stopped."))(serve)
    app.command("sender", hidden=True)(run_sender)


def serve(
    ctx: typer.Context,
    kind: Annotated[
        UnitKind | None, typer.Argument(metavar="[systemd|launchd]", help=_("with --print-unit: for which system"))
    ] = None,
    print_unit: Annotated[
        bool, typer.Option("--print-unit", help=_("print the file that has the system keep `serve` running"))
    ] = False,
    per_user: Annotated[
        bool, typer.Option("--user", help=_("with --print-unit: for this account, not for the whole machine"))
    ] = False,
) -> None:
    """Run until stopped, or print the unit that does."""
    if print_unit:
        _print_unit(ctx, kind, per_user=per_user)
        return
    if kind is not None or per_user:
        raise UsageError(_("these words go with --print-unit only"), cure=_("`mailer serve --print-unit`"))
    with open_house(ctx, notices=False) as house:
        house.relays.settings()  # what would fail at the due moment fails now
        house.notices.channels()
        _calendar = house.working_days
        lock = house.lock("serve")
        lock.require(_("another `mailer serve` runs on this folder"), _("stop that one first"))
        try:
            asyncio.run(_serve(house))
        finally:
            lock.free()


def _print_unit(ctx: typer.Context, kind: UnitKind | None, *, per_user: bool) -> None:
    from mailer.app import write_house_unit

    with open_house(ctx, notices=False) as house:
        text = write_house_unit(house, kind, per_user=per_user)
    sys.stdout.write(text)


async def _serve(house: "House") -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    await asyncio.to_thread(house.open)
    clock = house.timetable.make_clock()
    sender = asyncio.create_task(_keep_sender(house.home, stop))
    told = [asyncio.create_task(_send_notices(act, stop)) for act in (house.notices.deliver, house.notices.post)]
    tasks = [sender, *told]
    tasks.append(asyncio.create_task(_count_reports(house, stop)))
    if house.config.bounces.maildir or house.config.bounces.imap_host:
        tasks.append(asyncio.create_task(_watch_mailbox(house, stop)))
    tasks.append(asyncio.create_task(_serve_console(house, stop)))
    if house.config.public_url:
        tasks.append(asyncio.create_task(_serve_web(house, stop)))
    clock.start(lambda: asyncio.to_thread(house.timetable.tick), house.timetable.next_wake, house.timetable.triggers)
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


async def _serve_console(house: "House", stop: asyncio.Event) -> None:
    settings = house.config.console

    def listening(port: int) -> None:
        where = settings.url or f"http://{settings.host}:{port}/"
        err.print(_("console on {address}").format(address=where), markup=False, soft_wrap=True)

    from mailer.cli.console import create_console, serve_public  # FastAPI is slow to load

    app = await asyncio.to_thread(create_console, house)
    await serve_public(
        app, settings.host, settings.port, stop, on_listening=listening, field="console.port", keep_alive_s=120
    )


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


async def _watch_mailbox(house: "House", stop: asyncio.Event) -> None:
    """Keep returned mail read in a thread of its own, with its own connection; also while the house is held."""
    watch = house.returned.watch()
    watching = asyncio.create_task(asyncio.to_thread(watch.run))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([watching, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        watch.stop()
        await watching


async def _send_notices(send: Callable[[], Coroutine[None, None, None]], stop: asyncio.Event) -> None:
    """Send what staff are to be told, apart from the clock: who is slow to answer must not stop it."""
    stopping = asyncio.create_task(stop.wait())
    while not stop.is_set():
        delivering = asyncio.create_task(send())
        await asyncio.wait([delivering, stopping], return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            await asyncio.wait([delivering], timeout=NOTICES_LAST_S)
            delivering.cancel()
        try:
            await delivering
        except asyncio.CancelledError:
            return
        except Exception:
            log.exception("notices could not be sent; tried again")
        await asyncio.wait([stopping], timeout=NOTICES_EVERY_S)


async def _count_reports(house: "House", stop: asyncio.Event) -> None:
    """Count large mailings anew from time to time, and when those under way end, so that no page waits for that."""
    stopping = asyncio.create_task(stop.wait())
    while not stop.is_set():
        try:
            await asyncio.to_thread(house.reports.renew)
            await asyncio.to_thread(house.forecasts.renew)
        except MailerError as error:
            log.warning("nothing is counted anew just now: %s", error)
        await asyncio.wait([stopping], timeout=COUNT_EVERY_S)


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
    with open_house(ctx, notices=False) as house:
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
