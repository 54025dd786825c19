"""What became of one recipient of a mailing, in words, in the order of time."""

from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from mailer.i18n import N_, _
from mailer.model.history import Absence, AttemptRecord, DeliveryRecord, NextKind, SubscriptionRecord
from mailer.model.outcome import Phase
from mailer.model.report import ReportKind, Tie
from mailer.model.words import class_word

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
SUBSCRIPTION_WORDS = {"active": N_("active"), "left": N_("left"), "pending": N_("asked, not confirmed yet")}


def say_left(reason: str) -> str:
    """Return why somebody left in the user's language; what staff wrote is as they wrote it."""
    return _(reason) if reason else "–"


def say_subscription(one: SubscriptionRecord, show: Callable[[datetime | None], str]) -> str:
    """Return how a contact stands with a list. show: how a moment is written."""
    if one.status == "left":
        return _("list {title}: left at {when}: {why}").format(
            title=one.list_title, when=show(one.left_at), why=say_left(one.left_reason)
        )
    status = SUBSCRIPTION_WORDS.get(one.status, one.status)
    return _("list {title}: {status} since {when}, by {source}").format(
        title=one.list_title,
        status=_(status),
        when=show(one.since),
        source=one.source,
    )


def tell_delivery(
    delivery: DeliveryRecord, zone: ZoneInfo, title: str = ""
) -> Iterator[tuple[datetime, str, list[str]]]:
    """Yield what happened to a delivery: when, in a line, and its details; not in order. title: of its list."""
    planned = _("planned for list {list}, edition {edition}").format(
        list=delivery.list_name, edition=delivery.edition_id
    )
    if title:
        planned = _("planned for list {list}").format(list=title)
    yield delivery.planned_at, planned, [f"Message-ID {delivery.message_id}"]
    for tried in delivery.attempts:
        yield tried.started_at, _say_attempt(tried), list(_attempt_details(tried, zone))
    for known in delivery.events:
        word = EVENT_WORDS.get(known.kind, known.kind)
        line = _(word)
        if known.reply_class:
            line = _("{what}: {text}").format(what=line, text=class_word(known.reply_class))
        if known.tie == Tie.PROBABLE.value:
            line = _("probably: {text}").format(text=line)
        elif known.tie == Tie.HAND.value:
            line = _("said by hand: {text}").format(text=line)
        elif known.tie == Tie.WITHDRAWN.value:
            line = _("taken back, counts no more: {text}").format(text=line)
        details = [_(known.detail) if known.kind == "unsubscribe" else known.detail] if known.detail else []
        if known.about:
            details.append(say_about(known.kind, known.about))
        yield known.happened_at, line, details


def say_about(kind: str, address: str) -> str:
    """Return a line on the other address that a report of a kind speaks of."""
    if kind == ReportKind.COMPLAINT.value:
        return _("it names {address}, not this reader, who is not suppressed for it").format(address=address)
    return _("it speaks of {address}, to which the copy was forwarded").format(address=address)


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
        times.append(_("handed over whole at {time}").format(time=f"{tried.dot_at.astimezone(zone):%H:%M:%S}"))
    if tried.ended_at is not None:
        times.append(_("ended at {time}").format(time=f"{tried.ended_at.astimezone(zone):%H:%M:%S}"))
    if times:
        yield _(", ").join(times)
