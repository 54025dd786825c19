"""Limits as the relay sees them: over every window, every restart and both relays; and nothing is used up by trying."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.model.pace import parse_limit
from mailer.sending.feed import relay_subject
from mailer.store import recovery
from mailer.store.database import Store
from mailer.store.schema import pace_use
from tests.mail.line_server import free_port
from tests.pipelining_relay import EVERY, PipeliningRelay, Said
from tests.sending.house import (
    deliver,
    figures,
    make_world,
    readers,
    record_of,
    settings_of,
    utc_now,
    wait_until,
)

on_sqlite = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
EDGE_S = 0.05  # between our word and the relay's clock; a slice is ten times as long or more


def most_in_a_window(begun: Sequence[Said], seconds: float) -> int:
    """The most transactions begun in any window of this length."""
    times = sorted(one.at for one in begun)
    return max((sum(first <= at < first + seconds - EDGE_S for at in times) for first in times), default=0)


def kept(begun: Sequence[Said], *limits: str) -> bool:
    """True where every limit held over every window."""
    parsed = [parse_limit(one) for one in limits]
    return all(most_in_a_window(begun, one.window_s) <= one.count for one in parsed)


@on_sqlite
@pytest.mark.parametrize(
    ("limits", "pipelining"), [(("8/1s",), True), (("14/2s",), True), (("7/1s", "10/2s"), True), (("8/1s",), False)]
)
async def test_a_limit_holds_over_every_window_as_the_relay_sees_it(
    store: Store, limits: tuple[str, ...], pipelining: bool
) -> None:
    world = make_world(store, *readers(20))
    mailing_id = world.start_mailing()
    async with PipeliningRelay() as relay:
        settings = settings_of(world, {"main": (relay, {"limits": limits, "pipelining": pipelining})})
        await deliver(settings, world, mailing_id)
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 20}
    assert set(relay.copies().values()) == {1}
    assert kept(relay.begun, *limits)
    least = 20 / min(one.count / one.window_s for one in map(parse_limit, limits))
    assert relay.begun[-1].at - relay.begun[0].at < 4 * least + 4, "and it is used, too"


@on_sqlite
async def test_a_slow_dot_does_not_let_what_waited_behind_it_burst(store: Store) -> None:
    world = make_world(store, *readers(18))
    mailing_id = world.start_mailing()
    async with PipeliningRelay(dot_wait_s=0.3) as relay:
        settings = settings_of(world, {"main": (relay, {"limits": ("6/1s",), "connections": 4})})
        await deliver(settings, world, mailing_id)
    assert set(relay.copies().values()) == {1}
    assert kept(relay.begun, "6/1s")


async def test_a_restart_in_the_middle_gets_no_fresh_quota(store: Store) -> None:
    world = make_world(store, *readers(24))
    mailing_id = world.start_mailing()
    async with PipeliningRelay() as relay:
        settings = settings_of(world, {"main": (relay, {"limits": ("8/1s",)})})
        for much in (4, 8, 12):
            stop = asyncio.Event()
            sending = asyncio.create_task(deliver(settings, world, mailing_id, stop))
            await wait_until(lambda much=much: len(relay.taken) >= much)  # type: ignore[misc]
            stop.set()
            await sending
        await deliver(settings, world, mailing_id)
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 24}
    assert kept(relay.begun, "8/1s")


async def test_a_domain_group_keeps_its_limit_and_its_connections_over_two_relays(store: Store) -> None:
    slow = [*readers(7, "qq.example"), *readers(7, "foxmail.example")]
    mixed = [one for pair in itertools.zip_longest(slow, readers(20)) for one in pair if one]
    world = make_world(store, *mixed)
    mailing_id = world.start_mailing()
    async with PipeliningRelay(dot_wait_s=0.02) as one, PipeliningRelay(dot_wait_s=0.02) as two:
        settings = settings_of(
            world,
            {"one": (one, {}), "two": (two, {})},
            domains={"qq": {"names": ["qq.example", "foxmail.example"], "limits": ["5/1s"], "connections": 2}},
        )
        await deliver(settings, world, mailing_id)
    assert figures(world, mailing_id) == {DeliveryStatus.ACCEPTED: 34}
    of_group = [said for said in (*one.begun, *two.begun) if said.recipient in slow]
    assert len(of_group) == 14
    assert kept(of_group, "5/1s")
    ends = {said.recipient: said.at for said in (*one.taken, *two.taken)}
    for said in of_group:
        under_way = [other for other in of_group if other.at <= said.at < ends[other.recipient]]
        assert len(under_way) <= 2
    others = [said.at for said in (*one.taken, *two.taken) if said.recipient not in slow]
    assert max(others) < max(said.at for said in of_group), "the others did not wait for them"


def used(store: Store, subject: str, window_s: int) -> int:
    with store.read() as connection:
        query = select(func.coalesce(func.sum(pace_use.c.used), 0))
        mine = (pace_use.c.subject == subject) & (pace_use.c.window_s == window_s)
        return int(connection.execute(query.where(mine)).scalar_one())


@on_sqlite
@pytest.mark.parametrize("fault", ["refused", "banner", "stopped"])
async def test_a_relay_that_does_not_work_uses_up_no_permits(store: Store, fault: str) -> None:
    world = make_world(store, *readers(10))
    mailing_id = world.start_mailing()
    stop = asyncio.Event()
    relay = PipeliningRelay({("BANNER", EVERY): "554 5.7.1 not you" if fault == "stopped" else "421 4.3.2 later"})
    async with relay:
        target = free_port() if fault == "refused" else relay
        settings = settings_of(world, {"main": (target, {"limits": ("40/1d", "12/15m")})})
        sending = asyncio.create_task(deliver(settings, world, mailing_id, stop))
        await asyncio.sleep(0.8)
        stop.set()
        await sending
    assert figures(world, mailing_id) == {DeliveryStatus.PENDING: 10}
    assert (used(store, relay_subject("main"), 86400), used(store, relay_subject("main"), 900)) == (0, 0)


@on_sqlite
async def test_what_a_stop_gave_back_uses_up_no_permits(store: Store) -> None:
    world = make_world(store, *readers(20))
    mailing_id = world.start_mailing()
    stop = asyncio.Event()
    async with PipeliningRelay(dot_wait_s=0.2) as relay:
        settings = settings_of(world, {"main": (relay, {"limits": ("40/1d",)})})
        sending = asyncio.create_task(deliver(settings, world, mailing_id, stop))
        await wait_until(lambda: len(relay.taken) >= 2)
        stop.set()
        await sending
    assert used(store, relay_subject("main"), 86400) == len({said.recipient for said in relay.begun})


class Clock:
    """The machine's clock, set forward or back in the middle of a run."""

    def __init__(self) -> None:
        self.off = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.off


