"""Commands on mailings: send, status, pause, resume, cancel."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.delivering import deliver_or_follow, exit_unless_well, say_what_is_left
from mailer.cli.drawing import MAILING_WORDS, make_table, out, say, say_json, show_clock
from mailer.cli.forecast import describe_forecast, say_end
from mailer.cli.holding import say_way_on, say_where
from mailer.cli.options import (
    AsOption,
    IssueArgument,
    JsonOption,
    ListOption,
    MailingArgument,
    acting_name,
    open_house,
)
from mailer.cli.reach import describe_correction, describe_reach, draw_correction, draw_missing, draw_reach
from mailer.cli.rehearse import run_rehearsal
from mailer.cli.standing import draw_standing
from mailer.cli.summary import describe_mailing, draw_audience, draw_summary
from mailer.cli.tempo import AtOption, PauseOption, QuietOption, SpreadOption, read_tempo, read_time, say_waiting
from mailer.errors import UsageError
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.delivery import MailingRecord, MailingStatus, MailingSummary, SendAgain
from mailer.model.tempo_words import say_tempo

if TYPE_CHECKING:
    from mailer.app import House

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
    app.command("status", help=_("Show mailings, or the figures of one; of an issue, whom it reached."))(status)
    app.command("pause", help=_("Let a running mailing rest; nothing is lost."))(pause)
    app.command("resume", help=_("Go on with a paused or held mailing."))(resume)
    app.command("cancel", help=_("End a mailing; what was not sent yet will not be."))(cancel)


def is_mailing(name: str) -> bool:
    """Return whether a name is that of a mailing rather than of an issue."""
    return name == "last" or name.isdecimal()


def send(
    ctx: typer.Context,
    issue: IssueArgument,
    lists: ListOption = None,
    at: AtOption = None,
    spread: SpreadOption = None,
    pause: PauseOption = None,
    quiet: QuietOption = None,
    wait: Annotated[
        bool, typer.Option("--wait", help=_("deliver now and show it; follows a `serve` that runs"))
    ] = False,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help=_("the whole run into a sink on this machine; nothing leaves"))
    ] = False,
    missing: Annotated[
        bool, typer.Option("--missing", help=_("only to those it has not reached; says first how many they are"))
    ] = False,
    again: Annotated[
        str | None,
        typer.Option(
            "--again", metavar="REASON", help=_("also to those who have it: a second copy, on record with why")
        ),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="ADDR", help=_("with --again: only to these readers; repeat for several")),
    ] = None,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Plan a mailing."""
    _refuse_pairs(at=at, wait=wait, missing=missing, again=again, to=to)
    if rehearse:
        if at or wait or missing or again is not None or spread or pause or quiet:
            raise UsageError(
                _("--rehearse goes with no option but --list"), cure=_("rehearse first, then send without it")
            )
        run_rehearsal(ctx, issue, lists or [], as_json=as_json)
        return
    with open_house(ctx) as house:
        moment = read_time(at, house) if at else None
        tempo = read_tempo(house, spread, pause, quiet)
        word = _word_for(house, again, to or [], name) if again is not None else None
        more = _look_before(house, issue, lists or [], missing=missing, as_json=as_json)
        mailing = house.mailings.schedule(issue, lists or [], moment, name, again=word, tempo=tempo)
        if not at:
            mailing = house.mailings.start(mailing.id)
        if wait and not as_json:
            say_ahead(house, mailing)
        summary = deliver_or_follow(house, mailing, wait=wait, as_json=as_json, more=more)
        if not as_json:
            _say_sent(house, summary, wait=wait)
    exit_unless_well(summary, wait=wait)


def _refuse_pairs(*, at: str | None, wait: bool, missing: bool, again: str | None, to: Sequence[str] | None) -> None:
    """Refuse options of `send` that say two things. Raises UsageError."""
    if again is None and to:
        raise UsageError(
            _("--to goes with --again only"), cure=_("a mailing goes to lists; a proof to staff: `mailer proof`")
        )
    if again is not None and missing:
        raise UsageError(_("--missing and --again do not go together"), cure=_("leave one of them out"))
    if at and wait:
        raise UsageError(
            _("--at and --wait do not go together"), cure=_("`mailer serve` sends what is planned for later")
        )


def _word_for(house: "House", reason: str, to: Sequence[str], name: str) -> SendAgain:
    return SendAgain(acting_name(house, name), reason, frozenset(parse_address(one).key for one in to))


def _look_before(
    house: "House", issue: str, lists: Sequence[str], *, missing: bool, as_json: bool
) -> Mapping[str, object]:
    """Say whom it goes to where that is not simply its lists; return the same for --json."""
    more: dict[str, object] = {}
    found = house.reach.require_missing(issue, lists) if missing else None
    if found is None and house.issues.load(issue).corrects:
        house.lists.sync(lists)
        found = house.reach.tell(issue, lists)
    if found is None:
        return more
    if missing:
        more["missing"] = found.missing
        if not as_json:
            draw_missing(found)
    if found.correction is not None:
        more["correction"] = describe_correction(found.correction)
        if not as_json:
            draw_correction(found.correction, aside=True)
    return more


