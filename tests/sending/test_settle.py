"""What each outcome does to its delivery, its domain and its mailing."""

from datetime import UTC, datetime, timedelta

import pytest

from mailer.model.delivery import Delivery, DeliveryStatus, Recipient
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
from mailer.sending.retry import RetryPolicy
from mailer.sending.settle import MOST_STOPS, Consequence, as_deferral, decide_outcome

NOW = datetime(2020, 7, 31, 2, 0, tzinfo=UTC)
POLICY = RetryPolicy(timedelta(hours=48))
REPLY = Reply(450, "4.2.0", "said the relay", Phase.RCPT)


def decide(outcome: Outcome, attempts: int = 0, age: timedelta = timedelta(0)) -> Consequence:
    reader = Recipient("reader@firm.example")
    one = Delivery(1, 1, "2020-07", "members", 1, reader, "<x@y.example>", "x", NOW, NOW - age, attempts, "lease")
    return decide_outcome(outcome, one, NOW, POLICY, 0.5)


def meaning(kind: ReplyClass, action: Action, *, permanent: bool = False, after: int = 0) -> Meaning:
    return Meaning(kind, action, permanent=permanent, retry_after_s=after)


def test_accepted_and_uncertain_are_what_they_are() -> None:
    assert decide(Accepted(REPLY)).settlement.status is DeliveryStatus.ACCEPTED
    doubt = decide(Uncertain(REPLY)).settlement
    assert (doubt.status, doubt.next_attempt_at) == (DeliveryStatus.UNCERTAIN, NOW + timedelta(minutes=10))


def test_a_dead_mailbox_is_refused_and_stops_nothing_else() -> None:
    end = decide(Refused(REPLY, meaning(ReplyClass.GONE, Action.SUPPRESS, permanent=True)))
    assert (end.settlement.status, end.settlement.reply_class, end.stop) == (DeliveryStatus.REFUSED, "gone", 0)


@pytest.mark.parametrize("kind", [ReplyClass.AUTH, ReplyClass.CONFIG, ReplyClass.SENDER_POLICY, ReplyClass.IP_POLICY])
def test_a_refusal_that_is_ours_gives_the_delivery_back_and_holds_the_mailing(kind: ReplyClass) -> None:
    for outcome in (Refused, Deferred):
        end = decide(outcome(REPLY, meaning(kind, Action.STOP_AND_ASK)))
        assert (end.settlement.status, end.settlement.counts) == (DeliveryStatus.PENDING, False)
        assert end.stop == MOST_STOPS


def test_refused_content_counts_towards_holding_the_mailing() -> None:
    end = decide(Refused(REPLY, meaning(ReplyClass.CONTENT, Action.STOP_AND_ASK, permanent=True)))
    assert (end.settlement.status, end.stop) == (DeliveryStatus.REFUSED, 1)


def test_greylisting_waits_minutes_and_then_expires() -> None:
    grey = Deferred(REPLY, meaning(ReplyClass.GREYLISTED, Action.RETRY))
    end = decide(grey).settlement
    assert (end.status, end.next_attempt_at) == (DeliveryStatus.PENDING, NOW + timedelta(minutes=5))
    late = decide(grey, attempts=9, age=timedelta(hours=47)).settlement
    assert (late.status, late.outcome, late.next_attempt_at) == (DeliveryStatus.EXPIRED, "deferred", None)


def test_a_limited_provider_holds_its_whole_domain() -> None:
    end = decide(Deferred(REPLY, meaning(ReplyClass.RATE_DOMAIN, Action.SLOW_DOMAIN, after=3600)))
    assert end.hold_domain_until == end.settlement.next_attempt_at == NOW + timedelta(hours=1)


def test_a_connection_that_has_done_enough_is_replaced() -> None:
    assert decide(Deferred(REPLY, meaning(ReplyClass.RATE_CONNECTION, Action.RECONNECT))).reconnect


@pytest.mark.parametrize(("phase", "deferred"), [(Phase.RCPT, True), (Phase.BODY, True), (Phase.MAIL, False)])
def test_a_connection_lost_within_a_recipients_transaction_defers_that_recipient(phase: Phase, deferred: bool) -> None:
    lost = Reply(0, "", "connection lost", phase)
    failure = RelayFailure(lost, meaning(ReplyClass.TEMPORARY, Action.RECONNECT))
    assert (as_deferral(failure) is not None) == deferred


def test_a_refusal_that_may_be_of_us_all_is_nobodys_until_others_are_accepted() -> None:
    closed = Refused(REPLY, meaning(ReplyClass.UNKNOWN, Action.NONE, permanent=True))
    reader = Recipient("reader@firm.example")
    one = Delivery(1, 1, "2020-07", "members", 1, reader, "<x@y.example>", "x", NOW, NOW, 0, "lease")
    first = decide_outcome(closed, one, NOW, POLICY, 0.5, others_accepted=False)
    assert (first.settlement.status, first.settlement.counts, first.stop) == (DeliveryStatus.PENDING, False, 1)
    assert first.settlement.next_attempt_at == NOW + timedelta(minutes=1)
    later = decide_outcome(closed, one, NOW, POLICY, 0.5, others_accepted=True)
    assert (later.settlement.status, later.stop) == (DeliveryStatus.REFUSED, 0)
    dead = Refused(REPLY, meaning(ReplyClass.GONE, Action.SUPPRESS, permanent=True))
    assert (
        decide_outcome(dead, one, NOW, POLICY, 0.5, others_accepted=False).settlement.status is DeliveryStatus.REFUSED
    )
