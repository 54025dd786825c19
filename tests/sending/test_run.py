"""A mailing's run against a real SMTP server: every recipient in one final state, whatever the server says."""

import asyncio
import sqlite3
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.reports.summary import summarise_mailing
from mailer.sending import sender as sender_room
from mailer.sending.sender import run_sender
from mailer.sending.settings import SendingSettings
from mailer.store import audience, mailings, recovery
from mailer.store.database import Store
from mailer.store.schema import attempt, delivery, edition
from mailer.tokens import Purpose, hash_address, sign_token
from tests.relay import Relay
from tests.sending.house import PATIENCE_S, settings_of
from tests.world import NOW, SECRET, World


def settings_for(world: World, port: int, **relay: object) -> SendingSettings:
    return settings_of(world, {"main": (port, {"connections": 2, **relay})}, give_up_after=timedelta(hours=2))


async def run(world: World, relay: Relay, mailing_id: int, **settings: object) -> dict[DeliveryStatus, int]:
    chosen = settings_for(world, relay.port, **settings)
    await asyncio.wait_for(run_sender(chosen, world.store, asyncio.Event(), only=mailing_id), PATIENCE_S)
    return figures(world, mailing_id)


def figures(world: World, mailing_id: int) -> dict[DeliveryStatus, int]:
    with world.store.read() as connection:
        record = mailings.find_mailing(connection, mailing_id)
        assert record is not None
        summary = summarise_mailing(connection, record)
    assert summary.planned == 7
    return {status: summary.count(status) for status in DeliveryStatus if summary.count(status)}


def status_of(world: World, mailing_id: int) -> MailingStatus:
    with world.store.read() as connection:
        record = mailings.find_mailing(connection, mailing_id)
    assert record is not None
    return record.status


async def test_everyone_gets_one_copy_and_the_mailing_is_finished(world: World) -> None:
    mailing_id = world.start_mailing()
    async with Relay() as relay:
        assert await run(world, relay, mailing_id) == {DeliveryStatus.ACCEPTED: 7}
    assert set(relay.taken.values()) == {1}
    assert status_of(world, mailing_id) is MailingStatus.FINISHED


async def test_a_few_copies_leave_at_once_however_many_connections_wait(world: World) -> None:
    async with Relay() as relay:
        mailing_id = world.start_mailing()
        began = time.monotonic()
        done = await run(world, relay, mailing_id, connections=20)
    assert done == {DeliveryStatus.ACCEPTED: 7}
    assert time.monotonic() - began < 5, "the connection that may open the first session is the one that is woken"


async def test_a_greylisted_reader_is_tried_again_with_the_same_message(world: World) -> None:
    mailing_id = world.start_mailing()
    grey = "reader2@firm2.example"
    async with Relay(rcpt={grey: ["451 4.7.1 greylisted"]}, data={grey: ["451 4.3.0 try later"]}) as relay:
        assert await run(world, relay, mailing_id) == {DeliveryStatus.ACCEPTED: 7}
    assert relay.taken[grey] == 1
    assert len(relay.seen[grey]) == 2
    assert relay.seen[grey][0] == relay.seen[grey][1], "the same Message-ID and Date"


async def test_a_dead_mailbox_is_refused_with_its_reply_and_nobody_else_is(world: World) -> None:
    mailing_id = world.start_mailing()
    gone = "reader1@firm1.example"
    async with Relay(rcpt={gone: ["550 5.1.1 no such user"]}) as relay:
        assert await run(world, relay, mailing_id) == {DeliveryStatus.ACCEPTED: 6, DeliveryStatus.REFUSED: 1}
    with world.store.read() as connection:
        row = connection.execute(select(delivery).where(delivery.c.address == gone)).one()
    assert (row.reply_class, row.reply) == ("gone", "550 5.1.1 no such user")
    assert relay.asked[gone] == 1


async def test_a_full_mailbox_is_tried_until_it_expires(world: World) -> None:
    mailing_id = world.start_mailing()
    full = "reader1@firm1.example"
    async with Relay(rcpt={full: ["552 5.2.2 mailbox full"] * 50}) as relay:
        assert await run(world, relay, mailing_id) == {DeliveryStatus.ACCEPTED: 6, DeliveryStatus.EXPIRED: 1}
    assert relay.asked[full] == 2, "at once and after an hour; the next would be after the two of give_up_after"


async def test_f20_a_rate_limit_in_a_550_is_no_dead_address(world: World) -> None:
    mailing_id = world.start_mailing()
    limited = "reader3@firm3.example"
    async with Relay(rcpt={limited: ["550 Domain frequency limited"]}) as relay:
        assert await run(world, relay, mailing_id) == {DeliveryStatus.ACCEPTED: 7}
    assert relay.asked[limited] == 2


