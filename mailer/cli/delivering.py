"""A running mailing delivered here, or followed where a `serve` delivers it, and what is said when that ends."""

import asyncio
import contextlib
import itertools
import signal
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import typer

from mailer.cli.drawing import say, say_json
from mailer.cli.progress import watch
from mailer.cli.summary import describe_mailing
from mailer.i18n import _
from mailer.model.delivery import MailingRecord, MailingStatus, MailingSummary
from mailer.model.standing import Glance

if TYPE_CHECKING:
    from mailer.app import House

LOOKS_A_SERVE_CHECK = 20  # looking whether a `serve` runs takes its lock for a moment, so not at every look


def serve_runs(house: "House") -> bool:
    """Return whether a `serve` runs on this folder."""
    lock = house.lock("serve")
    if lock.take():
        lock.free()
        return False
    return True


async def deliver_and_watch(house: "House", mailing: MailingRecord, *, quiet: bool) -> None:
    """Deliver a mailing here, or follow the `serve` that does; Ctrl-C drains and leaves the rest pending.

    Raises HouseHeldError where this house sends nothing, also when that is found on the way.
    """
    house.identity.require()
    name, zone = str(mailing.id), house.config.zone

    def look() -> Glance:
        return house.mailings.glance(name)

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if serve_runs(house):
        looks = itertools.count(1)
        stopping = asyncio.create_task(_wait_for(stop))

        def ended(glance: Glance) -> bool:
            gone = next(looks) % LOOKS_A_SERVE_CHECK == 0 and (
                not serve_runs(house) or house.identity.look() is not None
            )
            return stop.is_set() or gone or glance.progress.mailing.status is not MailingStatus.RUNNING

        await watch(look, ended, zone, quiet=quiet, wake=stopping)
        stopping.cancel()
        house.identity.require()
        return
    delivering = asyncio.create_task(house.relays.deliver(stop, mailing.id))
    if not quiet:
        await watch(look, lambda _glance: delivering.done(), zone, wake=delivering)
    await delivering


async def _wait_for(event: asyncio.Event) -> None:
    await event.wait()


def deliver_or_follow(
    house: "House",
    mailing: MailingRecord,
    *,
    wait: bool,
    as_json: bool,
    more: Mapping[str, object] = MappingProxyType({}),
) -> MailingSummary:
    """Deliver or follow a running mailing where that is asked for, and return its figures; `more` joins their JSON."""
    if wait and mailing.status is MailingStatus.RUNNING:
        asyncio.run(deliver_and_watch(house, mailing, quiet=as_json))
    summary = house.mailings.summarise(str(mailing.id))
    if as_json:
        say_json({**describe_mailing(house, summary), **more})
    return summary


def say_what_is_left(house: "House", summary: MailingSummary) -> None:
    """Say how a mailing that still runs goes on, or that there was nobody to send to."""
    mailing = summary.mailing
    if mailing.status is MailingStatus.RUNNING and not serve_runs(house):
        say(
            _("mailing {id} goes on with `mailer serve`, or with `mailer resume {id} --wait`").format(id=mailing.id),
            "yellow",
        )
    if mailing.status is MailingStatus.HELD:
        line = _(
            "mend what it says, then `mailer resume {id} --wait`; `mailer retry {id} --refused` has refused ones again"
        )
        say(line.format(id=mailing.id), "yellow")
    if mailing.started_at is not None and summary.planned == 0:
        say(_("nobody to send to: the lists are empty, or everyone on them has this issue already"), "yellow")


def exit_unless_well(summary: MailingSummary, *, wait: bool) -> None:
    """Exit with 1 when a person must look, or when what was waited for is not finished."""
    status = summary.mailing.status
    if status is MailingStatus.HELD or (wait and status is not MailingStatus.FINISHED):
        raise typer.Exit(1)
