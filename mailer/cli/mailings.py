"""Commands on mailings: send, status, pause, resume, cancel."""

import asyncio
import contextlib
import itertools
import signal
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.drawing import MAILING_WORDS, draw_summary, make_table, out, say, say_json, show_clock, show_time
from mailer.cli.options import IssueArgument, JsonOption, ListOption, MailingArgument, open_house
from mailer.cli.progress import watch
from mailer.cli.rehearse import run_rehearsal
from mailer.cli.standing import describe_pace, draw_standing
from mailer.errors import UsageError
from mailer.i18n import _
from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingStatus, MailingSummary
from mailer.model.standing import Glance, Standing

if TYPE_CHECKING:
    from mailer.app import House

LOOKS_A_SERVE_CHECK = 20  # looking whether a `serve` runs takes its lock for a moment, so not at every look
UNDER_WAY = (MailingStatus.RUNNING, MailingStatus.PAUSED, MailingStatus.HELD)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(
        "send",
        help=_("Plan a mailing of an approved issue, now or at a time; --wait delivers it."),
        epilog=_(
            "For example: `mailer send 2020-07 --rehearse` tries everything and mails nobody; `mailer send 2020-07 "
            "--wait` then delivers it here. Ctrl-C leaves the rest for `mailer resume last --wait`; nobody who has "
            "the issue gets it twice."
        ),
    )(send)
    app.command("status", help=_("Show mailings, or the figures of one."))(status)
    app.command("pause", help=_("Let a running mailing rest; nothing is lost."))(pause)
    app.command("resume", help=_("Go on with a paused or held mailing."))(resume)
    app.command("cancel", help=_("End a mailing; what was not sent yet will not be."))(cancel)


def describe(summary: MailingSummary, standing: Standing) -> dict[str, object]:
    """Return a mailing's figures for --json, and how the relays of its lists stand."""
    mailing = summary.mailing
    return {
        "mailing": mailing.id,
        "issue": mailing.issue_slug,
        "status": mailing.status.value,
        "reason": mailing.reason,
        "scheduled_at": mailing.scheduled_at,
        "started_at": mailing.started_at,
        "finished_at": mailing.finished_at,
        "planned": summary.planned,
        **{one.value: summary.count(one) for one in DeliveryStatus},
        "bounced": summary.bounced,
        "retries": summary.retries,
        "lists": {
            part.list_name: {
                "planned": part.planned,
                **{one.value: part.counts.get(one, 0) for one in DeliveryStatus},
                "bounced": part.bounced,
                "retries": part.retries,
                "reasons": [
                    {"status": one.status.value, "class": one.reply_class, "count": one.count, "example": one.example}
                    for one in part.reasons
                ],
            }
            for part in summary.lists
        },
        "relays": [describe_pace(one) for one in standing.relays],
        "slowed_domains": [describe_pace(one) for one in standing.domains],
    }


def describe_mailing(house: "House", summary: MailingSummary) -> dict[str, object]:
    """Return the same, reading how the relays stand."""
    return describe(summary, house.relays.standing(summary.mailing.lists))


def parse_moment(text: str, house: "House") -> datetime:
    """Return the moment a person means, in the newsletter's zone unless it says another. Raises UsageError."""
    try:
        moment = datetime.fromisoformat(text.strip().replace("/", "-"))
    except ValueError:
        raise UsageError(
            _("“{text}” is not a time").format(text=text), field="--at", cure=_("write it as 2020-07-31T10:00")
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=house.config.zone)
    if moment <= house.now():
        raise UsageError(
            _("{time} is past").format(time=show_time(moment, house.config.zone)),
            field="--at",
            cure=_("leave --at out to send now"),
        )
    return moment