async def test_f01_a_dead_relay_marks_nobody_and_the_run_goes_on_when_it_is_back(world: World) -> None:
    mailing_id = world.start_mailing()
    async with Relay() as relay:
        port = relay.port
    delivering = asyncio.create_task(run(world, Relay(port=port), mailing_id))
    await asyncio.sleep(0.3)
    assert set(figures(world, mailing_id)) <= {DeliveryStatus.PENDING, DeliveryStatus.SENDING}
    async with Relay(port=port) as relay:
        assert await delivering == {DeliveryStatus.ACCEPTED: 7}
    with world.store.read() as connection:
        counted = connection.execute(select(delivery.c.attempts)).scalars().all()
    assert set(counted) == {1}, "what never reached the relay was no attempt"


async def test_f13_a_refused_sender_holds_the_mailing_and_keeps_everyone(world: World) -> None:
    mailing_id = world.start_mailing()
    async with Relay(mail=["553 Mail from must equal authorized user"] * 9) as relay:
        assert await run(world, relay, mailing_id) == {DeliveryStatus.PENDING: 7}
    assert status_of(world, mailing_id) is MailingStatus.HELD
    assert not relay.asked
    assert len(relay.senders) <= 2, "one try a connection, no hammering"


async def test_f48_a_paused_mailing_stops_and_resuming_sends_exactly_the_rest(world: World) -> None:
    mailing_id = world.start_mailing()
    async with Relay(data_wait_s=0.15) as relay:
        delivering = asyncio.create_task(run(world, relay, mailing_id, connections=1))
        while relay.taken.total() < 2:
            await asyncio.sleep(0.02)
        with world.store.write() as connection:
            assert mailings.move_mailing(connection, mailing_id, MailingStatus.PAUSED, NOW)
        paused = await asyncio.wait_for(delivering, PATIENCE_S)
        assert paused[DeliveryStatus.ACCEPTED] + paused[DeliveryStatus.PENDING] == 7
        assert paused[DeliveryStatus.PENDING] >= 3
        with world.store.write() as connection:
            assert mailings.move_mailing(connection, mailing_id, MailingStatus.RUNNING, NOW)
        assert await run(world, relay, mailing_id) == {DeliveryStatus.ACCEPTED: 7}
    assert set(relay.taken.values()) == {1}


async def test_f48_a_stop_lets_what_is_on_the_wire_end_and_keeps_the_rest(world: World) -> None:
    mailing_id = world.start_mailing()
    stop = asyncio.Event()
    async with Relay(data_wait_s=0.2) as relay:
        chosen = settings_for(world, relay.port)
        delivering = asyncio.create_task(run_sender(chosen, world.store, stop, only=mailing_id))
        while not relay.seen:
            await asyncio.sleep(0.01)
        stop.set()
        await asyncio.wait_for(delivering, PATIENCE_S)
        after = figures(world, mailing_id)
        assert after.get(DeliveryStatus.UNCERTAIN, 0) == 0
        assert after[DeliveryStatus.ACCEPTED] == relay.taken.total() >= 1
        assert after[DeliveryStatus.PENDING] >= 3
        assert await run(world, relay, mailing_id) == {DeliveryStatus.ACCEPTED: 7}
    assert set(relay.taken.values()) == {1}


async def test_f47_who_leaves_or_is_suppressed_during_the_run_is_not_mailed(world: World) -> None:
    mailing_id = world.start_mailing()
    left, dead = "reader4@firm4.example", "reader5@firm5.example"
    async with Relay(rcpt={left: ["451 later"], dead: ["451 later"]}) as relay:
        delivering = asyncio.create_task(run(world, relay, mailing_id))
        while not (relay.asked[left] and relay.asked[dead]):
            await asyncio.sleep(0.01)
        with world.store.write() as connection:
            number = connection.execute(select(delivery.c.id).where(delivery.c.address == left)).scalar_one()
            standing = audience.standing_of_delivery(connection, number)
            assert standing is not None
            audience.end_subscription(connection, standing.contact_id, standing.list_id, "unsubscribed", NOW)
            audience.suppress_address(connection, hash_address(SECRET, dead), "gone", "test", NOW)
        assert await delivering == {DeliveryStatus.ACCEPTED: 5, DeliveryStatus.SUPPRESSED: 2}
    assert relay.taken[left] == relay.taken[dead] == 0


async def test_f49_one_poisonous_recipient_ends_alone(world: World) -> None:
    mailing_id = world.start_mailing()
    with world.store.write() as connection:
        poison = delivery.c.address == "reader3@firm3.example"
        connection.execute(update(delivery).where(poison).values(address="reader3@firm3.example\r\nBcc: x@y.example"))
    async with Relay() as relay:
        assert await run(world, relay, mailing_id) == {DeliveryStatus.ACCEPTED: 6, DeliveryStatus.REFUSED: 1}


