"""Commands by which a person keeps a mailing back and lets it go: hold, release, reschedule."""

from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.delivering import deliver_or_follow, exit_unless_well, say_what_is_left, serve_runs
from mailer.cli.drawing import MAILING_WORDS, say, say_json, show_moment, show_time
from mailer.cli.options import AsOption, JsonOption, MailingArgument, open_house
from mailer.cli.summary import describe_mailing, draw_summary
from mailer.cli.tempo import AtOption, PauseOption, QuietOption, SpreadOption, read_tempo, read_time
from mailer.errors import UsageError
from mailer.i18n import _
from mailer.model.delivery import MailingRecord, MailingStatus
from mailer.model.tempo_words import say_tempo

if TYPE_CHECKING:
    from mailer.app import House


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(
        "hold",
        help=_("Keep a mailing back until it is released, with the reason; one that runs stops within two seconds."),
        epilog=_("For example: `mailer hold last --reason 数字待核`; then `mailer release last`."),
    )(hold)
    app.command("release", help=_("Let a held mailing go on: from where it stood, or at its time."))(release)
    app.command(
        "reschedule", help=_("Give a mailing that has not begun another time; also change its quiet hours later.")
    )(reschedule)


def hold(
    ctx: typer.Context,
    mailing: MailingArgument,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help=_("why; it is shown with the mailing"))],
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Hold a mailing."""
    with open_house(ctx) as house:
        record = house.mailings.hold(mailing, reason, name)
        if as_json:
            say_json(describe_mailing(house, house.mailings.summarise(str(record.id))))
            return
        say(_("mailing {id} is held: {reason}").format(id=record.id, reason=record.reason), "yellow")
        say(say_way_on(record, house))


def release(
    ctx: typer.Context,
    mailing: MailingArgument,
    wait: Annotated[bool, typer.Option("--wait", help=_("deliver now and show it"))] = False,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Release a held mailing."""
    with open_house(ctx) as house:
        record = house.mailings.release(mailing, name)
        summary = deliver_or_follow(house, record, wait=wait, as_json=as_json)
        if not as_json:
            if summary.mailing.status is MailingStatus.HELD or (wait and record.status is MailingStatus.RUNNING):
                draw_summary(summary)
            else:
                say_where(house, summary.mailing)
            say_what_is_left(house, summary)
    exit_unless_well(summary, wait=wait and record.status is not MailingStatus.SCHEDULED)


def reschedule(
    ctx: typer.Context,
    mailing: MailingArgument,
    at: AtOption = None,
    spread: SpreadOption = None,
    pause: PauseOption = None,
    quiet: QuietOption = None,
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Plan a mailing anew."""
    if at is None and spread is None and pause is None and quiet is None:
        raise UsageError(
            _("say what is to change"), cure=_("--at TIME, --spread, --pause-between-lists, --quiet-hours")
        )
    with open_house(ctx) as house:
        before = house.mailings.get(mailing)
        tempo = read_tempo(house, spread, pause, quiet, before.tempo)
        moment = read_time(at, house) if at is not None else None
        record = house.mailings.reschedule(str(before.id), moment, tempo, name)
        if as_json:
            say_json(describe_mailing(house, house.mailings.summarise(str(record.id))))
            return
        say_where(house, record)
        if words := say_tempo(record.tempo):
            say(words)
        if record.status is MailingStatus.HELD:
            say(say_way_on(record, house), "yellow")


def say_where(house: "House", record: MailingRecord) -> None:
    """Say in a line where a mailing stands; of one that waits for its time also when that is."""
    if record.status is MailingStatus.SCHEDULED:
        when = show_moment(record.scheduled_at, house.config.zone)
        line = _("mailing {id} of issue {issue} is planned for {when}")
        say(line.format(id=record.id, issue=record.issue_slug, when=when))
        if not serve_runs(house):
            say(_("`mailer serve` does not run on this folder: start it, or nothing is sent"), "yellow")
        return
    say(_("mailing {id} is {status}").format(id=record.id, status=_(MAILING_WORDS[record.status])))


def say_way_on(record: MailingRecord, house: "House") -> str:
    """Return how a held mailing goes on."""
    if record.started_at is not None:
        return _("`mailer release {id}` sends the rest; `mailer cancel {id}` ends it").format(id=record.id)
    if record.scheduled_at is not None and record.scheduled_at > house.now():
        when = show_time(record.scheduled_at, house.config.zone)
        line = _("`mailer release {id}` puts it back to its time, {when}; released after that, it starts at once")
        return line.format(id=record.id, when=when)
    line = _("mend what holds it, then `mailer release {id}`; `mailer reschedule {id} --at TIME` gives it another time")
    return line.format(id=record.id)
