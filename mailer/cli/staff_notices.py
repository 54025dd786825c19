"""The commands on notices to staff: where they go, what became of them, and a trial of all."""

import asyncio
from typing import Annotated

import typer
from rich.markup import escape

from mailer.cli.drawing import make_table, out, say, say_json, show_time
from mailer.cli.options import AsOption, HouseGroup, JsonOption, acting_name, open_house
from mailer.i18n import N_, _, ngettext
from mailer.model.notice import CopyRecord, NoticeEvent, NoticeRecord, Target, TestedTarget

EVENT_WORDS = {
    NoticeEvent.OPENED: N_("folder opened"),
    NoticeEvent.REMINDER: N_("not approved yet"),
    NoticeEvent.NO_ISSUE: N_("nothing to send"),
    NoticeEvent.HELD: N_("mailing held"),
    NoticeEvent.FINISHED: N_("mailing finished"),
    NoticeEvent.RELAY: N_("relay stopped or resting"),
    NoticeEvent.BOUNCES: N_("much comes back"),
}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(
        name="notices",
        cls=HouseGroup,
        no_args_is_help=True,
        help=escape(
            _("What staff are told, by mail and in WeCom, DingTalk, Feishu and the like: [staff] and [notices].")
        ),
    )
    group.command("list", help=_("Show where notices go, and what became of the newest."))(show)
    group.command("test", help=_("Send a test notice to every target and say which worked; exit code 1 unless all."))(
        try_all
    )
    app.add_typer(group)


def show(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, help=_("at most as many notices"))] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show targets and notices."""
    with open_house(ctx) as house:
        targets, found, zone = house.notices.targets(), house.notices.list(limit), house.config.zone
    if as_json:
        say_json({"targets": [_target(one) for one in targets], "notices": [_notice(one) for one in found]})
        return
    table = make_table(_("Where notices go"), (_("Target"), "whole"), (_("Service"), "left"), (_("Events"), "left"))
    for target in targets:
        service = _("mail") if "@" in target.name else target.shown
        table.add_row(target.name, service, _(", ").join(_(EVENT_WORDS[one]) for one in target.events))
    if targets:
        out.print(table)
    else:
        say(_("notices go nowhere but to the log: name mailboxes under [staff], or channels under [notices]"), "yellow")
    if not found:
        say(_("no notice was written yet"))
        return
    title = _("Times in {zone}").format(zone=zone.key)
    table = make_table(title, (_("When"), "whole"), (_("Notice"), "left"), (_("To"), "left"), (_("Result"), "left"))
    for one in found:
        for number, copy in enumerate(one.copies or (None,)):
            head = (show_time(one.made_at, zone), one.subject) if number == 0 else ("", "")
            table.add_row(*head, copy.target if copy else "–", _result(copy) if copy else "–")
    out.print(table)


def _result(copy: CopyRecord) -> str:
    if copy.ended_at is None:
        return _("waits: {why}").format(why=copy.result) if copy.result else _("waits")
    return copy.result


def _target(one: Target) -> dict[str, object]:
    return {"name": one.name, "service": "mail" if "@" in one.name else one.shown, "events": list(one.events)}


def _notice(one: NoticeRecord) -> dict[str, object]:
    copies = [
        {"target": copy.target, "tried_at": copy.tried_at, "ended_at": copy.ended_at, "result": copy.result}
        for copy in one.copies
    ]
    return {"id": one.id, "subject": one.subject, "made_at": one.made_at, "until_at": one.until_at, "copies": copies}


def try_all(ctx: typer.Context, name: AsOption = "", as_json: JsonOption = False) -> None:
    """Try every target."""
    with open_house(ctx) as house:
        found = asyncio.run(house.notices.test(acting_name(house, name)))
    if as_json:
        say_json([{"target": one.name, "worked": one.tried.worked, "result": one.tried.result} for one in found])
    else:
        _draw(found)
    if not all(one.tried.worked for one in found):
        raise typer.Exit(1)


def _draw(found: list[TestedTarget]) -> None:
    for one in found:
        word = _("worked") if one.tried.worked else _("failed")
        say(f"{one.name}  {word}: {one.tried.result}", "green" if one.tried.worked else "red")
    worked = sum(one.tried.worked for one in found)
    line = ngettext("{worked} of {n} target worked", "{worked} of {n} targets worked", len(found))
    say(line.format(worked=worked, n=len(found)), "green" if worked == len(found) else "red")
