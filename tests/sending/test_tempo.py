"""A mailing's tempo as the relay sees it: spread evenly, a pause between lists, and nothing in quiet hours."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from mailer.audience.sync import sync_list
from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.model.tempo import Tempo, parse_quiet_hours
from mailer.publishing.mailing import schedule_mailing
from mailer.sending.plan import plan_mailing
from mailer.sending.tempo import last_due
from mailer.store import claims, mailings
from mailer.store import tempo as store_tempo
from mailer.store.database import Store
from mailer.store.plans import ORDINALS
from mailer.store.schema import attempt
from tests.pipelining_relay import PipeliningRelay
from tests.sending.house import (
    PATIENCE_S,
    deliver,
    figures,
    make_world,
    readers,
    record_of,
    settings_of,
    utc_now,
    wait_until,
)
from tests.world import NOW, SECRET, World, make_contact

on_sqlite = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
LATE_S = 1.0  # a sender looks each half second; the rest is for a busy machine
EARLY_S = 0.05


def start(world: World, tempo: Tempo, now: datetime | None = None) -> int:
    """Plan a mailing with a tempo and set it running."""
    now = now or utc_now()
    with world.store.write() as connection:
        lists = list(world.lists.items())
        mailing_id = schedule_mailing(connection, world.approval, lists, None, now, tempo=tempo)
        assert mailings.move_mailing(connection, mailing_id, MailingStatus.RUNNING, now)
        plan_mailing(connection, mailing_id, SECRET, "zsia.example", now)
    return mailing_id


class Clock:
    """A clock that goes with the machine's, from a moment of its own, and can be set on."""

    def __init__(self, at: datetime) -> None:
        self.off = at - utc_now()

    def __call__(self) -> datetime:
        return utc_now() + self.off

    def set(self, at: datetime) -> None:
        self.off = at - utc_now()


async def test_copies_are_due_evenly_over_the_spread(store: Store) -> None:
    world = make_world(store, *readers(10))
    mailing_id = start(world, Tempo(spread=timedelta(seconds=4)))
    async with PipeliningRelay() as relay:
        await deliver(settings_of(world, {"main": (relay, {})}), world, mailing_id)
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 10}
    first = relay.begun[0].at
    for number, said in enumerate(relay.begun):
        # the first itself comes late by a connection that is opened
        assert number * 0.4 - LATE_S / 2 <= said.at - first <= number * 0.4 + LATE_S, number
    assert [one.recipient for one in relay.begun] == readers(10), "in sending order"


@on_sqlite
async def test_what_no_sender_ran_for_is_not_made_up_for_in_a_burst(store: Store) -> None:
    world = make_world(store, *readers(20))
    clock = Clock(utc_now())
    mailing_id = start(world, Tempo(spread=timedelta(seconds=20)), clock())
    async with PipeliningRelay() as relay:
        settings = settings_of(world, {"main": (relay, {})}, now=clock)
        for _part in range(2):
            stop = asyncio.Event()
            sending = asyncio.create_task(deliver(settings, world, mailing_id, stop))
            await asyncio.sleep(2.2)
            stop.set()
            await sending
            clock.set(clock() + timedelta(hours=3))
    # 4.4 s of sending, and of the three hours between only the longest gap that counts: 5 s
    assert 4 <= len(relay.taken) <= 11
    assert record_of(world, mailing_id).status is MailingStatus.RUNNING


async def test_the_next_list_begins_when_the_first_is_done_and_the_pause_is_over(store: Store) -> None:
    world = World.build(store, government=2, members=5)
    mailing_id = start(world, Tempo(pause=timedelta(seconds=1.5)))
    async with PipeliningRelay(dot_wait_s=0.2, rcpt={"office2@gov.example": ["451 4.7.1 greylisted"]}) as relay:
        settings = settings_of(world, {"main": (relay, {})}, scale=0.01)
        await deliver(settings, world, mailing_id)
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 7}
    above = [one.at for one in relay.begun if one.domain == "gov.example"]
    beside = [one.at for one in relay.begun if one.domain != "gov.example"]
    assert 1.5 - EARLY_S <= min(beside) - above[1] <= 1.5 + 2.5, "a deferred copy is not waited for"
    assert len(above) == 3
    openings = record_of(world, mailing_id).openings
    assert set(openings) == {"government", "members"}