async def test_an_address_that_was_suppressed_before_is_planned_as_suppressed(world: World) -> None:
    with world.store.write() as connection:
        audience.suppress_address(connection, hash_address(SECRET, "reader1@firm1.example"), "gone", "test", NOW)
    mailing_id = world.start_mailing()
    async with Relay() as relay:
        assert await run(world, relay, mailing_id) == {DeliveryStatus.ACCEPTED: 6, DeliveryStatus.SUPPRESSED: 1}
    assert "reader1@firm1.example" not in relay.asked


async def test_the_envelope_sender_carries_the_deliverys_token_where_the_relay_lets_us(world: World) -> None:
    mailing_id = world.start_mailing()
    async with Relay() as relay:
        await run(world, relay, mailing_id, envelope="bounce+{token}@news.zsia.example")
    with world.store.read() as connection:
        ids = connection.execute(select(delivery.c.id)).scalars().all()
    tokens = {sign_token(SECRET, Purpose.BOUNCE, number) for number in ids}
    assert {sender.removeprefix("bounce+").partition("@")[0] for sender in relay.senders} == tokens
    assert all(len(sender.partition("@")[0]) <= 64 for sender in relay.senders)


async def test_every_try_is_on_record_with_its_reply(world: World) -> None:
    mailing_id = world.start_mailing()
    grey = "reader2@firm2.example"
    async with Relay(rcpt={grey: ["451 4.7.1 greylisted"]}) as relay:
        await run(world, relay, mailing_id)
    with world.store.read() as connection:
        rows = connection.execute(
            select(attempt)
            .join(delivery, delivery.c.id == attempt.c.delivery_id)
            .where(delivery.c.address == grey)
            .order_by(attempt.c.number)
        ).all()
    assert [(row.outcome, row.code, row.phase, row.dot_at is not None) for row in rows] == [
        ("deferred", 451, "rcpt", False),
        ("accepted", 250, "dot", True),
    ]


@pytest.mark.parametrize("refusals", [2, 3])
async def test_f29_a_message_taken_for_spam_by_three_holds_the_mailing(world: World, refusals: int) -> None:
    mailing_id = world.start_mailing()
    spam = {f"reader{n}@firm{n}.example": ["554 DT:SPM spam"] for n in range(1, refusals + 1)}
    async with Relay(data=spam) as relay:
        found = await run(world, relay, mailing_id, connections=1)
    held = status_of(world, mailing_id) is MailingStatus.HELD
    assert found[DeliveryStatus.REFUSED] == refusals
    assert held == (refusals == 3)


async def test_f33_a_connection_the_relay_has_dropped_meanwhile_is_replaced_at_once(world: World) -> None:
    mailing_id = world.start_mailing()
    grey = "office1@gov.example"
    async with Relay(rcpt={grey: ["451 4.7.1 greylisted"]}, timeout_s=0.25) as relay:
        started = asyncio.get_running_loop().time()
        found = await run(world, relay, mailing_id, connections=1)
    assert found == {DeliveryStatus.ACCEPTED: 7}
    assert asyncio.get_running_loop().time() - started < 10
    with world.store.read() as connection:
        outcomes = set(connection.execute(select(attempt.c.outcome)).scalars())
    assert "released" not in outcomes, "no delivery waited for the relay to rest"


async def test_a_mailing_to_a_list_that_is_no_longer_set_is_held(world: World) -> None:
    mailing_id = world.start_mailing()
    async with Relay() as relay:
        chosen = settings_for(world, relay.port)
        chosen = replace(chosen, letterheads={"government": chosen.letterheads["government"]})
        await asyncio.wait_for(run_sender(chosen, world.store, asyncio.Event(), only=mailing_id), PATIENCE_S)
    assert status_of(world, mailing_id) is MailingStatus.HELD
    assert not relay.taken


async def test_an_edition_that_was_changed_in_the_database_holds_its_mailing(world: World) -> None:
    mailing_id = world.start_mailing()
    with world.store.write() as connection:
        connection.execute(update(edition).values(sha256="0" * 64))
    async with Relay() as relay:
        await run(world, relay, mailing_id)
    assert status_of(world, mailing_id) is MailingStatus.HELD
    assert not relay.taken


async def test_f39_a_database_that_cannot_be_written_stops_sending_and_nothing_is_lost(world: World) -> None:
    if world.store.path is None:
        pytest.skip("a file can be locked by anyone, a server’s rows cannot")
    mailing_id = world.start_mailing()
    blocker = sqlite3.connect(world.store.path, isolation_level=None)
    store = Store(world.store.url, busy_timeout_s=0.2)
    async with Relay(data_wait_s=0.2) as relay:
        chosen = settings_for(world, relay.port)
        sending = asyncio.create_task(run_sender(chosen, store, asyncio.Event(), only=mailing_id))
        while not relay.seen:
            await asyncio.sleep(0.01)
        blocker.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(2.5)
        assert not sending.done(), "it waits, and does not fall over"
        on_the_wire = relay.taken.total()
        assert on_the_wire <= 2 + 2, "what had its dot, no more"
        blocker.execute("ROLLBACK")
        blocker.close()
        await asyncio.wait_for(sending, PATIENCE_S)
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 7}
    assert set(relay.taken.values()) == {1}
    store.close()


