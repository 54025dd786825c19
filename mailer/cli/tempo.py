"""The tempo of a mailing on the command line: its options, and how it is said."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from mailer.cli.drawing import err, say, show_moment, show_time
from mailer.errors import UsageError
from mailer.i18n import _
from mailer.model.delivery import MailingRecord, MailingStatus
from mailer.model.local_time import NoTimeOfDayError, read_moment
from mailer.model.tempo import NONE, Tempo, parse_quiet_hours, parse_span

if TYPE_CHECKING:
    from mailer.app import House

LONGEST = timedelta(days=92)
OFF = ("off", "none", "no", "0", "无", "不")

AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help=_("when, such as “2020-07-31 10:00” or “tomorrow 10:00”")),
]
SpreadOption = Annotated[
    str | None,
    typer.Option("--spread", metavar="SPAN", help=_("spread the copies evenly over so long, such as 6h or 3d")),
]
PauseOption = Annotated[
    str | None,
    typer.Option(
        "--pause-between-lists", metavar="SPAN", help=_("rest so long after each list (报 goes first), such as 30m")
    ),
]
QuietOption = Annotated[
    str | None,
    typer.Option(
        "--quiet-hours", metavar="FROM-TO", help=_("send nothing then, such as 22:00-07:00; `off` sends at any hour")
    ),
]


def read_tempo(
    house: "House", spread: str | None, pause: str | None, quiet: str | None, base: Tempo | None = None
) -> Tempo:
    """Return the tempo these options make of another (None: that of the settings). Raises UsageError."""
    tempo = base if base is not None else house.mailings.tempo
    if spread is not None:
        tempo = replace(tempo, spread=_read_span(spread, "--spread"))
    if pause is not None:
        tempo = replace(tempo, pause=_read_span(pause, "--pause-between-lists"))
    if quiet is not None:
        try:
            hours = None if _is_off(quiet) else parse_quiet_hours(quiet, house.config.timezone)
        except ValueError:
            hours = None
        if hours is None and not _is_off(quiet):
            raise UsageError(
                _("“{text}” is not understood as quiet hours").format(text=quiet),
                field="--quiet-hours",
                cure=_("write two times of day such as 22:00-07:00, or `off`"),
            )
        tempo = replace(tempo, quiet=hours)
    return tempo


def _is_off(text: str) -> bool:
    return text.strip().casefold() in OFF


def _read_span(text: str, option: str) -> timedelta:
    if _is_off(text):
        return NONE
    try:
        span = parse_span(text)
    except ValueError:
        span = LONGEST * 2
    if span > LONGEST:
        raise UsageError(
            _("“{text}” is not understood as a length of time").format(text=text),
            field=option,
            cure=_("write a number with its unit, such as 30m, 6h or 3d; {days} days at most").format(
                days=LONGEST.days
            ),
        )
    return span


def read_time(text: str, house: "House") -> datetime:
    """Return the moment a person means, in the newsletter's zone unless it says another; says where clocks jump.

    Raises UsageError for what is no time, or is past.
    """
    zone = house.config.zone
    try:
        read = read_moment(text, house.now(), zone)
    except NoTimeOfDayError:
        raise UsageError(
            _("“{text}” has no time of day").format(text=text), field="--at", cure=_("write it as 2020-07-31 10:00")
        ) from None
    except ValueError:
        raise UsageError(
            _("“{text}” is not a time").format(text=text),
            field="--at",
            cure=_("write it as 2020-07-31 10:00, or as tomorrow 10:00"),
        ) from None
    if read.moment <= house.now():
        raise UsageError(
            _("{time} is past").format(time=show_time(read.moment, zone)),
            field="--at",
            cure=_("leave --at out to send now"),
        )
    if read.skipped:
        line = _("the clocks of {zone} skip that time; {time} is meant")
        say(line.format(zone=zone.key, time=show_time(read.moment, zone)), "yellow", err)
    if read.twice:
        first, second = read.moment.replace(fold=0), read.moment.replace(fold=1)
        line = _("the clocks of {zone} show that time twice; the first is meant: {first} (the second is {second})")
        say(line.format(zone=zone.key, first=first.isoformat(), second=second.isoformat()), "yellow", err)
    return read.moment


def say_waiting(mailing: MailingRecord, now: datetime, zone: ZoneInfo) -> list[str]:
    """Return what a running mailing waits for by its tempo: quiet hours, the turn of a list."""
    if mailing.status is not MailingStatus.RUNNING:
        return []
    lines = []
    if (until := mailing.tempo.quiet_until(now)) is not None:
        lines.append(_("quiet hours until {when}").format(when=show_moment(until, zone)))
    for name, opens_at in mailing.openings.items():
        if opens_at > now and mailing.tempo.pause:
            lines.append(_("list {name} begins at {when}").format(name=name, when=show_moment(opens_at, zone)))
    return lines


def describe_tempo(tempo: Tempo) -> dict[str, object]:
    """Return a tempo for --json."""
    return {
        "spread_s": tempo.spread.total_seconds(),
        "pause_between_lists_s": tempo.pause.total_seconds(),
        "quiet_hours": str(tempo.quiet) if tempo.quiet is not None else None,
    }
