"""Commands on returned mail: bounces poll, read."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.drawing import class_word, say, say_json
from mailer.cli.options import HouseGroup, JsonOption, open_house
from mailer.errors import InputError
from mailer.i18n import N_, _
from mailer.model.report import ReportedRecipient, ReportKind, ReturnedMail

KIND_WORDS = {
    ReportKind.BOUNCE: N_("bounce"),
    ReportKind.DELIVERED: N_("delivered"),
    ReportKind.DELAYED: N_("delayed"),
    ReportKind.OTHER: N_("not understood"),
}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(name="bounces", cls=HouseGroup, no_args_is_help=True, help=_("Mail that came back."))
    group.command("poll", help=_("Read the mailbox of returned mail and tie each mail to its delivery."))(poll)
    group.command("read", help=_("Read returned mails from files, or one from `-`."))(read)
    app.add_typer(group)


def describe(returned: ReturnedMail) -> dict[str, object]:
    """Return one returned mail for --json."""
    return {
        "file": returned.source,
        "kind": returned.report.kind.value,
        "recipients": [
            {
                "address": one.address,
                "class": one.meaning.reply_class.value,
                "hard": one.meaning.reply_class.hard,
                "status": one.status,
                "diagnostic": one.diagnostic,
            }
            for one in returned.report.recipients
        ],
        "message_id": returned.report.message_id,
        "delivery": returned.delivery_id,
        "recorded": returned.recorded,
        "suppressed": returned.suppressed,
    }


def draw(found: list[ReturnedMail], *, as_json: bool) -> None:
    """Print what returned mails came to."""
    if as_json:
        for returned in found:
            say_json(describe(returned))
        return
    for returned in found:
        say(_("{what}: {text}").format(what=returned.source, text=_(KIND_WORDS[returned.report.kind])))
        for one in returned.report.recipients:
            say("  " + _("{what}: {text}").format(what=one.address, text=_explain(one)))
        if returned.delivery_id is None:
            say("  " + _("it is about no delivery of ours; nothing was changed"), "yellow")
        elif returned.suppressed:
            say("  " + _("the address is suppressed from now on"), "yellow")
    if not found:
        say(_("no returned mail"))


def _explain(one: ReportedRecipient) -> str:
    why, reply = class_word(one.meaning.reply_class.value), f"{one.status} {one.diagnostic}".strip()
    return _("{what}: {text}").format(what=why, text=reply) if reply else why


def poll(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Read the mailbox of returned mail."""
    with open_house(ctx) as house:
        draw(house.returned.poll(), as_json=as_json)


def read(
    ctx: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help=_("mails as files, or - for standard input"))],
    as_json: JsonOption = False,
) -> None:
    """Read returned mails from files."""
    with open_house(ctx) as house:
        mails = [(name, _read_file(name)) for name in files]
        draw([house.returned.read(raw, name) for name, raw in mails], as_json=as_json)


def _read_file(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise InputError(_("cannot be read: {why}").format(why=error.strerror), file=name) from None
