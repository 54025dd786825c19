"""Commands on returned mail: bounces poll, read, explain."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.drawing import class_word, say, say_json
from mailer.cli.explaining import describe_reply, draw_reply
from mailer.cli.options import HouseGroup, JsonOption, open_house
from mailer.errors import InputError
from mailer.i18n import N_, _
from mailer.model.outcome import Phase
from mailer.model.report import ReportedRecipient, ReportKind, ReturnedMail

KIND_WORDS = {
    ReportKind.BOUNCE: N_("bounce"),
    ReportKind.DELIVERED: N_("delivered"),
    ReportKind.DELAYED: N_("delayed"),
    ReportKind.RELAYED: N_("passed on to a server that sends no receipts"),
    ReportKind.UNSUBSCRIBE: N_("a reader asks to leave"),
    ReportKind.OTHER: N_("not understood"),
}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(name="bounces", cls=HouseGroup, no_args_is_help=True, help=_("Mail that came back."))
    group.command("poll", help=_("Read the mailbox of returned mail and tie each mail to its delivery."))(poll)
    group.command("read", help=_("Read returned mails from files, or one from `-`."))(read)
    group.command(
        "explain",
        help=_("Say what a mail server's reply means and what follows from it."),
        epilog=_(
            'For example: mailer bounces explain "550 5.1.1 User unknown". With - one reply a line is read from '
            "standard input. Rules of your own stand in config.toml; see docs/replies.md."
        ),
    )(explain)
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
        elif returned.report.kind is ReportKind.UNSUBSCRIBE:
            say("  " + _("the reader gets no further issue of this list"), "yellow")
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


def explain(
    ctx: typer.Context,
    text: Annotated[
        list[str],
        typer.Argument(metavar="TEXT|-", help=_("the reply as it came, or - for one a line on standard input")),
    ],
    phase: Annotated[Phase, typer.Option("--phase", help=_("the step of the dialogue that it answers"))] = Phase.RCPT,
    domain: Annotated[
        str, typer.Option("--domain", metavar="DOMAIN", help=_("the recipient's domain, for rules of one provider"))
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Explain replies; works without a newsletter folder."""
    from mailer.app.replies import explain_reply, read_replies, rules_for  # slow to load

    rules = rules_for(Path(ctx.obj))
    replies = read_replies(sys.stdin.buffer) if text == ["-"] else iter([" ".join(text)])
    for number, reply in enumerate(replies):
        meaning = explain_reply(reply, phase, domain, rules)
        if as_json:
            say_json(describe_reply(reply, meaning))
        else:
            if number:
                say("")
            draw_reply(reply, meaning)
        sys.stdout.flush()


def _read_file(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise InputError(_("cannot be read: {why}").format(why=error.strerror), file=name) from None
