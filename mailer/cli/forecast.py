"""The command forecast: when a mailing ends at the limits there are, and what makes it last."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from mailer.cli.drawing import make_table, out, say, say_json, show_clock, show_moment
from mailer.cli.options import JsonOption, ListOption, open_house
from mailer.cli.tempo import AtOption, PauseOption, QuietOption, SpreadOption, read_tempo, read_time
from mailer.errors import UsageError
from mailer.i18n import N_, _
from mailer.model.delivery import MailingRecord
from mailer.model.forecast import Forecast, RelayForecast, Wait, WaitKind
from mailer.model.standing_words import say_span

if TYPE_CHECKING:
    from mailer.app import House

WAIT_WORDS = {
    WaitKind.START: N_("its time"),
    WaitKind.LIMIT: N_("relay {name} {limit}"),
    WaitKind.DOMAIN: N_("domains {name} {limit}"),
    WaitKind.REST: N_("relay {name} rests"),
    WaitKind.SPEED: N_("the speed of {name}"),
    WaitKind.SPREAD: N_("its spread"),
    WaitKind.LISTS: N_("the pause between lists"),
    WaitKind.QUIET: N_("quiet hours"),
    WaitKind.TRY: N_("the next try of deferred copies"),
    WaitKind.STOPPED: N_("relay {name} is stopped until a person has looked"),
}


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        "forecast",
        help=_("Say when a mailing, or an issue if it were sent, ends at the limits there are; nothing is changed."),
        epilog=_(
            "For example: `mailer forecast 2020-07 --at “tomorrow 10:00” --spread 6h`, or `mailer forecast last`. It "
            "counts what the limits have used by now; what servers will refuse or defer is not foreseen."
        ),
    )(forecast)


def forecast(
    ctx: typer.Context,
    what: Annotated[
        str, typer.Argument(metavar="MAILING|ISSUE", help=_("a mailing (its number, or `last`), or an issue"))
    ],
    lists: ListOption = None,
    at: AtOption = None,
    spread: SpreadOption = None,
    pause: PauseOption = None,
    quiet: QuietOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forecast a mailing or an issue."""
    with open_house(ctx) as house:
        moment = read_time(at, house) if at is not None else None
        changed = any(one is not None for one in (spread, pause, quiet))
        if what == "last" or what.isdecimal():
            record = house.mailings.get(what)
            if lists or (record.started_at is not None and (changed or moment)):
                raise UsageError(
                    _("the lists of mailing {id} are settled, and of one that has begun its time, too").format(
                        id=record.id
                    ),
                    cure=_("leave these options out, or name the issue"),
                )
            tempo = read_tempo(house, spread, pause, quiet, record.tempo) if changed else None
            found = house.forecasts.of_mailing(str(record.id), moment, tempo)
        else:
            tempo = read_tempo(house, spread, pause, quiet) if changed else None
            found = house.forecasts.of_issue(what, lists or [], moment, tempo)
        zone = house.config.zone
    if as_json:
        say_json(describe_forecast(found))
    else:
        draw_forecast(found, zone)


def draw_forecast(found: Forecast, zone: ZoneInfo) -> None:
    """Print a forecast: when each list goes, when all has ended, what binds, and what was assumed."""
    if len(found.lists) > 1 and found.copies:
        table = make_table(
            _("Times in {zone}").format(zone=zone.key),
            (_("List"), "left"),
            (_("copies"), "right"),
            (_("first"), "whole"),
            (_("last"), "whole"),
        )
        for one in found.lists:
            table.add_row(one.name, str(one.copies), show_clock(one.begins_at, zone), show_clock(one.ends_at, zone))
        out.print(table)
    say(say_forecast(found, zone), "" if found.ends_at is not None else "yellow")
    for relay in found.relays:
        if relay.copies:
            say("  " + _say_relay(relay), "dim")
    if found.copies:
        say("  " + _("if every server takes every copy at the first try"), "dim")


def say_forecast(found: Forecast, zone: ZoneInfo) -> str:
    """Return in one sentence when it ends, and what binds."""
    if not found.copies:
        return _("nobody to send to: the lists are empty, or everyone on them has this issue already")
    if found.stuck:
        return _("it does not end: no relay of config.toml takes {n} of the copies").format(n=found.stuck)
    if found.ends_at is None:
        stopped = next((one for one in found.waits if one.kind is WaitKind.STOPPED), None)
        return _("it does not end by itself: {why}").format(why=say_wait(stopped) if stopped else "–")
    span = say_span(found.seconds or 0)
    when = show_moment(found.ends_at, zone)
    if found.approximate:
        line = _("at these limits it ends about {when}, {span} after it begins")
    elif found.begins_at > found.made_at and found.begins_at != found.ends_at:
        begin = show_moment(found.begins_at, zone)
        line = _("at these limits it begins on {begin} and ends on {when}, {span} later")
        return line.format(begin=begin, when=when, span=span) + _say_binding(found)
    else:
        line = _("at these limits it ends on {when}, {span} after it begins")
    return line.format(when=when, span=span) + _say_binding(found)


def _say_binding(found: Forecast) -> str:
    binds = found.binds
    return _("; what binds: {what}").format(what=say_wait(binds)) if binds is not None else ""


def say_wait(one: Wait) -> str:
    """Return what a run waits for, such as `relay main 40/1d`."""
    return _(WAIT_WORDS[one.kind]).format(name=one.name, limit=one.limit or "").strip()


def _say_relay(one: RelayForecast) -> str:
    speed = f"{one.per_second:.1f}" if one.per_second < 10 else f"{one.per_second:.0f}"
    if one.measured:
        return _("relay {name}: {n} copies; it took {speed} a second of late").format(
            name=one.name, n=one.copies, speed=speed
        )
    return _("relay {name}: {n} copies; {speed} a second is assumed, as it has taken too few yet").format(
        name=one.name, n=one.copies, speed=speed
    )


def say_end(house: "House", mailing: MailingRecord) -> None:
    """Say when a mailing that is not over ends, where that can be told and is not in a moment."""
    found = house.forecasts.try_mailing(mailing)
    if found is not None and found.copies and (found.ends_at is None or not _soon(found, house.now())):
        say(say_forecast(found, house.config.zone))


def _soon(found: Forecast, now: datetime) -> bool:
    return found.ends_at is not None and (found.ends_at - now).total_seconds() < 60


def describe_forecast(found: Forecast) -> dict[str, object]:
    """Return a forecast for --json."""
    binds = found.binds
    return {
        "made_at": found.made_at,
        "begins_at": found.begins_at,
        "ends_at": found.ends_at,
        "seconds": round(found.seconds, 3) if found.seconds is not None else None,
        "approximate": found.approximate,
        "copies": found.copies,
        "no_relay": found.stuck,
        "lists": {
            one.name: {"copies": one.copies, "begins_at": one.begins_at, "ends_at": one.ends_at} for one in found.lists
        },
        "relays": {
            one.name: {
                "copies": one.copies, "begins_at": one.begins_at, "ends_at": one.ends_at,
                "limits": [str(limit) for limit in one.limits],
                "per_second": round(one.per_second, 3), "measured": one.measured,
            }
            for one in found.relays
        },
        "binds": _describe_wait(binds) if binds is not None else None,
        "waits": [_describe_wait(one) for one in found.waits],
    }  # fmt: skip


def _describe_wait(one: Wait) -> dict[str, object]:
    limit = str(one.limit) if one.limit is not None else None
    return {"what": one.kind.value, "name": one.name, "limit": limit, "seconds": round(one.seconds, 3)}
