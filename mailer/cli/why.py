"""The command why: what became of one recipient of a mailing, in the order of time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from mailer.cli.drawing import MAILING_WORDS, STATUS_WORDS, class_word, reason_word, say, say_json, show_time
from mailer.cli.options import JsonOption, MailingArgument, open_house
from mailer.cli.standing import say_pace
from mailer.cli.tempo import say_tempo
from mailer.i18n import N_, _
from mailer.model.history import (
    Absence,
    AttemptRecord,
    DeliveryRecord,
    NextKind,
    NextStep,
    RecipientHistory,
    SubscriptionRecord,
)
from mailer.model.outcome import Phase
from mailer.model.report import Tie

OUTCOME_WORDS = {
    "accepted": N_("accepted"),
    "deferred": N_("deferred"),
    "refused": N_("refused"),
    "uncertain": N_("uncertain"),
    "released": N_("given back, no attempt is counted"),
    "withheld": N_("withheld before the final dot"),
    "": N_("under way"),
}
PHASE_WORDS = {
    Phase.CONNECT: N_("while connecting"),
    Phase.BANNER: N_("at the greeting"),
    Phase.EHLO: N_("at EHLO"),
    Phase.STARTTLS: N_("at STARTTLS"),
    Phase.AUTH: N_("at the login"),
    Phase.MAIL: N_("at MAIL FROM"),
    Phase.RCPT: N_("at RCPT TO"),
    Phase.DATA: N_("at DATA"),
    Phase.BODY: N_("within the message"),
    Phase.DOT: N_("after the final dot"),
}
EVENT_WORDS = {
    "bounce": N_("returned mail"),
    "delivered": N_("a report says it was delivered"),
    "delayed": N_("a report says it is delayed"),
    "relayed": N_("passed on to a server that sends no receipts"),
    "unsubscribe": N_("the reader unsubscribed"),
    "sent_again": N_("a person had it sent again"),
    "complaint": N_("complaint: a reader called it spam"),
    "receipt": N_("receipt"),
    "auto-reply": N_("automatic reply"),
    "challenge": N_("a filter asks the sender to confirm"),
}
NEXT_WORDS = {
    NextKind.NOTHING: N_("nothing; it has ended"),
    NextKind.PERSON: N_("nothing by itself; a person may have it sent again: {command}"),
    NextKind.WIRE: N_("it is being sent"),
    NextKind.TURN: N_("it is due, and goes when its turn comes; a sender must run (`mailer serve`)"),
    NextKind.TRY: N_("the next attempt at {when}"),
    NextKind.RESEND: N_("it is sent again at {when}, with the same Message-ID, unless a report comes first"),
    NextKind.MAILING: N_("nothing while the mailing is {status}"),
    NextKind.QUIET: N_("it goes after the quiet hours, from {when}"),
    NextKind.TEMPO: N_("its turn comes later: {tempo}"),
    NextKind.RELAY: N_("it waits for the relay {name}: {standing}"),
    NextKind.DOMAIN: N_("it waits for its domain {name}: {standing}"),
    NextKind.NO_RELAY: N_("no relay of config.toml takes it"),
}
ABSENCE_WORDS = {
    Absence.NOT_STARTED: N_("not planned yet: who gets it is settled when the mailing starts"),
    Absence.REACHED: N_("not planned: mailing {earlier} has this issue for it ({status})"),
    Absence.LEFT: N_("not planned: it has left the lists of this mailing"),
    Absence.NOT_ON_LISTS: N_("not planned: it is on none of the lists of this mailing"),
    Absence.LATER: N_(
        "not planned: it came to the list after the mailing had started; `mailer send` sends what is missing"
    ),
}
SUBSCRIPTION_WORDS = {"active": N_("active"), "left": N_("left"), "pending": N_("pending")}


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
        say(_say_subscription(one, zone))
    for delivery in history.deliveries:
        for moment, line, details in sorted(_told(delivery, zone), key=lambda told: told[0]):
            say(f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}  {line}")
            for detail in details:
                say(f"{'':21}{detail}", "dim")
    if history.suppression is not None:
        found = history.suppression
        say(_("suppressed since {when}: {reason} ({source})").format(
            when=show_time(found.since, zone), reason=reason_word(found.reason), source=found.source
        ), "yellow")  # fmt: skip
    if history.next_step is not None:
        say(_("next: {what}").format(what=_say_next(history, history.next_step, now, zone)), "bold")


def _say_subscription(one: SubscriptionRecord, zone: ZoneInfo) -> str:
    if one.status == "left":
        return _("list {title}: left at {when}: {why}").format(
            title=one.list_title, when=show_time(one.left_at, zone), why=one.left_reason or "–"
        )
    status = SUBSCRIPTION_WORDS.get(one.status, one.status)
    return _("list {title}: {status} since {when}, by {source}").format(
        title=one.list_title,
        status=_(status),
        when=show_time(one.since, zone),
        source=one.source,
    )


def _told(delivery: DeliveryRecord, zone: ZoneInfo) -> Iterator[tuple[datetime, str, list[str]]]:
    planned = _("planned for list {list}, edition {edition}").format(
        list=delivery.list_name, edition=delivery.edition_id
    )
    yield delivery.planned_at, planned, [f"Message-ID {delivery.message_id}"]
    for tried in delivery.attempts:
        yield tried.started_at, _say_attempt(tried), list(_attempt_details(tried, zone))
    for known in delivery.events:
        word = EVENT_WORDS.get(known.kind, known.kind)
        line = _(word)
        if known.reply_class:
            line += f": {class_word(known.reply_class)}"
        if known.tie == Tie.PROBABLE.value:
            line = _("probably: {text}").format(text=line)
        details = [known.detail] if known.detail else []
        if known.about:
            details.append(_("it speaks of {address}, to which the copy was forwarded").format(address=known.about))
        yield known.happened_at, line, details


def _say_attempt(tried: AttemptRecord) -> str:
    word = OUTCOME_WORDS.get(tried.outcome, tried.outcome)
    outcome = _(word)
    if tried.phase and tried.outcome not in ("accepted", "uncertain"):
        outcome = _("{outcome} {phase}").format(outcome=outcome, phase=_(PHASE_WORDS[Phase(tried.phase)]))
    return _("attempt {n} through relay {relay}: {outcome}").format(n=tried.number, relay=tried.relay, outcome=outcome)


def _attempt_details(tried: AttemptRecord, zone: ZoneInfo) -> Iterator[str]:
    if tried.reply:
        yield _("reply: {reply}").format(reply=tried.reply)
    if tried.reply_class:
        meaning = _("{class_word}: {sentence}").format(
            class_word=class_word(tried.reply_class), sentence=_(tried.meaning) if tried.meaning else "–"
        )
        yield _("meaning: {sentence}").format(sentence=meaning)
    elif tried.meaning:
        yield _("meaning: {sentence}").format(sentence=_(tried.meaning))
    times = []
    if tried.dot_at is not None:
        times.append(_("final dot permitted at {time}").format(time=f"{tried.dot_at.astimezone(zone):%H:%M:%S}"))
    if tried.ended_at is not None:
        times.append(_("ended at {time}").format(time=f"{tried.ended_at.astimezone(zone):%H:%M:%S}"))
    if times:
        yield _(", ").join(times)


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