@on_sqlite
async def test_a_list_nobody_is_on_is_no_reason_to_rest(store: Store) -> None:
    world = make_world(store, *readers(3))
    mailing_id = start(world, Tempo(pause=timedelta(hours=1)))
    async with PipeliningRelay() as relay:
        await deliver(settings_of(world, {"main": (relay, {})}), world, mailing_id)
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 3}


NIGHT = parse_quiet_hours("22:00-07:00", "Asia/Shanghai")


def shanghai(clock: str, day: int = 31) -> datetime:
    hour, minute, second = map(int, clock.split(":"))
    return datetime(2020, 7, day, hour, minute, second, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


async def test_in_quiet_hours_nothing_is_begun_and_the_rest_goes_in_the_morning(store: Store) -> None:
    world = make_world(store, *readers(40))
    clock = Clock(shanghai("21:59:59", 30))
    mailing_id = start(world, Tempo(quiet=NIGHT), clock())
    async with PipeliningRelay(dot_wait_s=0.15) as relay:
        settings = settings_of(world, {"main": (relay, {"connections": 3})}, now=clock)
        sending = asyncio.create_task(deliver(settings, world, mailing_id))
        await wait_until(lambda: len(relay.taken) >= 3)
        await wait_until(lambda: clock() >= shanghai("22:00:00", 30) + timedelta(seconds=0.5))
        at_night = len(relay.begun)
        assert at_night < 40
        await asyncio.sleep(1.5)
        assert len(relay.begun) == at_night, "nothing is begun"
        assert len(relay.taken) <= at_night
        assert record_of(world, mailing_id).status is MailingStatus.RUNNING
        assert figures(world, mailing_id)[DeliveryStatus.PENDING] == 40 - len(relay.taken), "nothing is claimed"
        clock.set(shanghai("07:00:00"))
        await sending
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 40}
    assert set(relay.copies().values()) == {1}


@on_sqlite
async def test_no_dot_is_written_once_it_is_quiet(store: Store) -> None:
    world = make_world(store, *readers(1))
    clock = Clock(shanghai("21:59:59", 30))
    mailing_id = start(world, Tempo(quiet=NIGHT), clock())
    async with PipeliningRelay(waits={"DATA": 1.5}) as relay:
        settings = settings_of(world, {"main": (relay, {})}, now=clock)
        sending = asyncio.create_task(deliver(settings, world, mailing_id, stop := asyncio.Event()))
        await wait_until(lambda: len(relay.begun) == 1)
        await wait_until(lambda: figures(world, mailing_id) == {DeliveryStatus.PENDING: 1})
        with store.read() as connection:
            (tried,) = connection.execute(select(attempt)).all()
        assert (tried.outcome, tried.dot_at) == ("withheld", None)
        await asyncio.sleep(0.3)
        assert not relay.taken
        stop.set()
        await sending


@on_sqlite
async def test_what_has_its_dot_when_it_gets_quiet_may_hear_the_reply(store: Store) -> None:
    world = make_world(store, *readers(1))
    clock = Clock(shanghai("21:59:58", 30))
    mailing_id = start(world, Tempo(quiet=NIGHT), clock())
    async with PipeliningRelay(dot_wait_s=3) as relay:
        await deliver(settings_of(world, {"main": (relay, {})}, now=clock), world, mailing_id)
    assert clock() > shanghai("22:00:00", 30)
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 1}


