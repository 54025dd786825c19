"""The command why: what became of one recipient of a mailing, in the order of time."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from mailer.cli.drawing import MAILING_WORDS, STATUS_WORDS, say, say_json, show_time
from mailer.cli.options import JsonOption, MailingArgument, open_house
from mailer.i18n import _
from mailer.model.contact_words import say_suppressed
from mailer.model.history import (
    DeliveryRecord,
    NextKind,
    NextStep,
    RecipientHistory,
)
from mailer.model.history_words import ABSENCE_WORDS, NEXT_WORDS, say_subscription, tell_delivery
from mailer.model.standing_words import say_pace
from mailer.model.tempo_words import say_tempo


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        "why",
        help=_("Tell everything known of one recipient of a mailing, in order: attempts, replies, what comes next."),
        epilog=_(
            "For example: `mailer why last reader@firm.example`. Each attempt says how far it came, what the server "
            "replied and what that means; the last line says what happens next."
        ),
    )(why)


def why(
    ctx: typer.Context,
    mailing: MailingArgument,
    address: Annotated[str, typer.Argument(metavar="ADDR", help=_("the recipient’s address"))],
    as_json: JsonOption = False,
) -> None:
    """Tell what became of one recipient."""
    with open_house(ctx) as house:
        history = house.histories.tell(mailing, address)
        zone, now = house.config.zone, house.now()
    if as_json:
        say_json(describe(history))
        return
    draw(history, now, zone)


def draw(history: RecipientHistory, now: datetime, zone: ZoneInfo) -> None:
    """Print a recipient's history."""
    mailing = history.mailing
    status = _(STATUS_WORDS[history.deliveries[-1].status]) if history.deliveries else _("no copy")
    say(_("{address} in mailing {id} of issue {issue}: {status}").format(
        address=history.address, id=mailing.id, issue=mailing.issue_slug, status=status
    ), "bold")  # fmt: skip
    if history.absence is not None:
        earlier = history.earlier[-1] if history.earlier else None
        say(_(ABSENCE_WORDS[history.absence]).format(
            earlier=earlier.mailing_id if earlier else "", status=_(STATUS_WORDS[earlier.status]) if earlier else ""
        ), "yellow")  # fmt: skip
    for one in history.subscriptions:
        say(say_subscription(one, lambda moment: show_time(moment, zone)))
    for delivery in history.deliveries:
        for moment, line, details in sorted(tell_delivery(delivery, zone), key=lambda told: told[0]):
            say(f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}  {line}")
            for detail in details:
                say(f"{'':21}{detail}", "dim")
    if history.suppression is not None:
        say(say_suppressed(history.suppression, show_time(history.suppression.since, zone)), "yellow")
    if history.next_step is not None:
        say(_("next: {what}").format(what=_say_next(history, history.next_step, now, zone)), "bold")


def _say_next(history: RecipientHistory, step: NextStep, now: datetime, zone: ZoneInfo) -> str:
    flag = {"refused": " --refused", "expired": " --expired", "uncertain": " --uncertain"}
    more = flag.get(history.deliveries[-1].status.value, "") if history.deliveries else ""
    command = f"`mailer retry {history.mailing.id} {history.address}{more}`"
    words = _(NEXT_WORDS[step.kind]).format(
        command=command,
        when=show_time(step.at, zone),
        status=_(MAILING_WORDS[history.mailing.status]),
        name=step.waits_for.name if step.waits_for else "",
        tempo=say_tempo(history.mailing.tempo),
        standing=say_pace(step.waits_for, now, zone) if step.waits_for else "",
    )
    if step.kind is NextKind.TEMPO and step.at is not None:
        words += f" ({show_time(step.at, zone)})"
    if step.kind is NextKind.MAILING and history.mailing.reason:
        words += f" ({history.mailing.reason})"
    return words


def describe(history: RecipientHistory) -> dict[str, object]:
    """Return a recipient's history for --json."""
    step, found = history.next_step, history.suppression
    return {
        "mailing": history.mailing.id,
        "issue": history.mailing.issue_slug,
        "mailing_status": history.mailing.status.value,
        "address": history.address,
        "status": history.deliveries[-1].status.value if history.deliveries else None,
        "absence": history.absence.value if history.absence is not None else None,
        "earlier": [{"mailing": one.mailing_id, "status": one.status.value} for one in history.earlier],
        "subscriptions": [
            {
                "list": one.list_name, "status": one.status, "since": one.since, "source": one.source,
                "left_at": one.left_at, "left_reason": one.left_reason,
            }
            for one in history.subscriptions
        ],
        "deliveries": [describe_delivery(one) for one in history.deliveries],
        "suppression": {"reason": found.reason, "source": found.source, "since": found.since, "until": found.until}
        if found is not None
        else None,
        "next": {"kind": step.kind.value, "at": step.at, "waits_for": step.waits_for.name if step.waits_for else None}
        if step is not None
        else None,
    }  # fmt: skip


def describe_delivery(one: DeliveryRecord) -> dict[str, object]:
    """Return a delivery with its history, for --json."""
    return {
        "list": one.list_name,
        "edition": one.edition_id,
        "status": one.status.value,
        "planned_at": one.planned_at,
        "next_attempt_at": one.next_attempt_at,
        "finished_at": one.finished_at,
        "message_id": one.message_id,
        "attempts": [
            {
                "number": tried.number, "relay": tried.relay, "started_at": tried.started_at, "dot_at": tried.dot_at,
                "ended_at": tried.ended_at, "outcome": tried.outcome, "phase": tried.phase, "reply": tried.reply,
                "class": tried.reply_class, "meaning": _(tried.meaning) if tried.meaning else "",
            }
            for tried in one.attempts
        ],
        "events": [
            {
                "kind": known.kind, "class": known.reply_class, "detail": known.detail, "at": known.happened_at,
                "tie": known.tie, "about": known.about,
            }
            for known in one.events
        ],
    }  # fmt: skip
