"""Commands on returned mail that waits for a person: bounces list, show, done, tie, undo."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

from mailer.cli.drawing import make_table, out, say, say_json, show_clock
from mailer.cli.options import AsOption, JsonOption, acting_name, open_house
from mailer.errors import UsageError
from mailer.i18n import _, ngettext
from mailer.model.kept_mail import HandMeaning, KeptMail, KeptState, Saying
from mailer.model.report import Tie
from mailer.model.report_words import HAND_WORDS, REPORT_WORDS, say_taken_back, say_tie
from mailer.model.words import STATUS_WORDS

MOST_NAMED = 3  # addresses in one cell
NumbersArgument = Annotated[
    list[int], typer.Argument(metavar="NUMBER…", min=1, help=_("mails, by their numbers in `bounces list`"))
]
NumberArgument = Annotated[
    int, typer.Argument(metavar="NUMBER", min=1, help=_("a mail, by its number in `bounces list`"))
]


def add_kept_to(group: typer.Typer) -> None:
    """Add these commands to the group of returned mail."""
    group.command(
        "list",
        help=_("List what waits for a person: answers, and mail that was not understood."),
        epilog=_("`mailer bounces show NUMBER` shows one; `done`, `tie` and `undo` deal with it."),
    )(show_kept)
    group.command("show", help=_("Show a mail that was kept, and which copies it may be about."))(show_one)
    group.command("done", help=_("Mark mails as dealt with; nothing else changes. `undo` has them wait again."))(done)
    group.command(
        "tie",
        help=_("Say which copy a mail is about and what it means; that is recorded as if it had been understood."),
        epilog=escape(
            _(
                "For example: mailer bounces tie 12 --copy last li@firm.example --means hard --reason “the secretary "
                "says he has left”. hard and soft are bounces and complaint is a complaint, which suppress by the same "
                "rules as any ([suppression] in config.toml); left ends the subscription; answer puts it among the "
                "answers; nothing says that it is about no copy."
            )
        ),
    )(tie)
    group.command(
        "undo", help=_("Have mails wait again: takes back that they were done, or what was said of them by `tie`.")
    )(undo)


def show_kept(
    ctx: typer.Context,
    answers: Annotated[bool, typer.Option("--answers", help=_("what people have answered"))] = False,
    unknown: Annotated[
        bool, typer.Option("--unknown", help=_("what was not understood, or not surely tied to a copy"))
    ] = False,
    over: Annotated[bool, typer.Option("--done", help=_("what was dealt with"))] = False,
    most: Annotated[int, typer.Option("-n", "--number", min=1, help=_("how many of each, the newest first"))] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the mails that wait for a person; both kinds unless one is asked for."""
    chosen = {KeptState.ANSWERS: answers, KeptState.OTHERS: unknown, KeptState.DONE: over}
    wanted = [state for state, asked in chosen.items() if asked] or [KeptState.ANSWERS, KeptState.OTHERS]
    with open_house(ctx) as house:
        zone = house.config.zone
        kept = {state: house.kept_mail.list(state, most) for state in wanted}
        answers_count, others_count = house.kept_mail.count()
    if as_json:
        for mails in kept.values():
            for mail in mails:
                say_json(describe_kept(mail))
        return
    titles = {
        KeptState.ANSWERS: _("Answers by people: {n}").format(n=answers_count),
        KeptState.OTHERS: _("Not understood, or not surely: {n}").format(n=others_count),
        KeptState.DONE: _("Dealt with"),
    }
    for state, mails in kept.items():
        columns = ((_("No."), "right"), (_("date ({zone})").format(zone=zone.key), "whole"), (_("from"), "left"))
        table = make_table(
            titles[state], *columns, (_("subject"), "left"), (_("what it is"), "left"), (_("about"), "left")
        )
        for mail in mails:
            when = show_clock(mail.sent_at or mail.read_at, zone)
            table.add_row(str(mail.id), when, mail.sender, mail.subject, say_what(mail), say_of_whom(mail))
        out.print(table)


def say_what(mail: KeptMail) -> str:
    """Return what a kept mail is: as a person said, else its first line, or its kind."""
    if mail.meaning is not None:
        return _("said by hand: {text}").format(text=_(HAND_WORDS[mail.meaning]))
    return mail.first_lines.partition("\n")[0] if mail.answer else _(REPORT_WORDS[mail.kind])


def say_of_whom(mail: KeptMail) -> str:
    """Return whose copy a kept mail is about; where it is of none, the addresses that it names."""
    if mail.delivery_id is None and mail.named:
        return _("no copy of ours: {addresses}").format(addresses=_name_some(mail.named))
    about = f"{mail.issue_slug} {mail.address}".strip()
    return _("probably: {text}").format(text=about) if mail.tie is Tie.PROBABLE else about