@on_sqlite
async def test_the_clock_of_giving_up_stands_still_over_the_night(store: Store) -> None:
    world = make_world(store, *readers(1))
    clock = Clock(shanghai("21:59:30", 30))
    mailing_id = start(world, Tempo(quiet=NIGHT), clock())
    grey = {readers(1)[0]: ["451 4.7.1 greylisted"] * 2}
    async with PipeliningRelay(rcpt=grey) as relay:
        settings = settings_of(world, {"main": (relay, {})}, now=clock, scale=1.0, give_up_after=timedelta(hours=2))
        sending = asyncio.create_task(deliver(settings, world, mailing_id))
        await wait_until(lambda: len(relay.begun) == 1)
        clock.set(shanghai("23:30:00", 30))
        await asyncio.sleep(1.5)
        assert len(relay.begun) == 1, "due since ten to eleven at the latest, but it is night"
        clock.set(shanghai("07:00:00"))
        await wait_until(lambda: len(relay.begun) == 2)
        await wait_until(lambda: figures(world, mailing_id) == {DeliveryStatus.PENDING: 1})
        clock.set(shanghai("08:30:00"))
        await sending
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 1}, "not expired after two hours of which it slept"


@on_sqlite
async def test_quiet_hours_can_be_lifted_while_they_last_and_a_stop_ends_a_sleeping_sender(store: Store) -> None:
    world = make_world(store, *readers(5))
    clock = Clock(shanghai("23:00:00", 30))
    mailing_id = start(world, Tempo(quiet=NIGHT), clock())
    async with PipeliningRelay() as relay:
        settings = settings_of(world, {"main": (relay, {})}, now=clock)
        sending = asyncio.create_task(deliver(settings, world, mailing_id, stop := asyncio.Event()))
        await asyncio.sleep(0.8)
        stop.set()
        await asyncio.wait_for(sending, PATIENCE_S)
        assert not relay.begun
        sending = asyncio.create_task(deliver(settings, world, mailing_id))
        await asyncio.sleep(0.5)
        with store.write() as connection:
            assert store_tempo.change_tempo(connection, mailing_id, [MailingStatus.RUNNING], None, Tempo())
        await asyncio.wait_for(sending, PATIENCE_S)
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 5}


async def test_other_mailings_go_on_in_the_quiet_hours_of_one(store: Store) -> None:
    world = make_world(store, *readers(3))
    clock = Clock(shanghai("23:00:00", 30))
    quiet = start(world, Tempo(quiet=NIGHT), clock())
    with store.write() as connection:
        sync_list(connection, world.lists["members"], [make_contact("new@new.example")], "test", NOW)
    other = start(world, Tempo(), clock())
    async with PipeliningRelay() as relay:
        await deliver(settings_of(world, {"main": (relay, {})}, now=clock), world, other)
    assert [one.recipient for one in relay.taken] == ["new@new.example"]
    assert record_of(world, quiet).status is MailingStatus.RUNNING


def test_readers_planned_later_are_due_at_once(store: Store) -> None:
    world = make_world(store, *readers(8))
    tempo = Tempo(spread=timedelta(hours=8), pause=timedelta(hours=1))
    mailing_id = start(world, tempo, NOW)
    with store.write() as connection:
        (one,) = claims.running_mailings(connection, mailing_id)
        assert last_due(one, NOW) == mailing_id * ORDINALS, (
            "the list above is empty, but that is seen by the sender only"
        )
    world.add_member("late@late.example")
    with store.write() as connection:
        plan_mailing(connection, mailing_id, SECRET, "zsia.example", NOW)
        (one,) = claims.running_mailings(connection, mailing_id)
    assert last_due(one, NOW) is None


@on_sqlite
def test_a_closed_list_costs_a_claim_no_look_at_its_rows(store: Store) -> None:
    with store.read() as connection:
        plan = connection.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT id FROM delivery WHERE mailing_id = 1 AND status = 'pending' "
                "AND next_attempt_at IS NULL AND id <= 4294967396 ORDER BY id LIMIT 40"
            )
        ).all()
    assert "ix_delivery_queue (mailing_id=? AND next_attempt_at=? AND id<?)" in plan[0].detail
    assert len(plan) == 1, "and nothing is sorted"


@on_sqlite
async def test_a_relay_that_fails_in_a_spread_loses_nobody(store: Store) -> None:
    world = make_world(store, *readers(6))
    mailing_id = start(world, Tempo(spread=timedelta(seconds=2)))
    async with PipeliningRelay({("DATA", 2): "DROP", ("MAIL", 4): "421 4.3.2 later"}) as relay:
        await deliver(settings_of(world, {"main": (relay, {})}), world, mailing_id)
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 6}
    assert set(relay.copies().values()) == {1}