def send(
    ctx: typer.Context,
    issue: IssueArgument,
    lists: ListOption = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help=_("when, such as 2020-07-31T10:00"))] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help=_("deliver now and show it; follows a `serve` that runs"))
    ] = False,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help=_("the whole run into a sink on this machine; nothing leaves"))
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Plan a mailing."""
    if rehearse:
        if at or wait:
            raise UsageError(
                _("--rehearse goes with neither --at nor --wait"), cure=_("rehearse first, then send without it")
            )
        run_rehearsal(ctx, issue, lists or [], as_json=as_json)
        return
    if at and wait:
        raise UsageError(
            _("--at and --wait do not go together"), cure=_("`mailer serve` sends what is planned for later")
        )
    with open_house(ctx) as house:
        mailing = house.mailings.schedule(issue, lists or [], parse_moment(at, house) if at else None)
        if not at:
            mailing = house.mailings.start(mailing.id)
        summary = deliver_or_follow(house, mailing, wait=wait, as_json=as_json)
        if not as_json:
            _say_sent(house, summary, wait=wait)
    exit_unless_well(summary, wait=wait)


def exit_unless_well(summary: MailingSummary, *, wait: bool) -> None:
    """Exit with 1 when a person must look, or when what was waited for is not finished."""
    status = summary.mailing.status
    if status is MailingStatus.HELD or (wait and status is not MailingStatus.FINISHED):
        raise typer.Exit(1)


def _say_sent(house: "House", summary: MailingSummary, *, wait: bool) -> None:
    mailing = summary.mailing
    if wait or mailing.status is MailingStatus.HELD:
        draw_summary(summary)
    elif mailing.status is MailingStatus.SCHEDULED:
        when = show_time(mailing.scheduled_at, house.config.zone)
        line = _("mailing {id} of issue {issue} is planned for {when}")
        say(line.format(id=mailing.id, issue=mailing.issue_slug, when=when))
        if not _serve_runs(house):
            say(_("`mailer serve` does not run on this folder: start it, or nothing is sent"), "yellow")
    else:
        line = _("mailing {id} of issue {issue} has begun: {n} recipients")
        say(line.format(id=mailing.id, issue=mailing.issue_slug, n=summary.planned))
    say_what_is_left(house, summary)


def _serve_runs(house: "House") -> bool:
    lock = house.lock("serve")
    if lock.take():
        lock.free()
        return False
    return True


async def deliver_and_watch(house: "House", mailing: MailingRecord, *, quiet: bool) -> None:
    """Deliver a mailing here, or follow the `serve` that does; Ctrl-C drains and leaves the rest pending."""
    name, zone = str(mailing.id), house.config.zone

    def look() -> Glance:
        return house.mailings.glance(name)

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if _serve_runs(house):
        looks = itertools.count(1)
        stopping = asyncio.create_task(_wait_for(stop))

        def ended(glance: Glance) -> bool:
            gone = next(looks) % LOOKS_A_SERVE_CHECK == 0 and not _serve_runs(house)
            return stop.is_set() or gone or glance.progress.mailing.status is not MailingStatus.RUNNING

        await watch(look, ended, zone, quiet=quiet, wake=stopping)
        stopping.cancel()
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
    if mailing.status is MailingStatus.RUNNING and not _serve_runs(house):
        say(
            _("mailing {id} goes on with `mailer serve`, or with `mailer resume {id} --wait`").format(id=mailing.id),
            "yellow",
        )
    if mailing.started_at is not None and summary.planned == 0:
        say(_("nobody to send to: the lists are empty, or everyone on them has this issue already"), "yellow")


def status(
    ctx: typer.Context,
    mailing: Annotated[
        str | None, typer.Argument(metavar="[MAILING]", help=_("a mailing: its number, or `last`"))
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show mailings, or one."""
    with open_house(ctx) as house:
        if mailing is not None:
            summary = house.mailings.summarise(mailing)
            if as_json:
                say_json(describe_mailing(house, summary))
                return
            draw_summary(summary)
            if summary.mailing.status in UNDER_WAY:
                draw_standing(house.relays.standing(summary.mailing.lists), house.config.zone)
            return
        records = house.mailings.newest()
        zone = house.config.zone
        if as_json:
            say_json([describe_mailing(house, house.mailings.summarise(str(record.id))) for record in records])
            return
        standing = house.relays.standing()
    if not records:
        say(_("no mailing yet: `mailer approve ISSUE --as NAME`, then `mailer send ISSUE`"))
        return
    table = make_table(
        _("Times in {zone}").format(zone=zone.key),
        (_("No."), "right"),
        (_("Issue"), "whole"),
        (_("Status"), "left"),
        (_("Lists"), "left"),
        (_("Planned for"), "left"),
    )
    for record in records:
        table.add_row(
            str(record.id),
            record.issue_slug,
            _(MAILING_WORDS[record.status]) + (f": {record.reason}" if record.reason else ""),
            _(", ").join(record.lists),
            show_clock(record.scheduled_at or record.created_at, zone),
        )
    out.print(table)
    draw_standing(standing, zone)


def _say_moved(house: "House", record: MailingRecord, *, as_json: bool) -> None:
    if as_json:  # the figures of a large mailing take their time, and only a script asked for them
        say_json(describe_mailing(house, house.mailings.summarise(str(record.id))))
    else:
        say(_("mailing {id} is {status}").format(id=record.id, status=_(MAILING_WORDS[record.status])))


def pause(ctx: typer.Context, mailing: MailingArgument, as_json: JsonOption = False) -> None:
    """Pause a mailing."""
    with open_house(ctx) as house:
        _say_moved(house, house.mailings.pause(mailing), as_json=as_json)


def resume(
    ctx: typer.Context,
    mailing: MailingArgument,
    wait: Annotated[
        bool, typer.Option("--wait", help=_("deliver now and show it, also one that runs already"))
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Resume a mailing: one that was held before it started is started anew."""
    with open_house(ctx) as house:
        record = house.mailings.get(mailing)
        if not (wait and record.status is MailingStatus.RUNNING):
            record = house.mailings.resume(mailing)
        summary = deliver_or_follow(house, record, wait=wait, as_json=as_json)
        if not as_json:
            if wait or summary.mailing.status is MailingStatus.HELD:
                draw_summary(summary)
            else:
                say(_("mailing {id} is {status}").format(id=record.id, status=_(MAILING_WORDS[summary.mailing.status])))
            say_what_is_left(house, summary)
    exit_unless_well(summary, wait=wait)


def cancel(ctx: typer.Context, mailing: MailingArgument, as_json: JsonOption = False) -> None:
    """Cancel a mailing."""
    with open_house(ctx) as house:
        _say_moved(house, house.mailings.cancel(mailing), as_json=as_json)
