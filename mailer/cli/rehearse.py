"""`send --rehearse`: tells what a rehearsal came to."""

import asyncio
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

import typer

from mailer.cli.drawing import STATUS_WORDS, err, make_table, out, say, say_json
from mailer.cli.forecast import describe_forecast, say_forecast
from mailer.cli.options import open_house
from mailer.cli.progress import show_rate, watch
from mailer.i18n import _, ngettext
from mailer.model.delivery import MailingStatus
from mailer.model.rehearsal import Rehearsal
from mailer.model.standing import Glance


def run_rehearsal(ctx: typer.Context, issue: str, lists: Sequence[str], *, as_json: bool) -> None:
    """Rehearse an issue and say what it came to; exit with 1 unless everyone was taken, once."""
    with open_house(ctx) as house:
        zone = house.config.zone

        async def follow(look: Callable[[], Glance], running: "asyncio.Task[None]") -> None:
            if as_json:
                await asyncio.wait([running])
            else:
                await watch(look, lambda _glance: running.done(), zone, wake=running)

        if not as_json:
            say(_("rehearsing in a copy of the database, into a sink on this machine: nothing leaves"), "dim", err)
        result = asyncio.run(house.rehearsals.rehearse(issue, lists, follow))
    if as_json:
        say_json(describe(result))
    else:
        draw(result, zone)
    if not result.well:
        raise typer.Exit(1)


def _rate(result: Rehearsal) -> float | None:
    return result.messages / result.seconds if result.messages and result.seconds > 0 else None


def describe(result: Rehearsal) -> dict[str, object]:
    """Return a rehearsal for --json."""
    rate = _rate(result)
    return {
        "issue": result.issue_slug,
        "approved": not result.unapproved,
        "preflight_errors": result.errors,
        "status": result.status.value,
        "reason": result.reason,
        "planned": result.planned,
        "taken": result.messages,
        "missing": result.missing,
        "twice": list(result.twice),
        "lists": {
            one.list_name: {
                "active": one.active, "planned": one.planned, "taken": one.taken, "suppressed": one.suppressed,
                "reached": one.reached, "elsewhere": one.elsewhere,
            }
            for one in result.lists
        },
        "octets": result.octets,
        "largest_octets": result.largest,
        "seconds": round(result.seconds, 3),
        "messages_per_s": round(rate, 1) if rate is not None else None,
        "untaken": [
            {"address": one.address, "list": one.list_name, "status": one.status.value, "reason": one.reason}
            for one in result.untaken
        ],
        "forecast": describe_forecast(result.forecast),
        "warnings": _warnings(result),
    }  # fmt: skip


def draw(result: Rehearsal, zone: ZoneInfo) -> None:
    """Print a rehearsal for people."""
    figures = [
        (_("active"), [one.active for one in result.lists]),
        (_("planned"), [one.planned for one in result.lists]),
        (_("taken"), [one.taken for one in result.lists]),
        (_("suppressed"), [one.suppressed for one in result.lists]),
        (_("has it already"), [one.reached for one in result.lists]),
        (_("on a list before"), [one.elsewhere for one in result.lists]),
    ]
    shown = [one for number, one in enumerate(figures) if number < 3 or any(one[1])]
    title = _("Rehearsal of issue {issue}").format(issue=result.issue_slug)
    table = make_table(title, ("", "left"), (_("List"), "left"), *((heading, "right") for heading, _counts in shown))
    for number, part in enumerate(result.lists):
        table.add_row(part.role.value, part.title, *(str(counts[number]) for _heading, counts in shown))
    out.print(table)
    if result.messages:
        say(_("{n} messages, {octets} in all: {mean} each, the largest {largest}; {rate} into the sink").format(
            n=result.messages, octets=_size(result.octets), mean=_size(result.octets / result.messages),
            largest=_size(result.largest), rate=show_rate(_rate(result)),
        ))  # fmt: skip
    if result.forecast.copies:
        say(_("sent now, {forecast}").format(forecast=say_forecast(result.forecast, zone)))
    for warning in _warnings(result):
        say(warning, "yellow")
    for one in result.untaken:
        say("  " + _("{address} ({list}): {status}: {reason}").format(
            address=one.address, list=one.list_name, status=_(STATUS_WORDS[one.status]), reason=one.reason or "–"
        ), "red")  # fmt: skip
    if result.missing > len(result.untaken):
        say("  " + _("and {n} more").format(n=result.missing - len(result.untaken)), "red")
    if result.well and result.messages:
        say(_("all {n} recipients got one copy each, in the sink; nothing has left").format(n=result.messages), "green")
    elif result.well:
        say(_("nobody to send to: the lists are empty, or everyone on them has this issue already"), "yellow")
    elif result.status is not MailingStatus.FINISHED:
        say(_("the rehearsal was held: {reason}").format(reason=result.reason or result.status.value), "red")
    else:
        say(_("not everyone got a copy: {n} are missing").format(n=result.missing), "red")


def _size(octets: float) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if octets >= size:
            return f"{octets / size:.1f} {unit}"
    return f"{octets:.0f} B"


def _warnings(result: Rehearsal) -> list[str]:
    found = []
    if result.unapproved:
        found.append(
            _("{why}: a copy was rendered for this rehearsal; sending needs an approval").format(why=result.unapproved)
        )
    if result.errors:
        found.append(
            ngettext(
                "the preflight has {n} error: `mailer check {issue}`",
                "the preflight has {n} errors: `mailer check {issue}`",
                result.errors,
            ).format(n=result.errors, issue=result.issue_slug)
        )
    if result.no_password:
        found.append(_("the real relay could not be logged in to: {why}").format(why=result.no_password))
    if result.beyond_ascii:
        found.append(
            _("{n} addresses hold letters other than ASCII: only a relay with SMTPUTF8 carries them").format(
                n=result.beyond_ascii
            )
        )
    if result.twice:
        found.append(_("got two copies: {addresses}").format(addresses=_(", ").join(result.twice[:20])))
    return found
