"""Commands on the audit trail: audit list, verify."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from mailer.cli.drawing import say, say_json, show_clock, who_word
from mailer.cli.options import HouseGroup, JsonOption, open_house
from mailer.i18n import N_, _, ngettext
from mailer.model.audit import Act, AuditCheck, AuditEntry, AuditFault
from mailer.model.people import PROGRAM, Actor

ACT_WORDS: dict[Act, str] = {
    Act.WRITE: N_("written"),
    Act.SUBMIT: N_("submitted"),
    Act.APPROVE: N_("step given"),
    Act.RETURN: N_("returned"),
    Act.VOID: N_("approval void"),
    Act.SCHEDULE: N_("planned for its time"),
    Act.START: N_("started"),
    Act.RESCHEDULE: N_("planned for another time"),
    Act.HOLD: N_("held"),
    Act.RELEASE: N_("released"),
    Act.PAUSE: N_("paused"),
    Act.RESUME: N_("resumed"),
    Act.CANCEL: N_("cancelled"),
    Act.FINISH: N_("finished"),
    Act.REOPEN: N_("running again"),
    Act.SEND_AGAIN: N_("copies again"),
    Act.CORRECT: N_("corrected"),
    Act.PROOF: N_("proof sent"),
    Act.ACCEPT_AUDIENCE: N_("numbers accepted"),
    Act.ADD_USER: N_("registered"),
    Act.CHANGE_USER: N_("changed"),
    Act.DISABLE_USER: N_("disabled"),
    Act.ENABLE_USER: N_("enabled"),
    Act.SUPPRESS: N_("address suppressed"),
    Act.LIFT: N_("suppression lifted"),
    Act.IMPORT_CONTACTS: N_("contacts imported"),
    Act.UNDO_IMPORT: N_("import undone"),
    Act.EXPORT_CONTACTS: N_("contacts exported"),
    Act.CONFIRM: N_("house confirmed"),
    Act.TEST_NOTICES: N_("notices tested"),
    Act.SET_PASSWORD: N_("password set"),
    Act.END_SESSIONS: N_("logged out everywhere"),
    Act.SET_SECOND_FACTOR: N_("second factor set"),
    Act.END_SECOND_FACTOR: N_("second factor taken away"),
    Act.USE_RECOVERY_CODE: N_("recovery code used"),
    Act.LOCK_OUT: N_("too many log-ins failed"),
    Act.BIND_IDENTITY: N_("first log-in by OpenID Connect"),
}
SUBJECT_WORDS = {
    "issue": N_("issue {name}"),
    "mailing": N_("mailing {name}"),
    "user": N_("user {name}"),
    "address": N_("address {name}"),
    "import": N_("import {name}"),
    "list": N_("list {name}"),
}
FAULT_WORDS: dict[AuditFault, str] = {
    AuditFault.CHANGED: N_("entry {id} was changed: its hash is not that of what it holds"),
    AuditFault.BROKEN: N_("entry {id} does not follow the one before: entries were removed, inserted or reordered"),
}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(
        name="audit",
        cls=HouseGroup,
        no_args_is_help=True,
        help=_("Who did what, on record: entries are only ever added, each chained to the one before."),
        epilog=_(
            "Note the head that `mailer audit verify` prints, on paper or in another system: `mailer audit verify "
            "--head HASH` later tells whether anything up to it was taken away. The trail names no reader."
        ),
    )
    group.command("list", help=_("Show the newest entries first."))(show)
    group.command("verify", help=_("Check that no entry was changed, removed, inserted or reordered."))(verify)
    app.add_typer(group)


def show(
    ctx: typer.Context,
    issue: Annotated[str, typer.Option("--issue", metavar="ISSUE", help=_("only an issue and its mailings"))] = "",
    mailing: Annotated[str, typer.Option("--mailing", metavar="MAILING", help=_("only a mailing"))] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help=_("at most as many entries"))] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show entries."""
    with open_house(ctx) as house:
        entries = house.audit.list(limit, issue, mailing)
        numbers = {one.subject.name for one in entries if one.subject.kind == "user" and one.subject.name.isdecimal()}
        users = {str(number): name for number, name in house.people.names(set(map(int, numbers))).items()}
        zone = house.config.zone
    if as_json:
        say_json([describe(one) for one in entries])
        return
    if not entries:
        say(_("nothing is on record yet"))
        return
    say(_("Times in {zone}").format(zone=zone.key), "bold")
    for one in entries:
        say(f"{one.id:>5}  {_moment(one.at, zone)}  {_who(one)}  {_what(one, users)}")
        if details := _details(one.details):
            say(f"       {details}", "dim")