async def run_with_a_jump(store: Store, hours: float, when: Callable[[PipeliningRelay], bool]) -> PipeliningRelay:
    """Send to 24 readers, some of them greylisted at first, with a limit; the clock jumps in the middle."""
    world = make_world(store, *readers(24))
    clock = Clock()
    mailing_id = world.start_mailing(clock())
    grey = {one: ["451 4.7.1 greylisted"] for one in readers(24)[::6]}
    async with PipeliningRelay(rcpt=grey, dot_wait_s=0.1) as relay:
        settings = settings_of(world, {"main": (relay, {"limits": ("12/1s",)})}, now=clock)
        sending = asyncio.create_task(deliver(settings, world, None, stop := asyncio.Event()))
        await wait_until(lambda: when(relay))
        clock.off = timedelta(hours=hours)
        await wait_until(lambda: relay.copies().total() >= (24 if hours > 0 else 20))
        stop.set()
        await sending
    assert record_of(world, mailing_id).status in (MailingStatus.RUNNING, MailingStatus.FINISHED)
    return relay


@on_sqlite
async def test_f43_a_clock_that_is_set_back_does_not_stop_the_run(store: Store) -> None:
    relay = await run_with_a_jump(store, -1, lambda relay: len(relay.taken) >= 8)
    assert set(relay.copies().values()) == {1}
    assert len(relay.copies()) >= 20, "only who waits for another try waits for the clock"


@on_sqlite
async def test_f43_a_clock_that_is_set_forward_sends_nothing_twice(store: Store) -> None:
    relay = await run_with_a_jump(store, 25, lambda relay: len(relay.taken) >= 8)
    assert relay.copies() == dict.fromkeys(readers(24), 1)


@on_sqlite
async def test_f43_a_recovery_after_a_jump_forward_takes_only_what_nobody_carries(store: Store) -> None:
    world = make_world(store, *readers(4))
    mailing_id = world.start_mailing()
    world.claim_all(mailing_id)
    with store.write() as connection:
        found = recovery.recover_expired(connection, mailing_id, world.later(2 * 3600), None, "lease")
    assert replace(found, freed=0) == found, "one's own claims are not taken from oneself"