def _say_sent(house: "House", summary: MailingSummary, *, wait: bool) -> None:
    mailing = summary.mailing
    if wait or mailing.status is MailingStatus.HELD:
        draw_summary(summary)
        draw_audience(house, mailing.id)
    elif mailing.status is MailingStatus.SCHEDULED:
        say_where(house, mailing)
        say_ahead(house, mailing)
    else:
        line = _("mailing {id} of issue {issue} has begun: {n} recipients")
        say(line.format(id=mailing.id, issue=mailing.issue_slug, n=summary.planned))
        draw_audience(house, mailing.id)
        say_ahead(house, mailing)
    say_what_is_left(house, summary)


def say_ahead(house: "House", mailing: MailingRecord) -> None:
    """Say what a mailing waits for by its tempo just now, how it keeps time, and when it ends."""
    lines = say_waiting(mailing, house.now(), house.config.zone)
    for line in lines:
        say(line, "yellow")
    if lines and mailing.tempo.quiet_until(house.now()) is not None:
        say("  → " + _("it waits; `mailer reschedule {id} --quiet-hours off` sends at once").format(id=mailing.id))
    if words := say_tempo(mailing.tempo):
        say(words)
    say_end(house, mailing)


def status(
    ctx: typer.Context,
    mailing: Annotated[
        str | None,
        typer.Argument(
            metavar="[MAILING]", help=_("a mailing: its number, or `last`; or an issue, for whom it reached")
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show mailings, or one; or an issue: whom it reached, whom it misses."""
    with open_house(ctx) as house:
        if mailing is None:
            _show_all(house, as_json=as_json)
        elif is_mailing(mailing):
            _show_mailing(house, house.mailings.summarise(mailing), as_json=as_json)
        elif as_json:
            say_json(describe_reach(house.reach.tell(mailing)))
        else:
            draw_reach(house.reach.tell(mailing), house.config.zone)


def _show_mailing(house: "House", summary: MailingSummary, *, as_json: bool) -> None:
    if as_json:
        ahead = house.forecasts.try_mailing(summary.mailing)
        more = {"forecast": describe_forecast(ahead) if ahead is not None else None}
        say_json({**describe_mailing(house, summary), **more})
        return
    draw_summary(summary)
    draw_audience(house, summary.mailing.id)
    if summary.mailing.status is MailingStatus.HELD:
        say("  → " + say_way_on(summary.mailing, house))
    if summary.mailing.status is MailingStatus.SCHEDULED:
        say_where(house, summary.mailing)
    if summary.mailing.status in UNDER_WAY:
        draw_standing(house.relays.standing(summary.mailing.lists), house.config.zone)
    say_ahead(house, summary.mailing)


def _show_all(house: "House", *, as_json: bool) -> None:
    records, zone = house.mailings.newest(), house.config.zone
    if as_json:
        say_json([describe_mailing(house, house.mailings.summarise(str(record.id))) for record in records])
        return
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
        word = _(MAILING_WORDS[record.status])
        table.add_row(
            str(record.id),
            record.issue_slug,
            _("{what}: {text}").format(what=word, text=record.reason) if record.reason else word,
            _(", ").join(record.lists),
            show_clock(record.scheduled_at or record.created_at, zone),
        )
    out.print(table)
    for record in records:
        if record.status is MailingStatus.HELD:
            say(_("mailing {id}: {way}").format(id=record.id, way=say_way_on(record, house)), "yellow")
    draw_standing(house.relays.standing(), zone)


def _say_moved(house: "House", record: MailingRecord, *, as_json: bool) -> None:
    if as_json:  # the figures of a large mailing take their time, and only a script asked for them
        say_json(describe_mailing(house, house.mailings.summarise(str(record.id))))
    else:
        say(_("mailing {id} is {status}").format(id=record.id, status=_(MAILING_WORDS[record.status])))


def pause(ctx: typer.Context, mailing: MailingArgument, name: AsOption = "", as_json: JsonOption = False) -> None:
    """Pause a mailing."""
    with open_house(ctx) as house:
        _say_moved(house, house.mailings.pause(mailing, name), as_json=as_json)


def resume(
    ctx: typer.Context,
    mailing: MailingArgument,
    wait: Annotated[
        bool, typer.Option("--wait", help=_("deliver now and show it, also one that runs already"))
    ] = False,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Resume a mailing: one that was held before it started is started anew."""
    with open_house(ctx) as house:
        record = house.mailings.get(mailing)
        if not (wait and record.status is MailingStatus.RUNNING):
            record = house.mailings.resume(mailing, name)
        summary = deliver_or_follow(house, record, wait=wait, as_json=as_json)
        if not as_json:
            if wait or summary.mailing.status is MailingStatus.HELD:
                draw_summary(summary)
                draw_audience(house, summary.mailing.id)
            else:
                say_where(house, summary.mailing)
            say_what_is_left(house, summary)
    exit_unless_well(summary, wait=wait)


def cancel(ctx: typer.Context, mailing: MailingArgument, name: AsOption = "", as_json: JsonOption = False) -> None:
    """Cancel a mailing."""
    with open_house(ctx) as house:
        _say_moved(house, house.mailings.cancel(mailing, name), as_json=as_json)
