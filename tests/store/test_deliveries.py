"""Claims, the dot's commit, settlements and recovery, on both databases."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from mailer.errors import StoreError
from mailer.model.delivery import Delivery, DeliveryStatus, MailingStatus
from mailer.model.outcome import Phase, Reply
from mailer.store import audience, claims, deliveries, events, figures, mailings, recovery, schedules, settlements
from mailer.store.events import NewEvent
from mailer.store.house import claim_house, known_fingerprint
from mailer.store.recovery import Recovery
from mailer.store.schema import attempt, delivery
from mailer.store.settlements import Dot, Settled, Settlement
from mailer.tokens import HouseSecret, hash_address
from tests.world import NOW, SECRET, World

OK = Reply(250, "2.0.0", "queued", Phase.DOT)
LEASE = timedelta(minutes=30)


def claim(world: World, mailing_id: int, limit: int = 100, lease: str = "one", now: datetime = NOW) -> list[Delivery]:
    with world.store.write() as connection:
        running = claims.running_mailings(connection, mailing_id)
        if not running:
            return []
        chosen = [(one, "main") for one in claims.find_candidates(connection, mailing_id, now, limit)]
        return claims.take_deliveries(connection, running[0], chosen, lease, now + LEASE, now, SECRET)


def settle(world: World, one: Delivery, end: Settlement, lease: str = "one", now: datetime = NOW) -> bool:
    """Settle, and return whether that moved the delivery."""
    before = status_of(world, one)
    with world.store.write() as connection:
        settlements.settle_deliveries(connection, [Settled(one.id, one.attempt, lease, end, now)])
    return status_of(world, one) != before


def permit(world: World, one: Delivery, lease: str = "one", now: datetime = NOW) -> bool:
    with world.store.write() as connection:
        dot = Dot(one.id, one.attempt, lease, hash_address(SECRET, one.recipient.address))
        return settlements.permit_dots(connection, [dot], now) == {one.id}


def status_of(world: World, one: Delivery) -> str:
    with world.store.read() as connection:
        return str(connection.execute(select(delivery.c.status).where(delivery.c.id == one.id)).scalar())


def test_an_address_on_two_lists_is_planned_once_in_the_higher_role(world: World) -> None:
    claimed = claim(world, world.start_mailing())
    addresses = [one.recipient.address for one in claimed]
    assert len(addresses) == 7
    assert len(set(addresses)) == 7
    assert [one.list_name for one in claimed if one.recipient.address == "office1@gov.example"] == ["government"]
    assert claimed[0].list_name == "government", "报 goes before 送"


def test_a_second_mailing_of_an_issue_plans_only_whom_it_has_not_reached(world: World) -> None:
    world.start_mailing()
    world.add_member("new@firm9.example")
    claimed = claim(world, world.start_mailing())
    assert [one.recipient.address for one in claimed] == ["new@firm9.example"]


def test_the_database_itself_refuses_a_second_copy_of_an_issue_to_an_address(world: World) -> None:
    claimed = claim(world, world.start_mailing())
    with world.store.read() as connection:
        row = connection.execute(select(delivery).where(delivery.c.id == claimed[0].id)).one()._asdict()
    row["id"] += 1000
    with pytest.raises(StoreError, match="refused the change"), world.store.write() as connection:
        connection.execute(insert(delivery).values(**row))
    with world.store.write() as connection:
        connection.execute(insert(delivery).values(**row | {"again": True, "frees_address": True}))


def test_a_claim_is_for_one_sender_and_repeats_nothing(world: World) -> None:
    mailing_id = world.start_mailing()
    first = claim(world, mailing_id, limit=3, lease="one")
    second = claim(world, mailing_id, limit=100, lease="two")
    assert len(first) == 3
    assert {one.id for one in first}.isdisjoint(one.id for one in second)
    assert len(first) + len(second) == 7


def test_date_and_message_id_stay_over_attempts(world: World) -> None:
    mailing_id = world.start_mailing()
    first = claim(world, mailing_id, limit=1)[0]
    later = world.later(600)
    busy = Settlement(
        DeliveryStatus.PENDING, "deferred", Reply(451, "", "later", Phase.RCPT), "temporary", next_attempt_at=later
    )
    assert settle(world, first, busy)
    assert claim(world, mailing_id, limit=1)[0].id != first.id, "it is not due yet"
    again = next(one for one in claim(world, mailing_id, now=later) if one.id == first.id)
    assert (again.message_id, again.sent_date, again.clock_from) == (first.message_id, NOW, NOW)
    assert again.attempts == 1


def test_a_dot_is_permitted_once_and_only_to_who_holds_the_lease(world: World) -> None:
    one = claim(world, world.start_mailing(), limit=1)[0]
    assert not permit(world, one, lease="another")
    assert not permit(world, one, now=NOW + LEASE + timedelta(seconds=1)), "the lease has run out"
    assert permit(world, one)
    assert not permit(world, one), "one dot an attempt"


@pytest.mark.parametrize("target", [MailingStatus.PAUSED, MailingStatus.HELD, MailingStatus.CANCELLED])
def test_a_mailing_that_does_not_run_gets_no_dot(world: World, target: MailingStatus) -> None:
    mailing_id = world.start_mailing()
    one = claim(world, mailing_id, limit=1)[0]
    with world.store.write() as connection:
        assert mailings.move_mailing(connection, mailing_id, target, NOW)
    assert not permit(world, one)


def test_who_left_or_was_suppressed_after_the_claim_gets_no_dot(world: World) -> None:
    claimed = claim(world, world.start_mailing())
    left, suppressed, kept = claimed[2], claimed[3], claimed[4]
    with world.store.write() as connection:
        standing = audience.standing_of_delivery(connection, left.id)
        assert standing is not None
        audience.end_subscription(connection, standing.contact_id, standing.list_id, "unsubscribed", NOW)
        audience.suppress_address(connection, hash_address(SECRET, suppressed.recipient.address), "gone", "test", NOW)
    assert not permit(world, left)
    assert not permit(world, suppressed)
    assert permit(world, kept)


def test_a_settlement_by_a_lost_lease_moves_nothing(world: World) -> None:
    mailing_id = world.start_mailing()
    one = claim(world, mailing_id, limit=1)[0]
    with world.store.write() as connection:
        recovery.recover_claims(connection, NOW, None)
    other = claim(world, mailing_id, limit=1, lease="two")[0]
    assert other.id == one.id
    accepted = Settlement(DeliveryStatus.ACCEPTED, "accepted", OK, "")
    assert not settle(world, one, accepted, lease="one")
    assert status_of(world, one) == "sending"
    assert settle(world, other, accepted, lease="two")
    assert status_of(world, one) == "accepted"


def test_after_a_crash_a_written_dot_is_uncertain_and_any_other_claim_pending(world: World) -> None:
    dotted, bare = claim(world, world.start_mailing(), limit=2)
    assert permit(world, dotted)
    resend = world.later(600)
    with world.store.write() as connection:
        assert recovery.recover_claims(connection, NOW, resend) == Recovery(1, 1)
        assert recovery.recover_claims(connection, NOW, resend) == Recovery(0, 0)
    assert (status_of(world, dotted), status_of(world, bare)) == ("uncertain", "pending")
    with world.store.write() as connection:
        mailing_id = dotted.mailing_id
        assert recovery.requeue_uncertain(connection, mailing_id, NOW) == 0
        assert recovery.remaining_work(connection, mailing_id, NOW).open
        assert recovery.requeue_uncertain(connection, mailing_id, resend) == 1
    again = next(one for one in claim(world, mailing_id, now=resend) if one.id == dotted.id)
    assert again.message_id == dotted.message_id
    with world.store.read() as connection:
        found = deliveries.find_delivery(connection, dotted.id, SECRET)
        told = deliveries.tell_delivery(connection, dotted.id, SECRET)
    assert found is not None
    assert found.message_id == dotted.message_id
    assert told is not None
    assert [(one.number, one.outcome, one.dot_at is not None) for one in told.attempts] == [
        (1, "uncertain", True),
        (2, "", False),
    ]


def test_a_key_that_was_replaced_changes_no_message_id_of_a_planned_mailing(world: World) -> None:
    mailing_id = world.start_mailing()
    before = claim(world, mailing_id, limit=1)[0]
    rotated = HouseSecret(2, {**SECRET.keys, 2: b"another secret of the tests, 32."})
    with world.store.read() as connection:
        after = deliveries.find_delivery(connection, before.id, rotated)
    assert after is not None
    assert after.message_id == before.message_id


def test_what_was_released_was_no_attempt_and_its_clock_has_not_started(world: World) -> None:
    mailing_id = world.start_mailing()
    one = claim(world, mailing_id, limit=1)[0]
    down = Reply(0, "", "connection refused", Phase.CONNECT)
    settle(world, one, Settlement(DeliveryStatus.PENDING, "released", down, "", counts=False))
    later = world.later(3600)
    again = claim(world, mailing_id, limit=1, now=later)[0]
    assert (again.attempts, again.clock_from, again.sent_date) == (0, later, NOW)


def test_a_held_domain_waits_and_the_others_go_on(world: World) -> None:
    mailing_id = world.start_mailing()
    with world.store.write() as connection:
        found = claims.find_candidates(connection, mailing_id, NOW, 100, not_domains=["firm2.example"])
        assert "firm2.example" not in [one.domain for one in found]
        members = [world.lists["members"]]
        of_list = claims.find_candidates(connection, mailing_id, NOW, 100, lists=members)
        assert {one.list_id for one in of_list} == set(members)
    assert len(found) == 6


def test_cancelling_ends_what_is_pending_and_frees_the_address_for_another_mailing(world: World) -> None:
    mailing_id = world.start_mailing()
    one = claim(world, mailing_id, limit=1)[0]
    settle(world, one, Settlement(DeliveryStatus.ACCEPTED, "accepted", OK, ""))
    with world.store.write() as connection:
        assert mailings.move_mailing(connection, mailing_id, MailingStatus.CANCELLED, NOW)
        assert recovery.cancel_pending(connection, mailing_id, NOW) == 6
        assert not recovery.remaining_work(connection, mailing_id, NOW).open
    assert len(claim(world, world.start_mailing())) == 6


def test_figures_count_states_retries_reasons_and_bounces(world: World) -> None:
    mailing_id = world.start_mailing()
    first, second, *rest = claim(world, mailing_id)
    settle(world, first, Settlement(DeliveryStatus.PENDING, "deferred", Reply(451, "", "x", Phase.RCPT), "greylisted"))
    settle(world, claim(world, mailing_id)[0], Settlement(DeliveryStatus.ACCEPTED, "accepted", OK, ""))
    gone = Reply(550, "5.1.1", "no such user", Phase.RCPT)
    settle(world, second, Settlement(DeliveryStatus.REFUSED, "refused", gone, "gone"))
    for one in rest:
        settle(world, one, Settlement(DeliveryStatus.ACCEPTED, "accepted", OK, ""))
    with world.store.write() as connection:
        bounce = NewEvent(rest[0].id, "bounce", True, "gone", "5.1.1", "mail 1", NOW)
        assert events.record_event(connection, bounce)
        assert not events.record_event(connection, bounce), "the same mail twice counts once"
    government, members = world.lists["government"], world.lists["members"]
    with world.store.read() as connection:
        counts = figures.count_statuses(connection, mailing_id)
        assert counts[government] == {DeliveryStatus.ACCEPTED: 1, DeliveryStatus.REFUSED: 1}
        assert counts[members] == {DeliveryStatus.ACCEPTED: 5}
        assert figures.count_retries(connection, mailing_id) == {government: 1, members: 0}
        assert figures.count_bounced(connection, mailing_id) == {members: 1}
        reason = figures.count_reasons(connection, mailing_id)[0]
    assert (reason.reply_class, reason.count, reason.example) == ("gone", 1, "550 5.1.1 no such user")


def test_the_database_refuses_a_status_that_is_none(world: World) -> None:
    world.start_mailing()
    with pytest.raises(StoreError, match="refused the change"), world.store.write() as connection:
        connection.execute(update(delivery).values(status="sent"))


def test_a_mailing_moves_only_as_the_table_says(world: World) -> None:
    mailing_id = world.start_mailing()
    with world.store.write() as connection:
        assert not mailings.move_mailing(connection, mailing_id, MailingStatus.SCHEDULED, NOW)
        assert mailings.move_mailing(connection, mailing_id, MailingStatus.PAUSED, NOW)
        assert mailings.move_mailing(connection, mailing_id, MailingStatus.CANCELLED, NOW)
        assert not mailings.move_mailing(connection, mailing_id, MailingStatus.RUNNING, NOW)


def test_an_occurrence_fires_once_whoever_is_first(world: World) -> None:
    with world.store.write() as connection:
        assert schedules.fire_occurrence(connection, "monthly", NOW, NOW, "2020-07") is not None
        assert schedules.fire_occurrence(connection, "monthly", NOW, NOW, "2020-07") is None
        assert schedules.fire_occurrence(connection, "monthly", world.later(20), NOW) is None, "one a minute"
        assert schedules.fire_occurrence(connection, "other", NOW, NOW) is not None
        tomorrow = world.later(86400)
        assert schedules.fire_occurrence(connection, "monthly", tomorrow, NOW) is not None
        assert schedules.newest_due(connection, "monthly") == tomorrow
        assert schedules.newest_due(connection, "none") is None
        fired = schedules.fired_since(connection, "monthly", NOW.date())
        assert [(one.local_at, one.key, one.fired_at) for one in fired] == [
            (NOW.replace(tzinfo=None), "2020-07", NOW), (tomorrow.replace(tzinfo=None), "", NOW),
        ]  # fmt: skip
        assert len(schedules.fired_since(connection, "monthly", tomorrow.date())) == 1


def test_a_schedule_with_another_rule_is_first_seen_anew(world: World) -> None:
    with world.store.write() as connection:
        assert schedules.first_seen(connection, "monthly", "day 15", NOW) == NOW
        assert schedules.first_seen(connection, "monthly", "day 15", world.later(60)) == NOW
        assert schedules.first_seen(connection, "monthly", "day 16", world.later(90)) == world.later(90)
        assert schedules.first_seen(connection, "monthly", "day 16", world.later(99)) == world.later(90)


def test_rows_that_others_point_to_cannot_be_deleted(world: World) -> None:
    world.start_mailing()
    claim(world, 1)
    with pytest.raises(StoreError, match="refused the change"), world.store.write() as connection:
        connection.execute(delete(delivery))
    with world.store.read() as connection:
        assert len(connection.execute(select(attempt)).all()) == 7


@pytest.mark.parametrize("outcome", ["deferred", "released"])
def test_what_comes_back_after_its_mailing_was_cancelled_is_cancelled_too(world: World, outcome: str) -> None:
    mailing_id = world.start_mailing()
    one = claim(world, mailing_id, limit=1)[0]
    with world.store.write() as connection:
        assert mailings.move_mailing(connection, mailing_id, MailingStatus.CANCELLED, NOW)
        recovery.cancel_pending(connection, mailing_id, NOW)
    later = Reply(451, "", "later", Phase.RCPT)
    settle(world, one, Settlement(DeliveryStatus.PENDING, outcome, later, "temporary", counts=outcome == "deferred"))
    assert status_of(world, one) == "cancelled"
    assert len(claim(world, world.start_mailing())) == 7, "everyone can still be reached by another mailing"


def test_a_crash_during_a_cancelled_mailing_loses_nobody_either(world: World) -> None:
    mailing_id = world.start_mailing()
    one = claim(world, mailing_id, limit=1)[0]
    with world.store.write() as connection:
        assert mailings.move_mailing(connection, mailing_id, MailingStatus.CANCELLED, NOW)
        recovery.recover_claims(connection, NOW, None)
    assert status_of(world, one) == "cancelled"


def test_an_uncertain_copy_of_a_cancelled_mailing_is_not_sent_again(world: World) -> None:
    mailing_id = world.start_mailing()
    one = claim(world, mailing_id, limit=1)[0]
    assert permit(world, one)
    with world.store.write() as connection:
        recovery.recover_claims(connection, NOW, NOW)
        assert mailings.move_mailing(connection, mailing_id, MailingStatus.CANCELLED, NOW)
        assert recovery.requeue_uncertain(connection, mailing_id, world.later(1)) == 0
    assert status_of(world, one) == "uncertain"


def test_a_claim_whose_lease_has_run_out_is_taken_back(world: World) -> None:
    mailing_id = world.start_mailing()
    dotted, bare = claim(world, mailing_id, limit=2)
    assert permit(world, dotted)
    with world.store.write() as connection:
        assert recovery.recover_expired(connection, mailing_id, NOW, None, "mine") == Recovery(0, 0)
        late = NOW + LEASE + timedelta(seconds=1)
        assert recovery.recover_expired(connection, mailing_id, late, None, "mine") == Recovery(1, 1)
    assert (status_of(world, dotted), status_of(world, bare)) == ("uncertain", "pending")


def test_a_recovery_by_lease_leaves_the_claims_of_others(world: World) -> None:
    mailing_id = world.start_mailing()
    mine, other = claim(world, mailing_id, limit=1)[0], claim(world, mailing_id, limit=1, lease="two")[0]
    with world.store.write() as connection:
        assert recovery.recover_claims(connection, NOW, None, lease="one") == Recovery(0, 1)
    assert (status_of(world, mine), status_of(world, other)) == ("pending", "sending")


@pytest.mark.parametrize("halt", [MailingStatus.PAUSED, MailingStatus.HELD])
def test_the_clock_of_giving_up_stands_still_while_a_mailing_does(world: World, halt: MailingStatus) -> None:
    mailing_id = world.start_mailing()
    one = claim(world, mailing_id, limit=1)[0]
    busy = Reply(451, "", "later", Phase.RCPT)
    settle(world, one, Settlement(DeliveryStatus.PENDING, "deferred", busy, "temporary", next_attempt_at=NOW))
    three_days = world.later(3 * 86400)
    with world.store.write() as connection:
        assert mailings.move_mailing(connection, mailing_id, halt, NOW)
        assert mailings.move_mailing(connection, mailing_id, MailingStatus.RUNNING, three_days)
    claimed = claim(world, mailing_id, now=three_days)
    again = next(each for each in claimed if each.id == one.id)
    assert again.clock_from == three_days, "it was due all the time"
    fresh = next(each for each in claimed if each.id != one.id)
    assert fresh.clock_from == three_days, "one whose first attempt is now has all its time before it"


def test_what_waits_for_its_time_is_told_from_what_is_on_the_wire(world: World) -> None:
    mailing_id = world.start_mailing()
    first, *rest = claim(world, mailing_id)
    with world.store.write() as connection:
        assert recovery.remaining_work(connection, mailing_id, NOW).next_at is None, "all are on the wire"
    soon = world.later(30)
    busy = Reply(451, "", "later", Phase.RCPT)
    settle(world, first, Settlement(DeliveryStatus.PENDING, "deferred", busy, "temporary", next_attempt_at=soon))
    with world.store.write() as connection:
        left = recovery.remaining_work(connection, mailing_id, NOW)
    assert (left.open, left.next_at) == (True, soon)
    assert len(rest) == 6


def test_a_mailing_starts_only_from_where_the_caller_says(world: World) -> None:
    mailing_id = world.start_mailing()
    only = (MailingStatus.SCHEDULED, MailingStatus.HELD)
    with world.store.write() as connection:
        assert mailings.move_mailing(connection, mailing_id, MailingStatus.PAUSED, NOW)
        assert not mailings.move_mailing(connection, mailing_id, MailingStatus.RUNNING, NOW, only_from=only)
        assert mailings.move_mailing(connection, mailing_id, MailingStatus.RUNNING, NOW)


def test_a_database_knows_the_secret_of_its_house(world: World) -> None:
    with world.store.write() as connection:
        assert known_fingerprint(connection) is None
        claim_house(connection, "a" * 64)
        claim_house(connection, "a" * 64)
        assert known_fingerprint(connection) == "a" * 64
        with pytest.raises(StoreError, match="house secret"):
            claim_house(connection, "b" * 64)