def describe(entry: AuditEntry) -> dict[str, object]:
    """Return an entry for --json."""
    return {
        "id": entry.id,
        "at": entry.at,
        "actor": {"name": entry.actor.name, "user_id": entry.actor.user_id},
        "act": entry.act,
        "subject": {"kind": entry.subject.kind, "name": entry.subject.name},
        "details": _parsed(entry.details),
        "previous_sha256": entry.previous_sha256,
        "sha256": entry.sha256,
    }


def _parsed(details: str) -> object:
    try:
        return json.loads(details)
    except ValueError:  # changed by hand; `verify` says so
        return details


def _moment(at: str, zone: ZoneInfo) -> str:
    try:
        return show_clock(datetime.fromisoformat(at), zone)
    except ValueError:
        return at


def _who(entry: AuditEntry) -> str:
    who = who_word(entry.actor)
    registered = entry.actor.user_id is not None or entry.actor in (PROGRAM, Actor(""))
    return who if registered else _("{name} (not registered)").format(name=who)


def _what(entry: AuditEntry, users: Mapping[str, str]) -> str:
    act = _(ACT_WORDS[Act(entry.act)]) if entry.act in set(Act) else entry.act
    subject = SUBJECT_WORDS.get(entry.subject.kind)
    name = users.get(entry.subject.name, "") if entry.subject.kind == "user" else entry.subject.name
    return _("{what}: {text}").format(what=_(subject).format(name=name), text=act) if subject else act


def _details(details: str) -> str:
    """Return details on one line, without the hashes, which --json has."""
    parsed = _parsed(details)
    if not isinstance(parsed, dict):
        return details
    shown = {key: _show(value) for key, value in parsed.items() if value not in (None, False)}
    return "  ".join(f"{key}: {text}" for key, text in shown.items() if text)


def _show(value: object) -> str:
    match value:
        case dict():
            shown = {key: _show(one) for key, one in value.items()}
            return ", ".join(f"{key} {text}" for key, text in shown.items() if text)
        case list():
            return ", ".join(text for one in value if (text := _show(one)))
    text = str(value)
    return "" if re.fullmatch("[0-9a-f]{64}", text) else text


def verify(
    ctx: typer.Context,
    head: Annotated[
        str, typer.Option("--head", metavar="HASH", help=_("a head noted earlier: is it still part of the chain?"))
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Check the trail."""
    with open_house(ctx) as house:
        found = house.audit.verify(head)
    if as_json:
        say_json(
            {
                "whole": found.whole,
                "entries": found.count,
                "head": {"id": found.head.id, "sha256": found.head.sha256} if found.head is not None else None,
                "fault": found.fault,
                "fault_at": found.fault_at,
                "noted_head_found": found.noted,
                "remembered_head_found": found.remembered,
            }
        )
    else:
        _draw_check(found)
    if not found.whole:
        raise typer.Exit(1)


def _draw_check(found: AuditCheck) -> None:
    if found.fault is not None:
        say(_(FAULT_WORDS[found.fault]).format(id=found.fault_at), "bold red")
        line = ngettext("{n} entry before it is whole", "{n} entries before it are whole", found.count)
        say(line.format(n=found.count))
        say("  → " + _("compare it with a backup; who can write to the database file can do this"))
        return
    wrong = []
    if found.noted is False:
        wrong.append(
            _("the head that was noted is not part of the chain: entries were taken away, or all were rewritten")
        )
    if found.remembered is False:
        line = _(
            "this machine keeps a head that is not part of the chain: entries were taken away, or all were rewritten"
        )
        wrong.append(line)
    for line in wrong:
        say(line, "bold red")
    if wrong:
        say("  → " + _("compare it with a backup; who can write to the database file can do this"))
    else:
        line = ngettext("{n} entry, whole and in order", "{n} entries, whole and in order", found.count)
        say(line.format(n=found.count), "green")
    if found.noted:
        say(_("the head that was noted is part of the chain"), "green")
    if found.head is not None:
        say(_("head: {sha256}").format(sha256=found.head.sha256))