def _name_some(addresses: Sequence[str]) -> str:
    more = ["…"] if len(addresses) > MOST_NAMED else []
    return _(", ").join([*addresses[:MOST_NAMED], *more])


def describe_kept(mail: KeptMail) -> dict[str, object]:
    """Return one mail that waits for a person for --json."""
    return {
        "id": mail.id,
        "kind": mail.kind.value,
        "answer": mail.answer,
        "sender": mail.sender,
        "subject": mail.subject,
        "sent_at": mail.sent_at,
        "first_lines": mail.first_lines,
        "detail": mail.detail,
        "source": mail.source,
        "read_at": mail.read_at,
        "tie": mail.tie.value if mail.tie is not None else "",
        "delivery": mail.delivery_id,
        "mailing": mail.mailing_id,
        "issue": mail.issue_slug,
        "address": mail.address,
        "named": list(mail.named),
        "done_at": mail.done_at,
        "done_by": mail.done_by,
        "meaning": mail.meaning.value if mail.meaning is not None else "",
        "note": mail.note,
    }


def show_one(ctx: typer.Context, number: NumberArgument, as_json: JsonOption = False) -> None:
    """Show a kept mail."""
    with open_house(ctx) as house:
        mail, zone = house.kept_mail.get(number), house.config.zone
        copies = house.kept_mail.suggest_copies(mail)
    if as_json:
        found = [
            {"delivery": one.id, "mailing": one.mailing_id, "issue": one.issue_slug, "address": one.address}
            for one in copies
        ]
        say_json({**describe_kept(mail), "copies": found})
        return
    say(_("{what}: {text}").format(what=mail.sender or _("(no sender)"), text=mail.subject or _("(no subject)")))
    say(_("date ({zone})").format(zone=zone.key) + " " + show_clock(mail.sent_at or mail.read_at, zone))
    for line in (say_what(mail), say_of_whom(mail), mail.note, mail.first_lines, mail.detail):
        if line:
            say("  " + line.replace("\n", "\n  "))
    if mail.done_at is not None:
        say(_("dealt with by {name}, {when}").format(name=mail.done_by or "–", when=show_clock(mail.done_at, zone)))
    if copies:
        columns = ((_("Mailing"), "right"), (_("Issue"), "left"), (_("address"), "left"), (_("Status"), "left"))
        table = make_table(_("Copies that it may be about"), *columns)
        for one in copies:
            table.add_row(str(one.mailing_id), one.issue_slug, one.address, _(STATUS_WORDS[one.status]))
        out.print(table)


def done(ctx: typer.Context, numbers: NumbersArgument, name: AsOption = "", as_json: JsonOption = False) -> None:
    """Mark mails as dealt with."""
    with open_house(ctx) as house:
        changed = house.kept_mail.mark_done(numbers, acting_name(house, name))
    if as_json:
        say_json({"done": changed})
        return
    say(ngettext("{n} mail is dealt with", "{n} mails are dealt with", len(changed)).format(n=len(changed)))


def tie(
    ctx: typer.Context,
    number: NumberArgument,
    means: Annotated[HandMeaning, typer.Option("--means", help=_("what it means"))],
    copy: Annotated[
        tuple[str, str],
        typer.Option("--copy", metavar="MAILING ADDR", help=_("the copy: a mailing and the address it went to")),
    ] = ("", ""),
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help=_("why, for the record"))] = "",
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Tie a mail to a copy by hand."""
    mailing, address = copy
    with open_house(ctx) as house:
        by = acting_name(house, name)
        if mailing and means is HandMeaning.NOTHING:
            raise UsageError(_("nothing says that it is about no copy"), field="--copy", cure=_("leave --copy out"))
        number_of_copy = house.kept_mail.find_copy(mailing, address) if mailing else None
        made = house.kept_mail.tie(number, Saying(means, number_of_copy, reason), by)
    if as_json:
        say_json({"mail": number, "delivery": number_of_copy, "suppressed": made.suppressed, "left": made.left})
        return
    say(say_tie(made))


def undo(ctx: typer.Context, numbers: NumbersArgument, name: AsOption = "", as_json: JsonOption = False) -> None:
    """Have mails wait again."""
    with open_house(ctx) as house:
        taken = house.kept_mail.take_back(numbers, acting_name(house, name))
    if as_json:
        say_json({"waits": sorted(set(numbers)), "stays_suppressed": any(one.stays_suppressed for one in taken)})
        return
    say(say_taken_back(taken))