async def test_f31_a_421_at_the_dot_defers_that_copy_and_starves_nobody(world: World) -> None:
    mailing_id = world.start_mailing()
    filtered = "office1@gov.example"
    async with Relay(data={filtered: ["421 4.7.0 not this one"] * 50}) as relay:
        found = await run(world, relay, mailing_id, connections=1)
    assert found == {DeliveryStatus.ACCEPTED: 6, DeliveryStatus.EXPIRED: 1}
    assert len(relay.seen[filtered]) < 10


async def test_one_mailing_that_waits_for_retries_does_not_keep_another(world: World) -> None:
    first = world.start_mailing()
    slow = "office1@gov.example"
    async with Relay(rcpt={slow: ["552 5.2.2 mailbox full"] * 50}) as relay:
        stop = asyncio.Event()
        sending = asyncio.create_task(run_sender(settings_for(world, relay.port), world.store, stop))
        while relay.taken.total() < 6:
            await asyncio.sleep(0.02)
        world.add_member("new@firm9.example")
        second = world.start_mailing()
        deadline = asyncio.get_running_loop().time() + 3
        while not relay.taken["new@firm9.example"] and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
        assert relay.taken["new@firm9.example"] == 1
        assert status_of(world, first) is MailingStatus.RUNNING
        stop.set()
        await asyncio.wait_for(sending, PATIENCE_S)
    assert second != first


async def test_a_copy_on_the_wire_when_its_mailing_is_cancelled_is_not_lost(world: World) -> None:
    mailing_id = world.start_mailing()
    async with Relay(data_wait_s=0.3, data={"office1@gov.example": ["451 later"]}) as relay:
        delivering = asyncio.create_task(run(world, relay, mailing_id, connections=1))
        while not relay.seen:
            await asyncio.sleep(0.01)
        with world.store.write() as connection:
            assert mailings.move_mailing(connection, mailing_id, MailingStatus.CANCELLED, NOW)
            recovery.cancel_pending(connection, mailing_id, NOW)
        found = await asyncio.wait_for(delivering, PATIENCE_S)
        assert found == {DeliveryStatus.CANCELLED: 7}
        again = world.start_mailing()
        assert await run(world, relay, again) == {DeliveryStatus.ACCEPTED: 7}
    assert set(relay.taken.values()) == {1}


async def test_a_drain_that_is_cut_leaves_no_row_claimed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_room, "DRAIN_S", 0.2)
    mailing_id = world.start_mailing()
    stop = asyncio.Event()
    async with Relay(data_wait_s=2) as relay:
        sending = asyncio.create_task(run_sender(settings_for(world, relay.port), world.store, stop, only=mailing_id))
        while not relay.seen:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        stop.set()
        await asyncio.wait_for(sending, PATIENCE_S)
        found = figures(world, mailing_id)
    assert DeliveryStatus.SENDING not in found
    assert found[DeliveryStatus.UNCERTAIN] >= 1
    with world.store.read() as connection:
        due = connection.execute(
            select(delivery.c.next_attempt_at).where(delivery.c.status == "uncertain")
        ).scalars().all()  # fmt: skip
    assert all(moment is not None and moment > datetime.now(UTC) - timedelta(seconds=5) for moment in due)


async def test_a_relay_that_refuses_everyone_for_our_sake_holds_the_mailing_and_loses_nobody(world: World) -> None:
    mailing_id = world.start_mailing()
    with world.store.read() as connection:
        everyone = connection.execute(select(delivery.c.address)).scalars().all()
    async with Relay(rcpt={address: ["550 5.7.1 not from you"] for address in everyone}) as relay:
        assert await run(world, relay, mailing_id) == {DeliveryStatus.PENDING: 7}
        assert status_of(world, mailing_id) is MailingStatus.HELD
        assert relay.asked.total() <= 4, "a few, not the whole list"


async def test_one_server_that_is_closed_to_us_is_that_readers_refusal(world: World) -> None:
    mailing_id = world.start_mailing()
    closed = "office1@gov.example"
    async with Relay(rcpt={closed: ["550 5.7.1 not from you"] * 9}) as relay:
        found = await run(world, relay, mailing_id, connections=1)
    assert found == {DeliveryStatus.ACCEPTED: 6, DeliveryStatus.REFUSED: 1}
