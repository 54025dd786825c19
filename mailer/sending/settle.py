"""What an attempt's result does to its delivery, its domain and its mailing: pure decisions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.model.delivery import Delivery, DeliveryStatus
from mailer.model.outcome import (
    Accepted,
    Action,
    Deferred,
    Meaning,
    Outcome,
    Phase,
    Refused,
    RelayFailure,
    Reply,
    ReplyClass,
    Uncertain,
)
from mailer.sending.retry import RetryPolicy, next_attempt, resend_uncertain_at
from mailer.store.settlements import Settlement

# refusals that say nothing of the recipient: going on would only spend the list
OURS_AT_ONCE = frozenset({ReplyClass.AUTH, ReplyClass.CONFIG, ReplyClass.SENDER_POLICY, ReplyClass.IP_POLICY})
# refusals that may be of one reader's server or of all of us: only other answers tell
PERHAPS_OURS = OURS_AT_ONCE | {ReplyClass.PROTOCOL, ReplyClass.UNKNOWN}
MOST_STOPS = 3  # refusals of the message itself after which a person must look
ASK_AGAIN_AFTER = timedelta(minutes=1)  # so that others are asked first
IN_TRANSACTION = frozenset({Phase.RCPT, Phase.DATA, Phase.BODY, Phase.DOT})


@dataclass(frozen=True, slots=True)
class Consequence:
    """A settlement and what follows beyond the delivery.

    hold_domain_until: no other copy to its domain before. stop: how much this counts towards holding the mailing
    (MOST_STOPS holds it). reconnect: the connection has done enough. suppress_after: in how many issues in a row the
    address must have failed to get nothing more, this one counted (1: from now on); 0: it is not to blame.
    """

    settlement: Settlement
    hold_domain_until: datetime | None = None
    stop: int = 0
    reconnect: bool = False
    suppress_after: int = 0


def decide_outcome(
    outcome: Outcome,
    delivery: Delivery,
    now: datetime,
    policy: RetryPolicy,
    dice: float,
    *,
    others_accepted: bool = True,
) -> Consequence:
    """Return what an outcome means for its delivery. Pure; dice in [0, 1) spreads the waits.

    others_accepted: whether the relay has taken any copy in this run. While it has not, a refusal that may be of us
    all is nobody's: the delivery goes back, and a few of them hold the mailing.
    """
    status = DeliveryStatus
    match outcome:
        case Accepted(reply):
            return Consequence(Settlement(status.ACCEPTED, "accepted", reply, ""))
        case Uncertain(reply):
            resend = resend_uncertain_at(now, policy)
            return Consequence(Settlement(status.UNCERTAIN, "uncertain", reply, "", next_attempt_at=resend))
        case Refused(reply, meaning):
            if meaning.action is Action.STOP_AND_ASK and meaning.reply_class in OURS_AT_ONCE:
                return Consequence(released(reply, meaning, due_again(delivery)), stop=MOST_STOPS)
            if meaning.reply_class in PERHAPS_OURS and not others_accepted:
                return Consequence(released(reply, meaning, now + ASK_AGAIN_AFTER * policy.scale), stop=1)
            stop = 1 if meaning.action is Action.STOP_AND_ASK else 0
            end = Settlement(status.REFUSED, "refused", reply, meaning.reply_class.value)
            return Consequence(end, stop=stop, suppress_after=_suppress_after(meaning))
        case Deferred(reply, meaning):
            return _decide_deferred(reply, meaning, delivery, now, policy, dice)


def _decide_deferred(
    reply: Reply, meaning: Meaning, delivery: Delivery, now: datetime, policy: RetryPolicy, dice: float
) -> Consequence:
    if meaning.action is Action.STOP_AND_ASK and meaning.reply_class in OURS_AT_ONCE:
        return Consequence(released(reply, meaning, due_again(delivery)), stop=MOST_STOPS)
    due = next_attempt(meaning, delivery.attempts + 1, delivery.clock_from, now, policy, dice)
    settlement = Settlement(
        DeliveryStatus.PENDING if due is not None else DeliveryStatus.EXPIRED,
        "deferred",
        reply,
        meaning.reply_class.value,
        next_attempt_at=due,
    )
    return Consequence(
        settlement,
        hold_domain_until=due if meaning.action is Action.SLOW_DOMAIN else None,
        stop=1 if meaning.action is Action.STOP_AND_ASK else 0,
        reconnect=meaning.action is Action.RECONNECT,
        suppress_after=_suppress_after(meaning) if due is None else 0,
    )


def _suppress_after(meaning: Meaning) -> int:
    match meaning.action:
        case Action.SUPPRESS:
            return 1
        case Action.SUPPRESS_AFTER:
            return max(meaning.after_issues, 1)
        case _:
            return 0


def as_deferral(failure: RelayFailure) -> Deferred | None:
    """Return a connection lost inside a recipient's transaction as a deferral of that recipient, else None.

    It says nothing of the address, but trying the same one at once for ever would hold up all the others.
    """
    return Deferred(failure.reply, failure.meaning) if failure.reply.phase in IN_TRANSACTION else None


def released(reply: Reply, meaning: Meaning, due: datetime | None = None) -> Settlement:
    """Return a delivery to pending untouched: the fault is the relay's or ours, and no attempt is counted.

    due: not before; give the moment it was claimed where it is due again at once, so that no clock runs meanwhile.
    """
    kind = meaning.reply_class.value
    return Settlement(DeliveryStatus.PENDING, "released", reply, kind, next_attempt_at=due, counts=False)


def due_again(delivery: Delivery) -> datetime | None:
    """Return when a delivery that is given back is due: since it was claimed, or fresh if it was never tried."""
    return delivery.claimed_at if delivery.attempts else None


def given_back(delivery: Delivery, phase: Phase = Phase.CONNECT, outcome: str = "released") -> Settlement:
    """Return a delivery to pending that nothing was tried for."""
    reply = Reply(0, "", "", phase)
    return Settlement(DeliveryStatus.PENDING, outcome, reply, "", next_attempt_at=due_again(delivery), counts=False)
