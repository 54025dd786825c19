"""Commands on returned mail: bounces poll, read, explain."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.drawing import class_word, say, say_error, say_json
from mailer.cli.explaining import describe_reply, draw_reply
from mailer.cli.kept_mail import add_kept_to
from mailer.cli.options import HouseGroup, JsonOption, open_house
from mailer.errors import InputError
from mailer.i18n import _
from mailer.model.history_words import say_about
from mailer.model.outcome import Phase
from mailer.model.report import Report, ReportedRecipient, ReportKind, ReturnedMail, Tie
from mailer.model.report_words import RECEIPT_WORDS, REPORT_WORDS

_NO_FAILURE = frozenset({ReportKind.DELIVERED, ReportKind.RELAYED, ReportKind.RECEIPT})


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(name="bounces", cls=HouseGroup, no_args_is_help=True, help=_("Mail that came back."))
    group.command("poll", help=_("Read the mailbox of returned mail and tie each mail to its delivery."))(poll)
    add_kept_to(group)
    group.command("read", help=_("Read returned mails from files, mbox files, Maildirs, or `-`."))(read)
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
    report = returned.report
    return {
        "file": returned.source,
        "number": returned.number,
        "kind": report.kind.value,
        "recipients": [
            {
                "address": one.address,
                "kind": report.kind_of(one).value,
                "class": one.meaning.reply_class.value,
                "hard": report.is_hard(one),
                "status": one.status,
                "reason": _(one.meaning.summary) if one.meaning.summary else "",
                "diagnostic": one.diagnostic,
                "final": one.final,
            }
            for one in report.recipients
        ],
        "message_id": report.message_id,
        "error": returned.error,
        "sender": report.sender,
        "reply": report.reply,
        "delivery": returned.delivery_id,
        "recorded": returned.recorded,
        "suppressed": returned.suppressed,
        "tie": returned.tie.value if returned.tie is not None else "",
        "about": returned.about,
    }


def draw(found: Iterable[ReturnedMail], *, as_json: bool) -> bool:
    """Print what returned mails came to, each as it comes; False when one could not be read."""
    none, whole = True, True
    for returned in found:
        none, whole = False, whole and not returned.error
        if as_json:
            say_json(describe(returned))
        elif returned.error:
            say_error(InputError(_("cannot be read: {why}").format(why=returned.error), file=returned.source))
        else:
            _draw_one(returned)
    if none and not as_json:
        say(_("no returned mail"))
    return whole


def _draw_one(returned: ReturnedMail) -> None:
    report = returned.report
    name = returned.source if returned.number == 1 else f"{returned.source} #{returned.number}"
    kind = _("an answer by a person") if report.reply else _(REPORT_WORDS[report.kind])
    say(_("{what}: {text}").format(what=name, text=kind))
    for one in report.recipients:
        say("  " + _("{what}: {text}").format(what=one.address, text=_explain(report, one)))
    if returned.delivery_id is None:
        say("  " + _("it is about no delivery of ours; nothing was changed"), "yellow")
    elif report.kind is ReportKind.UNSUBSCRIBE:
        say("  " + _("the reader gets no further issue of this list"), "yellow")
    elif returned.suppressed:
        say("  " + _("the address is suppressed from now on"), "yellow")
    if returned.tie is Tie.PROBABLE:
        say("  " + _("only its address and time tie it to a copy of ours: probably"), "yellow")
    if returned.about:
        say("  " + say_about(report.kind.value, returned.about))


def _explain(report: Report, one: ReportedRecipient) -> str:
    """Return what a report says of one recipient; a class and its reasons only where the mail did not arrive."""
    kind, said = report.kind_of(one), f"{one.status} {one.diagnostic}".strip()
    why = class_word(one.meaning.reply_class.value)
    if kind in _NO_FAILURE:
        why = _(REPORT_WORDS[kind])
        said = _(RECEIPT_WORDS[one.diagnostic]) if one.diagnostic in RECEIPT_WORDS else said
    elif kind is not report.kind:
        why = _("{what}: {text}").format(what=_(REPORT_WORDS[kind]), text=why)
    return _("{what}: {text}").format(what=why, text=said) if said else why


def poll(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Read the mailbox of returned mail."""
    with open_house(ctx) as house:
        draw(house.returned.poll(), as_json=as_json)


def read(
    ctx: typer.Context,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help=_("mails, mbox files, Maildirs, or - for standard input"))
    ],
    as_json: JsonOption = False,
) -> None:
    """Read returned mails from files; without a newsletter's database they are read only."""
    with open_house(ctx) as house:
        whole = draw(house.returned.read_files(files, sys.stdin.buffer), as_json=as_json)
    if not whole:
        raise typer.Exit(1)


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
